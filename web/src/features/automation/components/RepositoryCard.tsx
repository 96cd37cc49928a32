import { Trash2 } from "lucide-react";
import { useRef, useState } from "react";
import { Link } from "wouter";
import { Button, IconButton } from "@/components/Button.tsx";
import { classes } from "@/components/classes.ts";
import { useSubmit } from "@/components/useSubmit.ts";
import { repositoryAddress, shortSha } from "@/lib/automation.ts";
import { untrack } from "@/lib/tracking.ts";
import { useMay } from "@/lib/viewer.ts";
import type { Summary } from "../api/automation.ts";
import { CardWorkflows } from "./CardWorkflows.tsx";
import { OnGitHub } from "./RunLine.tsx";
import { plural, SeedBadge, SyncProblem } from "./SyncProblem.tsx";
import { SyncRepositoryButton } from "./SyncAutomation.tsx";
import { useCardWorkflows } from "./useCardWorkflows.ts";

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
  const card = useRef<HTMLLIElement>(null);
  const shown = useCardWorkflows(repository, card);
  const [release] = automation.releases;
  return (
    <li
      ref={card}
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
          automation.workflowsCount > 0 && plural(automation.workflowsCount, "workflow"),
          automation.releasesCount > 0 && plural(automation.releasesCount, "release"),
          automation.openPullRequestsCount > 0 &&
            plural(automation.openPullRequestsCount, "open PR"),
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      <SyncProblem automation={automation} className="px-4" />
      <div className="px-4 pt-2.5 pb-3">
        <Standing automation={automation} />
        <CardWorkflows count={automation.workflowsCount} {...shown} />
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
  automation: { failingCount, runningCount, isRed, workflowsCount },
}: Pick<Summary, "automation">) {
  if (workflowsCount === 0) return <p className="text-ink-faint">No workflows</p>;
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
      {failingCount === 0 && runningCount === 0 && (
        <span className="text-success">no failures</span>
      )}
    </p>
  );
}

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
