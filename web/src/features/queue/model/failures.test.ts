import { expect, it } from "vitest";
import { FAILED } from "@/lib/fixtures.ts";
import { unmentionedFailure } from "./failures.ts";

it("is the server's sentence about the failure", () => {
  expect(unmentionedFailure(FAILED, "The issue is not ready.")).toBe(FAILED.summary);
});

it("is nothing where nobody failed", () => {
  expect(unmentionedFailure(null, "")).toBeUndefined();
  expect(unmentionedFailure({ ...FAILED, failedAttempts: 0 }, "")).toBeUndefined();
});

it("is nothing where it is said already, alone or among other reasons", () => {
  expect(unmentionedFailure(FAILED, FAILED.summary)).toBeUndefined();
  const reason = FAILED.summary.replace("The issue ", "").replace(/\.$/, "");
  expect(unmentionedFailure(FAILED, `The issue is not ready, and ${reason}.`)).toBeUndefined();
});

it("is said when only a part of it is", () => {
  expect(unmentionedFailure(FAILED, "The issue is left alone until later.")).toBe(FAILED.summary);
});
