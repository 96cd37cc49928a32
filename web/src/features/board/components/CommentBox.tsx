import { useEffect, useId, useRef, useState } from "react";
import { Button } from "@/components/Button.tsx";
import { Kbd } from "@/components/Kbd.tsx";
import { notify } from "@/components/Notices.tsx";
import { addComment } from "../api/comments.ts";

/** The longest text that GitHub takes. */
const LONGEST = 65_536;

/** What was begun and not sent, by issue, for as long as the page is open: walking on must not lose it. */
const drafts = new Map<string, string>();

type Props = {
  readonly issueId: string;
  /** The comment is on GitHub; resolves when what is shown of the issue tells of it. */
  readonly onSaid: () => Promise<void>;
};

/** The place to say something on an issue. What is sent shows at once, and comes back with the reason when refused. */
export function CommentBox({ issueId, onSaid }: Props) {
  const [text, setText] = useState(drafts.get(issueId) ?? "");
  const [sent, setSent] = useState<string>();
  const [refusal, setRefusal] = useState<string>();
  const here = useRef(true);
  const field = useId();
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);

  const write = (next: string) => {
    if (next === "") drafts.delete(issueId);
    else drafts.set(issueId, next);
    if (here.current) setText(next);
  };
  const body = text.trim();
  const send = async () => {
    if (body === "" || sent !== undefined) return;
    write("");
    setRefusal(undefined);
    setSent(body);
    const answer = await addComment(issueId, body);
    if (answer.failure) {
      // What has been typed meanwhile stays, behind what did not go.
      write([body, drafts.get(issueId)].filter(Boolean).join("\n\n"));
      if (here.current) setRefusal(answer.failure.message);
      else notify(`The comment was not posted: ${answer.failure.message}`, "danger");
    } else if (here.current) {
      await onSaid();
    }
    if (here.current) setSent(undefined);
  };

  return (
    <form
      className="shrink-0 border-t border-line px-4 py-3 max-sm:pb-[max(0.75rem,env(safe-area-inset-bottom))]"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {sent !== undefined && (
        <p
          className="mb-2 line-clamp-3 rounded bg-column px-2.5 py-1.5 text-board whitespace-pre-wrap opacity-60"
          data-pending
          role="status"
        >
          <span className="sr-only">Posting: </span>
          {sent}
        </p>
      )}
      {refusal !== undefined && (
        <p role="alert" className="mb-2 text-meta wrap-anywhere text-danger">
          Not posted: {refusal}
        </p>
      )}
      <label htmlFor={field} className="sr-only">
        Comment
      </label>
      <textarea
        id={field}
        value={text}
        rows={1}
        maxLength={LONGEST}
        placeholder="Comment on GitHub"
        onChange={(event) => write(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            void send();
          }
        }}
        className="field-sizing-content max-h-48 min-h-9 w-full resize-none rounded border border-line-strong bg-page px-2.5 py-1.5 text-body placeholder:text-ink-faint"
      />
      {(body !== "" || refusal !== undefined) && (
        <div className="mt-2 flex items-center justify-end gap-2">
          <span className="text-meta text-ink-faint max-sm:hidden" aria-hidden>
            <Kbd>Ctrl</Kbd> <Kbd>Enter</Kbd>
          </span>
          <Button type="submit" look="primary" disabled={body === "" || sent !== undefined}>
            {refusal === undefined ? "Comment" : "Try again"}
          </Button>
        </div>
      )}
    </form>
  );
}
