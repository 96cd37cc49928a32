import { RefreshCw } from "lucide-react";
import { useEffect, useState } from "react";
import { sync, syncState, type SyncOutcome, type SyncState } from "@/lib/sync.ts";
import { signal, useSignal } from "@/lib/signal.ts";
import { ago, since, useNow } from "@/lib/time.ts";
import { useMay } from "@/lib/viewer.ts";
import { Button } from "./Button.tsx";
import { classes } from "./classes.ts";
import { notify } from "./Notices.tsx";

const many = (count: number, one: string, more = `${one}s`): string =>
  `${count.toLocaleString()} ${count === 1 ? one : more}`;

/** How a sync ended, in one sentence. */
export function outcomeWords({ syncedCount, results }: SyncOutcome): {
  readonly text: string;
  readonly failed: boolean;
} {
  const failed = results.filter((result) => result.error !== null);
  const issues = many(syncedCount, "issue");
  const [first] = failed;
  if (!first) {
    return {
      text: `Synced ${issues} from ${many(results.length, "repository", "repositories")}.`,
      failed: false,
    };
  }
  const detail =
    failed.length === 1
      ? `${first.repository}: ${first.error ?? ""}`
      : `${failed.length} repositories failed.`;
  return {
    text: `Synced ${issues} from ${results.length - failed.length} of ${many(results.length, "repository", "repositories")}. ${detail}`,
    failed: true,
  };
}

/** Whether a sync that was requested here has not been completed yet. */
const asked = signal(false);

/** Starts a full sync, and reports the result. */
export async function syncAndNotify(): Promise<void> {
  if (asked.get()) return;
  asked.set(true);
  const answer = await sync();
  asked.set(false);
  if (answer.failure) {
    notify(answer.failure.message, "danger");
    return;
  }
  const { text, failed } = outcomeWords(answer.data);
  notify(text, failed ? "danger" : "plain");
}

/** The progress of a running sync, in words. */
export function progressWords(running: NonNullable<SyncState["running"]>): string {
  const { repositoriesCount, repositoriesDoneCount, issuesReadCount } = running;
  const at = Math.min(repositoriesDoneCount + 1, repositoriesCount);
  const issues = issuesReadCount > 0 ? `, ${many(issuesReadCount, "issue")} so far` : "";
  return `Reading repository ${at} of ${repositoriesCount}${issues}`;
}

/** The number of tracked repositories and of synced ones, and the time of the last sync, in words. */
export function stateWords(state: SyncState, now: number): string {
  const { repositoriesCount, failingCount, issuesCount, lastGoodSyncAt } = state;
  return [
    many(repositoriesCount, "repository", "repositories"),
    many(issuesCount, "issue"),
    lastGoodSyncAt === null
      ? repositoriesCount > 0 && "not all synced yet"
      : `synced ${since(lastGoodSyncAt, now)}`,
    failingCount > 0 && `${failingCount} could not be read`,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** The progress of a sync is shown only after this time. */
const NOTICEABLE_MS = 700;

/** The running sync, once it has taken long enough to be shown. Most timed syncs are shorter. */
export function useRunningSync(): SyncState["running"] {
  const running = useSignal(syncState)?.running ?? null;
  const began = running?.startedAt;
  const [noticed, setNoticed] = useState<string>();
  useEffect(() => {
    if (began === undefined) return;
    const timer = setTimeout(() => setNoticed(began), NOTICEABLE_MS);
    return () => clearTimeout(timer);
  }, [began]);
  return began !== undefined && noticed === began ? running : null;
}

/**
 * The time of the last sync with GitHub, and a button that syncs now for viewers who may use it. While a sync runs, its
 * progress.
 */
export function SyncButton() {
  const state = useSignal(syncState);
  const waiting = useSignal(asked);
  const now = useNow();
  const running = useRunningSync();
  const busy = waiting || running !== null;
  const age = state?.lastGoodSyncAt ? ago(state.lastGoodSyncAt, now) : undefined;
  const may = useMay("sync");
  const warning = (state?.failingCount ?? 0) > 0 && !busy ? "text-warning" : undefined;
  const known = state ? `${stateWords(state, now)}. ` : "";
  const content = (
    <>
      <RefreshCw size={14} className={busy ? "animate-spin" : undefined} aria-hidden />
      <span className="sr-only">Sync with GitHub: </span>
      <span className="tabular max-sm:sr-only">
        {running
          ? `Syncing ${Math.min(running.repositoriesDoneCount + 1, running.repositoriesCount)} of ${running.repositoriesCount}`
          : waiting
            ? "Syncing…"
            : age === undefined
              ? may
                ? "Sync"
                : "Not synced yet"
              : age === "now"
                ? "Synced now"
                : `Synced ${age} ago`}
      </span>
    </>
  );
  if (!may) {
    return (
      <span
        title={running ? progressWords(running) : known}
        className={classes(
          "inline-flex h-7 shrink-0 items-center gap-1.5 px-2.5 font-medium text-ink-soft",
          warning,
        )}
      >
        {content}
      </span>
    );
  }
  return (
    <Button
      look="quiet"
      disabled={busy}
      onClick={() => void syncAndNotify()}
      title={running ? progressWords(running) : `${known}Read everything from GitHub now.`}
      className={warning}
    >
      {content}
    </Button>
  );
}

/** A thin progress bar while a sync runs; nothing otherwise. */
export function SyncProgress({ className }: { readonly className?: string }) {
  const running = useRunningSync();
  if (!running) return null;
  const { repositoriesCount, repositoriesDoneCount } = running;
  const known = repositoriesCount > 1;
  return (
    <div
      role="progressbar"
      aria-label="Sync with GitHub"
      aria-valuemin={0}
      aria-valuemax={repositoriesCount}
      aria-valuenow={known ? repositoriesDoneCount : undefined}
      aria-valuetext={progressWords(running)}
      className={classes("h-0.5 overflow-hidden bg-line", className)}
    >
      <div
        className={classes(
          "h-full bg-accent transition-[width] duration-300",
          !known && "animate-pulse",
        )}
        style={{
          width: known ? `${((repositoriesDoneCount + 0.5) / repositoriesCount) * 100}%` : "60%",
        }}
      />
    </div>
  );
}
