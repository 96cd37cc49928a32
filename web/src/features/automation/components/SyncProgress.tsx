import { useEffect } from "react";
import { useSignal } from "@/lib/signal.ts";
import { runningSync, watchRunningSync, type RunningSync } from "../api/sync.ts";

/** The progress of a sync, in words. */
export const progressWords = ({ repositoriesCount, doneCount }: RunningSync): string =>
  `Reading automation: ${doneCount} of ${repositoriesCount} ${repositoriesCount === 1 ? "repository" : "repositories"}`;

/** A thin progress bar while automation data is read from GitHub. Renders nothing otherwise. */
export function AutomationSyncProgress() {
  useEffect(watchRunningSync, []);
  const running = useSignal(runningSync);
  if (!running) return null;
  const { repositoriesCount, doneCount } = running;
  return (
    <section aria-label="Sync of automation">
      <div
        role="progressbar"
        aria-label="Sync of automation"
        aria-valuemin={0}
        aria-valuemax={repositoriesCount}
        aria-valuenow={doneCount}
        aria-valuetext={progressWords(running)}
        title={progressWords(running)}
        className="h-0.5 shrink-0 overflow-hidden bg-line"
      >
        <div
          className="h-full bg-accent transition-[width] duration-300"
          style={{ width: `${((doneCount + 0.5) / Math.max(1, repositoriesCount)) * 100}%` }}
        />
      </div>
    </section>
  );
}
