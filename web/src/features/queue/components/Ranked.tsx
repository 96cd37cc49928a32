import { Panel } from "@/components/Panel.tsx";
import { classes } from "@/components/classes.ts";
import { NotOffered } from "@/components/NotOffered.tsx";
import type { Changes } from "../api/changes.ts";
import { SHOWN, type Explained } from "../api/queue.ts";
import { IssueRow } from "./IssueRow.tsx";

/** The eligible issues, best first, each with the reason for its rank. */
export function Ranked({
  agent,
  ranked,
  withheld,
  ...shared
}: {
  readonly agent: string;
  readonly ranked: readonly Explained[];
  /** The number of withheld issues. */
  readonly withheld: number;
  readonly usualLane: string | undefined;
  readonly changes: Changes;
}) {
  return (
    <Panel
      title={`Next for ${agent}`}
      count={ranked.length < SHOWN ? ranked.length : `first ${SHOWN}`}
      hint={`The issues that ${agent} is served when it asks for work, in this order.`}
    >
      {ranked.length === 0 ? (
        <p className="text-ink-faint">
          {withheld > 0
            ? "No issue is eligible. The reasons are listed below."
            : "There are no issues. Move one to Ready on the board, and it is listed here."}
        </p>
      ) : (
        <>
          <NotOffered action="edit" className="mb-2" />
          <ol aria-label={`Next for ${agent}`} className="-mx-2">
            {ranked.map(({ issue, rank, rankingReason }) => (
              <IssueRow
                key={issue.id}
                issue={issue}
                {...shared}
                why={rankingReason}
                first={rank === 1}
                place={
                  <span
                    className={classes(
                      "tabular w-5 shrink-0 text-board",
                      rank === 1 ? "font-semibold text-accent" : "text-ink-faint",
                    )}
                  >
                    {rank}
                  </span>
                }
              />
            ))}
          </ol>
        </>
      )}
    </Panel>
  );
}
