import type { ReactNode } from "react";
import { Link } from "wouter";
import { classes } from "@/components/classes.ts";
import { LeaseStateBadges } from "@/components/LeaseStateBadges.tsx";
import { IssueLink, IssueNumber } from "@/components/IssueLink.tsx";
import { CheckpointBar, LeaseRing } from "@/components/Lease.tsx";
import { AgentBadge } from "@/components/badges.tsx";
import { RunStatus } from "@/components/RunStatus.tsx";
import { StatusGlyph } from "@/components/StatusGlyph.tsx";
import { RelativeTime } from "@/components/RelativeTime.tsx";
import { checkpointWords, timeLeft } from "@/lib/lease.ts";
import { boardAddress } from "@/lib/address.ts";
import { statusTitle, type Status } from "@/lib/statuses.ts";
import { useNow } from "@/lib/time.ts";
import type { Agent, ActiveLease, Run } from "../api/agents.ts";
import { presenceOf, presenceTitle, presenceWords, type Presence } from "../model/presence.ts";
import { otherEndings, runResults } from "../model/results.ts";

const COUNTED: readonly Status[] = ["READY", "IN_PROGRESS", "IN_REVIEW", "BLOCKED"];

type Props = {
  readonly agent: Agent;
  /** Its latest run; undefined if it has none among the latest runs of all agents. */
  readonly lastRun: Run | undefined;
};

/** An agent with its presence, its leases and the results of its runs. */
export function AgentCard({ agent, lastRun }: Props) {
  const presence = presenceOf(agent, useNow());
  return (
    <li className="flex min-w-0 flex-col rounded-lg border border-line bg-card">
      <div className="flex items-center gap-2 px-4 pt-3.5">
        <h2 className="min-w-0 truncate font-semibold">
          <Link href={boardAddress({ agent: agent.name })} className="rounded hover:underline">
            <AgentBadge name={agent.name} />
          </Link>
        </h2>
        <span className="grow" />
        <PresenceBadge presence={presence} />
        {agent.lastSeenAt !== null && <RelativeTime instant={agent.lastSeenAt} />}
      </div>

      {agent.leases.length === 0 ? (
        <p className="px-4 pt-3 text-ink-faint">No lease at the moment.</p>
      ) : (
        <ul className="flex flex-col gap-3 px-4 pt-3" aria-label={`Leases of ${agent.name}`}>
          {agent.leases.map((lease) => (
            <Held key={lease.id} lease={lease} />
          ))}
        </ul>
      )}

      <span className="grow" />
      <dl className="mt-3.5 grid grid-cols-2 gap-x-4 gap-y-2 border-t border-line px-4 py-3">
        <Figure
          name="Ended claims, 30 days"
          title="Claims whose lease ended in the last 30 days. A claim succeeds if its work is finished without a failure."
        >
          <Claims agent={agent} />
        </Figure>
        <Figure
          name="Reported runs, 30 days"
          title="Runs that the agent reported in the last 30 days, heartbeats included. A run needs no claim."
        >
          {agent.runsCount.toLocaleString()}
          <Runs agent={agent} />
        </Figure>
        <Figure
          name="Assigned issues"
          title="Issues with the label of this agent that are not in Done"
          wide
        >
          {agent.assignedCount.toLocaleString()}
          <span className="flex flex-wrap items-center gap-2 text-meta font-normal text-ink-soft">
            {COUNTED.map((status) => (
              <Count key={status} agent={agent} status={status} />
            ))}
          </span>
        </Figure>
      </dl>
      <LastRun run={lastRun} />
    </li>
  );
}

const DOTS: Readonly<Record<Presence, string>> = {
  working: "bg-success",
  alive: "border border-success",
  quiet: "border border-ink-faint",
  unseen: "border border-dashed border-ink-faint",
};

/** The presence of an agent in words, with a dot whose colour and shape show the same. */
export function PresenceBadge({ presence }: { readonly presence: Presence }) {
  return (
    <span
      data-presence={presence}
      title={presenceTitle(presence)}
      className={classes(
        "flex shrink-0 items-center gap-1.5 text-meta",
        presence === "working" || presence === "alive" ? "text-success" : "text-ink-faint",
      )}
    >
      <span className={classes("size-2 rounded-full", DOTS[presence])} aria-hidden />
      {presenceWords(presence)}
    </span>
  );
}

