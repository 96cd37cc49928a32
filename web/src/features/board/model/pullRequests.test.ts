import { expect, it } from "vitest";
import { linkedPullRequest } from "@/lib/fixtures.ts";
import { shownPullRequest } from "./pullRequests.ts";

const pull = (number: number, state: "OPEN" | "CLOSED" | "MERGED") =>
  linkedPullRequest({
    url: `https://github.com/acme/rocket/pull/${number}`,
    state,
    reviewDecision: null,
  });

const [OPEN, OTHER, MERGED, CLOSED] = [
  pull(1, "OPEN"),
  pull(2, "OPEN"),
  pull(3, "MERGED"),
  pull(4, "CLOSED"),
];

it("is the open one that GitHub names first, or else another open one", () => {
  const pullRequests = [CLOSED, MERGED, OPEN, OTHER];
  expect(shownPullRequest({ pullRequestUrl: OTHER.url, pullRequests })).toBe(OTHER);
  expect(shownPullRequest({ pullRequestUrl: null, pullRequests })).toBe(OPEN);
});

it("is a merged one rather than one that was closed without a merge", () => {
  const pullRequests = [CLOSED, MERGED];
  expect(shownPullRequest({ pullRequestUrl: null, pullRequests })).toBe(MERGED);
  expect(shownPullRequest({ pullRequestUrl: MERGED.url, pullRequests })).toBe(MERGED);
  expect(shownPullRequest({ pullRequestUrl: null, pullRequests: [CLOSED] })).toBe(CLOSED);
});

it("is the address alone where nothing else is known", () => {
  const shown = shownPullRequest({ pullRequestUrl: OPEN.url, pullRequests: [MERGED] });
  expect(shown).toEqual({ ...OPEN, checkState: null });
  expect(shownPullRequest({ pullRequestUrl: null, pullRequests: [] })).toBeNull();
});
