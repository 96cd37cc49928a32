import { Actor } from "@/components/Actor.tsx";
import { LabelChange } from "@/components/LabelChange.tsx";
import { AgentBadge } from "@/components/badges.tsx";
import { RunStatus } from "@/components/RunStatus.tsx";
import { RelativeTime } from "@/components/RelativeTime.tsx";
import type { Run } from "@/lib/runs.ts";
import { useNow } from "@/lib/time.ts";
import { actionWords, notesOf } from "@/lib/words.ts";
import type { AuditLine } from "../api/panel.ts";
import { Section } from "./Section.tsx";

/** The audit entries of the issue, newest first, rejected actions included. */
export function AuditHistory({ entries }: { readonly entries: readonly AuditLine[] }) {
  return (
    <Section title="History">
      {entries.length === 0 ? (
        <p className="text-board text-ink-faint">Nothing has been done to it here yet.</p>
      ) : (
        <ol className="flex flex-col gap-2.5">
          {entries.map((entry) => (
            <Entry key={entry.id} entry={entry} />
          ))}
        </ol>
      )}
    </Section>
  );
}

function Entry({ entry }: { readonly entry: AuditLine }) {
  const notes = notesOf(entry, useNow());
  return (
    <li className="text-board">
      <div className="flex items-baseline gap-1.5">
        <Actor name={entry.actor} kind={entry.actorKind} className="max-w-[60%] shrink-0" />
        <span className="text-ink-soft">{actionWords(entry.action)}</span>
        {!entry.success && <span className="text-danger">failed</span>}
        <span className="grow" />
        <RelativeTime instant={entry.createdAt} />
      </div>
      {entry.errorMessage !== null && (
        <p className="text-meta wrap-anywhere text-danger">{entry.errorMessage}</p>
      )}
      {entry.comment !== null && (
        <p className="mt-1 line-clamp-6 rounded bg-column px-2.5 py-1.5 wrap-anywhere whitespace-pre-wrap text-ink">
          {entry.comment}
        </p>
      )}
      {notes !== undefined && (
        <p
          className="mt-0.5 line-clamp-6 text-meta wrap-anywhere whitespace-pre-wrap text-ink-soft"
          dir="auto"
        >
          {notes}
        </p>
      )}
      {entry.commentUrl !== null && (
        <a
          href={entry.commentUrl}
          target="_blank"
          rel="noreferrer noopener"
          className="text-meta text-ink-faint hover:underline"
        >
          On GitHub
        </a>
      )}
      {entry.success && <LabelChange before={entry.beforeLabels} after={entry.afterLabels} />}
    </li>
  );
}

/** The agent runs of the issue, newest first. */
export function Runs({ runs }: { readonly runs: readonly Run[] }) {
  if (runs.length === 0) return null;
  return (
    <Section title="Agent runs">
      <ol className="flex flex-col gap-2.5">
        {runs.map((run) => (
          <li key={run.id} className="text-board">
            <div className="flex items-center gap-1.5">
              <AgentBadge name={run.agentName} />
              <span className="text-ink-soft">{run.runType}</span>
              <RunStatus status={run.status} />
              <span className="grow" />
              <RelativeTime instant={run.startedAt} />
            </div>
            {(run.summary ?? run.errorMessage) !== null && (
              <p className="mt-0.5 text-meta wrap-anywhere text-ink-soft">
                {run.summary ?? run.errorMessage}
              </p>
            )}
          </li>
        ))}
      </ol>
    </Section>
  );
}
