import { useState } from "react";
import { Button } from "@/components/Button.tsx";
import { NotOffered } from "@/components/NotOffered.tsx";
import { Panel } from "@/components/Panel.tsx";
import { useRetry } from "@/components/useRetry.ts";
import { classes } from "@/components/classes.ts";
import { pauses } from "@/lib/pauses.ts";
import { useSignal } from "@/lib/signal.ts";
import { localTimes, useNow } from "@/lib/time.ts";
import { useMay } from "@/lib/viewer.ts";
import { skipWords, type SkipReason } from "@/lib/work.ts";
import { nameOf, type Changes } from "../api/changes.ts";
import type { Explained } from "../api/queue.ts";
import { countReasons, pauseOf, withoutPause } from "../model/withheld.ts";
import { IssueRow } from "./IssueRow.tsx";

/** The number of rows that are shown at first. A button shows the others. */
const FIRST = 12;

/** The reasons that a retry removes. */
const RETRIED: readonly SkipReason[] = ["BACKING_OFF", "NEEDS_HUMAN"];

/** The properties that all rows share. */
type Shared = {
  readonly usualLane: string | undefined;
  readonly changes: Changes;
  /** Reloads the queue. */
  readonly onRetried: () => Promise<void>;
};

const canRetry = ({ skipReasons }: Explained): boolean =>
  skipReasons.some((reason) => RETRIED.includes(reason));

/** The issues that are withheld from the agent, with the reasons. */
export function Withheld({
  withheld,
  ...shared
}: Shared & { readonly withheld: readonly Explained[] }) {
  const [reason, setReason] = useState<SkipReason>();
  const [whole, setWhole] = useState(false);
  const counts = countReasons(withheld);
  // The filter is dropped if no issue has the selected reason any more.
  const chosen = counts.some((each) => each.reason === reason) ? reason : undefined;
  const found =
    chosen === undefined
      ? withheld
      : withheld.filter(({ skipReasons }) => skipReasons.includes(chosen));
  const shown = whole ? found : found.slice(0, FIRST);
  return (
    <Panel
      title="Withheld"
      count={withheld.length}
      hint="Open issues that the agent is not served, with the reasons."
    >
      {withheld.length === 0 ? (
        <p className="text-ink-faint">No issue is withheld.</p>
      ) : (
        <>
          {counts.length > 1 && (
            <ul aria-label="Reasons" className="mb-2 flex flex-wrap gap-1.5">
              {counts.map(({ reason: each, issues }) => (
                <li key={each}>
                  <button
                    type="button"
                    aria-pressed={each === chosen}
                    onClick={() => setReason(each === chosen ? undefined : each)}
                    className={classes(
                      "flex h-6 items-center gap-1.5 rounded-full border px-2 text-meta transition-colors",
                      each === chosen
                        ? "border-accent bg-accent-soft text-ink"
                        : "border-line text-ink-soft hover:border-line-strong",
                    )}
                  >
                    {skipWords(each)}
                    <span className="tabular text-ink-faint">{issues}</span>
                  </button>
                </li>
              ))}
            </ul>
          )}
          <Pauses of={shown} />
          {shown.some(canRetry) && <NotOffered action="retry" className="mb-2" />}
          <ul aria-label="Withheld issues" className="-mx-2">
            {shown.map((explained) => (
              <Row key={explained.issue.id} explained={explained} {...shared} />
            ))}
          </ul>
          {found.length > shown.length && (
            <Button look="quiet" className="mt-1" onClick={() => setWhole(true)}>
              Show {found.length - shown.length} more
            </Button>
          )}
        </>
      )}
    </Panel>
  );
}

/** The pauses, shown once instead of in each withheld row. */
function Pauses({ of: rows }: { readonly of: readonly Explained[] }) {
  const known = useSignal(pauses);
  const now = useNow();
  const found = new Set(rows.map((row) => pauseOf(row, known)));
  return known
    .filter((pause) => found.has(pause))
    .map((pause) => (
      <p key={pause.id} className="mb-2 text-meta wrap-anywhere text-ink-soft">
        {localTimes(pause.summary, now)}
      </p>
    ));
}

function Row({ explained, onRetried, ...shared }: Shared & { readonly explained: Explained }) {
  const { issue, skipReasons } = explained;
  const name = nameOf(issue);
  const known = useSignal(pauses);
  const may = useMay("retry");
  const { isBusy, refusal, submit } = useRetry(issue.id, name, onRetried);
  return (
    <IssueRow
      issue={issue}
      {...shared}
      why={withoutPause(explained, known)}
      needsPerson={skipReasons.includes("NEEDS_HUMAN")}
      refusal={refusal === undefined ? undefined : `Not retried: ${refusal}`}
      action={
        may &&
        canRetry(explained) && (
          <Button
            className="h-6 px-2 text-meta"
            disabled={isBusy}
            onClick={() => void submit()}
            aria-label={`Retry ${name}`}
          >
            {isBusy ? "Retrying…" : "Retry"}
          </Button>
        )
      }
    />
  );
}
