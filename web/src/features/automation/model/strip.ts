import { outcomeOf, outcomeWords, type Outcome } from "@/lib/outcome.ts";
import { duration, since } from "@/lib/time.ts";

type Run = {
  readonly id: string;
  readonly number: number;
  readonly status: string;
  readonly conclusion: string | null;
  readonly statusText?: string | null;
  readonly conclusionText?: string | null;
  readonly branch: string | null;
  readonly createdAt: string;
  readonly startedAt: string;
  readonly duration: number | null;
};

/** One run in a strip of bars. */
export type StripBar = {
  readonly id: string;
  readonly outcome: Outcome;
  /** From 0 to 1: how long it took. What took much longer than usual is cut at 1. */
  readonly height: number;
  /** Everything that it says, in one line. */
  readonly words: string;
};

/** The least height that can be seen and pointed at. */
const LEAST = 0.14;

/** How long a run took, or has taken so far, in milliseconds; 0 while it waits. */
export function lengthOf(
  run: Pick<Run, "status" | "conclusion" | "startedAt" | "duration">,
  now: number,
): number {
  if (run.duration !== null) return run.duration * 1_000;
  if (outcomeOf(run) !== "running") return 0;
  return Math.max(0, now - Date.parse(run.startedAt));
}

/** How many times the usual length a full bar stands for at most: one long run must not flatten the others. */
const MOST_TIMES = 2.5;

/** The length that a full bar stands for. */
function fullLength(lengths: readonly number[]): number {
  const known = lengths.filter((length) => length > 0).sort((a, b) => a - b);
  const usual = known[Math.floor(known.length / 2)] ?? 1;
  return Math.max(1, Math.min(known.at(-1) ?? 1, usual * MOST_TIMES));
}

/** The bars of a workflow's runs, the oldest first, which come newest first. */
export function stripBars(runs: readonly Run[], now: number): readonly StripBar[] {
  const lengths = runs.map((run) => lengthOf(run, now));
  const full = fullLength(lengths);
  return runs
    .map((run, index) => {
      const length = lengths[index] ?? 0;
      const words = [
        `#${run.number}`,
        outcomeWords(run),
        length > 0 ? duration(length) : undefined,
        run.branch,
        since(run.createdAt, now),
      ];
      return {
        id: run.id,
        outcome: outcomeOf(run),
        height: Math.min(1, Math.max(LEAST, length / full)),
        words: words.filter(Boolean).join(" · "),
      };
    })
    .reverse();
}

/** A rate from 0 to 1 as whole percent, or a dash where nothing has finished. */
export const rateWords = (rate: number | null): string =>
  rate === null ? "–" : `${Math.round(rate * 100)} %`;

/** The colour of a rate: fine from 80 percent, doubtful from 50. */
export const rateColor = (rate: number | null): string | undefined =>
  rate === null
    ? undefined
    : rate >= 0.8
      ? "text-success"
      : rate >= 0.5
        ? "text-warning"
        : "text-danger";
