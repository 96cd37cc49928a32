import { useEffect, useState } from "react";
import { Button } from "@/components/Button.tsx";
import { Panel } from "@/components/Panel.tsx";
import { Delayed } from "@/components/states.tsx";
import { outcomeOf } from "@/lib/outcome.ts";
import { useSignal } from "@/lib/signal.ts";
import { branchRuns, type Workflow } from "../api/workflow.ts";
import { RunLine } from "./RunLine.tsx";

/** All stored runs of a workflow on one branch. */
export function BranchRuns({
  workflow,
  branch,
  outcome,
  openId,
  search,
}: {
  readonly workflow: Workflow;
  readonly branch: string;
  /** Only runs with this outcome; empty for all. */
  readonly outcome: string;
  readonly openId: string;
  readonly search: string;
}) {
  const [{ query, readMore }] = useState(() => branchRuns(workflow.id, branch));
  useEffect(() => query.open(), [query]);
  const { data, failure } = useSignal(query.state);
  const runs = (data?.runs ?? []).filter((run) => outcome === "" || outcomeOf(run) === outcome);
  return (
    <Panel title={`Runs on ${branch}`}>
      {failure && (
        <div role="alert" className="mb-2 flex items-center gap-3 text-danger">
          <span className="grow">The runs could not be loaded: {failure.message}</span>
          <Button onClick={() => void query.refresh()}>Try again</Button>
        </div>
      )}
      {data && runs.length === 0 && (
        <p className="text-ink-faint">No run of this branch has this outcome.</p>
      )}
      {!data && !failure && (
        <Delayed>
          <p role="status" className="text-ink-faint">
            Loading the runs…
          </p>
        </Delayed>
      )}
      <ul className="-mx-2" aria-label={`Runs on ${branch}`}>
        {runs.map((run) => (
          <RunLine
            key={run.id}
            run={run}
            workflow={workflow}
            isOpen={run.id === openId}
            search={search}
          />
        ))}
      </ul>
      {data?.hasMore && (
        <Button className="mt-2" onClick={() => void readMore()}>
          Show older runs
        </Button>
      )}
    </Panel>
  );
}
