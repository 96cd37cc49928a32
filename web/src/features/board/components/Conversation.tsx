import { ExternalLink } from "lucide-react";
import { useState, type ReactNode } from "react";
import { Button } from "@/components/Button.tsx";
import { Markdown } from "@/components/Markdown.tsx";
import { OwnerBadge } from "@/components/badges.tsx";
import { Delayed } from "@/components/states.tsx";
import { RelativeTime } from "@/components/RelativeTime.tsx";
import { since, useNow } from "@/lib/time.ts";
import type { Comments, IssueComment } from "../api/conversation.ts";
import { Section } from "./Section.tsx";
import type { ConversationReading } from "./useConversation.ts";

type Props = {
  /** Absent until it is loaded. */
  readonly reading: ConversationReading | undefined;
  /** The issue's page on GitHub. */
  readonly url: string;
  /** The comment count of the card, shown until the comments are loaded. */
  readonly count: number;
  readonly onRetry: () => Promise<void>;
};

/** The comments of the issue on GitHub, newest first. */
export function Conversation({ reading, url, count, onRetry }: Props) {
  const total = reading && "comments" in reading ? reading.comments.totalCount : count;
  return (
    <Section title={total > 0 ? `Comments · ${total}` : "Comments"}>
      {!reading && (
        <Delayed>
          <Loading />
        </Delayed>
      )}
      {reading && "missing" in reading && <Note>They went with the issue.</Note>}
      {reading && "failure" in reading && (
        <Problem onRetry={onRetry}>
          The comments could not be read: {reading.failure.message}
        </Problem>
      )}
      {reading && "comments" in reading && (
        <List comments={reading.comments} url={url} onRetry={onRetry} />
      )}
    </Section>
  );
}

function List({
  comments,
  url,
  onRetry,
}: {
  readonly comments: Comments;
  readonly url: string;
  readonly onRetry: () => Promise<void>;
}) {
  const now = useNow();
  const { nodes, totalCount, unreadableCount, fetchedAt, problem } = comments;
  const older = Math.max(0, totalCount - nodes.length - unreadableCount);
  return (
    <>
      {problem !== null && (
        <Problem onRetry={onRetry}>
          {fetchedAt === null
            ? "They could not be read from GitHub"
            : `As of ${since(fetchedAt, now)}; there may be newer ones`}
          : {problem}
        </Problem>
      )}
      {totalCount === 0 && problem === null && <Note>No comments yet.</Note>}
      <div className="flex flex-col gap-3">
        {nodes.map((comment) => (
          <Comment key={comment.id} comment={comment} />
        ))}
      </div>
      {unreadableCount > 0 && (
        <Note>
          {unreadableCount === 1
            ? "1 comment could not be read."
            : `${unreadableCount} comments could not be read.`}
        </Note>
      )}
      {older > 0 && problem === null && (
        <Outward href={url} className="mt-3">
          Show {older.toLocaleString("en")} older on GitHub
        </Outward>
      )}
    </>
  );
}

const ASSOCIATIONS = {
  OWNER: "Owner",
  MEMBER: "Member",
  COLLABORATOR: "Collaborator",
  CONTRIBUTOR: "Contributor",
  FIRST_TIME_CONTRIBUTOR: "First-time contributor",
  FIRST_TIMER: "New to GitHub",
  MANNEQUIN: "Imported",
  NONE: undefined,
} as const;

function Comment({ comment }: { readonly comment: IssueComment }) {
  const { author, authorAssociation, createdAt, updatedAt, isMinimized, url } = comment;
  const association = authorAssociation === null ? undefined : ASSOCIATIONS[authorAssociation];
  return (
    <article className="relative min-w-0 rounded border border-line">
      <header className="flex min-w-0 items-center gap-1.5 rounded-t bg-column px-3 py-1.5 text-board">
        {author !== null && <OwnerBadge name={author} role="Written by" />}
        <span className="truncate font-medium">{author ?? "Deleted account"}</span>
        {association !== undefined && (
          <span className="shrink-0 text-meta text-ink-faint">{association}</span>
        )}
        <span className="grow" />
        {updatedAt !== createdAt && <span className="text-meta text-ink-faint">edited</span>}
        <a
          href={url}
          target="_blank"
          rel="noreferrer noopener"
          className="inline-flex shrink-0 items-center gap-1 text-ink-faint hover:underline"
        >
          <RelativeTime instant={createdAt} />
          <span className="sr-only">, written by {author ?? "a deleted account"}, on GitHub</span>
          <ExternalLink size={12} aria-hidden />
        </a>
      </header>
      <div className="px-3 py-2.5">
        {isMinimized ? (
          <details>
            <summary className="cursor-pointer text-board text-ink-faint">Hidden on GitHub</summary>
            <div className="mt-2">
              <Text comment={comment} />
            </div>
          </details>
        ) : (
          <Text comment={comment} />
        )}
      </div>
    </article>
  );
}

function Text({ comment: { body, isTruncated, url } }: { readonly comment: IssueComment }) {
  return (
    <>
      {body.trim() !== "" && <Markdown text={body} />}
      {isTruncated && (
        <Outward href={url} className="mt-2">
          Read the rest on GitHub
        </Outward>
      )}
    </>
  );
}

function Outward({
  href,
  className,
  children,
}: {
  readonly href: string;
  readonly className: string;
  readonly children: ReactNode;
}) {
  return (
    <a
      href={href}
      target="_blank"
      rel="noreferrer noopener"
      className={`inline-flex items-center gap-1.5 text-board text-ink-soft hover:text-ink hover:underline ${className}`}
    >
      {children}
      <ExternalLink size={12} aria-hidden />
    </a>
  );
}

/** An error with a button to retry. */
function Problem({
  onRetry,
  children,
}: {
  readonly onRetry: () => Promise<void>;
  readonly children: ReactNode;
}) {
  const [isTrying, setTrying] = useState(false);
  const retry = async () => {
    setTrying(true);
    await onRetry();
    setTrying(false);
  };
  return (
    <div
      role="status"
      className="mb-3 flex items-start gap-2 rounded bg-column px-3 py-2 text-board text-ink-soft"
    >
      <p className="min-w-0 grow wrap-anywhere">{children}</p>
      <Button disabled={isTrying} onClick={() => void retry()}>
        Read again
      </Button>
    </div>
  );
}

const Note = ({ children }: { readonly children: ReactNode }) => (
  <p className="mt-2 text-board text-ink-faint first:mt-0">{children}</p>
);

function Loading() {
  return (
    <div className="relative flex flex-col gap-3" role="status">
      <span className="sr-only">Reading what people wrote</span>
      {["w-full", "w-3/4"].map((width) => (
        <div key={width} className="rounded border border-line px-3 py-3">
          <div className={`h-3 animate-pulse rounded bg-line ${width}`} />
        </div>
      ))}
    </div>
  );
}
