import { Panel } from "@/components/charts.tsx";
import { classes } from "@/components/classes.ts";
import { IssueLink, IssueNumber } from "@/components/IssueLink.tsx";
import { PriorityGlyph } from "@/components/PriorityGlyph.tsx";
import { StatusGlyph } from "@/components/StatusGlyph.tsx";
import { SHOWN, type Explained } from "../api/queue.ts";
import { ROW } from "./rows.ts";

/** What the agent would be given, best first, and what each place comes from. */
export function Ranked({
  agent,
  ranked,
  withheld,
}: {
  readonly agent: string;
  readonly ranked: readonly Explained[];
  /** How many are kept back. */
  readonly withheld: number;
}) {
  return (
    <Panel
      title={`Next for ${agent}`}
      count={ranked.length < SHOWN ? ranked.length : `first ${SHOWN}`}
    >
      {ranked.length === 0 ? (
        <p className="text-ink-faint">
          {withheld > 0
            ? "Nothing: everything there is, is withheld. Below stands why."
            : "Nothing: no issue waits here. Move one to Ready, and it appears."}
        </p>
      ) : (
        <ol aria-label={`Next for ${agent}`} className="-mx-2">
          {ranked.map(({ issue, rank, rankingReason }) => (
            <li
              key={issue.id}
              {...{ [ROW]: "" }}
              className={classes(
                "grid grid-cols-[1.75rem_minmax(0,1fr)] rounded px-2 py-2 transition-colors hover:bg-column",
                rank === 1 && "bg-accent-soft hover:bg-accent-soft",
              )}
            >
              <span
                className={classes(
                  "tabular text-board",
                  rank === 1 ? "font-semibold text-accent" : "text-ink-faint",
                )}
              >
                {rank}
              </span>
              <div className="min-w-0">
                <div className="flex min-w-0 items-center gap-2">
                  <StatusGlyph status={issue.status} />
                  {issue.priority && <PriorityGlyph priority={issue.priority} />}
                  <span className="flex min-w-0 grow text-board font-medium">
                    <IssueLink issue={issue} />
                  </span>
                  <span className="max-sm:hidden">
                    <IssueNumber issue={issue} />
                  </span>
                </div>
                <p className="mt-0.5 text-meta text-ink-faint">{rankingReason}</p>
              </div>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
