import { expect, it } from "vitest";
import { facetsOfSearch, isNarrowed, searchOfFacets } from "./facets.ts";

const FACETS = ["state", "repo"] as const;

it("parses its own parameters only", () => {
  expect(facetsOfSearch("?state=failed&other=1", FACETS)).toEqual({ state: "failed", repo: "" });
  expect(facetsOfSearch("repo=%20acme/tools%20", FACETS)).toEqual({
    state: "",
    repo: "acme/tools",
  });
});

it("writes the parameters that it parsed", () => {
  const values = { state: "failed", repo: "acme/tools" };
  expect(facetsOfSearch(searchOfFacets(values), FACETS)).toEqual(values);
  expect(searchOfFacets({ state: "", repo: "" })).toBe("");
});

it("knows whether any filter is active", () => {
  expect(isNarrowed({ state: "", repo: "" })).toBe(false);
  expect(isNarrowed({ state: "", repo: "a/b" })).toBe(true);
});
