import { useId, useState, type InputHTMLAttributes, type ReactNode } from "react";
import type { Answer } from "@/lib/graphql/client.ts";
import { Button } from "./Button.tsx";
import { classes } from "./classes.ts";
import { useSubmit } from "./useSubmit.ts";

type Props = Pick<
  InputHTMLAttributes<HTMLInputElement>,
  "placeholder" | "maxLength" | "autoCapitalize" | "spellCheck"
> & {
  readonly label: ReactNode;
  readonly isLabelHidden?: boolean;
  /** The label of the button, and its label while the name is sent. */
  readonly verb: string;
  readonly busyVerb: string;
  /** Sends the name without the spaces around it. The field is emptied when it succeeds. */
  readonly send: (name: string) => Promise<Answer<unknown>>;
  readonly onSent: () => void;
  readonly className?: string;
};

/** A one-line form for a name. A rejected name stays, with the reason below it. */
export function NameForm({
  label,
  isLabelHidden = false,
  verb,
  busyVerb,
  send,
  onSent,
  className,
  ...rest
}: Props) {
  const [text, setText] = useState("");
  const field = useId();
  const name = text.trim();
  const { isBusy, refusal, submit } = useSubmit(
    () => send(name),
    () => {
      setText("");
      onSent();
    },
  );
  return (
    <form
      className={className}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isBusy && name !== "") void submit();
      }}
    >
      <label htmlFor={field} className={isLabelHidden ? "sr-only" : "text-ink-soft"}>
        {label}
      </label>
      <div className={classes("flex gap-2", !isLabelHidden && "mt-2")}>
        <input
          id={field}
          data-first
          value={text}
          onChange={(event) => setText(event.target.value)}
          autoComplete="off"
          aria-invalid={refusal !== undefined}
          aria-describedby={refusal === undefined ? undefined : `${field}-refusal`}
          className="h-8 min-w-0 grow rounded border border-line-strong bg-page px-2.5 text-body placeholder:text-ink-faint"
          {...rest}
        />
        <Button type="submit" look="primary" className="h-8" disabled={isBusy || name === ""}>
          {isBusy ? busyVerb : verb}
        </Button>
      </div>
      {refusal !== undefined && (
        <p
          id={`${field}-refusal`}
          role="alert"
          className="mt-2 text-board wrap-anywhere text-danger"
        >
          {refusal}
        </p>
      )}
    </form>
  );
}
