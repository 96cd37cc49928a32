import { act, cleanup, screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { VISITOR } from "@/lib/fixtures.ts";
import { viewer } from "@/lib/viewer.ts";
import { issue } from "../model/fixtures.ts";
import type { Board } from "./context.ts";
import { Prompts } from "./prompts.tsx";
import { boardOf, renderOn } from "./testBoard.tsx";

const move = vi.fn<Board["move"]>();
let board: Board;
beforeEach(() => {
  viewer.set(VISITOR);
  board = boardOf([issue(1, "READY"), issue(2, "READY"), issue(3, "DONE")], { move });
  renderOn(board, <Prompts />);
});
afterEach(() => {
  cleanup();
  viewer.set(undefined);
  vi.clearAllMocks();
});

const status = (id: string) => board.session.store.card(id)?.status;
const dialog = (name: string) => screen.getByRole("dialog", { name });
const ask = (kind: "move" | "reason", ...ids: string[]) =>
  act(() => board.interaction.prompt.set({ kind, ids }));

it("shows nothing without a prompt", () => {
  expect(screen.queryByRole("dialog")).toBeNull();
});

describe("the prompt for the target column", () => {
  it("offers every column except the one that has all of the cards", () => {
    ask("move", "iss_1", "iss_2");
    const buttons = within(dialog("Move 2 cards to")).getAllByRole<HTMLButtonElement>("button");
    const columns = buttons.filter(({ textContent }) => /\d$/.test(textContent));
    expect(columns).toHaveLength(6);
    expect(
      columns.filter(({ disabled }) => disabled).map(({ textContent }) => textContent),
    ).toEqual(["Ready2"]);
  });

  it("offers every column for cards of several columns", () => {
    ask("move", "iss_1", "iss_3");
    const buttons = within(dialog("Move 2 cards to")).getAllByRole<HTMLButtonElement>("button");
    expect(buttons.filter(({ disabled }) => disabled)).toEqual([]);
  });

  it("moves the cards by a press, closes, and focuses the first", async () => {
    ask("move", "iss_1", "iss_2");
    await userEvent.click(within(dialog("Move 2 cards to")).getByRole("button", { name: /^Done/ }));
    expect(move).toHaveBeenCalledExactlyOnceWith(["iss_1", "iss_2"], "DONE");
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(board.interaction.focused.get()).toBe("iss_1");
  });

  it("moves the cards with the number of a column, and ignores other keys", async () => {
    ask("move", "iss_1");
    await userEvent.keyboard("7x");
    expect(move).not.toHaveBeenCalled();
    await userEvent.keyboard("4");
    expect(move).toHaveBeenCalledExactlyOnceWith(["iss_1"], "IN_REVIEW");
    await userEvent.keyboard("5");
    expect(move, "the prompt is closed").toHaveBeenCalledOnce();
  });

  it("moves nothing when it is closed", async () => {
    ask("move", "iss_1");
    await userEvent.click(within(dialog("Move to")).getByRole("button", { name: "Close" }));
    expect(board.interaction.prompt.get()).toBeUndefined();
    expect(move).not.toHaveBeenCalled();
  });
});

describe("the prompt for the reason of Blocked", () => {
  const give = () =>
    screen.getByRole<HTMLButtonElement>("button", { name: "Move to Blocked", hidden: true });
  let send: ReturnType<typeof vi.spyOn>;

  beforeEach(() => {
    send = vi.spyOn(board.mover, "move").mockResolvedValue();
    // A drop on Blocked begins the moves before it asks for the reason.
    act(() => board.session.store.begin("iss_1", "BLOCKED"));
    ask("reason", "iss_1");
  });

  it("requires a reason", async () => {
    expect(give().disabled).toBe(true);
    await userEvent.type(screen.getByRole("textbox"), "   ");
    expect(give().disabled).toBe(true);
    await userEvent.type(screen.getByRole("textbox"), "{Enter}");
    expect(send).not.toHaveBeenCalled();
  });

  it("sends the reason with the move, without surrounding spaces", async () => {
    await userEvent.type(screen.getByRole("textbox"), " No key {Enter}");
    expect(send).toHaveBeenCalledExactlyOnceWith(["iss_1"], "BLOCKED", "No key");
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(board.interaction.focused.get()).toBe("iss_1");
  });

  it("reverts the move when it is closed without a reason", async () => {
    expect(status("iss_1")).toBe("BLOCKED");
    await userEvent.click(screen.getByRole("button", { name: "Cancel", hidden: true }));
    expect(status("iss_1")).toBe("READY");
    expect(send).not.toHaveBeenCalled();
    expect(board.interaction.focused.get()).toBe("iss_1");
  });
});
