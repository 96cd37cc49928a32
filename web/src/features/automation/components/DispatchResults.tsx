import { Link } from "wouter";
import { Button } from "@/components/Button.tsx";
import { Dialog } from "@/components/Dialog.tsx";
import { OutcomeMark } from "@/components/OutcomeMark.tsx";
import { workflowAddress } from "@/lib/automation.ts";
import type { DispatchResult } from "../api/control.ts";

/** The result for each repository, with the reason if GitHub rejected it. */
export function DispatchResults({
  workflow,
  results,
  onClose,
}: {
  readonly workflow: string;
  readonly results: readonly DispatchResult[];
  readonly onClose: () => void;
}) {
  const refused = results.filter(({ error }) => error !== null).length;
  return (
    <Dialog title={`Run ${workflow}`} onClose={onClose}>
      <p role="status" className="mb-2 text-ink-soft">
        {refused === 0
          ? `Started in ${results.length === 1 ? "1 repository" : `${results.length} repositories`}.`
          : `Started in ${results.length - refused} of ${results.length}.`}
      </p>
      <ul className="divide-y divide-line">
        {results.map(({ workflow: each, run, error }) => (
          <li key={each.id} className="flex flex-wrap items-center gap-2 py-2">
            <OutcomeMark
              outcome={error === null ? "success" : "failure"}
              label={error === null ? "Started" : "Refused"}
            />
            <span className="grow font-medium">{each.repository.fullName}</span>
            {run && (
              <Link
                href={workflowAddress(each.id, run.id)}
                onClick={onClose}
                className="rounded text-accent underline underline-offset-2"
              >
                Run #{run.number}
              </Link>
            )}
            {error !== null && (
              <p role="alert" className="w-full wrap-anywhere text-danger">
                {error}
              </p>
            )}
          </li>
        ))}
      </ul>
      <div className="mt-3 flex justify-end">
        <Button look="primary" onClick={onClose}>
          Done
        </Button>
      </div>
    </Dialog>
  );
}
