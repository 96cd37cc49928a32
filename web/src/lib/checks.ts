import type { Outcome } from "./outcome.ts";

const OUTCOMES: Readonly<Record<string, Outcome>> = {
  SUCCESS: "success",
  FAILURE: "failure",
  ERROR: "failure",
  PENDING: "running",
  EXPECTED: "waiting",
};

/** The combined outcome of all checks of a pull request; `unknown` without checks. */
export const checkOutcome = (state: string | null): Outcome =>
  state === null ? "unknown" : (OUTCOMES[state.toUpperCase()] ?? "unknown");

const WORDS: Readonly<Record<Outcome, string>> = {
  success: "checks passed",
  failure: "checks failed",
  running: "checks running",
  waiting: "checks expected",
  cancelled: "no checks",
  skipped: "no checks",
  unknown: "no checks",
};

/** The combined state of the checks in words. */
export const checkWords = (state: string | null): string => WORDS[checkOutcome(state)];
