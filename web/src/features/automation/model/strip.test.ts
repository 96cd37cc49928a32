import { expect, it } from "vitest";
import { failed, RUNNING, run, WAITING } from "@/lib/automationFixtures.ts";
import { lengthOf, rateColor, rateWords, stripBars } from "./strip.ts";

const NOW = Date.parse("2026-06-01T12:00:00.000Z");

it("has the oldest run first, and durations as heights", () => {
  const bars = stripBars(
    [
      run({ id: "new", number: 3, duration: 60 }),
      failed({ id: "mid", number: 2, duration: 240 }),
      run({ id: "old", number: 1, duration: 1 }),
    ],
    NOW,
  );
  expect(bars.map(({ id }) => id)).toEqual(["old", "mid", "new"]);
  expect(
    bars.map(({ height }) => height),
    "one long run does not flatten the others",
  ).toEqual([0.14, 1, 0.4]);
  expect(bars.map(({ outcome }) => outcome)).toEqual(["success", "failure", "success"]);
  expect(bars[1]?.words).toBe("#2 · Failed · 4m 0s · main · 10m ago");
});

it("shows the duration of a running run so far, and none while it waits", () => {
  const running = run({
    ...RUNNING,
    duration: null,
    startedAt: "2026-06-01T11:58:00.000Z",
  });
  expect(lengthOf(running, NOW)).toBe(120_000);
  const waiting = run({ ...WAITING, duration: null });
  expect(lengthOf(waiting, NOW)).toBe(0);
  expect(stripBars([waiting], NOW)[0]?.words).toBe("#7 · Waiting · main · 10m ago");
});

it("formats rates and their colours", () => {
  expect(rateWords(null)).toBe("–");
  expect(rateWords(0.666)).toBe("67 %");
  expect([null, 0.8, 0.5, 0.49].map(rateColor)).toEqual([
    undefined,
    "text-success",
    "text-warning",
    "text-danger",
  ]);
});
