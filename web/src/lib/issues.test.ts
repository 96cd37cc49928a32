import { expect, it } from "vitest";
import { READ_ONLY } from "./fixtures.ts";
import { isSameName, whyLeft, whyReadOnly } from "./issues.ts";

it("compares names of agents, owners and labels without case", () => {
  expect(isSameName("Alpha", "alpha")).toBe(true);
  expect(isSameName("Ärger", "äRGER")).toBe(true);
  expect(isSameName("alpha", "alph")).toBe(false);
});

it("explains why an issue has no card any more", () => {
  const repository = { enabled: true };
  expect(whyLeft({ removedAt: null, repository })).toBeUndefined();
  expect(whyLeft({ repository: {} })).toBeUndefined();
  expect(whyLeft({ removedAt: "2026-06-01T12:00:00.000Z", repository })).toBe(
    "deleted or transferred",
  );
  expect(whyLeft({ removedAt: null, repository: { enabled: false } })).toBe("no longer tracked");
});

it.each([...READ_ONLY, [null, undefined] as const])(
  "explains why an issue cannot be changed: %s",
  (readOnlyReason, sentence) => {
    expect(whyReadOnly({ fullName: "acme/rocket", readOnlyReason })).toBe(sentence);
  },
);
