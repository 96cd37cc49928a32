import type { ReactNode } from "react";
import { Button } from "./Button.tsx";
import { Dialog } from "./Dialog.tsx";

type Props = {
  readonly title: string;
  readonly onClose: () => void;
  readonly className?: string;
  /** The label of the submit button, and its label while the form is sent. */
  readonly verb: string;
  readonly busyVerb?: string;
  /** Whether the form is being sent, so that it cannot be sent again. */
  readonly busy?: boolean;
  /** Whether a required value is missing. */
  readonly isIncomplete?: boolean;
  /** Why the server rejected the form. */
  readonly problem?: string | undefined;
  readonly onSubmit: () => void;
  readonly children: ReactNode;
};

/** A dialog with fields, a button that cancels and one that sends. */
export function DialogForm({
  title,
  onClose,
  className,
  verb,
  busyVerb = verb,
  busy = false,
  isIncomplete = false,
  problem,
  onSubmit,
  children,
}: Props) {
  return (
    <Dialog title={title} onClose={onClose} {...(className !== undefined && { className })}>
      <form
        // Otherwise the browser would submit the form and put its fields into the address.
        method="post"
        noValidate
        aria-busy={busy}
        className="flex flex-col gap-3.5"
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy && !isIncomplete) onSubmit();
        }}
      >
        {children}
        {problem !== undefined && (
          <p role="alert" className="text-board wrap-anywhere text-danger">
            {problem}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={busy || isIncomplete}>
            {busy ? busyVerb : verb}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** A field of a form below its label. */
export function Labelled({
  label,
  htmlFor,
  children,
}: {
  readonly label: string;
  readonly htmlFor: string;
  readonly children: ReactNode;
}) {
  return (
    <div>
      <label htmlFor={htmlFor} className="text-board font-medium">
        {label}
      </label>
      {children}
    </div>
  );
}
