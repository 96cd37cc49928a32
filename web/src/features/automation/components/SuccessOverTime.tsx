import { DayChart, type Series } from "@/components/DayChart.tsx";
import { Panel } from "@/components/Panel.tsx";
import type { Workflow } from "../api/workflow.ts";

/** Failures are at the bottom of the stack, so that their number is easy to compare. */
const SERIES: readonly Series<"failed" | "cancelled" | "succeeded">[] = [
  { kind: "failed", title: "Failed", color: "var(--blocked)" },
  { kind: "cancelled", title: "Cancelled", color: "var(--backlog)" },
  { kind: "succeeded", title: "Succeeded", color: "var(--done)" },
];

/** The completed runs of a workflow by day and result. */
export function SuccessOverTime({ workflow }: { readonly workflow: Workflow }) {
  return (
    <Panel title="Success over time">
      {workflow.days.length === 0 ? (
        <p className="text-ink-faint">No run has finished in the last 30 days.</p>
      ) : (
        <DayChart
          title={`Runs of ${workflow.name}`}
          unit="runs"
          shape="bars"
          series={SERIES}
          days={workflow.days.map(({ day, failed, cancelled, succeeded }) => ({
            day,
            values: { failed, cancelled, succeeded },
          }))}
        />
      )}
    </Panel>
  );
}
