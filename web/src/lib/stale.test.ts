import { expect, it } from "vitest";
import { staleBefore } from "./stale.ts";

it("is a week ago", () => {
  expect(staleBefore(Date.parse("2026-03-08T10:00:00.000Z"))).toBe("2026-03-01T10:00:00.000Z");
});

it("is the same for a whole minute, so that equal queries are equal", () => {
  const first = staleBefore(Date.parse("2026-03-08T10:00:00.000Z"));
  expect(staleBefore(Date.parse("2026-03-08T10:00:59.999Z"))).toBe(first);
  expect(staleBefore(Date.parse("2026-03-08T10:01:00.000Z"))).not.toBe(first);
});

it("counts days of 24 hours, also over a change of daylight saving time", () => {
  expect(staleBefore(Date.parse("2026-03-31T12:00:00.000Z"))).toBe("2026-03-24T12:00:00.000Z");
});
