import { outcomeOf, outcomeWords, type Outcome } from "@/lib/outcome.ts";
import { duration, since } from "@/lib/time.ts";

/** The fields of a run that its bar shows. */
export type StripRun = {
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

/** The bar of a run. */
export type StripBar = {
  readonly id: string;
  readonly outcome: Outcome;
  /** The duration, from 0 to 1. Runs that took much longer than usual have 1. */
  readonly height: number;
  /** A description of the run in one line. */
  readonly words: string;
};

/** The minimum height, so that every bar can be seen and clicked. */
const LEAST = 0.14;

/** The duration of a run until its end or until now, in milliseconds; 0 while it waits. */
export function lengthOf(
  run: Pick<StripRun, "status" | "conclusion" | "startedAt" | "duration">,
  now: number,
): number {
  if (run.duration !== null) return run.duration * 1_000;
  if (outcomeOf(run) !== "running") return 0;
  return Math.max(0, now - Date.parse(run.startedAt));
}

/** A full bar is at most this many times the median duration, so that one long run does not make all others tiny. */
const MOST_TIMES = 2.5;

/** The duration of a full bar. */
function fullLength(lengths: readonly number[]): number {
  const known = lengths.filter((length) => length > 0).sort((a, b) => a - b);
  const usual = known[Math.floor(known.length / 2)] ?? 1;
  return Math.max(1, Math.min(known.at(-1) ?? 1, usual * MOST_TIMES));
}

/** The bars of runs, oldest first. `runs` are newest first. */
export function stripBars(runs: readonly StripRun[], now: number): readonly StripBar[] {
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

/** A rate from 0 to 1 as a whole percentage, or a dash if there is none. */
export const rateWords = (rate: number | null): string =>
  rate === null ? "–" : `${Math.round(rate * 100)} %`;

/** The text colour of a rate: green from 80 percent, amber from 50, otherwise red. */
export const rateColor = (rate: number | null): string | undefined =>
  rate === null
    ? undefined
    : rate >= 0.8
      ? "text-success"
      : rate >= 0.5
        ? "text-warning"
        : "text-danger";
