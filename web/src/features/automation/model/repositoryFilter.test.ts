import { expect, it } from "vitest";
import { summary } from "./fixtures.ts";
import { filterOfSearch, NO_FILTER, shownRepositories, STATES } from "./repositoryFilter.ts";

const repository = (fullName: string, automation: Parameters<typeof summary>[1]) =>
  summary({ fullName, owner: fullName.split("/")[0] ?? "" }, automation);

const ALL = [
  repository("acme/clear", {}),
  repository("acme/runs", { runningCount: 1 }),
  repository("other/fails", { failingCount: 2 }),
  repository("acme/unread", { syncError: "Not found" }),
  repository("acme/red", { isRed: true, failingCount: 1 }),
];
const names = (filter: { state?: string; owner?: string }) =>
  shownRepositories(ALL, { ...NO_FILTER, ...filter }).map(({ fullName }) => fullName);

it("sorts the most urgent repositories first", () => {
  expect(names({})).toEqual(["acme/red", "acme/unread", "other/fails", "acme/runs", "acme/clear"]);
});

it.each([
  ["red", ["acme/red"]],
  ["failing", ["acme/red", "other/fails"]],
  ["running", ["acme/runs"]],
  ["clear", ["acme/clear"]],
  ["problem", ["acme/unread"]],
])("finds the repositories that are %s", (state, expected) => {
  expect(names({ state })).toEqual(expected);
});

it("finds the repositories of an owner", () => {
  expect(names({ owner: "other" })).toEqual(["other/fails"]);
});

it("parses the address, and ignores unknown states", () => {
  expect(filterOfSearch("?state=red&owner=acme")).toEqual({ state: "red", owner: "acme" });
  expect(filterOfSearch("?state=purple")).toEqual(NO_FILTER);
  for (const state of Object.keys(STATES)) {
    expect(filterOfSearch(`?state=${state}`).state).toBe(state);
  }
});
