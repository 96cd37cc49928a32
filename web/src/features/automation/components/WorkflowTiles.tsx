import { OutcomeBadge } from "@/components/OutcomeMark.tsx";
import { outcomeOf, outcomeWords } from "@/lib/outcome.ts";
import { duration } from "@/lib/time.ts";
import type { Workflow } from "../api/workflow.ts";
import { rateColor, rateWords } from "../model/strip.ts";
import { Tile } from "./Tile.tsx";

/** The state of a workflow in a few values. */
export function WorkflowTiles({ workflow }: { readonly workflow: Workflow }) {
  const latest = workflow.recentRuns[0];
  return (
    <dl className="grid grid-cols-2 gap-3 sm:grid-cols-4">
      <Tile name="State">
        {latest ? (
          <OutcomeBadge outcome={outcomeOf(latest)} words={outcomeWords(latest)} />
        ) : (
          "No runs"
        )}
        {workflow.state !== "active" && (
          <span className="text-meta font-normal text-warning">
            {workflow.state.replaceAll("_", " ")}
          </span>
        )}
        {workflow.isFlaky && (
          <span
            className="text-meta font-normal text-warning"
            title="The same commit passed and failed"
          >
            flaky
          </span>
        )}
      </Tile>
      <Tile name="Recent runs">{workflow.recentRuns.length}</Tile>
      <Tile name="Success rate">
        <span className={rateColor(workflow.successRate)}>{rateWords(workflow.successRate)}</span>
      </Tile>
      <Tile name="Average duration">{duration((workflow.averageDuration ?? 0) * 1_000)}</Tile>
    </dl>
  );
}
