import { useId } from "react";
import { Button } from "@/components/Button.tsx";
import { NotOffered } from "@/components/NotOffered.tsx";
import { useRetry } from "@/components/useRetry.ts";
import {
  attemptWords,
  backoffSentence,
  lastSentence,
  needsPerson,
  type History,
} from "@/lib/backoff.ts";
import { clockTime, fullTime, since, useIsAhead, useNow } from "@/lib/time.ts";
import type { BoardIssue } from "../api/documents.ts";
import { useWhyUnchangeable } from "../model/changeable.ts";

/** The failed attempts of the open issue, the end of its back-off, and a button that ends it now. */
export function Backoff({
  issue,
  history,
}: {
  readonly issue: BoardIssue;
  readonly history: History | undefined;
}) {
  const { backoff, repository } = issue;
  const heading = useId();
  const now = useNow();
  const retryAt = backoff?.retryAt ?? null;
  const isBackingOff = useIsAhead(retryAt);
  const waitsForPerson = needsPerson(issue);
  const isWithheld = isBackingOff || waitsForPerson;
  const may = useWhyUnchangeable(issue, "retry") === undefined;
  const { isBusy, refusal, submit } = useRetry(issue.id, `${repository.name} #${issue.number}`);
  const attempts = backoff?.failedAttempts ?? 0;
  // The attempts are counted once: in the heading, or in the sentence.
  const saysAttempts =
    !isWithheld ||
    backoff?.needsHuman === true ||
    (!waitsForPerson && (history?.cause === "FAILED" || history?.cause === "EXPIRED"));
  return (
    <section aria-labelledby={heading} className="mt-3 rounded border border-line bg-card">
      <div className="flex items-center gap-3 px-3 py-2.5">
        <div className="min-w-0 grow">
          <h3 id={heading} className="tabular text-body font-semibold">
            {waitsForPerson ? (
              "Needs a person"
            ) : isBackingOff && retryAt !== null ? (
              <>
                In back-off until{" "}
                <time dateTime={retryAt} title={fullTime(retryAt)}>
                  {clockTime(retryAt)}
                </time>
              </>
            ) : attempts > 0 ? (
              attemptWords(attempts)
            ) : (
              "Not changed on GitHub"
            )}
          </h3>
          <p className="text-board wrap-anywhere text-ink-soft">
            {history && !isWithheld && `${lastSentence(history, now)} `}
            {backoffSentence(backoff, { needsPerson: waitsForPerson, isBackingOff }, now)}
          </p>
          {history && (
            <p className="tabular mt-0.5 text-meta text-ink-faint">
              {attempts > 0 && !saysAttempts && `${attemptWords(attempts)} · `}
              {history.refusals > 0 && `not changed on GitHub ${times(history.refusals)} · `}
              <time dateTime={history.since} title={fullTime(history.since)}>
                first {since(history.since, now)}
              </time>
              {isWithheld && since(history.lastAt, now) !== since(history.since, now) && (
                <>
                  {" · "}
                  <time dateTime={history.lastAt} title={fullTime(history.lastAt)}>
                    last {since(history.lastAt, now)}
                  </time>
                </>
              )}
            </p>
          )}
        </div>
        {may && isWithheld && (
          <Button disabled={isBusy} onClick={() => void submit()}>
            {isBusy ? "Retrying…" : "Retry now"}
          </Button>
        )}
      </div>
      {isWithheld && <NotOffered action="retry" className="border-t border-line px-3 py-2" />}
      {refusal !== undefined && (
        <p
          role="alert"
          className="border-t border-line px-3 py-2 text-board wrap-anywhere text-danger"
        >
          Not retried: {refusal}
        </p>
      )}
    </section>
  );
}

const times = (count: number): string => (count === 1 ? "once" : `${count} times`);
