import { useMemo } from "react";
import { Link } from "wouter";
import { LivePage } from "@/components/LivePage.tsx";
import { AgentMark } from "@/components/marks.tsx";
import { EmptyState } from "@/components/states.tsx";
import { StatusGlyph } from "@/components/StatusGlyph.tsx";
import { When } from "@/components/When.tsx";
import { statusTitle, type Status } from "@/lib/statuses.ts";
import { agentsQuery, type Agent, type Run } from "../api/agents.ts";
import { RunStrip } from "./RunStrip.tsx";
import { RunTable } from "./RunTable.tsx";

/** Who works here, on how much, and how it goes. */
export function AgentsPage() {
  const query = useMemo(() => agentsQuery(), []);
  return (
    <LivePage title="Agents" query={query}>
      {({ agents, agentRuns }) =>
        agents.length === 0 ? (
          <EmptyState title="No agents have reported yet">
            An agent appears here when an issue carries its label, such as <code>agent/claude</code>
            , or when it reports a run.
          </EmptyState>
        ) : (
          <div className="mx-auto max-w-6xl p-4">
            <ul className="grid gap-3 sm:grid-cols-2 xl:grid-cols-3">
              {agents.map((agent) => (
                <AgentCard
                  key={agent.name}
                  agent={agent}
                  runs={agentRuns.nodes.filter((run) => run.agentName === agent.name)}
                />
              ))}
            </ul>
            <RunTable runs={agentRuns.nodes.slice(0, 20)} />
          </div>
        )
      }
    </LivePage>
  );
}

const COUNTED: readonly Status[] = ["READY", "IN_PROGRESS", "IN_REVIEW", "BLOCKED"];

function AgentCard({ agent, runs }: { readonly agent: Agent; readonly runs: readonly Run[] }) {
  const count = (status: Status): number =>
    agent.byStatus.find((each) => each.status === status)?.issues ?? 0;
  return (
    <li className="rounded-lg border border-line bg-card p-4">
      <div className="flex items-center gap-2">
        <h2 className="min-w-0 grow font-semibold">
          <Link
            href={`/board?agent=${encodeURIComponent(`agent/${agent.name}`)}`}
            className="rounded hover:underline"
          >
            <AgentMark name={agent.name} />
          </Link>
        </h2>
        <span className="text-meta text-ink-faint">
          {agent.lastReportedAt === null ? (
            "never reported"
          ) : (
            <When instant={agent.lastReportedAt} />
          )}
        </span>
      </div>
      <dl className="mt-3 grid grid-cols-5 gap-2">
        <div>
          <dt className="text-meta text-ink-faint">Assigned</dt>
          <dd className="tabular text-title font-semibold">{agent.assignedCount}</dd>
        </div>
        {COUNTED.map((status) => (
          <div key={status}>
            <dt className="flex h-4 items-center" title={statusTitle(status)}>
              <StatusGlyph status={status} />
              <span className="sr-only">{statusTitle(status)}</span>
            </dt>
            <dd className="tabular text-title font-semibold">{count(status)}</dd>
          </div>
        ))}
      </dl>
      <RunStrip name={agent.name} runs={runs} />
      <p className="tabular mt-1.5 text-meta text-ink-faint">
        {agent.runsCount === 0
          ? "No run in 30 days"
          : `${agent.runsCount} ${agent.runsCount === 1 ? "run" : "runs"} in 30 days, ${agent.successesCount} good, ${agent.failuresCount} failed`}
      </p>
    </li>
  );
}
