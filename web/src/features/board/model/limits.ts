import type { Status } from "@/lib/statuses.ts";
import type { WorkLimits } from "@/lib/limits.ts";

/** An amount with its limit. */
export type Gauge = {
  /** The label before the numbers. */
  readonly name: string;
  readonly issues: number;
  readonly limit: number;
};

export type Level = "under" | "at" | "over";

export const levelOf = ({ issues, limit }: Gauge): Level =>
  issues > limit ? "over" : issues === limit ? "at" : "under";

/** Whether any limit is set that a column head shows. */
export const isLimited = (limits: WorkLimits): boolean =>
  limits.waitingForHuman.limit !== null || limits.lanes.some(({ limit }) => limit !== null);

/**
 * The limits of a column, the fullest first. In Progress has the leases of each lane. In Review and Blocked both have
 * the issues that wait for a person, which are counted over the two columns together.
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

/** The meaning of a gauge, as a sentence. */
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
