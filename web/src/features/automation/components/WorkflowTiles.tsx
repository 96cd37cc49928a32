import type { ReactNode } from "react";
import { classes } from "@/components/classes.ts";
import { OutcomeBadge } from "@/components/OutcomeMark.tsx";
import type { Run } from "@/lib/automation.ts";
import { outcomeOf, outcomeWords } from "@/lib/outcome.ts";
import { duration } from "@/lib/time.ts";
import type { Workflow } from "../api/workflow.ts";
import { rateColor, rateWords } from "../model/strip.ts";
import { Tile } from "./Tile.tsx";

/** The state of a workflow in a few values. */
export function WorkflowTiles({ workflow }: { readonly workflow: Workflow }) {
  const { latestRunOnDefaultBranch, recentRuns, repository, successRate, averageDuration } =
    workflow;
  const [latest] = recentRuns;
  return (
    <dl className="grid grid-cols-2 gap-3 sm:grid-cols-4">
      <Tile name={`On ${repository.automation.defaultBranch}`}>
        <RunState run={latestRunOnDefaultBranch} />
        {workflow.state !== "active" && (
          <Note className="text-warning">{workflow.state.replaceAll("_", " ")}</Note>
        )}
        {workflow.isFlaky && (
          <Note className="text-warning" title="The same commit passed and failed">
            flaky
          </Note>
        )}
      </Tile>
      <Tile name="Latest run">
        <RunState run={latest ?? null} />
        {latest?.branch != null && <Note className="min-w-0 truncate">on {latest.branch}</Note>}
      </Tile>
      <Tile name="Success rate">
        <span className={rateColor(successRate)}>{rateWords(successRate)}</span>
        {successRate !== null && (
          <Note title="Of the latest 100 runs, those that succeeded or failed">
            of those that succeeded or failed
          </Note>
        )}
      </Tile>
      <Tile name="Average duration">
        {duration((averageDuration ?? 0) * 1_000)}
        {averageDuration !== null && <Note>of successful runs</Note>}
      </Tile>
    </dl>
  );
}

function RunState({ run }: { readonly run: Run | null }) {
  return run ? (
    <OutcomeBadge outcome={outcomeOf(run)} words={outcomeWords(run)} />
  ) : (
    <span className="font-normal text-ink-faint">No runs</span>
  );
}

function Note({
  className = "text-ink-soft",
  title,
  children,
}: {
  readonly className?: string;
  readonly title?: string;
  readonly children: ReactNode;
}) {
  return (
    <span className={classes("text-meta font-normal", className)} title={title}>
      {children}
    </span>
  );
}
