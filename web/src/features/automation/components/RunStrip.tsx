import { useId, useState, type KeyboardEvent } from "react";
import { classes } from "@/components/classes.ts";
import { OUTCOME_COLORS, outcomeTitle, type Outcome } from "@/lib/outcome.ts";
import { useNow } from "@/lib/time.ts";
import type { Run } from "@/lib/automation.ts";
import { stripBars, type StripBar } from "../model/strip.ts";

/** The number of runs for which a strip has space. */
const ROOM = 50;

type Props = {
  /** The name of the workflow or repository. */
  readonly name: string;
  /** Newest first. */
  readonly runs: readonly Run[];
  /** The id of the run that is open on the page. */
  readonly openId?: string | undefined;
  readonly large?: boolean;
  /** Called with the id of the run that was clicked, or on which Enter was pressed. */
  readonly onOpen: (runId: string) => void;
};

/**
 * The latest runs as bars. The height is the duration; colour and shape are the outcome. The details of the run under
 * the pointer are shown, or of the run that was selected with the arrow keys. A table has the same data for screen
 * readers.
 */
export function RunStrip({ name, runs, openId, large = false, onOpen }: Props) {
  const now = useNow();
  const [at, setAt] = useState<number>();
  const hint = useId();
  const bars = stripBars(runs.slice(0, ROOM), now);
  const bar = at === undefined ? undefined : bars[at];
  const onKeyDown = (event: KeyboardEvent) => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (move !== undefined) {
      setAt(Math.min(Math.max((at ?? bars.length) + move, 0), bars.length - 1));
    } else if (event.key === "Enter" && bar) onOpen(bar.id);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  if (bars.length === 0) {
    return <p className="text-meta text-ink-faint">No runs yet</p>;
  }
  return (
    <figure className="relative min-w-0">
      <div
        role="img"
        aria-label={`Runs of ${name}: ${summaryOf(bars)}`}
        aria-describedby={hint}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onBlur={() => setAt(undefined)}
        onPointerLeave={() => setAt(undefined)}
        className={classes(
          "flex items-end justify-end gap-px rounded",
          large ? "h-20 sm:gap-0.5" : "h-7",
        )}
      >
        {bars.map((each, index) => (
          <span
            key={each.id}
            onPointerEnter={() => setAt(index)}
            onClick={() => onOpen(each.id)}
            className={classes(
              "flex h-full min-w-0 shrink grow items-end rounded-xs",
              large ? "max-w-5" : "max-w-2",
              (index === at || each.id === openId) && "bg-line",
            )}
          >
            <StripMark outcome={each.outcome} height={each.height} />
          </span>
        ))}
      </div>
      <p
        className="tabular flex h-4 justify-end truncate text-meta text-ink-faint"
        aria-live="polite"
      >
        <span className="truncate">{bar ? bar.words : ""}</span>
      </p>
      <p id={hint} className="sr-only">
        Left and right arrows go from run to run, Enter opens.
      </p>
      {/* The wrapper keeps the hidden table from widening the page. */}
      <div className="sr-only">
        <table>
          <caption>Runs of {name}</caption>
          <tbody>
            {bars.map(({ id, words }) => (
              <tr key={id}>
                <td>{words}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}

/** Outcomes differ in shape and in colour, for colour-blind readers and for print. */
const LOOKS: Readonly<Record<Outcome, string>> = {
  success: "rounded-t-xs bg-(--mark)",
  failure: "border-t-3 border-ink bg-(--mark)",
  cancelled: "rounded-t-xs border border-(--mark)",
  skipped: "rounded-t-xs border border-dotted border-(--mark)",
  running: "border border-(--mark) bg-(--mark)/40 animate-pulse",
  waiting: "border border-dashed border-(--mark)",
  unknown: "rounded-t-xs border border-(--mark)",
};

/** The bar of a run. */
export function StripMark({
  outcome,
  height,
}: {
  readonly outcome: Outcome;
  readonly height: number;
}) {
  return (
    <span
      data-bar={outcome}
      className={classes("w-full", LOOKS[outcome])}
      style={{
        ["--mark" as string]: OUTCOME_COLORS[outcome],
        height: `${height * 100}%`,
        // A failure has a thick upper border, and its colour must be visible below.
        minHeight: outcome === "failure" ? 7 : 4,
      }}
    />
  );
}

/** The number of runs by outcome, for screen readers. */
export function summaryOf(bars: readonly StripBar[]): string {
  const counts = new Map<Outcome, number>();
  for (const { outcome } of bars) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return [...counts]
    .map(([outcome, count]) => `${count} ${outcomeTitle(outcome).toLowerCase()}`)
    .join(", ");
}

/** The legend of the shapes and colours. */
export function StripLegend() {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-meta text-ink-soft" aria-hidden>
      {(["success", "failure", "cancelled", "running", "waiting"] as const).map((outcome) => (
        <li key={outcome} className="flex items-center gap-1.5">
          <span className="flex h-3 w-2 items-end">
            <StripMark outcome={outcome} height={1} />
          </span>
          {outcomeTitle(outcome).toLowerCase()}
        </li>
      ))}
      <li className="text-ink-faint">Height is duration, newest at the right</li>
    </ul>
  );
}
