import { describe, expect, it } from "vitest";
import { boardAddress } from "@/lib/address.ts";
import { EMPTY_FILTER, filterOfSearch, queryOfFilter, searchOfFilter, toggled } from "./filter.ts";

describe("an address", () => {
  it("has whole labels, and the filter has names", () => {
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

  it("has statuses as several parameters or one, as words or labels, in board order", () => {
    const { statuses } = filterOfSearch("status=blocked,ready&status=status/in-progress&status=x");
    expect(statuses).toEqual(["READY", "IN_PROGRESS", "BLOCKED"]);
    const written = searchOfFilter({ ...EMPTY_FILTER, statuses });
    expect(written).toBe("status=ready&status=in-progress&status=blocked");
  });

  it("is parsed from links of other pages", () => {
    const link = boardAddress({
      repository: "a/b",
      statuses: ["IN_PROGRESS"],
      agent: "claude",
      stale: true,
      issue: "iss_1",
    });
    const search = link.replace("/board?", "");
    expect(filterOfSearch(search)).toEqual({
      ...EMPTY_FILTER,
      repositories: ["a/b"],
      statuses: ["IN_PROGRESS"],
      agents: ["claude"],
      stale: true,
    });
    expect(new URLSearchParams(search).get("issue")).toBe("iss_1");
    expect(boardAddress({})).toBe("/board");
  });

  it("is parsed from what it writes", () => {
    const written = searchOfFilter({
      repositories: ["a/b", "c/d"],
      statuses: ["READY", "IN_PROGRESS"],
      agents: ["agent with spaces & more"],
      owners: [],
      priorities: ["P1"],
      projects: ["atlas"],
      lanes: ["default"],
      labels: ["good first issue", "type/bug"],
      search: "100% #42",
      stale: true,
      includeClosed: true,
    });
    expect(searchOfFilter(filterOfSearch(written))).toBe(written);
  });

  it("keeps other parameters, and drops empty ones", () => {
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

it("sends only the members that are set", () => {
  const now = Date.parse("2026-03-08T10:00:59.900Z");
  expect(queryOfFilter(EMPTY_FILTER, now)).toEqual({});
  const some = { ...EMPTY_FILTER, priorities: ["P0"], search: "x", stale: true } as const;
  expect(queryOfFilter(some, now)).toEqual({
    priorities: ["P0"],
    search: "x",
    updatedBefore: "2026-03-01T10:00:00.000Z",
  });
});
