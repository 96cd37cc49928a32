import { expect, it } from "vitest";
import { fullTime } from "./time.ts";
import { actionWords, notesOf } from "./words.ts";

const NOW = Date.parse("2026-06-05T12:00:00.000Z");

it.each([
  ["classify_lane", "changed the lane"],
  ["something_new", "something new"],
  ["toString", "toString"],
])("has words for the action %s", (action, words) => {
  expect(actionWords(action)).toBe(words);
});

it.each([
  [null, null, undefined],
  [null, " ", undefined],
  ["Why not", "Why not ", undefined],
  ["Why not", "Not now", "Not now"],
  [null, "From default to backlog", "From default to backlog"],
])("beside the comment %j the details of %j are %j", (comment, notes, told) => {
  expect(notesOf({ action: "classify_lane", comment, notes }, NOW)).toBe(told);
});

it("formats the end of a pause in local time, but not times in texts of people", () => {
  const until = "2026-06-01T12:00:00.000Z";
  const told = (action: string) =>
    notesOf({ action, comment: null, notes: `paused until ${until}` }, NOW);
  expect(told("pause_work")).toBe(`paused until ${fullTime(until)}`);
  expect(told("send_message")).toBe(`paused until ${until}`);
});
