import { useId, useRef, useState, type ReactNode, type RefObject } from "react";
import { DialogForm, Labelled } from "@/components/DialogForm.tsx";
import { signIn } from "../api/session.ts";
import type { SignInFailure } from "../model/failure.ts";
import { keepName, lastName } from "../model/lastName.ts";

/** Asks who somebody is and for a token of the server. The fields keep what is typed to themselves until it is sent. */
export function SignInDialog({ onClose }: { readonly onClose: () => void }) {
  const [known] = useState(lastName);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<SignInFailure>();
  const nameField = useRef<HTMLInputElement>(null);
  const tokenField = useRef<HTMLInputElement>(null);

  const refuse = (next: SignInFailure) => {
    setFailure(next);
    const field = next.field === "name" ? nameField.current : tokenField.current;
    field?.focus();
    field?.select();
  };
  const send = async () => {
    const name = nameField.current?.value.trim() ?? "";
    const token = tokenField.current?.value.trim() ?? "";
    setBusy(true);
    setFailure(undefined);
    const failed = missing(name, token) ?? (await signIn(name, token));
    setBusy(false);
    if (failed) {
      refuse(failed);
      return;
    }
    keepName(name);
    onClose();
  };

  return (
    <DialogForm
      title="Sign in"
      onClose={onClose}
      className="max-w-96"
      verb="Sign in"
      busyVerb="Signing in…"
      busy={busy}
      problem={failure?.field === undefined ? failure?.message : undefined}
      onSubmit={() => void send()}
    >
      <Field
        field={nameField}
        label="Name"
        hint="The audit log records what you do under this name."
        problem={failure?.field === "name" ? failure.message : undefined}
        autoComplete="username"
        maxLength={100}
        defaultValue={known}
        first={known === ""}
      />
      <Field
        field={tokenField}
        label="Token"
        hint={
          <>
            <code>DISPATCH_MAINTAINER_TOKEN</code> or <code>DISPATCH_AGENT_TOKEN</code> of the
            server.
          </>
        }
        problem={failure?.field === "token" ? failure.message : undefined}
        type="password"
        autoComplete="current-password"
        first={known !== ""}
      />
    </DialogForm>
  );
}

function missing(name: string, token: string): SignInFailure | undefined {
  if (name === "") return { field: "name", message: "Enter your name." };
  if (token === "") return { field: "token", message: "Enter a token." };
  return undefined;
}

type FieldProps = {
  readonly field: RefObject<HTMLInputElement | null>;
  readonly label: string;
  readonly hint: ReactNode;
  /** Why what was entered was refused. It takes the place of the hint. */
  readonly problem: string | undefined;
  readonly type?: "text" | "password";
  readonly autoComplete: string;
  readonly maxLength?: number;
  readonly defaultValue?: string;
  /** Whether the dialog begins here. */
  readonly first: boolean;
};

function Field({ field, label, hint, problem, type = "text", first, ...rest }: FieldProps) {
  const id = useId();
  return (
    <Labelled label={label} htmlFor={id}>
      <input
        ref={field}
        id={id}
        type={type}
        data-first={first || undefined}
        autoCapitalize="off"
        spellCheck={false}
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-words`}
        className="mt-1 h-9 w-full rounded border border-line-strong bg-page px-2.5 text-body aria-invalid:border-danger"
        {...rest}
      />
      <p
        id={`${id}-words`}
        role={problem === undefined ? undefined : "alert"}
        className={`mt-1 text-meta wrap-anywhere ${problem === undefined ? "text-ink-faint" : "text-danger"}`}
      >
        {problem ?? hint}
      </p>
    </Labelled>
  );
}
