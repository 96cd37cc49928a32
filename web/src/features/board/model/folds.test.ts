import { beforeEach, expect, it } from "vitest";
import { laneKey, openFolds } from "./folds.ts";

beforeEach(() => localStorage.clear());

it("remembers what was folded until it is opened again", () => {
  const folds = openFolds();
  folds.toggle("DONE");
  folds.toggle(laneKey("agent", "mender"));
  expect([...openFolds().folded.get()]).toEqual(["DONE", "agent:mender"]);
  folds.toggle("DONE");
  expect([...openFolds().folded.get()]).toEqual(["agent:mender"]);
});

it("has everything open where the memory is not its own", () => {
  localStorage.setItem("dispatch-folded", "{not json");
  expect(openFolds().folded.get().size).toBe(0);
  localStorage.setItem("dispatch-folded", '{"DONE": true}');
  expect(openFolds().folded.get().size).toBe(0);
});
