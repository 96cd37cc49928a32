import type { ReactNode } from "react";
import { BackoffBadges } from "@/components/BackoffBadges.tsx";
import { classes } from "@/components/classes.ts";
import { IssueLink, IssueNumber } from "@/components/IssueLink.tsx";
import { PriorityGlyph } from "@/components/PriorityGlyph.tsx";
import { StatusGlyph } from "@/components/StatusGlyph.tsx";
import { useSignal } from "@/lib/signal.ts";
import { localTimes, useNow } from "@/lib/time.ts";
import type { Changes, RowIssue } from "../api/changes.ts";
import { unmentionedFailure } from "../model/failures.ts";
import { ChangeButton } from "./ChangeButton.tsx";
import { ROW } from "./rows.ts";

/** An issue of the queue, with a sentence that explains its position. Keys navigate between rows. */
export function IssueRow({
  issue,
  usualLane,
  changes,
  why,
  place,
  first = false,
  needsPerson = false,
  action,
  refusal,
}: {
  readonly issue: RowIssue;
  /** The lane that is not shown, because all other rows have it too. */
  readonly usualLane: string | undefined;
  readonly changes: Changes;
  readonly why: string;
  /** Its rank; absent for a withheld issue. */
  readonly place?: ReactNode;
  /** Whether it is the next issue to be served. */
  readonly first?: boolean;
  /** Whether it waits for a person. */
  readonly needsPerson?: boolean;
  /** The actions of the row. */
  readonly action?: ReactNode;
  /** The error of the last action. */
  readonly refusal?: string | undefined;
}) {
  const now = useNow();
  const asked = useSignal(changes.asked).get(issue.id);
  const failure = unmentionedFailure(issue.backoff, why);
  const refusals = [refusal, asked?.state === "refused" ? asked.why : undefined];
  return (
    <li
      {...{ [ROW]: issue.id }}
      className={classes(
        "flex gap-2 rounded px-2 py-1.5 transition-colors",
        first ? "bg-accent-soft" : "hover:bg-column",
      )}
    >
      {place}
      <span className="flex h-4.5 shrink-0 items-center gap-2">
        <span className="flex w-3.5 justify-center">
          {issue.priority && <PriorityGlyph priority={issue.priority} />}
        </span>
        <StatusGlyph status={issue.status} />
      </span>
      <div className="min-w-0 grow">
        <div className="flex min-w-0 items-baseline gap-2">
          <span
            className={classes(
              "flex min-w-0 grow text-board",
              place === undefined ? "text-ink-soft" : "font-medium",
            )}
          >
            <IssueLink issue={issue} />
          </span>
          <span className="shrink-0 whitespace-nowrap max-sm:hidden">
            <IssueNumber issue={issue} />
          </span>
        </div>
        <div className="mt-0.5 flex items-start gap-3">
          <div className="min-w-0 grow">
            {(issue.backoff !== null || needsPerson) && (
              <BackoffBadges backoff={issue.backoff} needsPerson={needsPerson} isExplained />
            )}
            <p className="text-meta wrap-anywhere text-ink-faint">
              {issue.lane !== usualLane && `lane ${issue.lane} · `}
              {localTimes(why, now)}
            </p>
            {failure !== undefined && (
              <p className="text-meta wrap-anywhere text-ink-faint">{localTimes(failure, now)}</p>
            )}
            {refusals.map(
              (why, index) =>
                why !== undefined && (
                  <p key={index} role="alert" className="text-meta wrap-anywhere text-danger">
                    {why}
                  </p>
                ),
            )}
          </div>
          {action}
        </div>
      </div>
      <ChangeButton issue={issue} changes={changes} />
    </li>
  );
}
