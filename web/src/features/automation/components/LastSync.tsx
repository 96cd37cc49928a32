import { OutcomeBadge } from "@/components/OutcomeMark.tsx";
import { Panel } from "@/components/Panel.tsx";
import type { Outcome } from "@/lib/outcome.ts";
import { duration, since, useNow } from "@/lib/time.ts";
import type { RepositoryAutomation } from "../api/repository.ts";
import { plural } from "./SyncProblem.tsx";

const SYNC_OUTCOMES: Readonly<Record<string, Outcome>> = {
  running: "running",
  completed: "success",
  failed: "failure",
};

/** The last sync of a repository: its result, duration and size. */
export function LastSync({
  automation: { lastSyncRun: sync },
}: {
  readonly automation: RepositoryAutomation;
}) {
  const now = useNow();
  if (!sync) return null;
  const took =
    sync.completedAt === null
      ? undefined
      : duration(Date.parse(sync.completedAt) - Date.parse(sync.startedAt));
  const outcome = SYNC_OUTCOMES[sync.status.toLowerCase()] ?? "unknown";
  const facts = [
    since(sync.startedAt, now),
    took === "-" ? undefined : took,
    plural(sync.requestsCount, "request"),
    plural(sync.workflowsCount, "workflow"),
    plural(sync.runsCount, "run"),
  ];
  return (
    <Panel title="Last sync">
      <p className="flex flex-wrap items-center gap-x-2 text-ink-soft">
        <OutcomeBadge outcome={outcome} />
        <span className="tabular text-meta">{facts.filter(Boolean).join(" · ")}</span>
      </p>
      {sync.error !== null && <p className="mt-1 wrap-anywhere text-danger">{sync.error}</p>}
    </Panel>
  );
}
