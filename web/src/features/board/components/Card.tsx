import { Lock, MessageSquare } from "lucide-react";
import { memo } from "react";
import { ActorKind } from "@/components/Actor.tsx";
import { BackoffBadges } from "@/components/BackoffBadges.tsx";
import { DependencyBadges, hasOpenDependencies } from "@/components/DependencyBadges.tsx";
import { LeaseStateBadges } from "@/components/LeaseStateBadges.tsx";
import { LeaseBadge } from "@/components/Lease.tsx";
import { AgentBadge, LabelBadge, OwnerBadge, PullRequestBadge } from "@/components/badges.tsx";
import { PriorityGlyph } from "@/components/PriorityGlyph.tsx";
import { classes } from "@/components/classes.ts";
import { isNeedsHuman, needsPerson } from "@/lib/backoff.ts";
import { checkpointWords } from "@/lib/lease.ts";
import { whyReadOnly } from "@/lib/issues.ts";
import { labelSchemes, otherLabels } from "@/lib/labelSchemes.ts";
import { useSignal } from "@/lib/signal.ts";
import { STALE_DAYS } from "@/lib/stale.ts";
import { daysSince, useNow } from "@/lib/time.ts";
import { shownPullRequest } from "../model/pullRequests.ts";
import type { BoardIssue } from "../api/documents.ts";
import type { Arrival, CardView } from "../model/cardViews.ts";

/** The width of the last line in the narrowest column, in characters. */
const ROOM = 30;
const LABELS_SHOWN = 3;
/** The minimum width in which a truncated label is useful. */
const LEAST_ROOM = 15;

/** The width that remains for labels beside agent, owners, a pull request, the comment count and a `+n`. */
const roomBeside = (
  { agents: [agent], lease, owners, commentsCount }: BoardIssue,
  hasPullRequest: boolean,
): number =>
  ROOM -
  3 -
  (lease
    ? lease.agent.length + checkpointWords(lease.checkpoint).length + 6
    : agent === undefined
      ? 0
      : agent.length + 5) -
  4 * owners.length -
  (hasPullRequest ? 12 : 0) -
  (commentsCount > 0 ? 5 : 0);

/**
 * The number of labels that fit with their dots and borders. If not even the first fits, it is shown truncated. Only
 * the end of a label is ever cut off, because a slash in a label need not separate a group from a name.
 */
export function fitting(labels: readonly string[], room: number): number {
  let left = room;
  const first = labels.findIndex((label) => (left -= label.length + 5) < 0);
  if (first === 0 && room >= LEAST_ROOM) return 1;
  return Math.min(first === -1 ? labels.length : first, LABELS_SHOWN);
}

/** The content of a card. */
export const Card = memo(function Card({ view }: { readonly view: CardView }) {
  const { issue, status, arrival } = view;
  const waitsForPerson = needsPerson(issue);
  const pull = shownPullRequest(issue);
  const labels = otherLabels(issue, useSignal(labelSchemes)).filter(
    (label) => !(waitsForPerson && isNeedsHuman(label)),
  );
  return (
    <>
      <div className="@container flex items-center gap-1.5 text-meta text-ink-faint">
        {issue.priority && <PriorityGlyph priority={issue.priority} />}
        <span className="min-w-6 truncate">{issue.repository.name}</span>
        <span className="tabular shrink-0">#{issue.number}</span>
        <ReadOnly why={whyReadOnly(issue.repository)} />
        <span className="grow" />
        {arrival ? (
          <Mover arrival={arrival} />
        ) : (
          status !== "DONE" && <Stale updatedAt={issue.updatedAt} />
        )}
      </div>
      <p
        className={classes(
          "mt-1 line-clamp-2 text-board font-medium wrap-anywhere text-ink",
          issue.state === "CLOSED" && "text-ink-soft",
        )}
        dir="auto"
      >
        {issue.title}
      </p>
      {status === "BLOCKED" && issue.blockedReason && (
        <p className="mt-1 line-clamp-2 text-meta wrap-anywhere text-danger" dir="auto">
          {issue.blockedReason}
        </p>
      )}
      {(issue.backoff !== null || waitsForPerson) && (
        <BackoffBadges backoff={issue.backoff} needsPerson={waitsForPerson} className="mt-1" />
      )}
      {hasOpenDependencies(issue) && <DependencyBadges issue={issue} className="mt-1" />}
      {issue.lease && <LeaseStateBadges lease={issue.lease} className="mt-1" />}
      {(issue.lease !== null ||
        issue.agents.length > 0 ||
        issue.owners.length > 0 ||
        labels.length > 0 ||
        pull !== null ||
        issue.commentsCount > 0) && (
        <div className="mt-1.5 flex h-4.5 min-w-0 items-center gap-1.5 overflow-hidden text-meta text-ink-soft">
          {issue.lease ? (
            <LeaseBadge lease={issue.lease} />
          ) : (
            issue.agents[0] && <AgentBadge name={issue.agents[0]} />
          )}
          {issue.owners.map((owner) => (
            <OwnerBadge key={owner} name={owner} />
          ))}
          <Labels labels={labels} room={roomBeside(issue, pull !== null)} />
          <span className="grow" />
          {pull !== null && <PullRequestBadge pull={pull} />}
          {issue.commentsCount > 0 && (
            <span className="tabular inline-flex shrink-0 items-center gap-1 text-ink-faint">
              <MessageSquare size={12} aria-hidden />
              {issue.commentsCount}
              <span className="sr-only"> comments</span>
            </span>
          )}
        </div>
      )}
    </>
  );
});

function Labels({ labels, room }: { readonly labels: readonly string[]; readonly room: number }) {
  const shown = fitting(labels, room);
  const hidden = labels.slice(shown);
  return (
    <>
      {labels.slice(0, shown).map((label) => (
        <LabelBadge key={label} name={label} />
      ))}
      {hidden.length > 0 && (
        <span className="tabular shrink-0 text-ink-faint" title={hidden.join(", ")}>
          +{hidden.length}
        </span>
      )}
    </>
  );
}

function ReadOnly({ why }: { readonly why: string | undefined }) {
  if (why === undefined) return null;
  return (
    <span className="shrink-0" title={why}>
      <Lock size={11} aria-hidden />
      <span className="sr-only">{why}</span>
    </span>
  );
}

/** Who moved the card. The narrowest columns show only the name and the kind of caller. */
function Mover({ arrival: { actor, actorKind } }: { readonly arrival: Arrival }) {
  return (
    <span
      className="flex max-w-[75%] min-w-0 gap-1 rounded-full bg-accent-soft px-1.5 text-accent"
      title={`Moved by ${actor} (${actorKind.toLowerCase()})`}
    >
      <span className="truncate">
        <span className="@max-[16rem]:sr-only">moved by </span>
        {actor}
      </span>{" "}
      <ActorKind name={actor} kind={actorKind} className="shrink-0" />
    </span>
  );
}

function Stale({ updatedAt }: { readonly updatedAt: string }) {
  const days = daysSince(updatedAt, useNow());
  if (days < STALE_DAYS) return null;
  return (
    <span className="tabular shrink-0 text-warning" title={`No update for ${days} days`}>
      {days}d<span className="sr-only"> without an update</span>
    </span>
  );
}
