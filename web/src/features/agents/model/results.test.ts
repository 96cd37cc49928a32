import { expect, it } from "vitest";
import { lease } from "./fixtures.ts";
import { otherEndings, runResults } from "./results.ts";

const ended = { endedAt: "2026-06-01T11:30:00.000Z", isHeld: false };
const HISTORY = [
  lease(),
  lease({ ...ended, ending: "FINISHED", outcome: "PR_OPENED" }),
  lease({ ...ended, ending: "FINISHED", outcome: "FAILED" }),
  lease({ ...ended, ending: "RELEASED" }),
  lease({ ...ended, ending: "EXPIRED" }),
  lease({ ...ended, ending: "EXPIRED" }),
];

it("counts how the claims ended that did not succeed", () => {
  expect(
    otherEndings({ claimsEndedCount: 5, claimsSucceededCount: 1, leaseHistory: HISTORY }),
  ).toBe("1 failed, 2 expired, 1 released");
  const taken = [lease({ ...ended, ending: "TAKEN" }), lease({ ...ended, ending: "REFUSED" })];
  expect(otherEndings({ claimsEndedCount: 2, claimsSucceededCount: 0, leaseHistory: taken })).toBe(
    "1 taken back, 1 never begun",
  );
});

it("is only their number if the history lacks some", () => {
  expect(
    otherEndings({ claimsEndedCount: 1_205, claimsSucceededCount: 1, leaseHistory: HISTORY }),
  ).toBe("1,204 did not");
});

it("is undefined if all claims succeeded", () => {
  expect(
    otherEndings({ claimsEndedCount: 1, claimsSucceededCount: 1, leaseHistory: HISTORY }),
  ).toBeUndefined();
});

it.each([
  [0, 0, 0, undefined],
  [3, 0, 3, undefined],
  [3, 2, 1, "2 succeeded"],
  [5, 2, 1, "2 succeeded, 2 with another result"],
])("of %d runs, %d and %d failed: %s", (runsCount, successesCount, failuresCount, words) => {
  expect(runResults({ runsCount, successesCount, failuresCount })).toBe(words);
});
