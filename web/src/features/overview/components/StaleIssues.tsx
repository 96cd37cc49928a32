import { Link } from "wouter";
import { Panel } from "@/components/Panel.tsx";
import { AgentBadge } from "@/components/badges.tsx";
import { daysSince, useNow } from "@/lib/time.ts";
import type { Overview } from "../api/overview.ts";

const SHOWN = 8;

/** Issues in progress without an update for a week, the longest first. */
export function StaleIssues({
  issues,
  total,
  address,
}: {
  /** The first page of these issues. */
  readonly issues: Overview["overview"]["stale"];
  readonly total: number;
  /** The address of the board that shows all of them. */
  readonly address: string;
}) {
  const now = useNow();
  return (
    <Panel title="Stale work" className="lg:col-span-2">
      {issues.length === 0 ? (
        <p className="text-ink-faint">Every issue in progress was updated within the last week.</p>
      ) : (
        <ul className="-mx-2">
          {issues.slice(0, SHOWN).map((issue) => (
            <li key={issue.id}>
              <Link
                href={`/board?issue=${issue.id}`}
                className="flex items-center gap-3 rounded px-2 py-1.5 hover:bg-column"
              >
                <span className="tabular w-9 shrink-0 text-warning">
                  {daysSince(issue.updatedAt, now)}d
                </span>
                <span className="tabular w-32 shrink-0 truncate text-ink-faint max-sm:sr-only">
                  {issue.repository.name} #{issue.number}
                </span>
                <span className="grow truncate" dir="auto">
                  {issue.title}
                </span>
                {issue.agents[0] && <AgentBadge name={issue.agents[0]} />}
              </Link>
            </li>
          ))}
          {total > SHOWN && (
            <li>
              <Link
                href={address}
                className="block rounded px-2 py-1.5 text-meta text-ink-soft hover:bg-column hover:text-ink"
              >
                and {(total - SHOWN).toLocaleString()} more on the board
              </Link>
            </li>
          )}
        </ul>
      )}
    </Panel>
  );
}
