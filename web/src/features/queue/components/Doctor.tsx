import { CircleCheck } from "lucide-react";
import { Link } from "wouter";
import { Button } from "@/components/Button.tsx";
import { Panel } from "@/components/Panel.tsx";
import { IssueLink, IssueNumber } from "@/components/IssueLink.tsx";
import { LabelChange } from "@/components/LabelChange.tsx";
import { NotOffered } from "@/components/NotOffered.tsx";
import { RelativeTime } from "@/components/RelativeTime.tsx";
import { useSignal } from "@/lib/signal.ts";
import { localTimes, useNow } from "@/lib/time.ts";
import { useMay } from "@/lib/viewer.ts";
import { inconsistencyTitle } from "@/lib/work.ts";
import type { Finding, Queue } from "../api/queue.ts";
import { keyOf, type Repair, type Repairs } from "../api/repair.ts";

/** The inconsistencies of the queue, each with a button that repairs it, and the results of repairs. */
export function Doctor({
  doctor: { counts, findings },
  repairs,
}: {
  readonly doctor: Queue["queueDoctor"];
  readonly repairs: Repairs;
}) {
  const asked = useSignal(repairs.asked);
  const wrong = counts.reduce((sum, { issues }) => sum + issues, 0);
  const open = findings.filter((finding) => asked.get(keyOf(finding))?.state !== "done");
  const done = [...asked.values()].filter((repair) => repair.state === "done").reverse();
  return (
    <Panel
      title="Inconsistencies"
      count={wrong}
      hint="Issues whose labels, state and leases contradict each other."
    >
      {open.length === 0 && (
        <p className="flex items-center gap-2 text-ink-soft">
          <CircleCheck size={14} className="text-success" aria-hidden />
          There are none.
        </p>
      )}
      {open.length > 0 && <NotOffered action="repair" className="mb-2" />}
      <ul
        aria-label="Inconsistencies"
        className="-my-1 max-h-96 divide-y divide-line overflow-y-auto"
      >
        {open.map((finding) => (
          <OpenFinding
            key={keyOf(finding)}
            finding={finding}
            repair={asked.get(keyOf(finding))}
            onRepair={() => void repairs.repair(finding)}
          />
        ))}
      </ul>
      {wrong > findings.length && (
        <p className="mt-2 text-meta text-ink-faint">
          The first {findings.length} of {wrong.toLocaleString()}.
        </p>
      )}
      {done.length > 0 && (
        <>
          <div className="mt-3 flex items-baseline justify-between border-t border-line pt-3">
            <h3 className="text-meta font-semibold text-ink-faint">Repaired just now</h3>
            <Link
              href="/audit?action=repair_work"
              className="rounded text-meta text-ink-faint hover:underline"
            >
              In the audit log
            </Link>
          </div>
          <ul aria-label="Repaired just now" className="mt-1 flex flex-col gap-2">
            {done.map((repair) => (
              <RepairedFinding key={keyOf(repair.finding)} repair={repair} />
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
}

function OpenFinding({
  finding,
  repair,
  onRepair,
}: {
  readonly finding: Finding;
  readonly repair: Repair | undefined;
  readonly onRepair: () => void;
}) {
  const may = useMay("repair");
  const now = useNow();
  const busy = repair?.state === "under way";
  return (
    <li className="py-2">
      <div className="flex items-center gap-2">
        <span className="grow text-board font-medium">{inconsistencyTitle(finding.ailment)}</span>
        <RelativeTime instant={finding.since} />
        {may && finding.isRepairable && (
          <Button
            className="h-6 px-2 text-meta"
            disabled={busy}
            onClick={onRepair}
            aria-label={`Repair ${nameOf(finding)}: ${inconsistencyTitle(finding.ailment)}`}
          >
            {busy ? "Repairing…" : "Repair"}
          </Button>
        )}
      </div>
      <Subject finding={finding} />
      <p className="mt-0.5 text-meta wrap-anywhere text-ink-faint">{finding.summary}</p>
      {finding.detail !== null && (
        <p className="mt-0.5 text-meta wrap-anywhere text-ink-soft">
          {localTimes(finding.detail, now)}
        </p>
      )}
      {repair?.state === "refused" && (
        <p role="alert" className="mt-1 text-meta wrap-anywhere text-danger">
          Not repaired: {repair.failure.message}
        </p>
      )}
    </li>
  );
}

function RepairedFinding({ repair }: { readonly repair: Extract<Repair, { state: "done" }> }) {
  const { finding, entry } = repair;
  return (
    <li>
      <div className="flex items-center gap-2">
        <CircleCheck size={14} className="shrink-0 text-success" aria-hidden />
        <span className="grow text-board">{inconsistencyTitle(finding.ailment)}</span>
        <RelativeTime instant={entry.createdAt} />
      </div>
      <Subject finding={finding} />
      <LabelChange before={entry.beforeLabels} after={entry.afterLabels} />
    </li>
  );
}

const nameOf = ({ issue, issueId }: Finding): string =>
  issue ? `${issue.repository.name} #${issue.number}` : issueId;

function Subject({ finding: { issue, issueId } }: { readonly finding: Finding }) {
  if (!issue) return <p className="text-meta text-ink-faint">{issueId}, which is gone</p>;
  return (
    <p className="flex min-w-0 items-baseline gap-2 text-board text-ink-soft">
      <IssueLink issue={issue} />
      <IssueNumber issue={issue} />
    </p>
  );
}
