import { expect, it } from "vitest";
import { isUnderWay, outcomeOf, outcomeWords } from "./outcome.ts";

it.each([
  ["COMPLETED", "SUCCESS", "success", "Succeeded"],
  ["COMPLETED", "NEUTRAL", "success", "Neutral"],
  ["COMPLETED", "FAILURE", "failure", "Failed"],
  ["COMPLETED", "TIMED_OUT", "failure", "Timed out"],
  ["COMPLETED", "STARTUP_FAILURE", "failure", "Could not start"],
  ["COMPLETED", "CANCELLED", "cancelled", "Cancelled"],
  ["COMPLETED", "SKIPPED", "skipped", "Skipped"],
  ["COMPLETED", "ACTION_REQUIRED", "waiting", "Needs approval"],
  ["IN_PROGRESS", null, "running", "Running"],
  ["QUEUED", null, "waiting", "Waiting"],
  ["WAITING", null, "waiting", "Waiting"],
])("%s %s is %s", (status, conclusion, outcome, words) => {
  expect(outcomeOf({ status, conclusion })).toBe(outcome);
  expect(outcomeWords({ status, conclusion })).toBe(words);
});

it("shows an unknown word of GitHub as it is", () => {
  const odd = { status: "COMPLETED", conclusion: "UNKNOWN", conclusionText: "melted" };
  expect(outcomeOf(odd)).toBe("unknown");
  expect(outcomeWords(odd)).toBe("melted");
  expect(outcomeWords({ status: "UNKNOWN", conclusion: null, statusText: "parked" })).toBe(
    "parked",
  );
  expect(outcomeWords({ status: "UNKNOWN", conclusion: null })).toBe("Unknown");
});

it("knows whether a run is completed", () => {
  expect(isUnderWay({ status: "QUEUED", conclusion: null })).toBe(true);
  expect(isUnderWay({ status: "IN_PROGRESS", conclusion: null })).toBe(true);
  expect(isUnderWay({ status: "COMPLETED", conclusion: "ACTION_REQUIRED" })).toBe(false);
  expect(isUnderWay({ status: "COMPLETED", conclusion: "SUCCESS" })).toBe(false);
});
