import { useNow } from "@/lib/time.ts";
import { stripBars, type StripRun } from "../model/strip.ts";
import { StripMark, summaryOf } from "./RunStrip.tsx";

/**
 * The latest runs of a workflow as small bars, for a line of a list. It takes no focus, because the page of the workflow
 * has the same runs with details.
 */
export function MiniStrip({
  name,
  runs,
  onOpen,
}: {
  readonly name: string;
  /** Newest first. */
  readonly runs: readonly StripRun[];
  /** Called with the id of the run that was clicked. */
  readonly onOpen: (runId: string) => void;
}) {
  const bars = stripBars(runs, useNow());
  if (bars.length === 0) return null;
  return (
    <span
      role="img"
      aria-label={`Latest runs of ${name}: ${summaryOf(bars)}`}
      className="flex h-full items-end justify-end gap-px"
    >
      {bars.map((bar) => (
        <span
          key={bar.id}
          title={bar.words}
          onClick={() => onOpen(bar.id)}
          className="flex h-full w-1 items-end hover:bg-line"
        >
          <StripMark outcome={bar.outcome} height={bar.height} />
        </span>
      ))}
    </span>
  );
}