function Held({ lease }: { readonly lease: ActiveLease }) {
  const now = useNow();
  return (
    <li className="flex min-w-0 items-center gap-2.5">
      <LeaseRing lease={lease} large />
      <div className="min-w-0 grow">
        <div className="flex min-w-0 items-baseline gap-2">
          <IssueLink issue={lease.issue} />
          <span className="grow" />
          <IssueNumber issue={lease.issue} />
        </div>
        <CheckpointBar at={lease.checkpoint} className="my-1" />
        <div className="tabular flex gap-2 text-meta text-ink-faint">
          <span className="min-w-0 grow truncate">{checkpointWords(lease.checkpoint)}</span>
          <span className="shrink-0">{timeLeft(lease.expiresAt, now)}</span>
        </div>
        <LeaseStateBadges lease={lease} className="mt-0.5" />
      </div>
    </li>
  );
}

function Figure({
  name,
  title,
  wide = false,
  children,
}: {
  readonly name: string;
  readonly title: string;
  /** Whether it takes a whole row. */
  readonly wide?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <div className={classes("min-w-0", wide && "col-span-2")} title={title}>
      <dt className="text-meta text-ink-faint">{name}</dt>
      <dd className="tabular flex flex-wrap items-baseline gap-x-2 text-title font-semibold">
        {children}
      </dd>
    </div>
  );
}

/** The share of its ended claims that succeeded, and how the others ended. */
function Claims({ agent }: { readonly agent: Agent }) {
  if (agent.claimsEndedCount === 0) {
    return <span className="text-meta font-normal text-ink-faint">none</span>;
  }
  const others = otherEndings(agent);
  return (
    <>
      {agent.claimsSucceededCount.toLocaleString()}
      <span className="text-meta font-normal text-ink-soft">
        of {agent.claimsEndedCount.toLocaleString()} succeeded (
        {Math.round((agent.successRate ?? 0) * 100)} %)
      </span>
      {others !== undefined && (
        <span className="w-full text-meta font-normal text-ink-soft">{others}</span>
      )}
    </>
  );
}

/** The results of its reported runs. */
function Runs({ agent }: { readonly agent: Agent }) {
  return (
    <>
      <span className="text-meta font-normal text-ink-soft empty:hidden">{runResults(agent)}</span>
      {agent.failuresCount > 0 && (
        <span className="text-meta font-normal text-danger">
          {agent.failuresCount.toLocaleString()} failed
        </span>
      )}
    </>
  );
}

function Count({ agent, status }: { readonly agent: Agent; readonly status: Status }) {
  const count = agent.byStatus.find((each) => each.status === status)?.issues ?? 0;
  if (count === 0) return null;
  return (
    <Link
      href={boardAddress({ agent: agent.name, statuses: [status] })}
      className="-mx-0.5 flex h-6 min-w-6 items-center gap-1 rounded px-0.5 hover:bg-line/60 hover:text-ink"
      title={`${statusTitle(status)}: ${count}`}
    >
      <StatusGlyph status={status} size={12} />
      <span className="sr-only">{statusTitle(status)}</span>
      {count}
    </Link>
  );
}

function LastRun({ run }: { readonly run: Run | undefined }) {
  if (!run) {
    return <p className="border-t border-line px-4 py-2 text-meta text-ink-faint">No recent run</p>;
  }
  return (
    <p className="flex min-w-0 items-center gap-2 border-t border-line px-4 py-2 text-meta text-ink-faint">
      <span className="shrink-0">Last run</span>
      <span className="shrink-0 text-ink-soft">{run.runType}</span>
      <RunStatus status={run.status} />
      <span className="min-w-0 grow truncate" title={run.errorMessage ?? run.summary ?? undefined}>
        {run.errorMessage ?? run.summary}
      </span>
      <RelativeTime instant={run.finishedAt ?? run.startedAt} />
    </p>
  );
}
