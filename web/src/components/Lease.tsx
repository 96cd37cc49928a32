import {
  checkpointWords,
  remaining,
  timeLeft,
  CHECKPOINTS,
  type Checkpoint,
  type Lease,
} from "@/lib/lease.ts";
import { clockTime, useNow } from "@/lib/time.ts";
import { classes } from "./classes.ts";
import { AgentGlyph } from "./badges.tsx";

const RADIUS = 9;
const AROUND = 2 * Math.PI * RADIUS;
/** The ring is highlighted below this share of the lease, because the holder should have renewed by then. */
const LITTLE = 0.2;

/** The square of an agent inside a ring that shows the remaining share of its lease. */
export function LeaseRing({
  lease,
  large = false,
}: {
  readonly lease: Lease;
  readonly large?: boolean;
}) {
  const left = remaining(lease, useNow());
  return (
    <span
      className={classes(
        "relative flex shrink-0 items-center justify-center",
        large ? "size-8" : "size-4.5",
      )}
      aria-hidden
    >
      <svg viewBox="0 0 20 20" fill="none" className="absolute inset-0 -rotate-90">
        <circle
          cx="10"
          cy="10"
          r={RADIUS}
          stroke="var(--line-strong)"
          strokeWidth={large ? 1.5 : 2}
          strokeDasharray={left === 0 ? "1.6 1.6" : undefined}
        />
        {left > 0 && (
          <circle
            data-left={left.toFixed(2)}
            cx="10"
            cy="10"
            r={RADIUS}
            stroke={left < LITTLE ? "var(--ready)" : "var(--accent)"}
            strokeWidth={large ? 1.5 : 2}
            strokeLinecap="round"
            strokeDasharray={`${left * AROUND} ${AROUND}`}
          />
        )}
      </svg>
      <span className={large ? "flex" : "flex scale-[0.65]"}>
        <AgentGlyph name={lease.agent} />
      </span>
    </span>
  );
}

/** The holder of an issue with its checkpoint. A ring shows the remaining time of the lease. */
export function LeaseBadge({ lease }: { readonly lease: Lease }) {
  const now = useNow();
  const words = checkpointWords(lease.checkpoint);
  const time = timeLeft(lease.expiresAt, now);
  return (
    <span
      data-lease={lease.agent}
      title={`Held by ${lease.agent} until ${clockTime(lease.expiresAt)} (${time}): ${words}`}
      className="inline-flex min-w-0 items-center gap-1"
    >
      <LeaseRing lease={lease} />
      <span className="sr-only">Held by agent </span>
      <span className="shrink-0">{lease.agent}</span>
      <span className="truncate text-ink-faint">{words}</span>
      <span className="sr-only">, {time}</span>
    </span>
  );
}

/** The checkpoints from claimed to complete, filled up to the current one. */
export function CheckpointBar({
  at,
  className,
}: {
  readonly at: Checkpoint;
  readonly className?: string;
}) {
  const step = CHECKPOINTS.indexOf(at);
  return (
    <span
      role="img"
      aria-label={`Checkpoint ${step + 1} of ${CHECKPOINTS.length}: ${checkpointWords(at)}`}
      title={CHECKPOINTS.map(checkpointWords).join(" → ")}
      className={classes("flex gap-0.5", className)}
    >
      {CHECKPOINTS.map((checkpoint, index) => (
        <span
          key={checkpoint}
          className={classes(
            "h-1 grow rounded-full",
            index <= step ? "bg-accent" : "bg-line-strong",
          )}
        />
      ))}
    </span>
  );
}
