import { act, cleanup, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it } from "vitest";
import { READER, VISITOR } from "@/lib/fixtures.ts";
import { viewer } from "@/lib/viewer.ts";
import { issue } from "../model/fixtures.ts";
import type { Board } from "./context.ts";
import { SelectionBar } from "./SelectionBar.tsx";
import { boardOf, renderOn } from "./testBoard.tsx";

let board: Board;
beforeEach(() => {
  viewer.set(VISITOR);
  board = boardOf([issue(1, "READY"), issue(2, "DONE")]);
  renderOn(board, <SelectionBar />);
});
afterEach(() => {
  cleanup();
  viewer.set(undefined);
});

const bar = () => screen.queryByRole("toolbar", { name: "Selected cards" });
const press = (name: RegExp) => userEvent.click(screen.getByRole("button", { name }));

it("is shown while cards are selected, with their number", () => {
  expect(bar()).toBeNull();
  act(() => board.interaction.select(["iss_1", "iss_2"]));
  expect(bar()?.textContent).toContain("2 selected");
  act(() => board.interaction.toggle("iss_1"));
  expect(bar()?.textContent).toContain("1 selected");
  act(() => board.interaction.clear());
  expect(bar()).toBeNull();
});

it.each([
  [/^Move/, "move"],
  [/^Agent/, "agent"],
] as const)("%s opens the prompt for all of them", async (name, kind) => {
  act(() => board.interaction.select(["iss_1", "iss_2"]));
  await press(name);
  expect(board.interaction.prompt.get()).toEqual({ kind, ids: ["iss_1", "iss_2"] });
});

it("clears the selection", async () => {
  act(() => board.interaction.select(["iss_1", "iss_2"]));
  await press(/^Clear/);
  expect(board.interaction.selected.get().size).toBe(0);
});

it("offers only to sign in and to clear, without the permission", () => {
  act(() => {
    viewer.set(READER);
    board.interaction.select(["iss_1"]);
  });
  const names = screen.getAllByRole("button").map((button) => button.textContent);
  expect(names).toEqual(["Sign in to move cards.", "Clear Esc"]);
});
