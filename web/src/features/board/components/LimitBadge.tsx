import { classes } from "@/components/classes.ts";
import { useSignal } from "@/lib/signal.ts";
import type { Status } from "@/lib/statuses.ts";
import { gaugesOf, gaugeWords, levelOf, type Level } from "../model/limits.ts";
import { useBoard } from "./context.ts";

const LOOKS: Readonly<Record<Level, string>> = {
  under: "border-line text-ink-faint",
  at: "border-transparent bg-warning-soft text-warning",
  over: "border-transparent bg-danger-soft text-danger",
};

/** The work in progress of a column and its limit. Renders nothing without a limit. */
export function LimitBadge({ status }: { readonly status: Status }) {
  const gauges = gaugesOf(useSignal(useBoard().limits), status);
  const [fullest] = gauges;
  if (!fullest) return null;
  const level = levelOf(fullest);
  const words = gauges.map((gauge) => gaugeWords(gauge, status)).join("; ");
  return (
    <span
      data-limit={level}
      title={words}
      className={classes(
        "tabular shrink-0 rounded-full border px-1.5 text-meta leading-4 font-normal whitespace-nowrap",
        LOOKS[level],
      )}
    >
      <span aria-hidden>
        {fullest.issues.toLocaleString()}/{fullest.limit.toLocaleString()}
      </span>
      <span className="sr-only">, {words}</span>
    </span>
  );
}
