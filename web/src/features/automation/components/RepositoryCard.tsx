import { Trash2 } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";
import { Button, IconButton } from "@/components/Button.tsx";
import { classes } from "@/components/classes.ts";
import { OutcomeMark } from "@/components/OutcomeMark.tsx";
import { useSubmit } from "@/components/useSubmit.ts";
import { repositoryAddress, shortSha, workflowAddress, type Run } from "@/lib/automation.ts";
import { outcomeOf, outcomeWords } from "@/lib/outcome.ts";
import { untrack } from "@/lib/tracking.ts";
import { useMay } from "@/lib/viewer.ts";
import type { Summary } from "../api/automation.ts";
import { OnGitHub } from "./RunLine.tsx";
import { plural, SeedBadge, SyncProblem } from "./SyncProblem.tsx";
import { SyncRepositoryButton } from "./SyncAutomation.tsx";

/** A repository of the list: its failing and running workflows, and the state of each workflow. */
export function RepositoryCard({
  repository,
  onReread,
}: {
  readonly repository: Summary;
  readonly onReread: () => void;
}) {
  const { fullName, owner, name, url, source, automation } = repository;
  const [isRemoving, setRemoving] = useState(false);
  const mayRemove = useMay("track");
  const [release] = automation.releases;
  return (
    <li
      className={classes(
        "flex min-w-0 flex-col rounded-lg border bg-card [contain-intrinsic-size:auto_11rem] [content-visibility:auto]",
        automation.syncError !== null ? "border-danger/60" : "border-line",
      )}
    >
      <div className="flex items-center gap-1 pt-2 pr-2 pl-4">
        <h2 className="min-w-0 truncate font-semibold">
          <Link
            href={repositoryAddress(fullName)}
            aria-label={fullName}
            className="rounded hover:underline"
          >
            <span className="font-normal text-ink-faint">{owner}/</span>
            {name}
          </Link>
        </h2>
        {source === "ENV" && <SeedBadge />}
        <span className="grow" />
        <SyncRepositoryButton repository={fullName} />
        <OnGitHub url={url} name={fullName} />
        {mayRemove && (
          <IconButton label={`Remove ${fullName}`} onClick={() => setRemoving(true)}>
            <Trash2 size={14} aria-hidden />
          </IconButton>
        )}
      </div>
      <p className="tabular truncate px-4 text-meta text-ink-faint">
        {[
          automation.defaultBranch,
          automation.latestCommit && shortSha(automation.latestCommit.sha),
          plural(automation.workflowsCount, "workflow"),
          plural(automation.releasesCount, "release"),
          plural(automation.openPullRequestsCount, "open PR"),
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      <SyncProblem automation={automation} className="px-4" />
      <div className="flex grow flex-col justify-end px-4 pt-2.5 pb-3">
        <Standing automation={automation} />
        <WorkflowDots workflows={automation.workflows} />
        {release && (
          <p className="mt-2 truncate text-meta text-ink-faint">
            Latest release{" "}
            <a
              href={release.url}
              target="_blank"
              rel="noreferrer noopener"
              className="rounded py-1 text-ink-soft underline decoration-line hover:text-ink hover:decoration-current"
            >
              {release.tagName}
            </a>
          </p>
        )}
      </div>
      {isRemoving && (
        <Removal
          fullName={fullName}
          onKeep={() => setRemoving(false)}
          onRemoved={() => {
            setRemoving(false);
            onReread();
          }}
        />
      )}
    </li>
  );
}

/** The number of failing and of running workflows. */
function Standing({
  automation: { failingCount, runningCount, isRed },
}: Pick<Summary, "automation">) {
  return (
    <p className="tabular flex flex-wrap gap-x-3 font-medium">
      {failingCount > 0 && (
        <span
          className={isRed ? "text-danger" : "text-warning"}
          title="Counts the latest run of each workflow and branch"
        >
          {failingCount.toLocaleString()} failing{!isRed && " on other branches"}
        </span>
      )}
      {runningCount > 0 && (
        <span className="text-accent">{runningCount.toLocaleString()} running</span>
      )}
      {failingCount === 0 && runningCount === 0 && <span className="text-success">all clear</span>}
    </p>
  );
}

/** Each workflow with its latest run on the default branch. Runs of pull requests do not count. */
function WorkflowDots({ workflows }: { readonly workflows: Summary["automation"]["workflows"] }) {
  if (workflows.length === 0) {
    return <p className="mt-1 text-meta text-ink-faint">No workflows</p>;
  }
  return (
    <ul className="mt-1 -ml-1 flex flex-wrap gap-x-2" aria-label="Workflows">
      {workflows.map((workflow) => {
        const run = workflow.latestRunOnDefaultBranch ?? workflow.latestRun;
        return (
          <li key={workflow.id} className="min-w-0">
            <Link
              href={workflowAddress(workflow.id, run?.id)}
              className="flex h-6 max-w-40 items-center gap-1.5 rounded px-1 text-meta text-ink-soft hover:bg-column hover:text-ink"
              title={dotTitle(workflow.name, run)}
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
          </li>
        );
      })}
    </ul>
  );
}

const dotTitle = (name: string, run: Run | null): string =>
  run
    ? `${name}: ${outcomeWords(run)}, run #${run.number}${run.branch === null ? "" : ` on ${run.branch}`}`
    : `${name}: no run yet`;

function Removal({
  fullName,
  onKeep,
  onRemoved,
}: {
  readonly fullName: string;
  readonly onKeep: () => void;
  readonly onRemoved: () => void;
}) {
  const { isBusy, refusal, submit } = useSubmit(() => untrack(fullName), onRemoved);
  return (
    <div
      role="group"
      aria-label={`Remove ${fullName}`}
      className="flex flex-wrap items-center gap-2 rounded-b-lg border-t border-line bg-column px-4 py-2"
    >
      <p className="min-w-40 grow text-board text-ink-soft">
        Its issues are hidden, not deleted. Track it again to see them.
      </p>
      <Button onClick={onKeep}>Keep</Button>
      <Button look="danger" disabled={isBusy} onClick={() => void submit()}>
        Remove
      </Button>
      {refusal !== undefined && (
        <p role="alert" className="w-full text-danger">
          {refusal}
        </p>
      )}
    </div>
  );
}
