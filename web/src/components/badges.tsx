import { UserCheck, UserX } from "lucide-react";
import { checkOutcome, checkWords } from "@/lib/checks.ts";
import {
  pullRequestWords,
  reviewWords,
  stateWords,
  type LinkedPullRequest,
} from "@/lib/pullRequests.ts";
import { classes } from "./classes.ts";
import { OutcomeMark } from "./OutcomeMark.tsx";

/** A hue that is derived from a name, so that it is the same everywhere. */
function hueOf(name: string): number {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 360;
  return hash;
}

/** Every hue has the same lightness, so that the letter on it is readable. */
const markColor = (name: string): string =>
  `light-dark(oklch(0.5 0.1 ${hueOf(name)}), oklch(0.78 0.1 ${hueOf(name)}))`;

/** The icon of an agent. It is a single path because a board draws hundreds of them. */
const FACE =
  "M12 8V4H8m-2 4h12a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2zm-4 6h2m16 0h2m-7-1v2m-6-2v2";

/** The rounded square of an agent, without its name. */
export function AgentGlyph({ name }: { readonly name: string }) {
  return (
    <span
      className="flex size-4 shrink-0 items-center justify-center rounded-[4px] bg-(--mark) text-white dark:text-black"
      style={{ ["--mark" as string]: markColor(name) }}
      aria-hidden
    >
      <svg
        viewBox="0 0 24 24"
        width="11"
        height="11"
        fill="none"
        stroke="currentColor"
        strokeWidth="2.25"
        strokeLinecap="round"
        strokeLinejoin="round"
      >
        <path d={FACE} />
      </svg>
    </span>
  );
}

/** An agent: its square and its name. */
export function AgentBadge({ name }: { readonly name: string }) {
  return (
    <span className="inline-flex max-w-full shrink-0 items-center gap-1">
      <AgentGlyph name={name} />
      <span className="sr-only">Agent </span>
      <span className="truncate">{name}</span>
    </span>
  );
}

/** A person: a disc with an initial. The name is the tooltip and the text for screen readers. */
export function OwnerBadge({
  name,
  role = "Owner",
}: {
  readonly name: string;
  readonly role?: string;
}) {
  return (
    <span
      role="img"
      aria-label={`${role} ${name}`}
      title={`${role}: ${name}`}
      className="flex size-4 shrink-0 items-center justify-center rounded-full bg-(--mark) text-[9px] leading-none font-semibold text-white uppercase dark:text-black"
      style={{ ["--mark" as string]: markColor(name) }}
    >
      {Array.from(name)[0]}
    </span>
  );
}

/** GitHub's icon of a pull request as one path. */
const BRANCHES =
  "M6 9v12M9 6a3 3 0 1 1-6 0 3 3 0 0 1 6 0zm12 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0zm-3-3V8a2 2 0 0 0-2-2h-3";

/** The number in the address of a pull request; undefined if the address has another form. */
export const pullRequestNumber = (url: string): string | undefined =>
  /\/pull\/(\d+)\/?$/.exec(url)?.[1];

const STATE_COLORS: Readonly<Record<string, string>> = {
  open: "text-success",
  draft: "text-ink-faint",
  merged: "text-accent",
  closed: "text-danger",
};

/** Whether reviewers approved a pull request or want changes; nothing where neither is so. */
function ReviewMark({ decision }: { readonly decision: string | null }) {
  const words = reviewWords(decision);
  if (decision === "APPROVED")
    return <UserCheck size={12} className="text-success" role="img" aria-label={words} />;
  if (decision === "CHANGES_REQUESTED")
    return <UserX size={12} className="text-danger" role="img" aria-label={words} />;
  return null;
}

/** A pull request that closes an issue: whether it is a draft, open, merged or closed, its checks and its review. */
export function PullRequestBadge({ pull }: { readonly pull: LinkedPullRequest }) {
  const number = pullRequestNumber(pull.url);
  const state = stateWords(pull);
  return (
    <span
      className={classes(
        "tabular inline-flex shrink-0 items-center gap-1",
        STATE_COLORS[state] ?? "text-ink-soft",
      )}
      title={`Pull request${number === undefined ? "" : ` #${number}`}: ${pullRequestWords(pull)}`}
    >
      <svg
        viewBox="0 0 24 24"
        width="12"
        height="12"
        fill="none"
        stroke="currentColor"
        strokeWidth="2"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden
      >
        <path d={BRANCHES} />
      </svg>
      <span className="sr-only">Pull request, {state}, </span>
      {number !== undefined && `#${number}`}
      {pull.state === "OPEN" && pull.checkState !== null && (
        <OutcomeMark
          outcome={checkOutcome(pull.checkState)}
          label={checkWords(pull.checkState)}
          size={11}
        />
      )}
      {pull.state === "OPEN" && <ReviewMark decision={pull.reviewDecision} />}
    </span>
  );
}

/** A label that is neither status, priority, agent nor owner. */
export function LabelBadge({ name }: { readonly name: string }) {
  return (
    <span
      title={name}
      className="inline-flex min-w-0 items-center gap-1 rounded-full border border-line px-1.5 leading-4 text-ink-soft"
    >
      <span
        className="size-1.5 shrink-0 rounded-full bg-(--mark)"
        style={{ ["--mark" as string]: `oklch(0.68 0.14 ${hueOf(name)})` }}
        aria-hidden
      />
      <span className="truncate">{name}</span>
    </span>
  );
}
