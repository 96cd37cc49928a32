import { expect, it } from "vitest";
import { filterOfSearch, NO_FILTER, queryOfFilter, typeWords } from "./activityFilter.ts";

it("is parsed from the address", () => {
  const filter = filterOfSearch("?type=workflow_run_failed&repo=acme/tools");
  expect(queryOfFilter(filter)).toEqual({
    repository: "acme/tools",
    types: ["WORKFLOW_RUN_FAILED"],
  });
});

it("selects all events without parameters, or with unknown ones", () => {
  expect(filterOfSearch("?type=nonsense")).toEqual(NO_FILTER);
  expect(queryOfFilter(NO_FILTER)).toEqual({ repository: null, types: null });
});

it("has a title for every type, also for unknown ones", () => {
  expect(typeWords("PULL_REQUEST_MERGED")).toBe("Pull request merged");
  expect(typeWords("BRANCH_PROTECTED")).toBe("branch protected");
});
