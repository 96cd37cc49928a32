import { expect, it } from "vitest";
import { checkOutcome, checkWords } from "./checks.ts";

it.each([
  ["SUCCESS", "success", "checks passed"],
  ["FAILURE", "failure", "checks failed"],
  ["ERROR", "failure", "checks failed"],
  ["PENDING", "running", "checks running"],
  ["EXPECTED", "waiting", "checks expected"],
  ["success", "success", "checks passed"],
  [null, "unknown", "no checks"],
  ["OF_THE_FUTURE", "unknown", "no checks"],
])("%s is %s", (state, outcome, words) => {
  expect(checkOutcome(state)).toBe(outcome);
  expect(checkWords(state)).toBe(words);
});
