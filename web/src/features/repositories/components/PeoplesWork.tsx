import { useState } from "react";
import { NotOffered } from "@/components/NotOffered.tsx";
import { Switch } from "@/components/Switch.tsx";
import { useMay } from "@/lib/viewer.ts";
import { setServes, type Repository, type Serves } from "../api/repositories.ts";

const KINDS = [
  { kind: "inProgress", words: "In Progress without an agent" },
  { kind: "assigned", words: "assigned on GitHub" },
  { kind: "owned", words: "labelled owner/…" },
] as const satisfies readonly { readonly kind: keyof Serves; readonly words: string }[];

/** Which issues of people in a repository are served to agents. Viewers with the permission can change it. */
export function PeoplesWork({
  repository: { fullName, servesPeoplesWork },
  onChanged,
}: {
  readonly repository: Repository;
  readonly onChanged: (repository: Repository) => void;
}) {
  const may = useMay("serve");
  // Requested changes that are not confirmed yet.
  const [asked, setAsked] = useState<Partial<Serves>>({});
  const [refusal, setRefusal] = useState<string>();
  const serves: Serves = { ...servesPeoplesWork, ...asked };
  const served = KINDS.filter(({ kind }) => serves[kind]).map(({ words }) => words);
  const change = async (kind: keyof Serves, isOn: boolean) => {
    setAsked((before) => ({ ...before, [kind]: isOn }));
    const answer = await setServes(fullName, { [kind]: isOn });
    setRefusal(answer.failure?.message);
    if (!answer.failure) onChanged(answer.data);
    setAsked((before) =>
      Object.fromEntries(Object.entries(before).filter(([key]) => key !== kind)),
    );
  };
  return (
    <details className="mt-0.5 text-meta text-ink-faint">
      <summary className="min-h-6 content-center rounded">
        {served.length === 0
          ? "People's work is not served to agents"
          : `People's work served to agents: ${served.join(", ")}`}
      </summary>
      <fieldset className="mt-1 rounded bg-column px-3 py-1.5">
        <legend className="sr-only">Serve to agents in {fullName} what is</legend>
        <p className="text-meta text-ink-faint" aria-hidden>
          Serve to agents what is
        </p>
        {KINDS.map(({ kind, words }) => (
          <Switch
            key={kind}
            isOn={serves[kind]}
            disabled={!may}
            onChange={(isOn) => void change(kind, isOn)}
          >
            {words}
          </Switch>
        ))}
        <NotOffered action="serve" />
      </fieldset>
      {refusal !== undefined && (
        <p role="alert" className="mt-1 text-board wrap-anywhere text-danger">
          Not changed: {refusal}
        </p>
      )}
    </details>
  );
}
