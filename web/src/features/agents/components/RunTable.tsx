import { Link } from "wouter";
import { AgentMark } from "@/components/marks.tsx";
import { RunStatus } from "@/components/RunStatus.tsx";
import { When } from "@/components/When.tsx";
import { duration } from "@/lib/time.ts";
import type { Run } from "../api/agents.ts";

/** What agents reported last, newest first. */
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
          <table className="w-full text-left">
            <thead className="text-meta text-ink-faint">
              <tr className="border-b border-line">
                {["Agent", "Type", "Status", "Started", "Took", "Issue", "Summary"].map((head) => (
                  <th key={head} scope="col" className="px-3 py-2 font-medium whitespace-nowrap">
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {runs.map((run) => (
                <tr key={run.id} className="border-b border-line last:border-0">
                  <td className="px-3 py-2 whitespace-nowrap">
                    <AgentMark name={run.agentName} />
                  </td>
                  <td className="px-3 py-2 whitespace-nowrap text-ink-soft">{run.runType}</td>
                  <td className="px-3 py-2">
                    <RunStatus status={run.status} />
                  </td>
                  <td className="px-3 py-2 whitespace-nowrap">
                    <When instant={run.startedAt} />
                  </td>
                  <td className="tabular px-3 py-2 whitespace-nowrap text-ink-faint">
                    {run.finishedAt === null
                      ? "-"
                      : duration(Date.parse(run.finishedAt) - Date.parse(run.startedAt))}
                  </td>
                  <td className="max-w-56 truncate px-3 py-2">
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
                  <td className="min-w-48 px-3 py-2 wrap-anywhere">
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
