import { checkWords } from "./checks.ts";

/** A pull request that closes an issue, as far as a card shows it. The words are GitHub's. */
export type LinkedPullRequest = {
  readonly url: string;
  readonly state: "OPEN" | "CLOSED" | "MERGED";
  readonly isDraft: boolean;
  readonly checkState: string | null;
  readonly reviewDecision: string | null;
};

const REVIEWS: Readonly<Record<string, string>> = {
  APPROVED: "approved",
  CHANGES_REQUESTED: "changes requested",
  REVIEW_REQUIRED: "review required",
};

/** What reviewers decided, in words; none where no review is required, or the word is not known yet. */
export const reviewWords = (decision: string | null): string | undefined =>
  decision === null ? undefined : REVIEWS[decision.toUpperCase()];

/** Whether a pull request is a draft, open, merged or closed. */
export const stateWords = ({ state, isDraft }: LinkedPullRequest): string =>
  state === "OPEN" && isDraft ? "draft" : state.toLowerCase();

/** How a pull request stands, in words: its state, and while it is open its checks and its review. */
export const pullRequestWords = (pull: LinkedPullRequest): string =>
  [
    stateWords(pull),
    ...(pull.state === "OPEN"
      ? [
          pull.checkState === null ? undefined : checkWords(pull.checkState),
          reviewWords(pull.reviewDecision),
        ]
      : []),
  ]
    .filter((words) => words !== undefined)
    .join(", ");
