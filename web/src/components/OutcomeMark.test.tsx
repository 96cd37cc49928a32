import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { OUTCOME_COLORS, type Outcome } from "@/lib/outcome.ts";
import { OutcomeBadge, OutcomeMark } from "./OutcomeMark.tsx";

afterEach(cleanup);

const ALL = Object.keys(OUTCOME_COLORS) as Outcome[];

it("has a different shape for each outcome", () => {
  const shapes = ALL.map((outcome) => {
    const { container, unmount } = render(<OutcomeMark outcome={outcome} />);
    const shape = container.innerHTML.replaceAll(/(var\([^)]*\)|data-outcome="\w+")/g, "");
    unmount();
    return shape;
  });
  expect(new Set(shapes).size).toBe(ALL.length);
});

it("is hidden from screen readers beside words, and has a label without", () => {
  render(<OutcomeMark outcome="failure" label="Failed" />);
  expect(screen.getByRole("img", { name: "Failed" })).toBeTruthy();
  cleanup();
  const { container } = render(<OutcomeBadge outcome="failure" />);
  expect(container.textContent).toBe("Failed");
  expect(screen.queryByRole("img")).toBeNull();
});
