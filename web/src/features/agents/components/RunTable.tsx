import { Link } from "wouter";
import { AgentBadge } from "@/components/badges.tsx";
import { RunStatus } from "@/components/RunStatus.tsx";
import { RelativeTime } from "@/components/RelativeTime.tsx";
import { duration } from "@/lib/time.ts";
import type { Run } from "../api/agents.ts";

/** On a phone each run is two lines instead of a row. */
const CELL = "px-3 py-2 max-sm:p-0";

/** The latest runs of all agents, newest first. */
export function RunTable({ runs }: { readonly runs: readonly Run[] }) {
  return (
    <section aria-labelledby="latest-runs" className="mt-6">
      <h2 id="latest-runs" className="mb-2 font-semibold">
        Latest runs
      </h2>
      {runs.length === 0 ? (
        <p className="text-ink-faint">No agent has reported a run yet.</p>
      ) : (
        <div
          className="overflow-x-auto rounded-lg border border-line bg-card"
          tabIndex={0}
          role="group"
          aria-label="Latest runs"
        >
          <table className="w-full text-left max-sm:block">
            <thead className="text-meta text-ink-faint max-sm:hidden">
              <tr className="border-b border-line">
                {["Agent", "Type", "Status", "Started", "Took", "Issue", "Summary"].map((head) => (
                  <th key={head} scope="col" className="px-3 py-2 font-medium whitespace-nowrap">
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody className="max-sm:block">
              {runs.map((run) => (
                <tr
                  key={run.id}
                  className="border-b border-line last:border-0 max-sm:flex max-sm:flex-wrap max-sm:items-center max-sm:gap-x-2 max-sm:gap-y-1 max-sm:p-3"
                >
                  <td className={`${CELL} whitespace-nowrap`}>
                    <AgentBadge name={run.agentName} />
                  </td>
                  <td className={`${CELL} whitespace-nowrap text-ink-soft`}>{run.runType}</td>
                  <td className={CELL}>
                    <RunStatus status={run.status} />
                  </td>
                  <td className={`${CELL} whitespace-nowrap max-sm:ml-auto`}>
                    <RelativeTime instant={run.startedAt} />
                  </td>
                  <td className={`${CELL} tabular whitespace-nowrap text-ink-faint max-sm:hidden`}>
                    {run.finishedAt === null
                      ? "-"
                      : duration(Date.parse(run.finishedAt) - Date.parse(run.startedAt))}
                  </td>
                  <td className={`${CELL} max-w-56 truncate max-sm:empty:hidden`}>
                    {run.issue && (
                      <Link
                        href={`/board?issue=${run.issue.id}`}
                        className="rounded hover:underline"
                        title={run.issue.title}
                      >
                        {run.issue.repository.name} #{run.issue.number}
                      </Link>
                    )}
                  </td>
                  <td className={`${CELL} min-w-48 wrap-anywhere max-sm:min-w-0 max-sm:basis-full`}>
                    {run.errorMessage === null ? (
                      <span className="text-ink-soft">{run.summary ?? "-"}</span>
                    ) : (
                      <span className="text-danger">{run.errorMessage}</span>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
