import { expect, it } from "vitest";
import { byEvent, byState } from "./states.ts";

const COUNTS = [
  { state: "PROCESSED", event: "issues", deliveries: 5 },
  { state: "PROCESSED", event: "label", deliveries: 2 },
  { state: "FAILED", event: "issues", deliveries: 1 },
] as const;

it("counts deliveries by state, zero included", () => {
  expect(byState(COUNTS)).toEqual({
    FAILED: 1,
    QUARANTINED: 0,
    PENDING: 0,
    IGNORED: 0,
    PROCESSED: 7,
  });
});

it("counts deliveries by event, the most frequent first", () => {
  expect(byEvent(COUNTS)).toEqual([
    ["issues", 6],
    ["label", 2],
  ]);
});
