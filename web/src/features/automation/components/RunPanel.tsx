import { X } from "lucide-react";
import { useEffect, useMemo, useRef, type ReactNode } from "react";
import { Button, IconButton } from "@/components/Button.tsx";
import { OutcomeBadge } from "@/components/OutcomeMark.tsx";
import { Panel } from "@/components/Panel.tsx";
import { Delayed } from "@/components/states.tsx";
import { shortSha } from "@/lib/automation.ts";
import { outcomeOf, outcomeWords } from "@/lib/outcome.ts";
import { useSignal } from "@/lib/signal.ts";
import { duration, fullTime, since, useNow } from "@/lib/time.ts";
import { runQuery, type RunDetails } from "../api/workflow.ts";
import { lengthOf } from "../model/strip.ts";
import { RunActions } from "./RunActions.tsx";
import { RunArtifacts } from "./RunArtifacts.tsx";
import { RunFailure } from "./RunFailure.tsx";
import { RunJobs } from "./RunJobs.tsx";
import { OnGitHub } from "./RunLine.tsx";

/** One run: its facts, actions, failure, jobs and artifacts. */
export function RunPanel({
  runId,
  repositoryUrl,
  onClose,
}: {
  readonly runId: string;
  readonly repositoryUrl: string;
  readonly onClose: () => void;
}) {
  const query = useMemo(() => runQuery(runId), [runId]);
  useEffect(() => query.open(), [query]);
  const { data, failure } = useSignal(query.state);
  const section = useRef<HTMLDivElement>(null);
  useEffect(() => {
    section.current?.scrollIntoView({ block: "nearest" });
  }, [runId]);
  const run = data?.workflowRun;
  return (
    <div ref={section} className="scroll-mt-4">
      <Panel
        title={run ? `Run #${run.number}` : "Run"}
        action={
          <IconButton label="Close the run" onClick={onClose}>
            <X size={14} aria-hidden />
          </IconButton>
        }
      >
        {run ? (
          <RunBody run={run} repositoryUrl={repositoryUrl} />
        ) : data ? (
          <p className="text-ink-faint">
            This run was deleted on GitHub, or is older than Dispatch keeps runs.
          </p>
        ) : failure ? (
          <div role="alert" className="flex items-center gap-3 text-danger">
            <span className="grow">The run could not be loaded: {failure.message}</span>
            <Button onClick={() => void query.refresh()}>Try again</Button>
          </div>
        ) : (
          <Delayed>
            <p role="status" className="text-ink-faint">
              Loading the run…
            </p>
          </Delayed>
        )}
        {run && failure && (
          <p role="alert" className="mt-2 text-meta text-warning">
            This data may be outdated: {failure.message}
          </p>
        )}
      </Panel>
    </div>
  );
}

function RunBody({
  run,
  repositoryUrl,
}: {
  readonly run: RunDetails;
  readonly repositoryUrl: string;
}) {
  const now = useNow();
  const length = lengthOf(run, now);
  const passed = run.jobs.filter((job) => outcomeOf(job) === "success").length;
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-baseline gap-x-4 gap-y-1">
        <OutcomeBadge outcome={outcomeOf(run)} words={outcomeWords(run)} className="font-medium" />
        <span className="min-w-0 wrap-anywhere" dir="auto">
          {run.title}
        </span>
        <OnGitHub url={run.url} name={`Run #${run.number}`} />
      </div>
      <dl className="flex flex-wrap gap-x-6 gap-y-1.5 text-meta">
        <Fact name="Event">{run.event}</Fact>
        <Fact name="Branch">{run.branch ?? "–"}</Fact>
        <Fact name="Commit">
          <a
            href={`${repositoryUrl}/commit/${run.headSha}`}
            target="_blank"
            rel="noreferrer noopener"
            className="tabular rounded underline decoration-line-strong underline-offset-2 hover:decoration-ink"
          >
            {shortSha(run.headSha)}
          </a>
        </Fact>
        <Fact name="Started by">{run.actor ?? "–"}</Fact>
        <Fact name="Attempt">{run.attempt}</Fact>
        <Fact name="Duration">{length > 0 ? duration(length) : "–"}</Fact>
        <Fact name="Created">
          <time dateTime={run.createdAt} title={fullTime(run.createdAt)}>
            {since(run.createdAt, now)}
          </time>
        </Fact>
        <Fact name="Jobs">
          {passed}/{run.jobs.length} passed
        </Fact>
        {run.pullRequestNumber !== null && (
          <Fact name="Pull request">
            <a
              href={`${repositoryUrl}/pull/${run.pullRequestNumber}`}
              target="_blank"
              rel="noreferrer noopener"
              className="rounded underline decoration-line-strong underline-offset-2 hover:decoration-ink"
            >
              #{run.pullRequestNumber}
            </a>
          </Fact>
        )}
      </dl>
      {run.waitingFor !== null && (
        <p className="rounded bg-warning-soft px-3 py-1.5 wrap-anywhere text-warning">
          {run.waitingFor}
        </p>
      )}
      <div>
        <RunActions run={run} />
      </div>
      {outcomeOf(run) === "failure" && <RunFailure key={`${run.id} ${run.attempt}`} run={run} />}
      <RunJobs jobs={run.jobs} />
      <RunArtifacts artifacts={run.artifacts} />
    </div>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt className="text-ink-faint">{name}</dt>
      <dd className="tabular text-ink">{children}</dd>
    </div>
  );
}
