import { X } from "lucide-react";
import { useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { Button, IconButton } from "@/components/Button.tsx";
import { OutcomeBadge, OutcomeMark } from "@/components/OutcomeMark.tsx";
import { Panel } from "@/components/Panel.tsx";
import { Delayed } from "@/components/states.tsx";
import { Timeline, type BarKind } from "@/components/Timeline.tsx";
import { ask } from "@/lib/graphql/client.ts";
import { shortSha } from "@/lib/automation.ts";
import { outcomeOf, outcomeWords } from "@/lib/outcome.ts";
import { useSignal } from "@/lib/signal.ts";
import { duration, fullTime, since, useNow } from "@/lib/time.ts";
import {
  FailureQuery,
  runQuery,
  type Failure,
  type Job,
  type RunDetails,
} from "../api/workflow.ts";
import { rowsOf, spanOf, type JobKind } from "../model/jobs.ts";
import { lengthOf } from "../model/strip.ts";
import { RunActions } from "./RunActions.tsx";
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
          <p className="text-ink-faint">This run is gone: GitHub or Dispatch deleted it.</p>
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
            What is shown may be old: {failure.message}
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
      {outcomeOf(run) === "failure" && <FailureOf key={`${run.id} ${run.attempt}`} run={run} />}
      <Jobs jobs={run.jobs} />
      <Artifacts artifacts={run.artifacts} />
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

type Reading =
  | { readonly state: "unread" | "reading" }
  | { readonly state: "read"; readonly failure: Failure | null }
  | { readonly state: "refused"; readonly why: string };

/** The first failed job and, on demand, the end of its log, which is read from GitHub and not stored. */
function FailureOf({ run }: { readonly run: RunDetails }) {
  const [reading, setReading] = useState<Reading>({ state: "unread" });
  const job = run.jobs.find((each) => outcomeOf(each) === "failure");
  const read = async () => {
    setReading({ state: "reading" });
    const answer = await ask(FailureQuery, { id: run.id });
    setReading(
      answer.failure
        ? { state: "refused", why: answer.failure.message }
        : { state: "read", failure: answer.data.workflowRun?.failure ?? null },
    );
  };
  const found = reading.state === "read" ? reading.failure : null;
  const step = found?.step ?? job?.failedStep ?? null;
  const name = found?.job.name ?? job?.name;
  return (
    <div className="rounded border border-danger/40 bg-danger-soft px-3 py-2">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <p className="min-w-0 grow wrap-anywhere text-danger">
          {name === undefined ? (
            "It failed before any job began."
          ) : (
            <>
              <span className="font-medium">{name}</span> failed
              {step !== null && (
                <>
                  {" "}
                  in <span className="font-medium">{step}</span>
                </>
              )}
              .
            </>
          )}
        </p>
        {reading.state !== "read" && (
          <Button disabled={reading.state === "reading"} onClick={() => void read()}>
            {reading.state === "reading" ? "Reading the log…" : "Show the log"}
          </Button>
        )}
        {found && <OnGitHub url={found.url} name="The log" />}
      </div>
      {reading.state === "refused" && (
        <p role="alert" className="mt-1 wrap-anywhere text-danger">
          The log could not be read: {reading.why}
        </p>
      )}
      {reading.state === "read" && <Log lines={found?.logExcerpt ?? []} />}
    </div>
  );
}

/** The lines of the log around the failure, as plain text. */
function Log({ lines }: { readonly lines: readonly string[] }) {
  const text = useRef<HTMLPreElement>(null);
  // The failure is at the end.
  useEffect(() => {
    text.current?.scrollTo(0, text.current.scrollHeight);
  }, [lines]);
  if (lines.length === 0) {
    return <p className="mt-1.5 text-ink-soft">GitHub has no log of it any more.</p>;
  }
  return (
    <pre
      ref={text}
      tabIndex={0}
      role="group"
      aria-label="Log of the failing step"
      className="mt-2 max-h-96 overflow-auto rounded bg-page px-3 py-2 font-mono text-meta leading-5 text-ink"
    >
      {lines.map((line, index) => (
        <span key={index} className={line.startsWith("##[error]") ? "text-danger" : undefined}>
          {line}
          {index < lines.length - 1 && "\n"}
        </span>
      ))}
    </pre>
  );
}

const KINDS: Readonly<Record<JobKind, BarKind>> = {
  queued: { title: "Waiting", color: "var(--ready)", look: "hollow" },
  running: { title: "Running", color: "var(--in-progress)", look: "open" },
  succeeded: { title: "Succeeded", color: "var(--done)", look: "solid" },
  failed: { title: "Failed", color: "var(--blocked)", look: "sharp" },
  stopped: { title: "Cancelled", color: "var(--backlog)", look: "hollow" },
};

function Jobs({ jobs }: { readonly jobs: readonly Job[] }) {
  const now = useNow();
  if (jobs.length === 0) return <p className="text-ink-faint">No jobs yet.</p>;
  const rows = rowsOf(jobs, now);
  const span = spanOf(rows);
  const urls = new Map(jobs.map(({ id, url }) => [id, url]));
  if (!span) return <p className="text-ink-faint">Every job was skipped.</p>;
  return (
    <Timeline
      title="Jobs over time"
      span={span}
      kinds={KINDS}
      onOpen={({ jobId }) => {
        const url = urls.get(jobId);
        if (url !== undefined) window.open(url, "_blank", "noreferrer,noopener");
      }}
      rows={rows.map(({ job, bars }) => ({
        name: job.name,
        head: (
          <span className="flex min-w-0 items-center gap-1.5 text-board" title={job.name}>
            <OutcomeMark outcome={outcomeOf(job)} label={outcomeWords(job)} size={12} />
            <span className="truncate">{job.name}</span>
          </span>
        ),
        bars,
      }))}
    />
  );
}

const UNITS = ["bytes", "kB", "MB", "GB"] as const;

/** A number of bytes with a unit, such as `1.20 MB`. */
export function sizeWords(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1_000 && unit < UNITS.length - 1) {
    size /= 1_000;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toPrecision(3)} ${UNITS[unit] ?? ""}`;
}

function Artifacts({ artifacts }: Pick<RunDetails, "artifacts">) {
  if (artifacts.length === 0) return null;
  return (
    <div>
      <h3 className="mb-1 text-meta font-medium text-ink-soft">Artifacts</h3>
      <ul className="flex flex-wrap gap-x-5 gap-y-1 text-meta">
        {artifacts.map(({ id, name, size, expiresAt, isExpired }) => (
          <li key={id} className={isExpired ? "text-ink-faint line-through" : undefined}>
            <span className="wrap-anywhere">{name}</span>{" "}
            <span className="tabular text-ink-faint">
              {sizeWords(size)}
              {isExpired ? ", expired" : expiresAt !== null && `, until ${fullTime(expiresAt)}`}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
