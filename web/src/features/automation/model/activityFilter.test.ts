import { expect, it } from "vitest";
import { filterOfSearch, NO_FILTER, queryOfFilter, typeWords } from "./activityFilter.ts";

it("asks for what the address says", () => {
  const filter = filterOfSearch("?type=workflow_run_failed&repo=acme/tools");
  expect(queryOfFilter(filter)).toEqual({
    repository: "acme/tools",
    types: ["WORKFLOW_RUN_FAILED"],
  });
});

it("asks for everything where the address says nothing, or nonsense", () => {
  expect(filterOfSearch("?type=nonsense")).toEqual(NO_FILTER);
  expect(queryOfFilter(NO_FILTER)).toEqual({ repository: null, types: null });
});

it("has words for every type, and for those to come", () => {
  expect(typeWords("PULL_REQUEST_MERGED")).toBe("Pull request merged");
  expect(typeWords("BRANCH_PROTECTED")).toBe("branch protected");
});
