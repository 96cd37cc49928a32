import { cleanup, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { edit } from "../api/edits.ts";
import { readOptions } from "../api/options.ts";
import { issue } from "../model/fixtures.ts";
import { Assign } from "./Assign.tsx";
import type { Board } from "./context.ts";
import { boardOf, renderOn } from "./testBoard.tsx";

vi.mock("../api/edits.ts", () => ({ edit: vi.fn(() => Promise.resolve()) }));
vi.mock("../api/options.ts", () => ({ readOptions: vi.fn() }));

const onClose = vi.fn();
let board: Board;
beforeEach(() => {
  vi.mocked(readOptions).mockResolvedValue({
    agents: [{ value: "mender", issues: 2 }, { value: "scout" }],
    owners: [{ value: "ana" }],
  });
  board = boardOf([
    issue(1, "READY", { agents: ["mender"], priority: "P1" }),
    issue(2, "READY", { agents: ["scout"] }),
  ]);
});
afterEach(() => {
  cleanup();
  vi.clearAllMocks();
});

const show = (kind: "agent" | "owner" | "priority", ...ids: string[]) =>
  renderOn(board, <Assign kind={kind} ids={ids} onClose={onClose} />);
const chosen = () =>
  screen
    .getAllByRole("option")
    .filter((option) => option.querySelector(".lucide-check"))
    .map(({ textContent }) => textContent);

it("offers the agents of the server, and none", async () => {
  show("agent", "iss_1");
  await screen.findByRole("option", { name: /scout/ });
  const texts = screen.getAllByRole("option").map(({ textContent }) => textContent);
  expect(texts.map((text) => /mender|scout|Nobody/.exec(text)?.[0])).toEqual([
    "mender",
    "scout",
    "Nobody",
  ]);
});

it("marks the common value of all cards, if there is one", async () => {
  show("agent", "iss_1");
  await screen.findByRole("option", { name: /scout/ });
  expect(chosen()).toHaveLength(1);
  cleanup();
  show("agent", "iss_1", "iss_2");
  await screen.findByRole("option", { name: /scout/ });
  expect(chosen()).toHaveLength(0);
});

it("changes all cards, closes, and focuses the first", async () => {
  board.interaction.select(["iss_1", "iss_2"]);
  show("owner", "iss_1", "iss_2");
  expect(screen.getByRole("dialog", { name: "Set owner (2 cards)" })).toBeTruthy();
  await userEvent.click(await screen.findByRole("option", { name: /ana/ }));
  expect(edit).toHaveBeenCalledExactlyOnceWith(board.session.store, ["iss_1", "iss_2"], {
    kind: "owner",
    value: "ana",
  });
  expect(onClose).toHaveBeenCalledOnce();
  expect(board.interaction.selected.get().size).toBe(0);
  expect(board.interaction.focused.get()).toBe("iss_1");
});

it("removes the agent", async () => {
  show("agent", "iss_1");
  await userEvent.click(screen.getByRole("option", { name: "Nobody" }));
  expect(vi.mocked(edit).mock.lastCall?.[2]).toEqual({ kind: "agent", value: null });
});

it("offers the priorities without a request", async () => {
  show("priority", "iss_1");
  expect(readOptions).not.toHaveBeenCalled();
  expect(chosen()[0]).toContain("P1");
  await userEvent.click(screen.getByRole("option", { name: "No priority" }));
  expect(vi.mocked(edit).mock.lastCall?.[2]).toEqual({ kind: "priority", value: null });
});
