import { expect, it } from "vitest";
import { pullRequestWords, reviewWords, type LinkedPullRequest } from "./pullRequests.ts";

const OPEN: LinkedPullRequest = {
  url: "https://github.com/a/b/pull/1",
  state: "OPEN",
  isDraft: false,
  checkState: "FAILURE",
  reviewDecision: "CHANGES_REQUESTED",
};

it.each([
  [{}, "open, checks failed, changes requested"],
  [{ isDraft: true, reviewDecision: null }, "draft, checks failed"],
  [{ checkState: null, reviewDecision: "APPROVED" }, "open, approved"],
  [{ checkState: "OF_THE_FUTURE", reviewDecision: "OF_THE_FUTURE" }, "open, no checks"],
  [{ state: "MERGED" as const }, "merged"],
  [{ state: "CLOSED" as const, isDraft: true }, "closed"],
])("one with %j is %s", (changes, words) => {
  expect(pullRequestWords({ ...OPEN, ...changes })).toBe(words);
});

it("says nothing of a review where none is required", () => {
  expect(reviewWords(null)).toBeUndefined();
});
