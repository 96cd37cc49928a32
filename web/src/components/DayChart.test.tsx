import { cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { DayChart, roundUp, type Day } from "./DayChart.tsx";

afterEach(cleanup);

it.each([
  [0, 4],
  [4, 4],
  [5, 8],
  [9, 10],
  [11, 20],
  [38, 40],
  [45, 50],
  [101, 200],
  [999, 1_000],
])("an axis for up to %d ends at %d", (value, top) => {
  expect(roundUp(value)).toBe(top);
});

it("has a whole number in the middle of the axis", () => {
  for (let value = 0; value <= 1_000; value += 1) {
    expect(Number.isInteger(roundUp(value) / 2), String(value)).toBe(true);
  }
});

type Kind = "done" | "open";
const SERIES = [
  { kind: "done", title: "Done", color: "green" },
  { kind: "open", title: "Open", color: "blue" },
] as const;
const DAYS: readonly Day<Kind>[] = [
  { day: "2026-05-30", values: { done: 1, open: 3 } },
  { day: "2026-05-31", values: { done: 0, open: 5 } },
  { day: "2026-06-01", values: { done: 2, open: 0 } },
];
const show = (days: readonly Day<Kind>[], shape: "bars" | "area" = "bars") =>
  render(<DayChart title="Issues" unit="issues" days={days} series={SERIES} shape={shape} />);
const chart = () => screen.getByRole("img", { name: "Issues, issues per day" });
/** The text above the chart. */
const said = () => document.querySelector("[aria-live]")?.textContent;
const press = (key: string) => fireEvent.keyDown(chart(), { key });

describe("the values of a day", () => {
  it("are shown with the arrow keys, from the last day, and stop at the edges", () => {
    show(DAYS);
    expect(said()).toBe("issues · last 3 days");
    press("ArrowLeft");
    expect(said()).toMatch(/1.*Done 2$/);
    press("ArrowRight");
    expect(said()).toMatch(/Done 2$/);
    press("ArrowLeft");
    expect(said()).toMatch(/Open 5$/);
    press("ArrowLeft");
    press("ArrowLeft");
    expect(said()).toMatch(/Open 3 · Done 1$/);
  });

  it("are hidden when the focus leaves", () => {
    show(DAYS);
    press("ArrowLeft");
    fireEvent.blur(chart());
    expect(said()).toBe("issues · last 3 days");
  });

  it("do not react to other keys", () => {
    show(DAYS);
    expect(press("j")).toBe(true);
    expect(press("ArrowLeft"), "prevented").toBe(false);
  });

  it("are a single number with a single series", () => {
    render(
      <DayChart
        title="Moves"
        unit="moves"
        days={[{ day: "2026-06-01", values: { done: 7 } }]}
        series={[SERIES[0]]}
        shape="area"
      />,
    );
    expect(said()).toBe("moves · today");
    fireEvent.keyDown(screen.getByRole("img"), { key: "ArrowLeft" });
    expect(said()).toMatch(/7 moves$/);
  });
});

it("has the same data in a table", () => {
  show(DAYS);
  const table = within(screen.getByRole("table", { name: "Issues" }));
  const rows = table.getAllByRole("row").map((row) => row.textContent);
  expect(rows[0]).toBe("DayDoneOpen");
  expect(rows.slice(1).map((row) => row.slice(-2))).toEqual(["13", "05", "20"]);
});

it("stacks the series, and draws no bar for zero", () => {
  const { container } = show(DAYS);
  const bars = [...container.querySelectorAll("rect")].map((bar) => ({
    bottom: Number(bar.getAttribute("y")) + Number(bar.getAttribute("height")),
    top: Number(bar.getAttribute("y")),
  }));
  expect(bars).toHaveLength(4);
  expect(bars[1]?.bottom).toBeCloseTo(bars[0]?.top ?? NaN);
});

it("draws an area for several days, and a bar for a single one", () => {
  const { container } = show(DAYS, "area");
  expect(container.querySelectorAll("svg path")).toHaveLength(2);
  expect(container.querySelectorAll("rect")).toHaveLength(0);
  cleanup();
  const single = show(DAYS.slice(0, 1), "area").container;
  expect(single.querySelectorAll("svg path")).toHaveLength(0);
  expect(single.querySelectorAll("rect")).toHaveLength(2);
});
