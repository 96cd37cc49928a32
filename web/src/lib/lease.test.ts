import { expect, it } from "vitest";
import { checkpointWords, remaining, timeLeft } from "./lease.ts";

const hold = { renewedAt: "2026-06-01T12:00:00.000Z", expiresAt: "2026-06-01T12:30:00.000Z" };

it.each([
  ["2026-06-01T11:59:00.000Z", 1],
  ["2026-06-01T12:00:00.000Z", 1],
  ["2026-06-01T12:15:00.000Z", 0.5],
  ["2026-06-01T12:30:00.000Z", 0],
  ["2026-06-01T12:31:00.000Z", 0],
])("at %s the ring shows %d", (now, left) => {
  expect(remaining(hold, Date.parse(now))).toBe(left);
});

it("shows nothing of a lease without duration", () => {
  expect(remaining({ ...hold, expiresAt: hold.renewedAt }, 0)).toBe(0);
});

it.each([
  ["2026-06-01T12:30:00.000Z", "time is up"],
  ["2026-06-01T12:29:30.000Z", "under a minute left"],
  ["2026-06-01T12:05:00.000Z", "25 min left"],
  ["2026-06-01T10:30:00.000Z", "2 h left"],
  ["2026-06-01T09:25:00.000Z", "3 h 5 min left"],
])("at %s the remaining time is: %s", (now, words) => {
  expect(timeLeft(hold.expiresAt, Date.parse(now))).toBe(words);
});

it("shows the checkpoint in words", () => {
  expect(checkpointWords("PR_OPENED")).toBe("PR opened");
});
