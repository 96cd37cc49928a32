import { cleanup, render } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { DependencyBadges } from "./DependencyBadges.tsx";

afterEach(cleanup);

const show = (openBlockers: number, unblocks: number, state: "OPEN" | "CLOSED" = "OPEN") =>
  render(<DependencyBadges issue={{ state, openBlockers, unblocks }} />);

it("says how many an issue waits for and how many wait for it", () => {
  const { container, getByTitle } = show(2, 7);
  expect(container.textContent).toBe("blocked by 2unblocks 7");
  expect(getByTitle(/^Waits for 2 open issues/)).toBeTruthy();
  expect(getByTitle("7 open issues wait for it")).toBeTruthy();
});

it.each([
  [1, 0, "blocked by 1"],
  [0, 1, "unblocks 1"],
])("of %d and %d, it says only what there is", (openBlockers, unblocks, text) => {
  expect(show(openBlockers, unblocks).container.textContent).toBe(text);
});

it("says nothing where there is nothing, and of what is closed", () => {
  expect(show(0, 0).container.innerHTML).toBe("");
  expect(show(2, 0, "CLOSED").container.innerHTML).toBe("");
});
