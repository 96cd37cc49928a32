import { expect, it } from "vitest";
import { layoutOfSearch, needsAll, PLAIN, searchOfLayout } from "./layout.ts";

it("is plain where the address says nothing, or nothing that is known", () => {
  expect(layoutOfSearch("repo=acme/rocket")).toEqual(PLAIN);
  expect(layoutOfSearch("group=moon&sort=toString")).toEqual(PLAIN);
});

it("survives the way through an address, beside what else is there", () => {
  const layout = { group: "agent", sort: "rank" } as const;
  const search = searchOfLayout(layout, "q=leak&group=repository");
  expect(layoutOfSearch(search)).toEqual(layout);
  expect(new URLSearchParams(search).get("q")).toBe("leak");
  expect(searchOfLayout(PLAIN, search)).toBe("q=leak");
});

it("needs every card for anything but the server's own order", () => {
  expect(needsAll(PLAIN)).toBe(false);
  expect(needsAll({ group: "none", sort: "age" })).toBe(true);
  expect(needsAll({ group: "none", sort: "rank" })).toBe(true);
  expect(needsAll({ group: "priority", sort: "updated" })).toBe(true);
});
