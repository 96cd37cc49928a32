import { expect, it } from "vitest";
import { checkStateOf } from "./pullRequests.ts";

const ONE = { url: "https://github.com/a/b/pull/1", checkState: "SUCCESS" };
const TWO = { url: "https://github.com/a/b/pull/2", checkState: "FAILURE" };

it("is the state of the pull request that the card shows", () => {
  expect(checkStateOf({ pullRequestUrl: TWO.url, pullRequests: [ONE, TWO] })).toBe("FAILURE");
});

it("is unknown without a pull request or without checks", () => {
  expect(checkStateOf({ pullRequestUrl: null, pullRequests: [ONE] })).toBeNull();
  expect(checkStateOf({ pullRequestUrl: TWO.url, pullRequests: [ONE] })).toBeNull();
  const unchecked = { ...TWO, checkState: null };
  expect(checkStateOf({ pullRequestUrl: TWO.url, pullRequests: [unchecked] })).toBeNull();
});
