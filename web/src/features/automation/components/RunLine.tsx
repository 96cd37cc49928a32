import { ExternalLink } from "lucide-react";
import { Link } from "wouter";
import { classes } from "@/components/classes.ts";
import { OutcomeMark } from "@/components/OutcomeMark.tsx";
import { RelativeTime } from "@/components/RelativeTime.tsx";
import { shortSha, workflowAddress, type Run } from "@/lib/automation.ts";
import { outcomeOf, outcomeWords } from "@/lib/outcome.ts";
import { duration, useNow } from "@/lib/time.ts";
import { lengthOf } from "../model/strip.ts";
import { RunAgainButton } from "./RunActions.tsx";

/** A run in a list: its outcome, title, branch, actor, duration and time. */
export function RunLine({
  run,
  workflow,
  isOpen = false,
  search = "",
}: {
  readonly run: Run;
  readonly workflow: { readonly id: string; readonly name: string };
  readonly isOpen?: boolean;
  /** Parameters that are added to the address of the run, such as `&branch=main`. */
  readonly search?: string;
}) {
  const now = useNow();
  const length = lengthOf(run, now);
  return (
    <li
      className={classes(
        "grid grid-cols-[1rem_3rem_minmax(0,1fr)_auto_auto] items-center gap-x-2.5 rounded px-2 py-1.5 transition-colors sm:grid-cols-[1rem_3rem_minmax(0,2fr)_minmax(0,1fr)_4rem_3rem_auto]",
        isOpen ? "bg-accent-soft" : "hover:bg-column",
      )}
    >
      <span title={outcomeWords(run)}>
        <OutcomeMark outcome={outcomeOf(run)} label={outcomeWords(run)} />
      </span>
      <span className="tabular text-ink-faint">
        #{run.number}
        {run.attempt > 1 && (
          <span title={`Attempt ${run.attempt}`}>
            <span aria-hidden>·{run.attempt}</span>
            <span className="sr-only"> attempt {run.attempt}</span>
          </span>
        )}
      </span>
      <Link
        href={`${workflowAddress(workflow.id, run.id)}${search}`}
        aria-current={isOpen ? "true" : undefined}
        className="-my-1 min-w-0 truncate rounded py-1 hover:underline"
        title={run.title}
      >
        <bdi>{run.title}</bdi>
      </Link>
      <span className="truncate text-meta text-ink-soft max-sm:order-1 max-sm:col-start-3">
        {[run.branch, shortSha(run.headSha), run.actor].filter(Boolean).join(" · ")}
      </span>
      <span className="tabular text-right text-meta text-ink-faint max-sm:hidden">
        {length > 0 ? duration(length) : "-"}
      </span>
      <span className="text-right max-sm:col-span-2">
        <RelativeTime instant={run.createdAt} />
      </span>
      <span className="flex w-14 items-center justify-end max-sm:order-1 max-sm:col-span-2">
        <RunAgainButton run={run} name={workflow.name} />
        <OnGitHub url={run.url} name={`Run #${run.number}`} />
      </span>
      {run.waitingFor !== null && (
        <p className="col-start-3 -col-end-1 text-meta wrap-anywhere text-warning max-sm:order-2">
          {run.waitingFor}
        </p>
      )}
    </li>
  );
}

/** A link to a page on GitHub. */
export function OnGitHub({ url, name }: { readonly url: string; readonly name: string }) {
  return (
    <a
      href={url}
      target="_blank"
      rel="noreferrer noopener"
      aria-label={`${name} on GitHub`}
      title="On GitHub"
      className="-my-1 inline-flex size-7 shrink-0 items-center justify-center rounded text-ink-faint hover:bg-line/60 hover:text-ink"
    >
      <ExternalLink size={13} aria-hidden />
    </a>
  );
}
