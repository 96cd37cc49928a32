import { Link } from "wouter";
import { Actor } from "@/components/Actor.tsx";
import { Panel } from "@/components/Panel.tsx";
import { AgentBadge } from "@/components/badges.tsx";
import { RunStatus } from "@/components/RunStatus.tsx";
import { RelativeTime } from "@/components/RelativeTime.tsx";
import { actionWords } from "@/lib/words.ts";
import type { Overview } from "../api/overview.ts";

/** The latest runs of agents. */
export function RecentRuns({ runs }: { readonly runs: Overview["agentRuns"]["nodes"] }) {
  return (
    <Panel title="Recent agent runs">
      {runs.length === 0 ? (
        <p className="text-ink-faint">No agent runs recorded.</p>
      ) : (
        <ul className="flex flex-col gap-2">
          {runs.map((run) => (
            <li key={run.id} className="flex min-w-0 items-center gap-2">
              <AgentBadge name={run.agentName} />
              <span className="shrink-0 text-ink-soft">{run.runType}</span>
              <RunStatus status={run.status} />
              <Title issue={run.issue} />
              <RelativeTime instant={run.finishedAt ?? run.startedAt} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

/** The latest audit entries, rejected actions included. */
export function RecentActions({ entries }: { readonly entries: Overview["auditLog"]["nodes"] }) {
  return (
    <Panel title="Recent audit log">
      {entries.length === 0 ? (
        <p className="text-ink-faint">No audit logs.</p>
      ) : (
        <ul className="flex flex-col gap-2">
          {entries.map((entry) => (
            <li key={entry.id} className="flex min-w-0 items-center gap-2">
              <Actor name={entry.actor} kind={entry.actorKind} className="max-w-[50%] shrink-0" />
              <span className="shrink-0 text-ink-soft">{actionWords(entry.action)}</span>
              {!entry.success && (
                <span className="shrink-0 text-danger" title={entry.errorMessage ?? undefined}>
                  failed
                </span>
              )}
              <Title
                issue={entry.issue}
                otherwise={`${entry.repositoryFullName}${entry.issueNumber === null ? "" : ` #${entry.issueNumber}`}`}
              />
              <RelativeTime instant={entry.createdAt} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Title({
  issue,
  otherwise = "",
}: {
  readonly issue: { readonly id: string; readonly title: string } | null;
  readonly otherwise?: string;
}) {
  if (!issue) return <span className="grow truncate text-ink-faint">{otherwise}</span>;
  return (
    <span className="min-w-0 grow truncate text-ink-soft" dir="auto">
      <Link href={`/board?issue=${issue.id}`} className="rounded hover:text-ink hover:underline">
        {issue.title}
      </Link>
    </span>
  );
}
