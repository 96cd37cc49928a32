import { ChevronRight } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "@/components/Button.tsx";
import { Panel } from "@/components/Panel.tsx";
import { IssueLink, IssueNumber } from "@/components/IssueLink.tsx";
import { AgentBadge } from "@/components/badges.tsx";
import { RelativeTime } from "@/components/RelativeTime.tsx";
import { fullTime, localTimes, useNow } from "@/lib/time.ts";
import { skipWords } from "@/lib/work.ts";
import { readNames, type Decision, type Named } from "../api/queue.ts";

/** The number of candidates and of withheld issues that are listed for a decision. */
const NAMED = 5;

type Props = {
  readonly agent: string;
  readonly everyone: boolean;
  readonly decisions: readonly Decision[];
  /** Issues whose titles are already loaded. */
  readonly named: readonly Named[];
  readonly onEveryone: (everyone: boolean) => void;
};

/** The latest decisions of the queue, with the reasons. */
export function Decisions({ agent, everyone, decisions, named, onEveryone }: Props) {
  return (
    <Panel
      title="Recent decisions"
      hint="What the queue answered when an agent asked for work."
      action={
        <Button
          look="quiet"
          className="h-6 px-2 text-meta"
          aria-pressed={everyone}
          onClick={() => onEveryone(!everyone)}
        >
          {everyone ? "All agents" : `Only ${agent}`}
        </Button>
      }
    >
      {decisions.length === 0 ? (
        <p className="text-ink-faint">
          {everyone ? "No agent has" : `${agent} has not`} asked for work recently.
        </p>
      ) : (
        <ol aria-label="Recent decisions" className="-my-1 divide-y divide-line">
          {decisions.map((decision) => (
            <Answer key={decision.id} decision={decision} named={named} />
          ))}
        </ol>
      )}
    </Panel>
  );
}

function Answer({
  decision,
  named,
}: {
  readonly decision: Decision;
  readonly named: readonly Named[];
}) {
  const [open, setOpen] = useState(false);
  const { agent, kind, lane, issue, idleReason, lastAt, firstAt, times } = decision;
  return (
    <li className="py-2">
      <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary className="group/answer flex min-h-6 list-none items-center gap-1.5 rounded text-board">
          <ChevronRight
            size={12}
            className={`shrink-0 text-ink-faint transition-transform ${open ? "rotate-90" : ""}`}
            aria-hidden
          />
          <AgentBadge name={agent} />
          <span className="min-w-0 grow truncate text-ink-soft">
            {issue ? (kind === "claim_next" ? "was served" : "was shown") : "got no issue"}
            {lane !== null && ` of lane ${lane}`}
            {times > 1 && (
              <span className="tabular text-ink-faint" title={`Since ${fullTime(firstAt)}`}>
                {" "}
                × {times}
              </span>
            )}
          </span>
          <RelativeTime instant={lastAt} />
        </summary>
        {open && <Why decision={decision} named={named} />}
      </details>
      {issue ? (
        <p className="mt-0.5 flex min-w-0 items-baseline gap-2 pl-4.5 text-board">
          <IssueLink issue={issue} />
          <IssueNumber issue={issue} />
        </p>
      ) : (
        idleReason !== null && (
          <p className="mt-0.5 pl-4.5 text-meta text-ink-faint">{idleReason}</p>
        )
      )}
    </li>
  );
}

/** The candidates and the withheld issues of a decision. */
function Why({
  decision,
  named,
}: {
  readonly decision: Decision;
  readonly named: readonly Named[];
}) {
  const now = useNow();
  const candidates = decision.candidates.slice(0, NAMED);
  const withheld = decision.withheld.slice(0, NAMED);
  const names = useNames(
    [...candidates, ...withheld].map(({ issueId }) => issueId),
    named,
  );
  return (
    <div className="mt-1.5 mb-1 ml-4.5 flex flex-col gap-2 rounded bg-column px-2.5 py-2 text-meta">
      {candidates.length > 0 && (
        <div>
          <h3 className="font-semibold text-ink-faint">Eligible</h3>
          <ol className="mt-1 flex flex-col gap-1">
            {candidates.map(({ issueId, rank, reason }) => (
              <li key={issueId}>
                <p className="flex min-w-0 gap-1.5">
                  <span className="tabular text-ink-faint">{rank}</span>
                  <Name id={issueId} names={names} />
                </p>
                <p className="text-ink-faint">{reason}</p>
              </li>
            ))}
          </ol>
        </div>
      )}
      {decision.counts.length > 0 && (
        <div>
          <h3 className="font-semibold text-ink-faint">Withheld</h3>
          <p className="tabular mt-1 text-ink-soft">
            {decision.counts
              .map(({ reason, issues }) => `${issues} ${skipWords(reason)}`)
              .join(" · ")}
          </p>
          <ul className="mt-1 flex flex-col gap-1">
            {withheld.map(({ issueId, summary }) => (
              <li key={issueId}>
                <p className="flex min-w-0">
                  <Name id={issueId} names={names} />
                </p>
                <p className="wrap-anywhere text-ink-faint">{localTimes(summary, now)}</p>
              </li>
            ))}
          </ul>
        </div>
      )}
      {candidates.length === 0 && decision.counts.length === 0 && (
        <p className="text-ink-faint">There were no issues.</p>
      )}
    </div>
  );
}

function Name({ id, names }: { readonly id: string; readonly names: ReadonlyMap<string, Named> }) {
  const issue = names.get(id);
  return issue ? (
    <IssueLink issue={issue} />
  ) : (
    <span className="truncate text-ink-faint">{id}</span>
  );
}

/** The titles of issues. Titles that the page does not have are requested. */
function useNames(ids: readonly string[], named: readonly Named[]): ReadonlyMap<string, Named> {
  const [read, setRead] = useState<readonly Named[]>([]);
  const names = new Map([...read, ...named].map((issue) => [issue.id, issue]));
  const missing = ids.filter((id) => !names.has(id)).join(" ");
  useEffect(() => {
    if (missing === "") return;
    let here = true;
    void readNames(missing.split(" ")).then((found) => {
      if (here && found.length > 0) setRead((before) => [...before, ...found]);
    });
    return () => {
      here = false;
    };
  }, [missing]);
  return names;
}
