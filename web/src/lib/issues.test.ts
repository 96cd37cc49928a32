import { expect, it } from "vitest";
import { isSameName, whyLeft, whyReadOnly } from "./issues.ts";

it("knows agents, owners and labels in any case", () => {
  expect(isSameName("Alpha", "alpha")).toBe(true);
  expect(isSameName("Ärger", "äRGER")).toBe(true);
  expect(isSameName("alpha", "alph")).toBe(false);
});

it("says why an issue has no card any more", () => {
  const repository = { enabled: true };
  expect(whyLeft({ removedAt: null, repository })).toBeUndefined();
  expect(whyLeft({ repository: {} })).toBeUndefined();
  expect(whyLeft({ removedAt: "2026-06-01T12:00:00.000Z", repository })).toBe(
    "deleted or transferred",
  );
  expect(whyLeft({ removedAt: null, repository: { enabled: false } })).toBe("no longer tracked");
});

it.each([
  ["ARCHIVED", "acme/rocket is archived on GitHub: its issues cannot be changed."],
  ["DISABLED", "acme/rocket is disabled on GitHub: its issues cannot be changed."],
  ["LOCKED", "acme/rocket is locked on GitHub: its issues cannot be changed."],
  ["ISSUES_DISABLED", "acme/rocket has issues disabled on GitHub: its issues cannot be changed."],
  [
    "NO_PERMISSION",
    "acme/rocket may only be read with Dispatch's GitHub token: its issues cannot be changed.",
  ],
  [null, undefined],
] as const)("says why nothing can be changed: %s", (readOnlyReason, words) => {
  expect(whyReadOnly({ fullName: "acme/rocket", readOnlyReason })).toBe(words);
});
