import { expect, it } from "vitest";
import { packed, stepped, ticksOf } from "./timeline.ts";

const HOUR = 60 * 60_000;
const NOON = new Date(2026, 5, 3, 12).getTime();

it("marks a day every four hours, and the beginning of the next day", () => {
  const ticks = ticksOf({ from: NOON - 24 * HOUR, to: NOON });
  expect(ticks.map(({ instant }) => new Date(instant).getHours())).toEqual([
    12, 16, 20, 0, 4, 8, 12,
  ]);
  expect(ticks.filter(({ strong }) => strong)).toHaveLength(1);
});

it.each([
  [7, 7],
  [30, 6],
])("marks %d days where a day begins, %d times", (days, times) => {
  const ticks = ticksOf({ from: NOON - days * 24 * HOUR, to: NOON });
  expect(ticks).toHaveLength(times);
  expect(ticks.every(({ instant, strong }) => strong && new Date(instant).getHours() === 0)).toBe(
    true,
  );
});

it("puts overlapping bars below each other, and reuses free lines", () => {
  const bars = [
    { from: 0, to: 10 },
    { from: 5, to: 20 },
    { from: 10, to: 30 },
  ];
  expect(packed(bars)).toEqual([[bars[0], bars[2]], [bars[1]]]);
});

it("limits the number of lines", () => {
  const bars = Array.from({ length: 20 }, (_, from) => ({ from, to: 100 }));
  expect(packed(bars)).toHaveLength(6);
  expect(packed(bars).flat()).toHaveLength(20);
});

it("moves from bar to bar, and to the nearest bar of the next row with bars", () => {
  const rows = [
    {
      bars: [
        { from: 0, to: 1 },
        { from: 50, to: 60 },
      ],
    },
    { bars: [] },
    {
      bars: [
        { from: 10, to: 20 },
        { from: 45, to: 46 },
      ],
    },
  ];
  expect(stepped(rows, undefined, "ArrowLeft")).toEqual({ row: 0, bar: 1 });
  expect(stepped(rows, { row: 0, bar: 1 }, "ArrowRight")).toEqual({ row: 0, bar: 1 });
  expect(stepped(rows, { row: 0, bar: 1 }, "ArrowLeft")).toEqual({ row: 0, bar: 0 });
  expect(stepped(rows, { row: 0, bar: 1 }, "ArrowDown")).toEqual({ row: 2, bar: 1 });
  expect(stepped(rows, { row: 2, bar: 0 }, "ArrowUp")).toEqual({ row: 0, bar: 0 });
  expect(stepped(rows, { row: 2, bar: 0 }, "ArrowDown")).toEqual({ row: 2, bar: 0 });
  expect(stepped(rows, { row: 0, bar: 0 }, "a")).toBeUndefined();
  expect(stepped([{ bars: [] }], undefined, "ArrowLeft")).toBeUndefined();
});

it("marks a short span with the time since its beginning", () => {
  const labels = (milliseconds: number) =>
    ticksOf({ from: 0, to: milliseconds }).map(({ label }) => label);
  expect(labels(4_000)).toEqual(["1s", "2s", "3s", "4s"]);
  expect(labels(100_000)).toEqual(["15s", "30s", "45s", "1m", "1m 15s", "1m 30s"]);
  expect(labels(12 * 60_000)).toEqual(["2m", "4m", "6m", "8m", "10m", "12m"]);
  expect(labels(3 * 3_600_000)).toEqual(["30m", "1h", "90m", "2h", "150m", "3h"]);
});
