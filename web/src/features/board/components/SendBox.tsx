import { useEffect, useId, useRef, useState } from "react";
import { Button } from "@/components/Button.tsx";
import { classes } from "@/components/classes.ts";
import { Kbd } from "@/components/Kbd.tsx";
import { notify } from "@/components/Notices.tsx";
import type { Answer } from "@/lib/graphql/client.ts";

/**
 * The unsent texts by purpose. They are kept while the page is open, so that opening another issue does not lose them.
 */
const drafts = new Map<string, string>();

type Props = {
  /** The purpose of the text, under which its draft is kept. */
  readonly draft: string;
  readonly label: string;
  readonly placeholder: string;
  /** The label of the button. */
  readonly verb: string;
  /** The text before the reason if it is rejected, such as `Not posted`. */
  readonly refused: string;
  /** The maximum length, in UTF-16 code units. */
  readonly longest: number;
  readonly className?: string;
  readonly send: (body: string) => Promise<Answer<unknown>>;
  /** Called when the text was accepted. Resolves when the page shows it. */
  readonly onSent: () => Promise<void>;
};

/** A text box. A sent text is shown at once, and returns to the box with the reason if it is rejected. */
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
      // Text that was typed meanwhile is kept after the rejected one.
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
