import { Link, useLocation } from "wouter";
import { OutcomeMark } from "@/components/OutcomeMark.tsx";
import { workflowAddress, type Run } from "@/lib/automation.ts";
import { outcomeOf, outcomeWords } from "@/lib/outcome.ts";
import type { Summary } from "../api/automation.ts";
import type { WorkflowRuns } from "../api/strips.ts";
import { mostUrgentFirst } from "../model/workflowOrder.ts";
import { MiniStrip } from "./MiniStrip.tsx";

type Workflow = Summary["automation"]["workflows"][number];

/** The number of workflows that have a line with their runs. Further ones are shown side by side. */
const LINES = 5;

/** The run that decides the state of a workflow: the latest on the default branch. Runs of pull requests do not count. */
const decisiveRun = (workflow: Workflow): Run | null =>
  workflow.latestRunOnDefaultBranch ?? workflow.latestRun;

/** The workflows of a repository, failing ones first, each with its state and its latest runs. */
export function CardWorkflows({
  workflows,
  runs,
}: {
  readonly workflows: readonly Workflow[];
  /** Undefined until they are loaded. */
  readonly runs: WorkflowRuns | undefined;
}) {
  const [, navigate] = useLocation();
  if (workflows.length === 0) return null;
  const sorted = mostUrgentFirst(workflows, (workflow) => {
    const run = decisiveRun(workflow);
    return run ? outcomeOf(run) : "unknown";
  });
  const others = sorted.slice(LINES);
  return (
    <>
      <ul className="mt-1 -ml-1" aria-label="Workflows">
        {sorted.slice(0, LINES).map((workflow) => (
          <li key={workflow.id} className="flex h-6.5 items-center gap-3">
            <span className="flex min-w-0 grow">
              <WorkflowLink workflow={workflow} />
            </span>
            <span className="h-4.5 w-25 shrink-0">
              {runs && (
                <MiniStrip
                  name={workflow.name}
                  runs={runs.get(workflow.id) ?? []}
                  onOpen={(run) => navigate(workflowAddress(workflow.id, run))}
                />
              )}
            </span>
          </li>
        ))}
      </ul>
      {others.length > 0 && (
        <ul className="-ml-1 flex flex-wrap gap-x-2" aria-label="Further workflows">
          {others.map((workflow) => (
            <li key={workflow.id} className="max-w-40 min-w-0">
              <WorkflowLink workflow={workflow} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function WorkflowLink({ workflow }: { readonly workflow: Workflow }) {
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

const titleOf = (name: string, run: Run | null): string =>
  run
    ? `${name}: ${outcomeWords(run)}, run #${run.number}${run.branch === null ? "" : ` on ${run.branch}`}`
    : `${name}: no run yet`;
