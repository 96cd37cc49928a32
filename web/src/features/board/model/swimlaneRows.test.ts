import { describe, expect, it } from "vitest";
import type { Status } from "@/lib/statuses.ts";
import { firstCard, keyOfRow, rowOf, rowsOf } from "./swimlaneRows.ts";
import type { Swimlane } from "./swimlanes.ts";

const swimlane = (key: string, cells: Partial<Record<Status, readonly string[]>>): Swimlane => ({
  key,
  cells: new Map(Object.entries(cells) as [Status, readonly string[]][]),
  count: Object.values(cells).flat().length,
});

const MENDER = swimlane("Mender", { READY: ["a", "b"], DONE: ["c"] });
const SCOUT = swimlane("Scout", { DONE: ["d"] });
const BOTH = [MENDER, SCOUT];
const OPEN: readonly Status[] = ["READY", "DONE"];
const none = () => false;
const keys = (rows: ReturnType<typeof rowsOf>) => rows.map(keyOfRow);

describe("the rows of swimlanes", () => {
  it("are a head and as many rows as the longest column has cards", () => {
    expect(keys(rowsOf(BOTH, OPEN, none))).toEqual([
      "head:Mender",
      "Mender:0",
      "Mender:1",
      "head:Scout",
      "Scout:0",
    ]);
  });

  it("have no cards of a collapsed swimlane", () => {
    const rows = rowsOf(BOTH, OPEN, (key) => key === "Mender");
    expect(keys(rows)).toEqual(["head:Mender", "head:Scout", "Scout:0"]);
    expect(rows[0]).toMatchObject({ kind: "head", collapsed: true });
  });

  it("depend only on the expanded columns", () => {
    expect(keys(rowsOf([MENDER], ["DONE"], none))).toEqual(["head:Mender", "Mender:0"]);
    expect(keys(rowsOf([MENDER], [], none)), "every column is collapsed").toEqual(["head:Mender"]);
  });
});

describe("the row of a card", () => {
  const rows = rowsOf(BOTH, OPEN, none);

  it("is below the head of its swimlane", () => {
    expect(rowOf(BOTH, rows, "b")).toBe(2);
    expect(rowOf(BOTH, rows, "c")).toBe(1);
    expect(rowOf(BOTH, rows, "d")).toBe(4);
  });

  it("is -1 without a card, for an unknown card and in a collapsed swimlane", () => {
    expect(rowOf(BOTH, rows, undefined)).toBe(-1);
    expect(rowOf(BOTH, rows, "z")).toBe(-1);
    expect(
      rowOf(
        BOTH,
        rowsOf(BOTH, OPEN, () => true),
        "b",
      ),
    ).toBe(-1);
  });
});

describe("the first visible card", () => {
  const rows = rowsOf(BOTH, OPEN, none);

  it("is the leftmost card of the first row with cards", () => {
    expect(firstCard(rows, 0, OPEN)).toBe("a");
    expect(firstCard(rows, 0, ["DONE", "READY"])).toBe("c");
    expect(firstCard(rows, 3, OPEN)).toBe("d");
  });

  it("is undefined if no row with cards follows", () => {
    expect(firstCard(rows, 5, OPEN)).toBeUndefined();
    expect(
      firstCard(
        rowsOf(BOTH, OPEN, () => true),
        0,
        OPEN,
      ),
    ).toBeUndefined();
  });
});
