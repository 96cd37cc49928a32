import { cleanup, render } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { DependencyBadges } from "./DependencyBadges.tsx";

afterEach(cleanup);

const show = (openBlockers: number, unblocks: number, state: "OPEN" | "CLOSED" = "OPEN") =>
  render(<DependencyBadges issue={{ state, openBlockers, unblocks }} />);

it("shows how many issues an issue waits for, and how many wait for it", () => {
  const { container, getByTitle } = show(2, 7);
  expect(container.textContent).toBe("blocked by 2unblocks 7");
  expect(getByTitle(/^Waits for 2 open issues/)).toBeTruthy();
  expect(getByTitle("7 open issues wait for it")).toBeTruthy();
});

it.each([
  [1, 0, "blocked by 1"],
  [0, 1, "unblocks 1"],
])("of %d and %d, shows only what is not zero", (openBlockers, unblocks, text) => {
  expect(show(openBlockers, unblocks).container.textContent).toBe(text);
});

it("shows nothing without dependencies, or for a closed issue", () => {
  expect(show(0, 0).container.innerHTML).toBe("");
  expect(show(2, 0, "CLOSED").container.innerHTML).toBe("");
});
