import type { ReactNode } from "react";
import { Panel } from "@/components/Panel.tsx";
import { fullTime } from "@/lib/time.ts";
import type { Triggers, Workflow } from "../api/workflow.ts";

/** The triggers of a workflow, as its file declares them. */
export function TriggersPanel({
  workflow: { triggers, fileError },
}: {
  readonly workflow: Pick<Workflow, "triggers" | "fileError">;
}) {
  return (
    <Panel title="Triggers">
      {fileError !== null && (
        <p className="mb-2 wrap-anywhere text-danger">
          The file is malformed{fileError.line > 0 && ` at line ${fileError.line}`}:{" "}
          {fileError.message}
        </p>
      )}
      {triggers === null ? (
        fileError === null && <p className="text-ink-faint">The file has not been read yet.</p>
      ) : (
        <Rows triggers={triggers} />
      )}
    </Panel>
  );
}

function Rows({ triggers }: { readonly triggers: Triggers }) {
  const { push, pullRequest, schedules, dispatch, isReusable, others } = triggers;
  return (
    <dl className="grid grid-cols-[6.5rem_minmax(0,1fr)] gap-x-3 gap-y-2">
      {push && <Row name="Push">{limitsOf(push)}</Row>}
      {pullRequest && <Row name="Pull request">{limitsOf(pullRequest)}</Row>}
      {schedules.length > 0 && (
        <Row name="Schedule">
          <ul>
            {schedules.map(({ cron, words, nextRunAt }) => (
              <li key={cron} title={cron}>
                {words}
                {nextRunAt !== null && (
                  <time dateTime={nextRunAt} className="tabular block text-meta text-ink-faint">
                    next {fullTime(nextRunAt)}
                  </time>
                )}
              </li>
            ))}
          </ul>
        </Row>
      )}
      {dispatch && (
        <Row name="By hand">
          {dispatch.inputs.length === 0
            ? "without inputs"
            : `with ${dispatch.inputs.map(({ name }) => name).join(", ")}`}
        </Row>
      )}
      {isReusable && <Row name="Reusable">called by other workflows</Row>}
      {others.length > 0 && <Row name="Others">{others.join(", ")}</Row>}
    </dl>
  );
}

function Row({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-faint">{name}</dt>
      <dd className="min-w-0 wrap-anywhere text-ink-soft">{children}</dd>
    </>
  );
}

/** The filters of a trigger for pushes or pull requests, in words. */
export function limitsOf(trigger: NonNullable<Triggers["push"]>): string {
  const limits = [
    ["branches", trigger.branches],
    ["not branches", trigger.branchesIgnore],
    ["tags", trigger.tags],
    ["paths", trigger.paths],
    ["not paths", trigger.pathsIgnore],
  ] as const;
  const words = limits
    .filter(([, names]) => names.length > 0)
    .map(([name, names]) => `${name} ${names.join(", ")}`);
  return words.length === 0 ? "of any branch" : words.join("; ");
}
