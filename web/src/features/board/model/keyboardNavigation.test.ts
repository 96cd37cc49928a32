import { expect, it } from "vitest";
import type { Status } from "@/lib/statuses.ts";
import { neighbour, neighbourColumn, type Grid } from "./keyboardNavigation.ts";

const COLUMNS: readonly Status[] = ["BACKLOG", "READY", "IN_PROGRESS"];

const grid = (...swimlanes: readonly Partial<Record<Status, readonly string[]>>[]): Grid => ({
  columns: COLUMNS,
  swimlanes: swimlanes.map((cells) => ({
    cells: new Map(Object.entries(cells) as [Status, readonly string[]][]),
  })),
});

const one = grid({ BACKLOG: ["a1", "a2", "a3"], IN_PROGRESS: ["c1"] });

it("starts at the first card", () => {
  expect(neighbour(one, undefined, "down")).toBe("a1");
  expect(neighbour(one, "gone", "left")).toBe("a1");
  expect(neighbour(grid(), undefined, "down")).toBeUndefined();
});

it("moves up and down, and stops at the ends", () => {
  expect(neighbour(one, "a1", "down")).toBe("a2");
  expect(neighbour(one, "a1", "up")).toBe("a1");
  expect(neighbour(one, "a3", "down")).toBe("a3");
});

it("moves sideways at the same position, skips empty columns, and stops at the edges", () => {
  expect(neighbour(one, "a3", "right")).toBe("c1");
  expect(neighbour(one, "c1", "left")).toBe("a1");
  expect(neighbour(one, "c1", "right")).toBe("c1");
  expect(neighbour(one, "a2", "left")).toBe("a2");
});

it("moves through the rows of its column, and sideways within its row", () => {
  const rows = grid(
    { BACKLOG: ["a1", "a2"], READY: ["b1"] },
    { READY: ["b2"] },
    { BACKLOG: ["a3"], IN_PROGRESS: ["c1"] },
  );
  expect(neighbour(rows, "a2", "down")).toBe("a3");
  expect(neighbour(rows, "a3", "up")).toBe("a2");
  expect(neighbour(rows, "b1", "down")).toBe("b2");
  expect(neighbour(rows, "b2", "left")).toBe("b2");
  expect(neighbour(rows, "a3", "right")).toBe("c1");
});

it("moves a dragged card from column to column", () => {
  expect(neighbourColumn(["BACKLOG", "READY"], "BACKLOG", "right")).toBe("READY");
  expect(neighbourColumn(["BACKLOG", "READY"], "READY", "right")).toBe("READY");
  expect(neighbourColumn(["BACKLOG", "READY"], "BACKLOG", "left")).toBe("BACKLOG");
});
