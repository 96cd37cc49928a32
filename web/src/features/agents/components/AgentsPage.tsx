import { useMemo } from "react";
import { LivePage } from "@/components/LivePage.tsx";
import { EmptyState } from "@/components/states.tsx";
import { isSameName } from "@/lib/issues.ts";
import { useNow } from "@/lib/time.ts";
import { agentsQuery, type Agent } from "../api/agents.ts";
import { presenceOf, type Presence } from "../model/presence.ts";
import { HEARTBEAT } from "../model/timelineSegments.ts";
import { AgentCard } from "./AgentCard.tsx";
import { RunTable } from "./RunTable.tsx";
import { WorkTimeline } from "./WorkTimeline.tsx";

/** All agents with their leases and the results of their runs. */
export function AgentsPage() {
  const query = useMemo(() => agentsQuery(), []);
  return (
    <LivePage title="Agents" query={query}>
      {({ agents, agentRuns: { nodes: runs } }) =>
        agents.length === 0 ? (
          <EmptyState title="No agents have reported yet">
            An agent is listed when it claims an issue or reports a run, or when an issue has its
            label, such as <code>agent/claude</code>. The guide for agents in{" "}
            <code>docs/agents.md</code> describes how to connect one.
          </EmptyState>
        ) : (
          <div className="mx-auto max-w-6xl p-4 max-sm:p-3">
            <Headline agents={agents} />
            <ul className="grid grid-cols-1 gap-3 md:grid-cols-2 xl:grid-cols-3">
              {agents.map((agent) => (
                <AgentCard
                  key={agent.name}
                  agent={agent}
                  lastRun={runs.find(
                    ({ agentName, runType }) =>
                      isSameName(agentName, agent.name) && runType !== HEARTBEAT,
                  )}
                />
              ))}
            </ul>
            <WorkTimeline agents={agents} runs={runs} />
            <RunTable runs={runs.slice(0, 20)} />
          </div>
        )
      }
    </LivePage>
  );
}

/** A summary of all agents in one line. */
function Headline({ agents }: { readonly agents: readonly Agent[] }) {
  const now = useNow();
  const presences = agents.map((agent) => presenceOf(agent, now));
  const count = (wanted: Presence) => presences.filter((presence) => presence === wanted).length;
  const [working, idle] = [count("working"), count("alive")];
  const silent = agents.length - working - idle;
  const held = agents.reduce((sum, { leases }) => sum + leases.length, 0);
  const rest = [
    working > 0 && `with ${held} ${held === 1 ? "issue" : "issues"}`,
    idle > 0 && `${idle} idle`,
    silent > 0 && `${silent} without a recent report`,
  ].filter(Boolean);
  return (
    <p className="tabular mb-3 text-body text-ink-soft">
      <span className="font-medium text-ink">
        {working} of {agents.length} {agents.length === 1 ? "agent" : "agents"} at work
      </span>
      {rest.length > 0 && `${working > 0 ? " " : ", "}${rest.join(", ")}`}.
    </p>
  );
}
