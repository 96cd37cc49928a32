import { MessageCircleQuestionMark, OctagonPause } from "lucide-react";
import { shorten } from "@/lib/lease.ts";
import { clockTime } from "@/lib/time.ts";
import { classes } from "./classes.ts";

type Lease = {
  readonly agent: string;
  /** The question that the holder waits for a person to answer. */
  readonly awaitingInput: string | null;
  /** When the lease ends, if its holder was asked to stop. */
  readonly releaseAt: string | null;
};

/** Badges for a holder that waits for a person's answer or was asked to stop. Renders nothing otherwise. */
export function LeaseStateBadges({
  lease: { agent, awaitingInput, releaseAt },
  className,
}: {
  readonly lease: Lease;
  readonly className?: string;
}) {
  if (awaitingInput === null && releaseAt === null) return null;
  return (
    <span className={classes("flex min-w-0 flex-wrap items-center gap-x-2.5 text-meta", className)}>
      {awaitingInput !== null && (
        <span
          data-hold="asks"
          title={`${agent} asks: ${shorten(awaitingInput)}`}
          className="inline-flex items-center gap-1 text-warning"
        >
          <MessageCircleQuestionMark size={12} className="shrink-0" aria-hidden />
          waits for an answer
          <span className="sr-only">: {shorten(awaitingInput)}</span>
        </span>
      )}
      {releaseAt !== null && (
        <span
          data-hold="stops"
          title={`${agent} was asked to stop; released at ${clockTime(releaseAt)} otherwise`}
          className="tabular inline-flex items-center gap-1 text-ink-faint"
        >
          <OctagonPause size={12} className="shrink-0" aria-hidden />
          asked to stop
        </span>
      )}
    </span>
  );
}
