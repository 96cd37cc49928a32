import { expect, it } from "vitest";
import { FAILED } from "@/lib/fixtures.ts";
import { unmentionedFailure } from "./failures.ts";

it("is the sentence of the server about the failure", () => {
  expect(unmentionedFailure(FAILED, "The issue is not ready.")).toBe(FAILED.summary);
});

it("is undefined if no agent failed", () => {
  expect(unmentionedFailure(null, "")).toBeUndefined();
  expect(unmentionedFailure({ ...FAILED, failedAttempts: 0 }, "")).toBeUndefined();
});

it("is undefined if the shown text already says it, alone or among other reasons", () => {
  expect(unmentionedFailure(FAILED, FAILED.summary)).toBeUndefined();
  const reason = FAILED.summary.replace("The issue ", "").replace(/\.$/, "");
  expect(unmentionedFailure(FAILED, `The issue is not ready, and ${reason}.`)).toBeUndefined();
});

it("is the whole sentence if the shown text has only a part of it", () => {
  expect(unmentionedFailure(FAILED, "The issue is left alone until later.")).toBe(FAILED.summary);
});
