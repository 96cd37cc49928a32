import { Link, useLocation } from "wouter";
import { classes } from "@/components/classes.ts";
import { OutcomeMark } from "@/components/OutcomeMark.tsx";
import { workflowAddress } from "@/lib/automation.ts";
import { outcomeOf, outcomeWords } from "@/lib/outcome.ts";
import { duration } from "@/lib/time.ts";
import type { RepositoryWorkflow } from "../api/repository.ts";
import { rateColor, rateWords } from "../model/strip.ts";
import { RunLine } from "./RunLine.tsx";
import { RunStrip } from "./RunStrip.tsx";
import { plural } from "./SyncProblem.tsx";

/** The number of runs that are listed below the bars. */
const LISTED = 5;

/** A workflow of a repository with its success rate, its runs as bars and its latest runs as lines. */
export function WorkflowRow({ workflow }: { readonly workflow: RepositoryWorkflow }) {
  const [, navigate] = useLocation();
  const [latest] = workflow.recentRuns;
  const wants = latest !== undefined && outcomeOf(latest) !== "success";
  return (
    <li className="py-3 first:pt-0 last:pb-0">
      <div className="grid items-center gap-x-4 gap-y-1 sm:grid-cols-[minmax(0,14rem)_7rem_minmax(0,1fr)]">
        <div className="flex min-w-0 items-center gap-2">
          {latest ? (
            <Link
              href={workflowAddress(workflow.id, latest.id)}
              className="-m-1.5 rounded p-1.5"
              title={`${outcomeWords(latest)}: open run #${latest.number}`}
            >
              <OutcomeMark
                outcome={outcomeOf(latest)}
                label={`${workflow.name}: ${outcomeWords(latest)}, open the run`}
              />
            </Link>
          ) : (
            <OutcomeMark outcome="unknown" label="No run" />
          )}
          <Link
            href={workflowAddress(workflow.id)}
            className="min-w-6 truncate rounded py-1 font-medium hover:underline"
            title={workflow.path}
          >
            {workflow.name}
          </Link>
          {workflow.isFlaky && (
            <span
              className="shrink-0 text-meta text-warning"
              title="The same commit passed and failed"
            >
              flaky
            </span>
          )}
          {workflow.state !== "active" && (
            <span className="shrink-0 truncate text-meta text-ink-faint">
              {workflow.state.replaceAll("_", " ")}
            </span>
          )}
        </div>
        <span className="tabular flex gap-2 text-meta text-ink-faint">
          <span className={classes("w-11 font-medium", rateColor(workflow.successRate))}>
            <span className="sr-only">Success rate </span>
            {rateWords(workflow.successRate)}
          </span>
          <span title="Average duration">{duration((workflow.averageDuration ?? 0) * 1_000)}</span>
        </span>
        <RunStrip
          name={workflow.name}
          runs={workflow.recentRuns}
          onOpen={(run) => navigate(workflowAddress(workflow.id, run))}
        />
      </div>
      {workflow.recentRuns.length > 0 && (
        <details open={wants} className="mt-1">
          <summary className="min-h-6 content-center rounded text-meta text-ink-soft">
            Latest {plural(Math.min(LISTED, workflow.recentRuns.length), "run")}
          </summary>
          <ul className="-mx-2" aria-label={`Latest runs of ${workflow.name}`}>
            {workflow.recentRuns.slice(0, LISTED).map((run) => (
              <RunLine key={run.id} run={run} workflow={workflow} />
            ))}
          </ul>
        </details>
      )}
    </li>
  );
}
