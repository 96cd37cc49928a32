import { connection } from "@/lib/graphql/connection.ts";
import { service } from "@/lib/service.ts";
import { useSignal } from "@/lib/signal.ts";
import { clockTime } from "@/lib/time.ts";
import { classes } from "./classes.ts";

/** Whether the page receives live updates. */
export function ConnectionPill() {
  const simulated = useSignal(service)?.simulated ?? false;
  const now = useSignal(connection);
  const [words, mark] =
    now.state === "live"
      ? (["Live", "bg-done"] as const)
      : now.state === "stale"
        ? ([`Stale since ${clockTime(now.since)}`, "bg-ready"] as const)
        : now.state === "catching-up"
          ? (["Catching up", "bg-in-progress"] as const)
          : (["Connecting", "bg-backlog"] as const);
  return (
    <span
      role="status"
      data-connection={now.state}
      className="inline-flex h-6 shrink-0 items-center gap-1.5 rounded-full border border-line px-2 text-meta whitespace-nowrap text-ink-soft"
    >
      <span className={classes("size-1.5 rounded-full", mark)} aria-hidden />
      {words}
      {simulated && <span className="text-ink-faint max-xl:sr-only">· simulated data</span>}
    </span>
  );
}
