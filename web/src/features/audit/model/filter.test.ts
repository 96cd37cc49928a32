import { expect, it } from "vitest";
import { EMPTY_FILTER, filterOfSearch, queryOfFilter, searchOfFilter } from "./filter.ts";

it("comes out of an address as it went in", () => {
  const search = "repo=acme%2Frocket&actor=claude&action=move_issue&agent=claude&outcome=failure";
  expect(searchOfFilter(filterOfSearch(search))).toBe(search);
});

it("takes agents as labels too, and leaves out what it does not know", () => {
  expect(filterOfSearch("agent=agent/claude&outcome=maybe&x=1")).toEqual({
    ...EMPTY_FILTER,
    agent: "claude",
  });
});

it("asks the server only for what is asked", () => {
  const nothing = { repository: null, actor: null, action: null, agent: null, success: null };
  expect(queryOfFilter(EMPTY_FILTER)).toEqual(nothing);
  expect(queryOfFilter({ ...EMPTY_FILTER, outcome: "failure" })).toEqual({
    ...nothing,
    success: false,
  });
});
