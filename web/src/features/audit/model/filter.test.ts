import { expect, it } from "vitest";
import { EMPTY_FILTER, filterOfSearch, queryOfFilter, searchOfFilter } from "./filter.ts";

it("is parsed from the address that it writes", () => {
  const search = "repo=acme%2Frocket&actor=claude&action=move_issue&agent=claude&outcome=failure";
  expect(searchOfFilter(filterOfSearch(search))).toBe(search);
});

it("accepts agents as labels too, and ignores unknown values", () => {
  expect(filterOfSearch("agent=agent/claude&outcome=maybe&x=1")).toEqual({
    ...EMPTY_FILTER,
    agent: "claude",
  });
});

it("sends only the members that are set", () => {
  const nothing = { repository: null, actor: null, action: null, agent: null, success: null };
  expect(queryOfFilter(EMPTY_FILTER)).toEqual(nothing);
  expect(queryOfFilter({ ...EMPTY_FILTER, outcome: "failure" })).toEqual({
    ...nothing,
    success: false,
  });
});
