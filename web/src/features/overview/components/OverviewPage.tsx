import { useMemo, type ReactNode } from "react";
import { Link } from "wouter";
import { DayChart, type Series } from "@/components/DayChart.tsx";
import { Panel } from "@/components/Panel.tsx";
import { RedBranches } from "@/components/RedBranches.tsx";
import { StatusBar } from "@/components/StatusBar.tsx";
import { classes } from "@/components/classes.ts";
import { LivePage } from "@/components/LivePage.tsx";
import { AgentBadge } from "@/components/badges.tsx";
import { StatusGlyph } from "@/components/StatusGlyph.tsx";
import { boardAddress } from "@/lib/address.ts";
import { STALE_DAYS } from "@/lib/stale.ts";
import { STATUSES, statusColor, statusTitle, type Status } from "@/lib/statuses.ts";
import { overviewQuery, type Overview } from "../api/overview.ts";
import { LiveBudgets } from "./Budgets.tsx";
import { RecentActions, RecentRuns } from "./recent.tsx";
import { StaleIssues } from "./StaleIssues.tsx";

/** The counts of issues, the status over time, the active leases, stale issues and recent activity. */
export function OverviewPage() {
  const query = useMemo(() => overviewQuery(), []);
  return (
    <LivePage title="Overview" query={query}>
      {(data) => <Pictures data={data} />}
    </LivePage>
  );
}

/** The statuses of unfinished issues. */
const OPEN = STATUSES.filter((status) => status !== "DONE");

const STALE = boardAddress({ statuses: ["IN_PROGRESS"], stale: true });

type Counts = readonly { readonly status: Status; readonly issues: number }[];

const countOf = (counts: Counts, status: Status): number =>
  counts.find((count) => count.status === status)?.issues ?? 0;

const recordOf = (counts: Counts): Record<Status, number> =>
  Object.fromEntries(STATUSES.map((status) => [status, countOf(counts, status)])) as Record<
    Status,
    number
  >;

/** Done is at the bottom of the stack, so that its growth lifts the statuses above it. */
const STACK: readonly Series<Status>[] = [...STATUSES]
  .reverse()
  .map((kind) => ({ kind, title: statusTitle(kind), color: statusColor(kind) }));

const MOVES: readonly Series<"moves">[] = [
  { kind: "moves", title: "Moves", color: "var(--accent)" },
];

function Pictures({
  data: { overview, staleBoard, agents, agentRuns, auditLog, redBranches },
}: {
  readonly data: Overview;
}) {
  const { byStatus, stale, movesByDay, statusByDay } = overview;
  const total = byStatus.reduce((sum, { issues }) => sum + issues, 0);
  return (
    <div className="mx-auto grid max-w-6xl gap-3 p-4 lg:grid-cols-2">
      <div className="grid grid-cols-2 gap-3 sm:grid-cols-5 lg:col-span-2">
        <Tile
          title="Open issues"
          value={total - countOf(byStatus, "DONE")}
          href={boardAddress({ statuses: OPEN })}
          className="col-span-2 sm:col-span-1"
        />
        {(["IN_PROGRESS", "IN_REVIEW", "BLOCKED"] as const).map((status) => (
          <Tile
            key={status}
            title={statusTitle(status)}
            value={countOf(byStatus, status)}
            href={boardAddress({ statuses: [status] })}
            status={status}
          />
        ))}
        <Tile title={`Stale (${STALE_DAYS}d+)`} value={staleBoard.totalCount} href={STALE} />
      </div>
      <RedBranches branches={redBranches} className="lg:col-span-2" />
      <LiveBudgets />
      <Panel title="Issues by status">
        <StatusBar label="Issues by status" counts={byStatus} of={total} className="h-3" />
        <ul className="mt-3 grid grid-cols-2 gap-x-8 gap-y-2">
          {byStatus.map(({ status, issues }) => (
            <li key={status}>
              <Link
                href={boardAddress({ statuses: [status] })}
                className="-mx-1.5 flex items-center gap-2 rounded px-1.5 py-0.5 transition-colors hover:bg-column"
              >
                <StatusGlyph status={status} />
                <span className="grow text-ink-soft">{statusTitle(status)}</span>
                <span className="tabular font-medium">{issues.toLocaleString()}</span>
              </Link>
            </li>
          ))}
        </ul>
      </Panel>
      <Panel title="Issues by agent">
        <Agents agents={agents} />
      </Panel>
      <Panel title="Status over time">
        <DayChart
          title="Status over time"
          unit="issues"
          shape="area"
          series={STACK}
          days={statusByDay.map(({ day, byStatus: counts }) => ({ day, values: recordOf(counts) }))}
        />
      </Panel>
      <Panel title="Moves per day">
        <DayChart
          title="Moves per day"
          unit="moves"
          shape="bars"
          series={MOVES}
          days={movesByDay.map(({ day, moves }) => ({ day, values: { moves } }))}
        />
      </Panel>
      <StaleIssues issues={stale} total={staleBoard.totalCount} address={STALE} />
      <RecentRuns runs={agentRuns.nodes} />
      <RecentActions entries={auditLog.nodes} />
    </div>
  );
}

function Tile({
  title,
  value,
  href,
  status,
  className,
}: {
  readonly title: string;
  readonly value: number;
  /** The address of the board that shows the counted issues. */
  readonly href: string;
  readonly status?: Status;
  readonly className?: string;
}) {
  return (
    <Link
      href={href}
      className={classes(
        "rounded-lg border border-line bg-card p-4 transition-colors hover:border-line-strong",
        className,
      )}
    >
      <span className="flex items-center gap-1.5 text-meta text-ink-soft">
        {status && <StatusGlyph status={status} />}
        {title}
      </span>
      <span className="tabular mt-1 block text-2xl font-semibold">{value.toLocaleString()}</span>
    </Link>
  );
}

function Agents({ agents }: { readonly agents: Overview["agents"] }) {
  const busy = agents
    .filter((agent) => agent.assignedCount > 0)
    .sort((a, b) => b.assignedCount - a.assignedCount);
  const most = busy[0]?.assignedCount ?? 1;
  if (busy.length === 0) return <Nothing>No issue is assigned to an agent.</Nothing>;
  return (
    <ul className="flex flex-col gap-2">
      {busy.slice(0, 8).map((agent) => (
        <li key={agent.name}>
          <Link
            href={boardAddress({ agent: agent.name, statuses: OPEN })}
            className="grid grid-cols-[7rem_1fr_2rem] items-center gap-3 rounded hover:bg-column"
          >
            <AgentBadge name={agent.name} />
            <StatusBar
              label={`Issues of ${agent.name}`}
              counts={agent.byStatus.filter(({ status }) => status !== "DONE")}
              of={most}
              className="bg-transparent"
            />
            <span className="tabular text-right">{agent.assignedCount}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

export function Nothing({ children }: { readonly children: ReactNode }) {
  return <p className="text-ink-faint">{children}</p>;
}
