import { CircleX, History, UserRound } from "lucide-react";
import { attemptWords, backoffSentence, type Backoff } from "@/lib/backoff.ts";
import { clockTime, useIsAhead, useNow } from "@/lib/time.ts";
import { classes } from "./classes.ts";

/**
 * Badges for an issue that needs a person or is in back-off, with the number of failed attempts. Renders nothing
 * otherwise.
 */
export function BackoffBadges({
  backoff,
  needsPerson,
  isExplained = false,
  className,
}: {
  readonly backoff: Backoff | null;
  readonly needsPerson: boolean;
  /** Whether the reason is shown beside the badges, so that screen readers need not read it twice. */
  readonly isExplained?: boolean;
  readonly className?: string;
}) {
  const now = useNow();
  const retryAt = backoff?.retryAt ?? null;
  const isBackingOff = useIsAhead(retryAt);
  const attempts = backoff?.failedAttempts ?? 0;
  if (!needsPerson && !isBackingOff && attempts === 0) return null;
  const sentence = backoffSentence(backoff, { needsPerson, isBackingOff }, now);
  const why = needsPerson || isBackingOff ? sentence : `${attemptWords(attempts)}. ${sentence}`;
  return (
    <span
      data-backoff={needsPerson ? "person" : isBackingOff ? "waiting" : "attempts"}
      title={why}
      className={classes("flex min-w-0 flex-wrap items-center gap-x-2.5 text-meta", className)}
    >
      {needsPerson ? (
        <span className="inline-flex items-center gap-1 text-warning">
          <UserRound size={12} className="shrink-0" aria-hidden />
          needs a person
        </span>
      ) : (
        isBackingOff &&
        retryAt !== null && (
          <span className="tabular inline-flex items-center gap-1 text-ink-faint">
            <History size={12} className="shrink-0" aria-hidden />
            left alone until {clockTime(retryAt)}
          </span>
        )
      )}
      {attempts > 0 && (
        <span className="tabular inline-flex items-center gap-1 text-ink-faint">
          <CircleX size={12} className="shrink-0" aria-hidden />
          {needsPerson || isBackingOff ? (
            // A card has no room for the text of two badges.
            <>
              {attempts}
              <span className="sr-only"> failed {attempts === 1 ? "attempt" : "attempts"}</span>
            </>
          ) : (
            attemptWords(attempts)
          )}
        </span>
      )}
      {!isExplained && <span className="sr-only">: {why}</span>}
    </span>
  );
}
