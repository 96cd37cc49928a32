import { DayChart, type Series } from "@/components/DayChart.tsx";
import { Panel } from "@/components/Panel.tsx";
import type { Workflow } from "../api/workflow.ts";
import { RATE_DAYS } from "../model/rates.ts";
import { RateChart } from "./RateChart.tsx";

/** Failures are at the bottom of the stack, so that their number is easy to compare. */
const SERIES: readonly Series<"failed" | "cancelled" | "succeeded">[] = [
  { kind: "failed", title: "Failed", color: "var(--blocked)" },
  { kind: "cancelled", title: "Other results", color: "var(--backlog)" },
  { kind: "succeeded", title: "Succeeded", color: "var(--done)" },
];

/** The success rate of a workflow over time, and its completed runs by day and result. */
export function SuccessOverTime({ workflow: { name, days } }: { readonly workflow: Workflow }) {
  // The first days are only part of the first rates, which are taken over a week.
  const shown = days.slice(RATE_DAYS - 1);
  const hasRuns = days.some(
    ({ succeeded, failed, cancelled }) => succeeded + failed + cancelled > 0,
  );
  return (
    <Panel title="Success over time">
      {!hasRuns ? (
        <p className="text-ink-faint">No run has completed in the last {shown.length} days.</p>
      ) : (
        <div className="flex flex-col gap-3">
          <RateChart name={name} days={days} />
          <DayChart
            title={`Runs of ${name}`}
            unit="completed runs"
            shape="bars"
            series={SERIES}
            days={shown.map(({ day, failed, cancelled, succeeded }) => ({
              day,
              values: { failed, cancelled, succeeded },
            }))}
          />
        </div>
      )}
    </Panel>
  );
}
