/** The checkpoints of a lease, in order. */
export const CHECKPOINTS = [
  "ISSUE_CLAIMED",
  "BRANCH_CREATED",
  "CHANGES_MADE",
  "PR_OPENED",
  "FEEDBACK_RECEIVED",
  "WORK_COMPLETE",
] as const;

export type Checkpoint = (typeof CHECKPOINTS)[number];

const WORDS: Readonly<Record<Checkpoint, string>> = {
  ISSUE_CLAIMED: "claimed",
  BRANCH_CREATED: "branch created",
  CHANGES_MADE: "changes made",
  PR_OPENED: "PR opened",
  FEEDBACK_RECEIVED: "feedback received",
  WORK_COMPLETE: "work complete",
};

/** A checkpoint in words, such as `changes made`. */
export const checkpointWords = (checkpoint: Checkpoint): string => WORDS[checkpoint];

/** The times of a lease, and the holder's checkpoint. */
export type Lease = {
  readonly agent: string;
  readonly checkpoint: Checkpoint;
  /** When it was claimed or last renewed. */
  readonly renewedAt: string;
  readonly expiresAt: string;
};

/** The remaining share of a lease: 1 when it was claimed or last renewed, 0 when it expires. */
export function remaining(
  { renewedAt, expiresAt }: Pick<Lease, "renewedAt" | "expiresAt">,
  now: number,
): number {
  const end = Date.parse(expiresAt);
  const whole = end - Date.parse(renewedAt);
  return whole > 0 ? Math.min(1, Math.max(0, (end - now) / whole)) : 0;
}

/** The remaining time of a lease, such as `25 min left`, or that it has expired. */
export function timeLeft(expiresAt: string, now: number): string {
  const left = Date.parse(expiresAt) - now;
  if (left <= 0) return "time is up";
  const minutes = Math.floor(left / 60_000);
  if (minutes === 0) return "under a minute left";
  if (minutes < 60) return `${minutes} min left`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest === 0 ? "" : ` ${rest} min`} left`;
}

/** The maximum length of a question in a tooltip, in characters. */
const LONGEST = 200;

/** The beginning of a text on one line. */
export function shorten(text: string, longest = LONGEST): string {
  const line = Array.from(text.replace(/\s+/g, " ").trim());
  return line.length > longest
    ? `${line
        .slice(0, longest - 1)
        .join("")
        .trimEnd()}…`
    : line.join("");
}
