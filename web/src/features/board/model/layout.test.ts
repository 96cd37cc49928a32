import { expect, it } from "vitest";
import { layoutOfSearch, needsAll, PLAIN, searchOfLayout } from "./layout.ts";

it("has the defaults without parameters or with unknown values", () => {
  expect(layoutOfSearch("repo=acme/rocket")).toEqual(PLAIN);
  expect(layoutOfSearch("group=moon&sort=toString")).toEqual(PLAIN);
});

it("is parsed from the address that it writes, and keeps other parameters", () => {
  const layout = { group: "agent", sort: "rank" } as const;
  const search = searchOfLayout(layout, "q=leak&group=repository");
  expect(layoutOfSearch(search)).toEqual(layout);
  expect(new URLSearchParams(search).get("q")).toBe("leak");
  expect(searchOfLayout(PLAIN, search)).toBe("q=leak");
});

it("needs all cards except with the defaults", () => {
  expect(needsAll(PLAIN)).toBe(false);
  expect(needsAll({ group: "none", sort: "age" })).toBe(true);
  expect(needsAll({ group: "none", sort: "rank" })).toBe(true);
  expect(needsAll({ group: "priority", sort: "updated" })).toBe(true);
});
