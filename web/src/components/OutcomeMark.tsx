import { OUTCOME_COLORS, outcomeTitle, type Outcome } from "@/lib/outcome.ts";
import { classes } from "./classes.ts";

/** The shape on the disc. Each outcome has its own, for colour-blind readers and for print. */
const SIGNS: Readonly<Record<Outcome, string>> = {
  success: "m4.4 7.2 1.8 1.8 3.5-3.9",
  failure: "m4.9 4.9 4.2 4.2m0-4.2-4.2 4.2",
  cancelled: "M4.2 7h5.6",
  skipped: "m4.6 9.4 4.8-4.8",
  running: "",
  waiting: "M7 4.2V7l1.9 1.3",
  unknown: "M7 4.4v3M7 9.6v.1",
};

/** An outcome as a small disc. Without a `label` it is hidden from screen readers, so the words must be beside it. */
export function OutcomeMark({
  outcome,
  label,
  size = 14,
}: {
  readonly outcome: Outcome;
  /** The text for screen readers and the tooltip, for a mark without words beside it. */
  readonly label?: string;
  readonly size?: number;
}) {
  const isFilled = outcome === "success" || outcome === "failure";
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 14 14"
      fill="none"
      stroke={OUTCOME_COLORS[outcome]}
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      className="shrink-0"
      {...(label === undefined ? { "aria-hidden": true } : { role: "img", "aria-label": label })}
      data-outcome={outcome}
    >
      {outcome === "failure" ? (
        <rect x="1.25" y="1.25" width="11.5" height="11.5" rx="2" fill={OUTCOME_COLORS.failure} />
      ) : (
        <circle
          cx="7"
          cy="7"
          r="5.75"
          fill={isFilled ? OUTCOME_COLORS[outcome] : undefined}
          strokeDasharray={outcome === "waiting" ? "2 1.6" : undefined}
          strokeOpacity={outcome === "running" ? 0.35 : undefined}
        />
      )}
      {outcome === "running" && (
        <path d="M7 1.25A5.75 5.75 0 0 1 12.75 7" className="origin-center animate-spin" />
      )}
      <path d={SIGNS[outcome]} stroke={isFilled ? "var(--card)" : undefined} />
    </svg>
  );
}

const TEXT: Readonly<Record<Outcome, string>> = {
  success: "text-success",
  failure: "text-danger",
  cancelled: "text-ink-soft",
  skipped: "text-ink-faint",
  running: "text-accent",
  waiting: "text-warning",
  unknown: "text-ink-soft",
};

/** The mark with its words. */
export function OutcomeBadge({
  outcome,
  words = outcomeTitle(outcome),
  className,
}: {
  readonly outcome: Outcome;
  readonly words?: string;
  readonly className?: string;
}) {
  return (
    <span className={classes("inline-flex items-center gap-1.5", TEXT[outcome], className)}>
      <OutcomeMark outcome={outcome} />
      {words}
    </span>
  );
}
