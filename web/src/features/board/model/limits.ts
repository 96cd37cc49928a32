import type { Status } from "@/lib/statuses.ts";
import type { WorkLimits } from "@/lib/limits.ts";

/** An amount with the most that it may be. */
export type Gauge = {
  /** What is counted, as a word before the numbers. */
  readonly name: string;
  readonly issues: number;
  readonly limit: number;
};

export type Level = "under" | "at" | "over";

export const levelOf = ({ issues, limit }: Gauge): Level =>
  issues > limit ? "over" : issues === limit ? "at" : "under";

/** Whether the server limits anything that a column head shows. */
export const isLimited = (limits: WorkLimits): boolean =>
  limits.waitingForHuman.limit !== null || limits.lanes.some(({ limit }) => limit !== null);

/**
 * What is limited of a column, the fullest first: what is held, by lane, in In Progress; what waits for a person, which
 * is In Review and Blocked together, in both.
 */
export function gaugesOf(limits: WorkLimits | undefined, status: Status): readonly Gauge[] {
  if (!limits) return [];
  if (status === "IN_REVIEW" || status === "BLOCKED") {
    const { issues, limit } = limits.waitingForHuman;
    return limit === null ? [] : [{ name: "waiting", issues, limit }];
  }
  if (status !== "IN_PROGRESS") return [];
  const gauges = limits.lanes.flatMap(({ lane, issues, limit }) =>
    limit === null ? [] : [{ name: lane, issues, limit }],
  );
  const [only] = gauges;
  if (gauges.length === 1 && only) return [{ ...only, name: "held" }];
  return gauges.sort((a, b) => b.issues / b.limit - a.issues / a.limit);
}

/** What a gauge means, in a sentence. */
export function gaugeWords(gauge: Gauge, status: Status): string {
  const { name, issues, limit } = gauge;
  const what =
    status === "IN_PROGRESS"
      ? `held by agents${name === "held" ? "" : ` on ${name}`}`
      : "waiting for a person, in review or blocked";
  const then =
    levelOf(gauge) === "under"
      ? ""
      : status === "IN_PROGRESS"
        ? ". No more is given out"
        : ". Agents begin no more";
  return `${issues} of ${limit} ${what}${then}`;
}
