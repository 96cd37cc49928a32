import { expect, it } from "vitest";
import { untilEnd } from "./expiry.ts";

const NOW = Date.parse("2026-06-01T12:00:00.000Z");
const MINUTE = 60_000;

it("there is no delay without a session", () => {
  expect(untilEnd(null, NOW)).toBeUndefined();
});

it.each([
  ["2026-06-01T13:00:00.000Z", 60 * MINUTE],
  // Otherwise a clock that is ahead of the server's would cause requests in a loop.
  ["2026-06-01T12:00:01.000Z", MINUTE],
  ["2026-06-01T12:00:00.000Z", MINUTE],
  ["2026-05-01T12:00:00.000Z", MINUTE],
  // Browsers fire a timer of more than 24 days at once.
  ["2026-08-01T12:00:00.000Z", 24 * 60 * MINUTE],
])("until %s it waits %d ms", (until, wait) => {
  expect(untilEnd(until, NOW)).toBe(wait);
});
