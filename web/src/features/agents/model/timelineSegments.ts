import { outcomeOf } from "@/components/RunStatus.tsx";
import { isSameName, whyLeft } from "@/lib/issues.ts";
import { checkpointWords } from "@/lib/lease.ts";
import { duration } from "@/lib/time.ts";
import type { Agent, Lease, Run } from "../api/agents.ts";

/** The type of a run that only reports that the agent is alive. */
export const HEARTBEAT = "heartbeat";

/** The result of a segment. */
export type Kind = "held" | "finished" | "blocked" | "failed" | "returned";

/** Time that an agent spent on an issue or on other work, in milliseconds since 1970. */
export type TimelineSegment = {
  readonly id: string;
  readonly kind: Kind;
  readonly from: number;
  readonly to: number;
  /** The issue, or the type of the work. */
  readonly subject: string;
  /** The result, in words. */
  readonly words: string;
  /** The id of the issue, if any. */
  readonly issueId: string | undefined;
  /** Whether the issue has a card on the board. */
  readonly opens: boolean;
};

const OUTCOMES: Readonly<Record<NonNullable<Lease["outcome"]>, readonly [Kind, string]>> = {
  PR_OPENED: ["finished", "opened a pull request"],
  PR_UPDATED: ["finished", "updated the pull request"],
  ISSUE_UPDATED: ["finished", "updated the issue"],
  NO_CHANGES_NEEDED: ["finished", "found nothing to do"],
  ALREADY_ADDRESSED: ["finished", "found it done already"],
  BLOCKED: ["blocked", "blocked"],
  FAILED: ["failed", "failed"],
};

const ENDINGS: Readonly<Record<NonNullable<Lease["ending"]>, readonly [Kind, string]>> = {
  FINISHED: ["finished", "finished"],
  RELEASED: ["returned", "released"],
  TAKEN: ["returned", "taken back"],
  REFUSED: ["returned", "never begun"],
  EXPIRED: ["failed", "lease expired"],
};

function resultOf({ isHeld, checkpoint, ending, outcome }: Lease): readonly [Kind, string] {
  if (outcome) return OUTCOMES[outcome];
  if (ending) return ENDINGS[ending];
  return isHeld ? ["held", `lease, ${checkpointWords(checkpoint)}`] : ENDINGS.EXPIRED;
}

const nameOf = ({ repository, number, title }: NonNullable<Run["issue"]>): string =>
  `${repository.name} #${number} ${title}`;

function segmentOfLease(lease: Lease, now: number): TimelineSegment {
  const [kind, words] = resultOf(lease);
  const from = Date.parse(lease.acquiredAt);
  const end = lease.endedAt ?? (lease.isHeld ? undefined : lease.expiresAt);
  const to = end === undefined ? now : Math.min(Date.parse(end), now);
  const left = whyLeft(lease.issue);
  return {
    id: lease.id,
    kind,
    from,
    to: Math.max(from, to),
    subject: left === undefined ? nameOf(lease.issue) : `${nameOf(lease.issue)} (${left})`,
    words,
    issueId: lease.issue.id,
    opens: left === undefined,
  };
}

const RUN_KINDS = { good: "finished", bad: "failed", open: "blocked" } as const;

function segmentOfRun(run: Run, now: number): TimelineSegment {
  const from = Date.parse(run.startedAt);
  return {
    id: run.id,
    kind: run.finishedAt === null ? "held" : RUN_KINDS[outcomeOf(run.status)],
    from,
    to: Math.max(from, run.finishedAt === null ? now : Date.parse(run.finishedAt)),
    subject: run.issue ? nameOf(run.issue) : run.runType,
    words: run.issue ? `${run.runType}: ${run.status}` : run.status,
    issueId: run.issue?.id,
    opens: run.issue !== null,
  };
}

/**
 * The time that an agent worked, oldest first: its leases, and its reported runs without a lease.
 * Heartbeats are left out.
 */
export function timelineSegmentsOf(
  agent: Agent,
  runs: readonly Run[],
  now: number,
): readonly TimelineSegment[] {
  const leases = agent.leaseHistory.map((lease) => segmentOfLease(lease, now));
  const within = ({ from, issueId }: TimelineSegment): boolean =>
    // A run that belongs to a lease is recorded shortly after the lease has ended.
    leases.some(
      (lease) => lease.issueId === issueId && from >= lease.from && from <= lease.to + 5_000,
    );
  const reported = runs
    .filter((run) => isSameName(run.agentName, agent.name) && run.runType !== HEARTBEAT)
    .map((run) => segmentOfRun(run, now))
    .filter((segment) => !within(segment));
  return [...leases, ...reported].sort((a, b) => a.from - b.from);
}

/** The duration of a segment, in words. */
export const lengthWords = ({ from, to }: TimelineSegment): string =>
  to - from < 1_000 ? "a moment" : duration(to - from);
