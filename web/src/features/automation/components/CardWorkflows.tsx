import { useMemo } from "react";
import { Link, useLocation } from "wouter";
import { classes } from "@/components/classes.ts";
import { OutcomeMark } from "@/components/OutcomeMark.tsx";
import { Delayed } from "@/components/states.tsx";
import { workflowAddress } from "@/lib/automation.ts";
import { outcomeOf, outcomeWords } from "@/lib/outcome.ts";
import type { CardWorkflow } from "../api/cardWorkflows.ts";
import { mostUrgentFirst } from "../model/workflowOrder.ts";
import { MiniStrip } from "./MiniStrip.tsx";
import type { ShownWorkflows } from "./useCardWorkflows.ts";

/** The number of workflows that have a line with their runs. Further ones are shown in two columns. */
const LINES = 5;

/** The height of a number of workflows, in rem. */
const heightOf = (count: number): number =>
  Math.min(count, LINES) * 1.625 + Math.ceil(Math.max(0, count - LINES) / 2) * 1.5;

type DecisiveRun = NonNullable<CardWorkflow["latestRunOnDefaultBranch"]>;

/** The run that decides the state of a workflow: the latest on the default branch. Runs of pull requests do not count. */
const decisiveRun = (workflow: CardWorkflow): DecisiveRun | null =>
  workflow.latestRunOnDefaultBranch ?? workflow.recentRuns[0] ?? null;

/** The workflows of a repository. Until they are loaded, empty lines of the same height. */
export function CardWorkflows({
  count,
  workflows,
  isVisible,
  isLoading,
}: ShownWorkflows & {
  /** The number of workflows. */
  readonly count: number;
}) {
  if (count === 0) return null;
  return (
    <div
      className="mt-1 -ml-1"
      aria-busy={isLoading}
      style={{ minHeight: `${heightOf(workflows?.length ?? count)}rem` }}
    >
      {workflows ? <Loaded workflows={workflows} /> : isVisible && <Placeholder count={count} />}
    </div>
  );
}

/** The workflows, failing ones first, each with its state. The first have their latest runs. */
function Loaded({ workflows }: { readonly workflows: readonly CardWorkflow[] }) {
  const [, navigate] = useLocation();
  const sorted = useMemo(
    () =>
      mostUrgentFirst(workflows, (workflow) => {
        const run = decisiveRun(workflow);
        return run ? outcomeOf(run) : "unknown";
      }),
    [workflows],
  );
  const others = sorted.slice(LINES);
  return (
    <>
      <ul aria-label="Workflows">
        {sorted.slice(0, LINES).map((workflow) => (
          <li key={workflow.id} className="flex h-6.5 items-center gap-3">
            <span className="flex min-w-0 grow">
              <WorkflowLink workflow={workflow} />
            </span>
            <span className="h-4.5 w-25 shrink-0">
              <MiniStrip
                name={workflow.name}
                runs={workflow.recentRuns}
                onOpen={(run) => navigate(workflowAddress(workflow.id, run))}
              />
            </span>
          </li>
        ))}
      </ul>
      {others.length > 0 && (
        <ul className="grid grid-cols-2 gap-x-2" aria-label="Further workflows">
          {others.map((workflow) => (
            <li key={workflow.id} className="flex min-w-0">
              <WorkflowLink workflow={workflow} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Placeholder({ count }: { readonly count: number }) {
  const indexes = [...Array(count).keys()];
  return (
    <Delayed>
      <div aria-hidden data-placeholder>
        {indexes.slice(0, LINES).map((index) => (
          <Bar key={index} index={index} className="h-6.5" />
        ))}
        <div className="grid grid-cols-2 gap-x-2">
          {indexes.slice(LINES).map((index) => (
            <Bar key={index} index={index} className="h-6" />
          ))}
        </div>
      </div>
    </Delayed>
  );
}

/** Widths of usual names. */
const WIDTHS = ["w-12", "w-20", "w-16", "w-24", "w-14"] as const;

/** A grey bar in the place of a name, and a disc in that of its state. */
function Bar({ index, className }: { readonly index: number; readonly className: string }) {
  return (
    <div className={classes("flex items-center gap-1.5 px-1", className)}>
      <span className="size-3 shrink-0 rounded-full bg-line" />
      <span className={classes("h-2 rounded bg-line", WIDTHS[index % WIDTHS.length])} />
    </div>
  );
}

function WorkflowLink({ workflow }: { readonly workflow: CardWorkflow }) {
  const run = decisiveRun(workflow);
  return (
    <Link
      href={workflowAddress(workflow.id, run?.id)}
      className="flex h-6 min-w-0 items-center gap-1.5 rounded px-1 text-meta text-ink-soft hover:bg-column hover:text-ink"
      title={titleOf(workflow.name, run)}
    >
      <OutcomeMark
        outcome={run ? outcomeOf(run) : "unknown"}
        label={run ? outcomeWords(run) : "No run"}
        size={12}
      />
      <span className="truncate">{workflow.name}</span>
      {workflow.isFlaky && (
        <span className="shrink-0 text-warning" title="The same commit passed and failed">
          flaky
        </span>
      )}
    </Link>
  );
}

const titleOf = (name: string, run: DecisiveRun | null): string =>
  run
    ? `${name}: ${outcomeWords(run)}, run #${run.number}${run.branch === null ? "" : ` on ${run.branch}`}`
    : `${name}: no run yet`;
