import { expect, it } from "vitest";
import { filterOfSearch, NO_FILTER, queryOfFilter } from "./filter.ts";

it("is parsed from the address", () => {
  const filter = filterOfSearch("?state=failed&event=issues&repo=acme/tools");
  expect(queryOfFilter(filter)).toEqual({
    state: "FAILED",
    event: "issues",
    repository: "acme/tools",
  });
});

it("is empty without parameters", () => {
  expect(filterOfSearch("")).toEqual(NO_FILTER);
  expect(queryOfFilter(NO_FILTER)).toEqual({ state: null, event: null, repository: null });
});

it("ignores an unknown state, and the case of letters", () => {
  expect(filterOfSearch("?state=lost").state).toBe("");
  expect(filterOfSearch("?state=FAILED").state).toBe("failed");
});
