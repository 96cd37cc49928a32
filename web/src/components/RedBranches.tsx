import { useState } from "react";
import { Link } from "wouter";
import { repositoryAddress, shortSha, workflowAddress, type RedBranch } from "@/lib/automation.ts";
import { outcomeOf, outcomeWords } from "@/lib/outcome.ts";
import { ago, fullTime, useNow } from "@/lib/time.ts";
import { Button } from "./Button.tsx";
import { OutcomeMark } from "./OutcomeMark.tsx";
import { Panel } from "./Panel.tsx";

/** The time for sorting. Branches that have failed for as long as is known come first. */
const began = ({ since: instant }: RedBranch): number =>
  instant === null ? -Infinity : Date.parse(instant);

/** The number of branches that are shown at first, so that they leave room for the rest of the page. */
const SHOWN = 10;

/** Failing default branches, the longest failing first, each with its workflow and the commit that broke it. */
export function RedBranches({
  branches,
  className,
}: {
  readonly branches: readonly RedBranch[];
  readonly className?: string;
}) {
  const now = useNow();
  const [isWhole, setWhole] = useState(false);
  if (branches.length === 0) return null;
  const sorted = [...branches].sort((a, b) => began(a) - began(b) || 0);
  return (
    <Panel
      title="Failing default branches"
      count={branches.length}
      {...(className !== undefined && { className })}
    >
      <ul className="-mx-2 -my-1" aria-label="Failing default branches">
        {(isWhole ? sorted : sorted.slice(0, SHOWN)).map((red) => (
          <li
            key={`${red.workflow.id} ${red.branch}`}
            className="grid grid-cols-[1rem_minmax(0,1fr)_auto] items-center gap-x-3 rounded px-2 py-1.5 hover:bg-column sm:grid-cols-[1rem_minmax(0,1.2fr)_minmax(0,1fr)_minmax(0,1.3fr)_6rem]"
          >
            <Link
              href={workflowAddress(red.workflow.id, red.run.id)}
              className="-m-1.5 rounded p-1.5"
              title={`${outcomeWords(red.run)}: open run #${red.run.number}`}
            >
              <OutcomeMark
                outcome={outcomeOf(red.run)}
                label={`${red.repository.fullName} ${red.workflow.name}: ${outcomeWords(red.run)}, open the run`}
              />
            </Link>
            <Link
              href={repositoryAddress(red.repository.fullName)}
              className="min-w-0 truncate rounded font-medium hover:underline"
            >
              {red.repository.fullName}
            </Link>
            <span className="min-w-0 truncate text-ink-soft max-sm:order-1 max-sm:col-span-2 max-sm:col-start-2">
              <Link
                href={workflowAddress(red.workflow.id, red.run.id)}
                className="rounded hover:text-ink hover:underline"
              >
                {red.workflow.name}
              </Link>{" "}
              <span className="text-ink-faint">on {red.branch}</span>
            </span>
            <span className="min-w-0 truncate text-meta text-ink-soft max-sm:order-2 max-sm:col-span-2 max-sm:col-start-2">
              <Since red={red} />
            </span>
            {red.since === null ? (
              <span />
            ) : (
              <time
                dateTime={red.since}
                title={fullTime(red.since)}
                className="tabular text-right text-meta font-medium text-danger"
              >
                {durationWords(red.since, now)}
              </time>
            )}
          </li>
        ))}
      </ul>
      {sorted.length > SHOWN && !isWhole && (
        <Button className="mt-2" onClick={() => setWhole(true)}>
          Show all {sorted.length.toLocaleString()}
        </Button>
      )}
    </Panel>
  );
}

/** How long a branch has failed, such as `for 3h`. */
function durationWords(instant: string, now: number): string {
  const words = ago(instant, now);
  return words === "now" ? "just now" : `for ${words}`;
}

/** The first commit that failed, with its author. */
function Since({ red: { sinceCommit, sinceActor, repository } }: { readonly red: RedBranch }) {
  if (sinceCommit === null) return sinceActor === null ? null : <>by {sinceActor}</>;
  return (
    <>
      since{" "}
      <a
        href={`${repository.url}/commit/${sinceCommit}`}
        target="_blank"
        rel="noreferrer noopener"
        className="tabular rounded text-ink underline decoration-line-strong underline-offset-2 hover:decoration-ink"
      >
        {shortSha(sinceCommit)}
      </a>
      {sinceActor !== null && ` by ${sinceActor}`}
    </>
  );
}
