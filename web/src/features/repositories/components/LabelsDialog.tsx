import { useState, type ReactNode } from "react";
import { Button } from "@/components/Button.tsx";
import { classes } from "@/components/classes.ts";
import { Dialog } from "@/components/Dialog.tsx";
import { NotOffered } from "@/components/NotOffered.tsx";
import { PriorityGlyph } from "@/components/PriorityGlyph.tsx";
import { StatusGlyph } from "@/components/StatusGlyph.tsx";
import { useSubmit } from "@/components/useSubmit.ts";
import { AGENT_PREFIX } from "@/lib/labelSchemes.ts";
import { PRIORITIES, priorityTitle, STATUSES, statusTitle } from "@/lib/statuses.ts";
import { useMay } from "@/lib/viewer.ts";
import { saveScheme, type Preview } from "../api/labels.ts";
import type { Repository } from "../api/repositories.ts";
import {
  fieldsOf,
  inputOf,
  isSameScheme,
  priorityLabel,
  statusLabel,
  type LabelFields,
} from "../model/labelFields.ts";
import { LabelChanges } from "./LabelChanges.tsx";
import { LabelField } from "./LabelField.tsx";
import { usePreview } from "./usePreview.ts";

/** The form for a repository's label scheme, with a preview of its effect on the issues. */
export function LabelsDialog({
  repository: { fullName, labelScheme },
  onClose,
  onSaved,
}: {
  readonly repository: Pick<Repository, "fullName" | "labelScheme">;
  readonly onClose: () => void;
  /** Called instead of `onClose` after the scheme was saved. */
  readonly onSaved: () => void;
}) {
  const may = useMay("labels");
  const [fields, setFields] = useState(() => fieldsOf(labelScheme));
  const { preview, fields: previewed, failure } = usePreview(fullName, fields);
  const isRefused = failure?.code === "BAD_USER_INPUT";
  const { isBusy, refusal, submit, clearRefusal } = useSubmit(
    () => saveScheme(inputOf(fullName, fields)),
    onSaved,
  );
  const maySave = may && !isBusy && !isRefused && !isSameScheme(fields, fieldsOf(labelScheme));

  const change = (next: LabelFields) => {
    clearRefusal();
    setFields(next);
  };
  const field = (own: string) => ({
    own,
    value: fields[own] ?? "",
    // The preview does not include the text that was typed since the last response.
    hint: previewed?.[own] === fields[own] ? hintOf(own, preview) : undefined,
    onChange: (value: string) => change({ ...fields, [own]: value }),
  });
  const prefix = fields[AGENT_PREFIX]?.trim() === "" ? undefined : fields[AGENT_PREFIX];

  return (
    <Dialog
      title={`Labels of ${fullName}`}
      onClose={onClose}
      // Aligned to the top, so that the fields do not move when the text below them grows.
      className="mt-[7.5dvh] min-w-[min(46rem,calc(100vw-2rem))] scroll-pb-24"
    >
      <form
        aria-busy={isBusy}
        className="flex flex-col gap-3.5"
        onSubmit={(event) => {
          event.preventDefault();
          if (maySave) void submit();
        }}
      >
        <p className="text-board text-ink-soft">
          What this repository calls Dispatch's labels on GitHub. An empty field stands for
          Dispatch's own. Saving writes nothing to GitHub: only what is moved, claimed or edited
          later is written with these labels.
        </p>
        <div className="grid grid-cols-2 gap-x-6 gap-y-3 max-sm:grid-cols-1">
          <Fields legend="Columns">
            {STATUSES.map((status) => (
              <LabelField
                key={status}
                name={statusTitle(status)}
                mark={<StatusGlyph status={status} />}
                {...field(statusLabel(status))}
              />
            ))}
          </Fields>
          <div className="flex flex-col gap-3">
            <Fields legend="Priorities">
              {PRIORITIES.map((priority) => (
                <LabelField
                  key={priority}
                  name={`${priorityTitle(priority)} (${priority})`}
                  mark={<PriorityGlyph priority={priority} />}
                  {...field(priorityLabel(priority))}
                />
              ))}
            </Fields>
            <Fields legend="Agents">
              <LabelField
                name="Begin with"
                {...field(AGENT_PREFIX)}
                hint={`Agent alpha has ${prefix ?? AGENT_PREFIX}alpha.`}
              />
            </Fields>
          </div>
        </div>
        {!failure && (
          <div
            aria-busy={previewed !== fields}
            className={classes(
              "min-h-9 rounded bg-column px-3 py-2 transition-opacity",
              previewed !== fields && "opacity-60",
            )}
          >
            {preview && <LabelChanges preview={preview} />}
          </div>
        )}
        <div className="sticky bottom-0 -mx-4 -mb-4 border-t border-line bg-raised px-4 py-3">
          {failure && (
            <p role="alert" className="mb-2 text-board wrap-anywhere text-danger">
              {failure.message}
            </p>
          )}
          {refusal !== undefined && (
            <p role="alert" className="mb-2 text-board wrap-anywhere text-danger">
              Not saved: {refusal}
            </p>
          )}
          <NotOffered action="labels" className="mb-2" />
          <div className="flex flex-wrap justify-end gap-2">
            <Button look="quiet" className="mr-auto -ml-2.5" onClick={() => change({})}>
              Use Dispatch's labels
            </Button>
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" look="primary" disabled={!maySave}>
              {isBusy ? "Saving…" : "Save"}
            </Button>
          </div>
        </div>
      </form>
    </Dialog>
  );
}

/** The effect of the change on one of the labels, as a sentence. */
function hintOf(own: string, preview: Preview | undefined): string | undefined {
  const found = preview?.labels.find(({ label }) => label === own);
  if (!found) return undefined;
  const { exists, openIssues } = found;
  if (!exists && openIssues === 0) return "Created when a change needs it.";
  if (openIssues === 0) return "No open issue has it.";
  return openIssues === 1 ? "1 open issue has it." : `${openIssues} open issues have it.`;
}

function Fields({ legend, children }: { readonly legend: string; readonly children: ReactNode }) {
  return (
    <fieldset>
      <legend className="mb-1 text-board font-medium">{legend}</legend>
      <div className="flex flex-col gap-1">{children}</div>
    </fieldset>
  );
}
