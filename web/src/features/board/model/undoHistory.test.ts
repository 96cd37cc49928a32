import { beforeEach, expect, it } from "vitest";
import { UndoHistory, type MoveMade } from "./undoHistory.ts";

const NOW = Date.parse("2026-06-01T12:00:00.000Z");

const made = (number: number, changes: Partial<MoveMade> = {}): MoveMade => ({
  id: `iss_${number}`,
  number,
  from: "READY",
  to: "DONE",
  auditEntryId: `aud_${number}`,
  auditedAt: "2026-06-01T11:00:00.000Z",
  ...changes,
});

let stored: Map<string, string>;
const storage = {
  getItem: (key: string) => stored.get(key) ?? null,
  setItem: (key: string, value: string) => void stored.set(key, value),
};

beforeEach(() => {
  stored = new Map();
});

it("returns steps newest first, in any window of the browser", () => {
  const here = new UndoHistory(storage);
  here.push([made(1)]);
  here.push([made(2), made(3)]);
  const there = new UndoHistory(storage);
  expect(there.pop(NOW)).toEqual([made(2), made(3)]);
  expect(here.pop(NOW)).toEqual([made(1)]);
  expect(there.pop(NOW)).toBeUndefined();
});

it("keeps twenty steps, and drops old ones", () => {
  const undoHistory = new UndoHistory(storage);
  for (let number = 1; number <= 25; number += 1) undoHistory.push([made(number)]);
  for (let number = 25; number >= 6; number -= 1)
    expect(undoHistory.pop(NOW)).toEqual([made(number)]);
  expect(undoHistory.pop(NOW)).toBeUndefined();

  undoHistory.push([made(1)]);
  undoHistory.push([made(2, { auditedAt: "2026-06-01T03:59:00.000Z" })]);
  expect(undoHistory.pop(NOW)).toBeUndefined();
  expect(undoHistory.pop(NOW), "what came before is older still").toBeUndefined();
});

it("ignores an invalid stored value", () => {
  stored.set("dispatch-moves", JSON.stringify([[{ id: 1 }], [], null, "x", [made(1)]]));
  const undoHistory = new UndoHistory(storage);
  expect(undoHistory.pop(NOW)).toEqual([made(1)]);
  expect(undoHistory.pop(NOW)).toBeUndefined();
  stored.set("dispatch-moves", "{");
  expect(new UndoHistory(storage).pop(NOW)).toBeUndefined();
});

it("keeps steps until the page is closed if nothing can be stored", () => {
  const undoHistory = new UndoHistory();
  undoHistory.push([made(1)]);
  undoHistory.push([]);
  expect(undoHistory.pop(NOW)).toEqual([made(1)]);
  const full = new UndoHistory({
    getItem: () => {
      throw new Error("forbidden");
    },
    setItem: () => {
      throw new Error("full");
    },
  });
  full.push([made(2)]);
  expect(full.pop(NOW)).toEqual([made(2)]);
});
