import { expect, it } from "vitest";
import { ago, clockTime, daysSince, duration, fullTime, localTimes } from "./time.ts";

const NOW = Date.parse("2026-06-01T12:00:00.000Z");

it.each([
  ["2026-06-01T11:59:30.000Z", "now"],
  ["2026-06-01T12:00:05.000Z", "now"],
  ["2026-06-01T11:55:00.000Z", "5m"],
  ["2026-06-01T09:00:00.000Z", "3h"],
  ["2026-05-20T12:00:00.000Z", "12d"],
  ["2026-02-01T12:00:00.000Z", "4mo"],
  ["2024-05-01T12:00:00.000Z", "2y"],
])("%s is %s ago", (instant, words) => {
  expect(ago(instant, NOW)).toBe(words);
});

it.each([
  [0, "-"],
  [-5, "-"],
  [45_000, "45s"],
  [185_000, "3m 5s"],
  [3_720_000, "1h 2m"],
])("%d ms take %s", (milliseconds, words) => {
  expect(duration(milliseconds)).toBe(words);
});

it("counts whole days", () => {
  expect(daysSince("2026-05-25T12:00:01.000Z", NOW)).toBe(6);
  expect(daysSince("2026-05-25T12:00:00.000Z", NOW)).toBe(7);
});

it("formats the times of a sentence in the local time zone, and other days with their date", () => {
  const [soon, later] = ["2026-06-01T12:10:00.000Z", "2026-06-09T12:10:00Z"];
  expect(localTimes(`Held until ${soon}, or until ${later}.`, NOW)).toBe(
    `Held until ${clockTime(soon)}, or until ${fullTime(later)}.`,
  );
  expect(localTimes("Nothing of the kind: 2026-06-01.", NOW)).toBe(
    "Nothing of the kind: 2026-06-01.",
  );
});
