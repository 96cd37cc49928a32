import { graphql, type ResultOf } from "./graphql/graphql.ts";
import { isSameName } from "./issues.ts";
import { localTimes, since } from "./time.ts";

/** What a card shows of it. A board asks for thousands of cards at once, and what that may cost is limited. */
export const BackoffFields = graphql(`
  fragment BackoffFields on IssueBackoff {
    failedAttempts
    summary
    retryAt
    needsHuman
  }
`);

/** The rest of it. */
export const BackoffHistory = graphql(`
  fragment BackoffHistory on IssueBackoff {
    refusals
    cause
    since
    lastAt
  }
`);

/** The failures of an issue, and until when they withhold it from agents. */
export type Backoff = ResultOf<typeof BackoffFields>;
export type History = ResultOf<typeof BackoffHistory>;

const NEEDS_HUMAN = "needs-human";

/** Whether a label says that the issue waits for a person. */
export const isNeedsHuman = (label: string): boolean => isSameName(label, NEEDS_HUMAN);

type Issue = {
  readonly state: "OPEN" | "CLOSED";
  readonly labels: readonly string[];
  readonly backoff: Backoff | null;
};

/** Whether an issue is not served to agents until a person has reviewed it. */
export const needsPerson = ({ state, labels, backoff }: Issue): boolean =>
  state === "OPEN" && (backoff?.needsHuman === true || labels.some(isNeedsHuman));

/** `1 failed attempt`, `3 failed attempts`. */
export const attemptWords = (attempts: number): string =>
  `${attempts} failed ${attempts === 1 ? "attempt" : "attempts"}`;

const CAUSES = {
  FAILED: "An agent failed on it",
  EXPIRED: "An agent's lease ran out",
  REFUSED: "GitHub refused to change it",
  FORBIDDEN: "GitHub refused to change it",
  UNANSWERED: "GitHub did not answer",
} as const satisfies Record<History["cause"], string>;

/** What keeps an issue from agents now: the label or the attempts that call for a person, or a back-off that goes on. */
export type Withheld = { readonly needsPerson: boolean; readonly isBackingOff: boolean };

/** What keeps an issue from agents, or that nothing of the kind does any more, as sentences. */
export function backoffSentence(
  backoff: Backoff | null,
  { needsPerson, isBackingOff }: Withheld,
  now: number,
): string {
  const isSummed = backoff?.needsHuman === true || (isBackingOff && !needsPerson);
  if (backoff && isSummed) return localTimes(backoff.summary, now);
  return needsPerson
    ? `Agents are not served the issue until the label ${NEEDS_HUMAN} is taken off.`
    : "It is no longer left alone.";
}

/** What happened last and when, as a sentence. */
export const lastSentence = ({ cause, lastAt }: History, now: number): string =>
  `${CAUSES[cause]} ${since(lastAt, now)}.`;
