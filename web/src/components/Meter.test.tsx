import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { Meter } from "./Meter.tsx";
import { StatusBar } from "./StatusBar.tsx";

afterEach(cleanup);

const meter = (amount: number, limit: number | null) => {
  const { container } = render(<Meter name="default" amount={amount} limit={limit} />);
  const bar = container.querySelector<HTMLElement>("[style]");
  return { words: screen.getByRole("definition").textContent, width: bar?.style.width };
};

it.each([
  [1, "1 of / 4", "25%"],
  [4, "4 of / 4, the limit", "100%"],
  [6, "6 of / 4, above the limit", "100%"],
])("%d of 4 reads %s", (amount, words, width) => {
  expect(meter(amount, 4)).toEqual({ words, width });
});

it("is above a limit of zero with the first issue", () => {
  expect(meter(0, 0).words).toBe("0 of / 0, the limit");
  cleanup();
  expect(meter(1, 0)).toEqual({ words: "1 of / 0, above the limit", width: "100%" });
});

it("is only a number without a limit", () => {
  expect(meter(6, null)).toEqual({ words: "6", width: undefined });
});

it("draws each status as wide as its count, and has the counts as text", () => {
  const counts = [
    { status: "READY", issues: 3 },
    { status: "BLOCKED", issues: 0 },
    { status: "DONE", issues: 1 },
  ] as const;
  render(<StatusBar label="rocket" counts={counts} of={8} />);
  const bar = screen.getByRole("img", { name: "rocket: Ready 3, Done 1" });
  expect([...bar.children].map((part) => (part as HTMLElement).style.width)).toEqual([
    "37.5%",
    "12.5%",
  ]);
});

it("has a text for an empty bar", () => {
  render(<StatusBar label="rocket" counts={[{ status: "READY", issues: 0 }]} of={0} />);
  expect(screen.getByRole("img", { name: "rocket: none" }).children).toHaveLength(0);
});
