import { expect, it } from "vitest";
import { filterOfSearch, NO_FILTER, queryOfFilter } from "./filter.ts";

it("asks for what the address says", () => {
  const filter = filterOfSearch("?state=failed&event=issues&repo=acme/tools");
  expect(queryOfFilter(filter)).toEqual({
    state: "FAILED",
    event: "issues",
    repository: "acme/tools",
  });
});

it("asks for nothing where the address says nothing", () => {
  expect(filterOfSearch("")).toEqual(NO_FILTER);
  expect(queryOfFilter(NO_FILTER)).toEqual({ state: null, event: null, repository: null });
});

it("takes a state that is none for no state, in any case of letters", () => {
  expect(filterOfSearch("?state=lost").state).toBe("");
  expect(filterOfSearch("?state=FAILED").state).toBe("failed");
});
