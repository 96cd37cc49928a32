import { expect, it } from "vitest";
import { linkedPullRequest } from "./fixtures.ts";
import { pullRequestWords, reviewWords } from "./pullRequests.ts";

it.each([
  [{ reviewDecision: "CHANGES_REQUESTED" }, "open, checks failed, changes requested"],
  [{ isDraft: true, reviewDecision: null }, "draft, checks failed"],
  [{ checkState: null, reviewDecision: "APPROVED" }, "open, approved"],
  [{ checkState: "OF_THE_FUTURE", reviewDecision: "OF_THE_FUTURE" }, "open, no checks"],
  [{ state: "MERGED" as const }, "merged"],
  [{ state: "CLOSED" as const, isDraft: true }, "closed"],
])("one with %j is %s", (changes, words) => {
  expect(pullRequestWords(linkedPullRequest(changes))).toBe(words);
});

it("says nothing of a review where none is required", () => {
  expect(reviewWords(null)).toBeUndefined();
});
