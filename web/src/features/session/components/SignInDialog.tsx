import { useRef, useState } from "react";
import { DialogForm } from "@/components/DialogForm.tsx";
import { TextField } from "@/components/TextField.tsx";
import { signIn } from "../api/session.ts";
import type { SignInFailure } from "../model/failure.ts";
import { keepName, lastName } from "../model/lastName.ts";

/** Turns off the browser's corrections of the text. */
const VERBATIM = { autoCapitalize: "off", spellCheck: false } as const;

/** The sign-in form: a name and a token of the server. The fields keep their values until they are sent. */
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
      <TextField
        ref={nameField}
        {...VERBATIM}
        label="Name"
        hint="The audit log records what you do under this name."
        problem={failure?.field === "name" ? failure.message : undefined}
        autoComplete="username"
        maxLength={100}
        defaultValue={known}
        data-first={known === "" || undefined}
      />
      <TextField
        ref={tokenField}
        {...VERBATIM}
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
        data-first={known !== "" || undefined}
      />
    </DialogForm>
  );
}

function missing(name: string, token: string): SignInFailure | undefined {
  if (name === "") return { field: "name", message: "Enter your name." };
  if (token === "") return { field: "token", message: "Enter a token." };
  return undefined;
}
