import { describe, expect, it } from "vitest";
import { EMPTY_FILTER, filterOfSearch, queryOfFilter, searchOfFilter, toggled } from "./filter.ts";

describe("an address", () => {
  it("holds whole labels and gives bare names", () => {
    const filter = filterOfSearch(
      "repo=acme/rocket&agent=agent/claude&agent=codex&owner=owner/ada&priority=priority/p0&priority=P2&q= panic ",
    );
    expect(filter).toEqual({
      ...EMPTY_FILTER,
      repositories: ["acme/rocket"],
      agents: ["claude", "codex"],
      owners: ["ada"],
      priorities: ["P0", "P2"],
      search: "panic",
    });
    expect(new URLSearchParams(searchOfFilter(filter)).getAll("agent")).toEqual([
      "agent/claude",
      "agent/codex",
    ]);
    expect(new URLSearchParams(searchOfFilter(filter)).getAll("priority")).toEqual([
      "priority/p0",
      "priority/p2",
    ]);
  });

  it("comes out of reading and writing as it went in", () => {
    const written = searchOfFilter({
      repositories: ["a/b", "c/d"],
      agents: ["agent with spaces & more"],
      owners: [],
      priorities: ["P1"],
      projects: ["atlas"],
      lanes: ["default"],
      labels: ["good first issue", "type/bug"],
      search: "100% #42",
      includeClosed: true,
    });
    expect(searchOfFilter(filterOfSearch(written))).toBe(written);
  });

  it("keeps what is not a filter, and drops what is empty", () => {
    expect(searchOfFilter(EMPTY_FILTER, "issue=iss_1&repo=a/b&q=x&includeClosed=true")).toBe(
      "issue=iss_1",
    );
  });

  it("survives nonsense", () => {
    expect(filterOfSearch("priority=p9&agent=&agent=agent/&q=%20&includeClosed=yes")).toEqual(
      EMPTY_FILTER,
    );
  });
});

it("toggles a value without touching others", () => {
  const once = toggled(EMPTY_FILTER, "agents", "claude");
  expect(once.agents).toEqual(["claude"]);
  expect(toggled(once, "agents", "claude")).toEqual(EMPTY_FILTER);
});

it("asks the server only for what is asked", () => {
  expect(queryOfFilter(EMPTY_FILTER)).toEqual({});
  expect(queryOfFilter({ ...EMPTY_FILTER, priorities: ["P0"], search: "x" })).toEqual({
    priorities: ["P0"],
    search: "x",
  });
});
