import {
  GitMerge,
  GitPullRequest,
  Play,
  RefreshCw,
  Rocket,
  Tag,
  X,
  Check,
  CircleDot,
  type LucideIcon,
} from "lucide-react";
import { Link } from "wouter";
import { classes } from "@/components/classes.ts";
import { RelativeTime } from "@/components/RelativeTime.tsx";
import { repositoryAddress, shortSha, workflowAddress } from "@/lib/automation.ts";
import type { ActivityEvent } from "../api/activity.ts";
import { typeWords } from "../model/activityFilter.ts";
import { OnGitHub } from "./RunLine.tsx";

const LOOKS: Readonly<Record<string, { readonly Icon: LucideIcon; readonly color: string }>> = {
  WORKFLOW_RUN_STARTED: { Icon: Play, color: "text-accent" },
  WORKFLOW_RUN_COMPLETED: { Icon: Check, color: "text-success" },
  WORKFLOW_RUN_FAILED: { Icon: X, color: "text-danger" },
  RELEASE_PUBLISHED: { Icon: Tag, color: "text-ink" },
  PULL_REQUEST_OPENED: { Icon: GitPullRequest, color: "text-success" },
  PULL_REQUEST_MERGED: { Icon: GitMerge, color: "text-accent" },
  DEPLOYMENT: { Icon: Rocket, color: "text-ink" },
  SYNC_COMPLETED: { Icon: RefreshCw, color: "text-ink-faint" },
};

/** An event of the activity: its type, title, repository, actor and time. */
export function ActivityLine({
  event,
  isFresh = false,
  isRepositoryShown = true,
}: {
  readonly event: ActivityEvent;
  readonly isFresh?: boolean;
  readonly isRepositoryShown?: boolean;
}) {
  const { Icon, color } = LOOKS[event.type ?? ""] ?? { Icon: CircleDot, color: "text-ink-soft" };
  const place = [event.branch, event.sha && shortSha(event.sha), event.actor].filter(Boolean);
  return (
    <div
      className={classes(
        "grid items-baseline gap-x-4 px-4 py-2 max-sm:gap-x-2 max-sm:px-3",
        isRepositoryShown
          ? "grid-cols-[2.5rem_11rem_minmax(0,1fr)_1.75rem] max-lg:grid-cols-[2.5rem_minmax(0,1fr)_1.75rem]"
          : "grid-cols-[2.5rem_minmax(0,1fr)_1.75rem]",
        isFresh && "animate-arrive",
      )}
    >
      <RelativeTime instant={event.createdAt} />
      {isRepositoryShown && (
        <span className={classes("flex items-center gap-1.5 max-lg:hidden", color)}>
          <Icon size={13} className="shrink-0" aria-hidden />
          {typeWords(event.type)}
        </span>
      )}
      <div className="min-w-0">
        <p className="flex min-w-0 items-baseline gap-2">
          <span
            className={classes("shrink-0 self-center", color, isRepositoryShown && "lg:hidden")}
          >
            <Icon size={13} aria-hidden />
            <span className="sr-only">{typeWords(event.type)}</span>
          </span>
          <Title event={event} />
        </p>
        <p className="truncate text-meta text-ink-faint">
          {isRepositoryShown && (
            <Link
              href={repositoryAddress(event.repository.fullName)}
              className="rounded text-ink-soft underline decoration-line hover:text-ink hover:decoration-current"
            >
              {event.repository.fullName}
            </Link>
          )}
          {isRepositoryShown && place.length > 0 && " · "}
          {place.join(" · ")}
          {event.description !== null && (place.length > 0 || isRepositoryShown) && " · "}
          {event.description}
        </p>
      </div>
      {event.url === null ? <span /> : <OnGitHub url={event.url} name={event.title} />}
    </div>
  );
}

/** The title of an event. That of a run links to the run. */
function Title({ event: { title, workflowRun } }: { readonly event: ActivityEvent }) {
  if (!workflowRun) {
    return (
      <span className="min-w-0 truncate" dir="auto" title={title}>
        {title}
      </span>
    );
  }
  return (
    <Link
      href={workflowAddress(workflowRun.workflow.id, workflowRun.id)}
      className="min-w-0 truncate rounded py-1 hover:underline"
      title={title}
    >
      <bdi>{title}</bdi>
    </Link>
  );
}
