import { type ReactNode } from "react";
import { Button } from "@/components/Button.tsx";
import { AgentBadge, LabelBadge, OwnerBadge, PullRequestBadge } from "@/components/badges.tsx";
import { PriorityGlyph } from "@/components/PriorityGlyph.tsx";
import { StatusGlyph } from "@/components/StatusGlyph.tsx";
import { needsPerson } from "@/lib/backoff.ts";
import { whyReadOnly } from "@/lib/issues.ts";
import { labelSchemes, otherLabels } from "@/lib/labelSchemes.ts";
import { useSignal } from "@/lib/signal.ts";
import { priorityTitle, statusTitle } from "@/lib/statuses.ts";
import { fullTime, since, useNow } from "@/lib/time.ts";
import { type IssueDetail } from "../api/panel.ts";
import { shownPullRequest } from "../model/pullRequests.ts";
import type { BoardIssue } from "../api/documents.ts";
import { useWhyUnchangeable } from "../model/changeable.ts";
import { useBoard, useCard } from "./context.ts";
import { Backoff } from "./Backoff.tsx";
import { LeasePanel } from "./LeasePanel.tsx";

/** The upper part of the side panel: title, labels, lease and failures of the issue. */
export function IssueHead({
  issue,
  detail,
  onChanged,
}: {
  readonly issue: BoardIssue;
  /** The same issue with the fields that its card does not have; absent until it is loaded. */
  readonly detail: IssueDetail["issue"] | undefined;
  /** Reloads the issue. */
  readonly onChanged: () => Promise<void>;
}) {
  const { interaction } = useBoard();
  const now = useNow();
  const card = useCard(issue.id);
  const status = card?.status ?? issue.status;
  const readOnly = whyReadOnly(issue.repository);
  const fixed = useWhyUnchangeable(issue, "move");
  const labels = otherLabels(issue, useSignal(labelSchemes));
  const pull = shownPullRequest(issue);
  return (
    <>
      <h2 className="text-title font-semibold wrap-anywhere" dir="auto">
        {issue.title}
      </h2>
      <div className="mt-2.5 flex flex-wrap items-center gap-x-1.5 gap-y-1.5 text-board">
        <Button
          className="h-6 px-2 disabled:opacity-100 disabled:hover:bg-raised"
          disabled={issue.state === "CLOSED" || fixed !== undefined}
          title={
            fixed ??
            (issue.state === "CLOSED" ? "A closed issue is reopened on GitHub" : "Move (m)")
          }
          onClick={() => interaction.prompt.set({ kind: "move", ids: [issue.id] })}
        >
          <StatusGlyph status={status} />
          {statusTitle(status)}
        </Button>
        <Attribute kind="priority" issue={issue}>
          {issue.priority ? (
            <>
              <PriorityGlyph priority={issue.priority} />
              {priorityTitle(issue.priority)}
            </>
          ) : (
            "No priority"
          )}
        </Attribute>
        <Attribute kind="agent" issue={issue}>
          {issue.agents.length === 0 && "No agent"}
          {issue.agents.map((agent) => (
            <AgentBadge key={agent} name={agent} />
          ))}
        </Attribute>
        <Attribute kind="owner" issue={issue}>
          {issue.owners.length === 0 && "No owner"}
          {issue.owners.map((owner) => (
            <span key={owner} className="inline-flex items-center gap-1.5">
              <OwnerBadge name={owner} />
              {owner}
            </span>
          ))}
        </Attribute>
        {pull !== null && (
          <a
            href={pull.url}
            target="_blank"
            rel="noreferrer noopener"
            className="inline-flex h-6 items-center rounded px-1.5 hover:bg-line/60"
          >
            <PullRequestBadge pull={pull} />
          </a>
        )}
        {issue.assignees.map((assignee) => (
          <span key={assignee} className="inline-flex items-center gap-1.5 text-ink-soft">
            <OwnerBadge name={assignee} role="Assigned to" />
            {assignee}
          </span>
        ))}
      </div>
      {readOnly !== undefined && (
        <p className="mt-3 rounded bg-column px-3 py-2 text-board text-ink-soft">{readOnly}</p>
      )}
      {issue.lease && (
        <LeasePanel
          key={issue.lease.id}
          lease={issue.lease}
          detail={detail?.lease?.id === issue.lease.id ? detail.lease : undefined}
          onChanged={onChanged}
        />
      )}
      {(issue.backoff !== null || needsPerson(issue)) && (
        <Backoff key={issue.id} issue={issue} history={detail?.backoff ?? undefined} />
      )}
      {labels.length > 0 && (
        <div className="mt-2.5 flex flex-wrap gap-1.5 text-meta">
          {labels.map((label) => (
            <LabelBadge key={label} name={label} />
          ))}
        </div>
      )}
      {status === "BLOCKED" && issue.blockedReason && (
        <p className="mt-3 rounded bg-danger-soft px-3 py-2 text-board wrap-anywhere text-danger">
          Blocked: {issue.blockedReason}
        </p>
      )}
      <p className="tabular mt-3 text-meta text-ink-faint">
        <time dateTime={issue.createdAt} title={fullTime(issue.createdAt)}>
          Opened {since(issue.createdAt, now)}
        </time>
        {" · "}
        <time dateTime={issue.updatedAt} title={fullTime(issue.updatedAt)}>
          updated {since(issue.updatedAt, now)}
        </time>
        {issue.commentsCount > 0 &&
          ` · ${issue.commentsCount} ${issue.commentsCount === 1 ? "comment" : "comments"}`}
      </p>
    </>
  );
}

/** A property of an issue, as a button that changes it. */
function Attribute({
  kind,
  issue,
  children,
}: {
  readonly kind: "agent" | "owner" | "priority";
  readonly issue: BoardIssue;
  readonly children: ReactNode;
}) {
  const { interaction } = useBoard();
  const fixed = useWhyUnchangeable(issue, "edit");
  return (
    <Button
      look="quiet"
      className="h-6 px-1.5 font-normal disabled:opacity-100 disabled:hover:bg-transparent disabled:hover:text-ink-soft"
      disabled={fixed !== undefined}
      title={fixed ?? `Change the ${kind} (${kind[0] ?? ""})`}
      onClick={() => interaction.prompt.set({ kind, ids: [issue.id] })}
    >
      {children}
    </Button>
  );
}
