import { useEffect, useRef, useState } from "react";
import { Button } from "@/components/Button.tsx";
import { ask } from "@/lib/graphql/client.ts";
import { outcomeOf } from "@/lib/outcome.ts";
import { FailureQuery, type Failure, type RunDetails } from "../api/workflow.ts";
import { OnGitHub } from "./RunLine.tsx";

type Reading =
  | { readonly state: "unread" | "reading" }
  | { readonly state: "read"; readonly failure: Failure | null }
  | { readonly state: "refused"; readonly why: string };

/** The first failed job and, on demand, the end of its log, which is read from GitHub and not stored. */
export function RunFailure({ run }: { readonly run: RunDetails }) {
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
            "The run failed before a job started."
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
