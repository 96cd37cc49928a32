import { ExternalLink, X } from "lucide-react";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { IconButton } from "@/components/Button.tsx";
import { Markdown } from "@/components/Markdown.tsx";
import { NotOffered } from "@/components/NotOffered.tsx";
import { Delayed, EmptyState, ErrorState } from "@/components/states.tsx";
import { whyReadOnly } from "@/lib/issues.ts";
import { useMay } from "@/lib/viewer.ts";
import { followHistory, readIssue, type IssueDetail } from "../api/panel.ts";
import { useCard } from "./context.ts";
import { CommentBox } from "./CommentBox.tsx";
import { Conversation } from "./Conversation.tsx";
import { Dependencies } from "./Dependencies.tsx";
import { AuditHistory, Runs } from "./history.tsx";
import { useConversation } from "./useConversation.ts";
import { IssueHead } from "./IssueHead.tsx";

type Reading = { readonly id: string } & Awaited<ReturnType<typeof readIssue>>;

/** The side panel with one issue. It follows the focus of the board. */
export default function IssuePanel({
  id,
  onClose,
}: {
  readonly id: string;
  readonly onClose: () => void;
}) {
  const card = useCard(id);
  const panel = useRef<HTMLElement>(null);
  const [reading, setReading] = useState<Reading>();
  const [attempt, setAttempt] = useState(0);
  useEffect(() => followHistory(id, () => setAttempt((before) => before + 1)), [id]);
  // An event of the card may mean that its history or its dependencies have changed, so the details are reloaded.
  const version = `${card?.refusal ? "refused" : ""} ${attempt}`;
  const shown = card?.issue;

  useEffect(() => {
    let here = true;
    void readIssue(id).then((read) => {
      if (here) setReading({ id, ...read });
    });
    return () => {
      here = false;
    };
  }, [id, version, shown]);

  const conversation = useConversation(
    id,
    `${card?.issue.updatedAt ?? ""} ${card?.issue.commentsCount ?? ""}`,
  );
  const reread = async () => {
    const [read] = await Promise.all([readIssue(id), conversation.reread()]);
    setReading({ id, ...read });
  };

  useEffect(() => {
    panel.current?.focus({ preventScroll: true });
  }, [id]);

  const current = reading?.id === id ? reading : undefined;
  const detail = current && "detail" in current ? current.detail : undefined;
  const issue = card?.issue ?? detail?.issue;
  return (
    <aside
      ref={panel}
      tabIndex={-1}
      aria-label={issue ? `Issue ${issue.repository.fullName}#${issue.number}` : "Issue"}
      className="flex w-[28rem] max-w-[45vw] shrink-0 flex-col border-l border-line bg-raised outline-none max-lg:absolute max-lg:inset-y-0 max-lg:right-0 max-lg:z-20 max-lg:max-w-full max-lg:shadow-lifted max-sm:fixed max-sm:inset-0 max-sm:z-40 max-sm:w-full"
    >
      <div className="flex h-11 shrink-0 items-center gap-2 border-b border-line px-3">
        <span className="tabular grow truncate text-meta text-ink-faint">
          {issue && `${issue.repository.fullName} #${issue.number}`}
        </span>
        {issue && (
          <a
            href={issue.url}
            target="_blank"
            rel="noreferrer noopener"
            className="inline-flex h-7 items-center gap-1.5 rounded px-2 text-board text-ink-soft hover:bg-line/60 hover:text-ink"
          >
            GitHub
            <ExternalLink size={13} aria-hidden />
          </a>
        )}
        <IconButton label="Close" onClick={onClose}>
          <X size={16} />
        </IconButton>
      </div>
      <div
        className="min-h-0 grow overflow-y-auto px-4 py-4"
        tabIndex={0}
        aria-label="Issue text"
        role="group"
      >
        {issue && <IssueHead issue={issue} detail={detail?.issue} onChanged={reread} />}
        {current && "missing" in current && !issue && (
          <EmptyState title="This issue is not on the board">
            It may have been deleted, transferred, or its repository is not tracked any more.
          </EmptyState>
        )}
        {current && "failure" in current && (
          <ErrorState
            title="The issue could not be read"
            message={current.failure.message}
            onRetry={() => setAttempt(attempt + 1)}
          />
        )}
        {detail ? (
          <Detail detail={detail}>
            <Conversation
              key={id}
              reading={conversation.reading}
              url={detail.issue.url}
              count={issue?.commentsCount ?? 0}
              onRetry={conversation.reread}
            />
          </Detail>
        ) : (
          !current && (
            <Delayed>
              <Lines />
            </Delayed>
          )
        )}
      </div>
      {detail && whyReadOnly(detail.issue.repository) === undefined && (
        <Comment issueId={id} onSaid={reread} />
      )}
    </aside>
  );
}

/** The comment box, or the reason why commenting is not possible. */
function Comment({
  issueId,
  onSaid,
}: {
  readonly issueId: string;
  readonly onSaid: () => Promise<void>;
}) {
  return useMay("comment") ? (
    <CommentBox key={issueId} issueId={issueId} onSaid={onSaid} />
  ) : (
    <NotOffered action="comment" className="shrink-0 border-t border-line px-4 py-3" />
  );
}

function Detail({
  detail,
  children,
}: {
  readonly detail: IssueDetail;
  /** Shown between the description and the history. */
  readonly children: ReactNode;
}) {
  const { body } = detail.issue;
  return (
    <>
      <Dependencies issue={detail.issue} />
      <div className="mt-4 max-w-[42rem] border-t border-line pt-4">
        {body !== null && body.trim() !== "" ? (
          <Markdown text={body} />
        ) : (
          <p className="text-body text-ink-faint">No description.</p>
        )}
      </div>
      {children}
      <Runs runs={detail.runs} />
      <AuditHistory entries={detail.audit} />
    </>
  );
}

function Lines() {
  return (
    <div className="mt-6 flex flex-col gap-3" role="status" aria-label="Loading the issue">
      {["w-full", "w-11/12", "w-2/3"].map((width) => (
        <div key={width} className={`h-3 animate-pulse rounded bg-line ${width}`} />
      ))}
    </div>
  );
}
