import { expect, it } from "vitest";
import {
  attemptWords,
  backoffSentence,
  isNeedsHuman,
  lastSentence,
  needsPerson,
  type Backoff,
} from "./backoff.ts";
import { FAILED, FAILED_HISTORY } from "./fixtures.ts";
import { localTimes } from "./time.ts";

const NOW = Date.parse("2026-06-01T12:05:00.000Z");
const STUCK: Backoff = { ...FAILED, needsHuman: true, summary: "It failed 3 times." };

it("the label is recognised in any case, but only as a whole", () => {
  expect(isNeedsHuman("Needs-Human")).toBe(true);
  expect(isNeedsHuman("needs-human ")).toBe(false);
  expect(isNeedsHuman("needs-humans")).toBe(false);
});

it.each([
  ["the label", { labels: ["bug", "needs-human"], backoff: null }, true],
  ["its attempts", { labels: [], backoff: STUCK }, true],
  ["a back-off that ends by itself", { labels: [], backoff: FAILED }, false],
  ["nothing", { labels: ["bug"], backoff: null }, false],
])("by %s an open issue needs a person: %j", (_, issue, needed) => {
  expect(needsPerson({ state: "OPEN", ...issue })).toBe(needed);
  expect(needsPerson({ state: "CLOSED", ...issue }), "nobody is served a closed one").toBe(false);
});

it.each([
  [0, "0 failed attempts"],
  [1, "1 failed attempt"],
  [2, "2 failed attempts"],
])("%d are %s", (attempts, words) => {
  expect(attemptWords(attempts)).toBe(words);
});

it("during a back-off, it is the sentence of the server with local times", () => {
  const sentence = backoffSentence(FAILED, { needsPerson: false, isBackingOff: true }, NOW);
  expect(sentence).toBe(localTimes(FAILED.summary, NOW));
  expect(sentence).not.toContain("2026-06-01T12:00:10.000Z");
});

it("it is the sentence of the server if the attempts need a person, also during a back-off", () => {
  for (const isBackingOff of [true, false]) {
    expect(backoffSentence(STUCK, { needsPerson: true, isBackingOff }, NOW)).toBe(STUCK.summary);
  }
});

it("it names the label if only the label needs a person, also after an older back-off", () => {
  for (const backoff of [null, FAILED]) {
    expect(backoffSentence(backoff, { needsPerson: true, isBackingOff: true }, NOW)).toContain(
      "until the label needs-human is taken off",
    );
  }
});

it("it shows that the back-off has ended", () => {
  const over = { needsPerson: false, isBackingOff: false };
  expect(backoffSentence(FAILED, over, NOW)).toBe("It is no longer left alone.");
  expect(backoffSentence(null, over, NOW)).toBe("It is no longer left alone.");
});

it("it shows the last failure with its time", () => {
  expect(lastSentence(FAILED_HISTORY, NOW)).toBe("An agent failed on it 5m ago.");
  expect(lastSentence({ ...FAILED_HISTORY, cause: "UNANSWERED" }, NOW)).toBe(
    "GitHub did not answer 5m ago.",
  );
});
