import { CircleAlert, CircleCheck } from "lucide-react";
import { Link } from "wouter";
import { Actor } from "@/components/Actor.tsx";
import { classes } from "@/components/classes.ts";
import { LabelChange } from "@/components/LabelChange.tsx";
import { RelativeTime } from "@/components/RelativeTime.tsx";
import { useNow } from "@/lib/time.ts";
import { actionWords, notesOf } from "@/lib/words.ts";
import type { AuditEntry } from "../api/log.ts";

/** One entry of the log: when, who, what, on what, and its outcome. */
export function Entry({ entry, fresh }: { readonly entry: AuditEntry; readonly fresh: boolean }) {
  const notes = notesOf(entry, useNow());
  return (
    <div
      className={classes(
        "grid grid-cols-[3.5rem_7rem_9rem_minmax(0,1fr)_auto] items-baseline gap-x-4 px-4 py-2.5 max-lg:grid-cols-[2.5rem_auto_minmax(0,1fr)_auto] max-lg:gap-x-2 max-lg:gap-y-1 max-sm:px-3",
        fresh && "animate-arrive",
      )}
    >
      <RelativeTime instant={entry.createdAt} />
      <Actor name={entry.actor} kind={entry.actorKind} />
      <span className="truncate text-ink-soft">{actionWords(entry.action)}</span>
      <div className="flex min-w-0 flex-col items-start gap-1 max-lg:order-5 max-lg:col-span-3 max-lg:col-start-2">
        {entry.repositoryFullName !== "" && (
          <p className="flex max-w-full min-w-0 items-baseline gap-1.5">
            <Subject entry={entry} />
          </p>
        )}
        {entry.success && <LabelChange before={entry.beforeLabels} after={entry.afterLabels} />}
        {entry.comment !== null && (
          <p className="line-clamp-2 text-meta wrap-anywhere whitespace-pre-wrap text-ink-soft">
            {entry.comment}
          </p>
        )}
        {notes !== undefined && (
          <p
            className="line-clamp-2 text-meta wrap-anywhere whitespace-pre-wrap text-ink-soft"
            dir="auto"
          >
            {notes}
          </p>
        )}
        {entry.errorMessage !== null && (
          <p className="text-meta wrap-anywhere text-danger">{entry.errorMessage}</p>
        )}
        {entry.traceId !== null && (
          <p className="text-meta wrap-anywhere text-ink-faint">
            Trace <span className="tabular">{entry.traceId}</span>
          </p>
        )}
      </div>
      <Outcome success={entry.success} />
    </div>
  );
}

function Subject({
  entry: { repositoryFullName, issueNumber, issue },
}: {
  readonly entry: AuditEntry;
}) {
  const place = `${repositoryFullName}${issueNumber === null ? "" : ` #${issueNumber}`}`;
  if (!issue) return <span className="truncate text-ink-soft">{place}</span>;
  return (
    <>
      <span className="tabular shrink-0 text-ink-faint max-sm:sr-only">{place}</span>
      <Link
        href={`/board?issue=${issue.id}`}
        className="truncate rounded hover:underline"
        dir="auto"
      >
        {issue.title}
      </Link>
    </>
  );
}

function Outcome({ success }: { readonly success: boolean }) {
  // Success is the usual case, so it is only an icon, and failures are easy to find.
  return success ? (
    <span className="self-start pt-0.5 text-success" title="Done">
      <CircleCheck size={13} aria-hidden />
      <span className="sr-only">done</span>
    </span>
  ) : (
    <span className="inline-flex items-baseline gap-1 text-meta font-medium text-danger">
      <CircleAlert size={13} className="self-center" aria-hidden />
      failed
    </span>
  );
}
