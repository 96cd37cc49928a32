import { graphql, type ResultOf } from "./graphql/graphql.ts";
import { isSameName } from "./issues.ts";
import { localTimes, since } from "./time.ts";

/** The fields for a card. They are few, because a board loads thousands of cards and the cost of a query is limited. */
export const BackoffFields = graphql(`
  fragment BackoffFields on IssueBackoff {
    failedAttempts
    summary
    retryAt
    needsHuman
  }
`);

/** The other fields. */
export const BackoffHistory = graphql(`
  fragment BackoffHistory on IssueBackoff {
    refusals
    cause
    since
    lastAt
  }
`);

/** The failed attempts of an issue, and until when they withhold it from agents. */
export type Backoff = ResultOf<typeof BackoffFields>;
export type History = ResultOf<typeof BackoffHistory>;

const NEEDS_HUMAN = "needs-human";

/** Whether a label means that the issue waits for a person. */
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

/** Why an issue is withheld from agents now: it needs a person, or it is in back-off. */
export type Withheld = { readonly needsPerson: boolean; readonly isBackingOff: boolean };

/** Why an issue is withheld from agents, or that it is not withheld any more, as sentences. */
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

/** The last failure with its time, as a sentence. */
export const lastSentence = ({ cause, lastAt }: History, now: number): string =>
  `${CAUSES[cause]} ${since(lastAt, now)}.`;
