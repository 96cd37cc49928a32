import { Ban, Split } from "lucide-react";
import { classes } from "./classes.ts";

type Counts = {
  readonly state: "OPEN" | "CLOSED";
  readonly openBlockers: number;
  readonly unblocks: number;
};

/** Whether an open issue waits for other issues, or other issues wait for it. */
export const hasOpenDependencies = ({ state, openBlockers, unblocks }: Counts): boolean =>
  state === "OPEN" && (openBlockers > 0 || unblocks > 0);

const issues = (count: number): string => (count === 1 ? "1 open issue" : `${count} open issues`);

/** The number of open issues that an issue waits for, and the number that wait for it. Zero is not shown. */
export function DependencyBadges({
  issue,
  className,
}: {
  readonly issue: Counts;
  readonly className?: string;
}) {
  if (!hasOpenDependencies(issue)) return null;
  const { openBlockers, unblocks } = issue;
  return (
    <span
      className={classes(
        "tabular flex min-w-0 flex-wrap items-center gap-x-2.5 text-meta",
        className,
      )}
    >
      {openBlockers > 0 && (
        <span
          data-dependency="blocked"
          title={`Waits for ${issues(openBlockers)}; no agent is served it until then`}
          className="inline-flex items-center gap-1 text-warning"
        >
          <Ban size={12} className="shrink-0" aria-hidden />
          blocked by {openBlockers}
        </span>
      )}
      {unblocks > 0 && (
        <span
          data-dependency="unblocks"
          title={
            unblocks === 1 ? "1 open issue waits for it" : `${unblocks} open issues wait for it`
          }
          className="inline-flex items-center gap-1 text-ink-soft"
        >
          <Split size={12} className="shrink-0" aria-hidden />
          unblocks {unblocks}
        </span>
      )}
    </span>
  );
}
