import { expect, it } from "vitest";
import { ratesOf, stretchesOf, type RunDay } from "./rates.ts";

const day = (date: number, succeeded: number, failed: number): RunDay => ({
  day: `2026-05-${String(date).padStart(2, "0")}`,
  succeeded,
  failed,
});

it("takes the rate over seven days, and leaves out the first six", () => {
  const days = [
    day(1, 0, 4),
    ...[2, 3, 4, 5, 6].map((date) => day(date, 0, 0)),
    day(7, 4, 0),
    day(8, 1, 1),
  ];
  expect(ratesOf(days)).toEqual([
    { day: "2026-05-07", succeeded: 4, runs: 8, rate: 0.5 },
    { day: "2026-05-08", succeeded: 5, runs: 6, rate: 5 / 6 },
  ]);
});

it("has no rate without runs, and no days without a whole week", () => {
  const days = Array.from({ length: 7 }, (_, index) => day(index + 1, 0, 0));
  expect(ratesOf(days)).toEqual([{ day: "2026-05-07", succeeded: 0, runs: 0, rate: null }]);
  expect(ratesOf(days.slice(1))).toEqual([]);
});

it("splits the days at those without a rate", () => {
  const rates = [null, 1, 0.5, null, 0].map((rate) => ({ rate }));
  expect(stretchesOf(rates)).toEqual([
    [
      [1, 1],
      [2, 0.5],
    ],
    [[4, 0]],
  ]);
  expect(stretchesOf([])).toEqual([]);
});
