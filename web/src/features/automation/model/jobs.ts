import type { Bar, Span } from "@/components/timeline.ts";
import { outcomeOf, outcomeWords, type Outcome } from "@/lib/outcome.ts";
import { duration } from "@/lib/time.ts";

type Job = {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly conclusion: string | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  readonly failedStep: string | null;
};

/** The meaning of a bar: the time before a runner started the job, or the state of the job. */
export type JobKind = "queued" | "running" | "succeeded" | "failed" | "stopped";

export type JobBar = Bar<JobKind> & { readonly jobId: string };

export type JobRow = { readonly job: Job; readonly bars: readonly JobBar[] };

const KINDS: Readonly<Record<Outcome, JobKind>> = {
  success: "succeeded",
  failure: "failed",
  cancelled: "stopped",
  skipped: "stopped",
  unknown: "stopped",
  running: "running",
  waiting: "queued",
};

const at = (instant: string | null): number | undefined =>
  instant === null ? undefined : Date.parse(instant);

/** The bars of a job: the time that it waited and the time that it ran. A skipped job has none. */
export function barsOf(job: Job, now: number): readonly JobBar[] {
  const outcome = outcomeOf(job);
  const created = Date.parse(job.createdAt);
  const started = at(job.startedAt);
  const end = at(job.completedAt) ?? now;
  const isOver = job.conclusion !== null;
  if (outcome === "skipped") return [];
  const bars: JobBar[] = [];
  const waitedUntil = started ?? end;
  if (waitedUntil > created) {
    bars.push({
      id: `${job.id} waiting`,
      jobId: job.id,
      kind: "queued",
      from: created,
      to: waitedUntil,
      subject: job.name,
      words: `${started === undefined && !isOver ? "Waiting" : "Waited"} ${duration(waitedUntil - created)}`,
    });
  }
  if (started !== undefined && outcome !== "waiting") {
    const step = job.failedStep === null ? "" : ` in “${job.failedStep}”`;
    bars.push({
      id: job.id,
      jobId: job.id,
      kind: KINDS[outcome],
      from: started,
      to: Math.max(started, end),
      subject: job.name,
      words: `${outcomeWords(job)}${step} · ${duration(Math.max(0, end - started))}`,
    });
  }
  return bars;
}

/** The jobs of a run with their bars, sorted by the beginning of the first bar. */
export const rowsOf = (jobs: readonly Job[], now: number): readonly JobRow[] =>
  jobs
    .map((job) => ({ job, bars: barsOf(job, now) }))
    .sort((a, b) => (a.bars[0]?.from ?? Infinity) - (b.bars[0]?.from ?? Infinity) || 0);

/** The span of all bars; undefined without bars. */
export function spanOf(rows: readonly JobRow[]): Span | undefined {
  const bars = rows.flatMap((row) => row.bars);
  if (bars.length === 0) return undefined;
  const from = Math.min(...bars.map((bar) => bar.from));
  const to = Math.max(...bars.map((bar) => bar.to));
  return { from, to: Math.max(to, from + 1_000) };
}
