import { useState } from "react";
import { Button } from "@/components/Button.tsx";
import { Panel } from "@/components/charts.tsx";
import { classes } from "@/components/classes.ts";
import { skipWords, type SkipReason } from "@/lib/work.ts";
import type { Explained } from "../api/queue.ts";
import { countReasons } from "../model/withheld.ts";
import { IssueRow } from "./IssueRow.tsx";

/** More than this is shown when asked for. */
const FIRST = 12;

/** What the agent is not given, and why not. */
export function Withheld({ withheld }: { readonly withheld: readonly Explained[] }) {
  const [reason, setReason] = useState<SkipReason>();
  const [whole, setWhole] = useState(false);
  const counts = countReasons(withheld);
  // A reason that nothing has any more is let go of by itself.
  const chosen = counts.some((each) => each.reason === reason) ? reason : undefined;
  const found =
    chosen === undefined
      ? withheld
      : withheld.filter(({ skipReasons }) => skipReasons.includes(chosen));
  const shown = whole ? found : found.slice(0, FIRST);
  return (
    <Panel title="Withheld" count={withheld.length}>
      {withheld.length === 0 ? (
        <p className="text-ink-faint">Nothing is kept back.</p>
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
          <ul aria-label="Withheld issues" className="-mx-2">
            {shown.map(({ issue, summary }) => (
              <IssueRow key={issue.id} issue={issue} why={summary} />
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
