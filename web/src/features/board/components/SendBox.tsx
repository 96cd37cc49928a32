import { useEffect, useId, useRef, useState } from "react";
import { Button } from "@/components/Button.tsx";
import { classes } from "@/components/classes.ts";
import { Kbd } from "@/components/Kbd.tsx";
import { notify } from "@/components/Notices.tsx";
import type { Answer } from "@/lib/graphql/client.ts";

/** What was begun and not sent, by what it is for, for as long as the page is open: opening another issue must not lose it. */
const drafts = new Map<string, string>();

type Props = {
  /** What the text is for: a draft is kept under it. */
  readonly draft: string;
  readonly label: string;
  readonly placeholder: string;
  /** What the button says. */
  readonly verb: string;
  /** What stands before the reason when the text is refused, such as `Not posted`. */
  readonly refused: string;
  /** The longest text that is taken, in UTF-16 units. */
  readonly longest: number;
  readonly className?: string;
  readonly send: (body: string) => Promise<Answer<unknown>>;
  /** The text is there; resolves when what is shown includes it. */
  readonly onSent: () => Promise<void>;
};

/** The place to write something. What is sent shows at once, and comes back with the reason when refused. */
export function SendBox({
  draft,
  label,
  placeholder,
  verb,
  refused,
  longest,
  className,
  send: transmit,
  onSent,
}: Props) {
  const [text, setText] = useState(drafts.get(draft) ?? "");
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
    if (next === "") drafts.delete(draft);
    else drafts.set(draft, next);
    if (here.current) setText(next);
  };
  const body = text.trim();
  const send = async () => {
    if (body === "" || sent !== undefined) return;
    write("");
    setRefusal(undefined);
    setSent(body);
    const answer = await transmit(body);
    if (answer.failure) {
      // What has been typed meanwhile stays, behind what did not go.
      write([body, drafts.get(draft)].filter(Boolean).join("\n\n"));
      if (here.current) setRefusal(answer.failure.message);
      else notify(`${label} ${refused.toLowerCase()}: ${answer.failure.message}`, "danger");
    } else if (here.current) {
      await onSent();
    }
    if (here.current) setSent(undefined);
  };

  return (
    <form
      className={classes("border-t border-line", className)}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {sent !== undefined && (
        <p
          className="mb-2 line-clamp-3 rounded bg-column px-2.5 py-1.5 text-board wrap-anywhere whitespace-pre-wrap opacity-60"
          data-pending
          role="status"
        >
          <span className="sr-only">Sending: </span>
          {sent}
        </p>
      )}
      {refusal !== undefined && (
        <p role="alert" className="mb-2 text-meta wrap-anywhere text-danger">
          {refused}: {refusal}
        </p>
      )}
      <label htmlFor={field} className="sr-only">
        {label}
      </label>
      <textarea
        id={field}
        value={text}
        rows={1}
        maxLength={longest}
        placeholder={placeholder}
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
            {refusal === undefined ? verb : "Try again"}
          </Button>
        </div>
      )}
    </form>
  );
}
