import { expect, it } from "vitest";
import { neighbour, neighbourColumn, type Lanes } from "./walk.ts";

const lanes: Lanes = [
  { status: "BACKLOG", ids: ["a1", "a2", "a3"] },
  { status: "READY", ids: [] },
  { status: "IN_PROGRESS", ids: ["c1"] },
];

it("begins at the first card there is", () => {
  expect(neighbour(lanes, undefined, "down")).toBe("a1");
  expect(neighbour(lanes, "gone", "left")).toBe("a1");
  expect(neighbour([{ status: "DONE", ids: [] }], undefined, "down")).toBeUndefined();
});

it("walks up and down and stays at the ends", () => {
  expect(neighbour(lanes, "a1", "down")).toBe("a2");
  expect(neighbour(lanes, "a1", "up")).toBe("a1");
  expect(neighbour(lanes, "a3", "down")).toBe("a3");
});

it("walks sideways at its height, over empty columns, and stays at the edges", () => {
  expect(neighbour(lanes, "a3", "right")).toBe("c1");
  expect(neighbour(lanes, "c1", "left")).toBe("a1");
  expect(neighbour(lanes, "c1", "right")).toBe("c1");
  expect(neighbour(lanes, "a2", "left")).toBe("a2");
});

it("carries a card from column to column", () => {
  expect(neighbourColumn(["BACKLOG", "READY"], "BACKLOG", "right")).toBe("READY");
  expect(neighbourColumn(["BACKLOG", "READY"], "READY", "right")).toBe("READY");
  expect(neighbourColumn(["BACKLOG", "READY"], "BACKLOG", "left")).toBe("BACKLOG");
});
