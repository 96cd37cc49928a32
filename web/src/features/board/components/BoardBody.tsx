import { useCallback, useSyncExternalStore, type ReactNode } from "react";
import { Button } from "@/components/Button.tsx";
import { classes } from "@/components/classes.ts";
import { NotOffered } from "@/components/NotOffered.tsx";
import { Delayed, EmptyState, ErrorState } from "@/components/states.tsx";
import { progressWords, syncAndNotify, SyncProgress } from "@/components/SyncStatus.tsx";
import { service } from "@/lib/service.ts";
import { useSignal } from "@/lib/signal.ts";
import { STATUSES } from "@/lib/statuses.ts";
import { syncState } from "@/lib/sync.ts";
import { useMay } from "@/lib/viewer.ts";
import { useBoard } from "./context.ts";

type Props = {
  readonly filtered: boolean;
  readonly onClear: () => void;
  readonly onRepositories: () => void;
  /** The columns, rendered when a board is loaded. */
  readonly children: ReactNode;
};

/** The four states of a board: loading, failed, empty, loaded. */
export function BoardBody({ filtered, onClear, onRepositories, children }: Props) {
  const { session } = useBoard();
  const phase = useSignal(session.phase);
  const total = useTotal();
  const retry = () => void session.reload();

  if (phase.kind === "loading")
    return (
      <Delayed>
        <Skeleton />
      </Delayed>
    );
  if (phase.kind === "failed" && !phase.shown) {
    return (
      <ErrorState
        title="The board could not be loaded"
        message={phase.failure.message}
        onRetry={retry}
      />
    );
  }
  return (
    <div
      className={classes(
        "flex h-full flex-col transition-opacity",
        phase.kind === "reloading" && "opacity-70",
      )}
    >
      {phase.kind === "failed" && (
        <div
          role="alert"
          className="flex items-center gap-3 border-b border-line bg-warning-soft px-4 py-1.5 text-board text-warning"
        >
          <span className="grow">
            Board refresh failed. Showing previous state. {phase.failure.message}
          </span>
          <Button onClick={retry}>Retry</Button>
        </div>
      )}
      <div className="min-h-0 grow">
        {total > 0 || phase.kind === "reloading" ? (
          children
        ) : filtered ? (
          <EmptyState
            title="No issues match the current filters"
            action={<Button onClick={onClear}>Clear filters</Button>}
          >
            Issues that start to match appear by themselves.
          </EmptyState>
        ) : (
          <NothingYet onRepositories={onRepositories} />
        )}
      </div>
    </div>
  );
}

/** An empty board without a filter: nothing is tracked, nothing was synced yet, or there are no issues. */
function NothingYet({ onRepositories }: { readonly onRepositories: () => void }) {
  const state = useSignal(syncState);
  const self = useSignal(service);
  const mayTrack = useMay("track");
  const maySync = useMay("sync");
  if (!state || !self) return null;
  if (!self.configured) {
    return (
      <EmptyState
        title="Connect GitHub to fill the board"
        action={<Button onClick={onRepositories}>Repositories</Button>}
      >
        Dispatch reads issues with the token in <code>GITHUB_TOKEN</code>, which is not set.{" "}
        {state.repositoriesCount === 0
          ? "Besides, it needs a repository to track."
          : "What is tracked appears once it is."}
      </EmptyState>
    );
  }
  if (state.repositoriesCount === 0) {
    return (
      <EmptyState
        title="Track a repository to fill the board"
        action={
          mayTrack ? (
            <Button look="primary" onClick={onRepositories}>
              Track a repository
            </Button>
          ) : (
            <NotOffered action="track" />
          )
        }
      >
        Dispatch shows the issues of the GitHub repositories it tracks, and moves them by changing
        their labels.
      </EmptyState>
    );
  }
  if (state.running) {
    return (
      <EmptyState title="Reading your issues from GitHub">
        {progressWords(state.running)}. They appear here when a repository is complete; you need not
        wait on this page.
        <SyncProgress className="mx-auto mt-4 h-1 w-56 rounded-full" />
      </EmptyState>
    );
  }
  return (
    <EmptyState
      title={state.failingCount > 0 ? "GitHub could not be read" : "No issues synced yet"}
      action={
        <>
          {maySync && (
            <Button look="primary" onClick={() => void syncAndNotify()}>
              Sync now
            </Button>
          )}
          <Button onClick={onRepositories}>Repositories</Button>
        </>
      }
    >
      {state.failingCount > 0
        ? `${state.failingCount} of ${state.repositoriesCount} tracked repositories could not be read. Repositories says why.`
        : state.repositoriesCount === 1
          ? "One repository is tracked, but no issue has come from there."
          : `${state.repositoriesCount} repositories are tracked, but no issue has come from there.`}
    </EmptyState>
  );
}

function useTotal(): number {
  const { store } = useBoard().session;
  const watch = useCallback((listener: () => void) => store.watch("board", listener), [store]);
  return useSyncExternalStore(watch, () =>
    STATUSES.reduce((total, status) => total + store.column(status).totalCount, 0),
  );
}

/** The placeholder of a board while it is loading. */
function Skeleton() {
  return (
    <div
      className="flex h-full gap-2.5 overflow-hidden px-4 py-3"
      role="status"
      aria-label="Loading the board"
    >
      {[4, 6, 3, 2, 5].map((cards, column) => (
        <div
          key={column}
          className="flex h-full w-72 max-w-96 min-w-56 grow flex-col gap-1.5 rounded-lg bg-column px-1.5"
        >
          <div className="flex h-9 items-center px-1.5">
            <div className="h-3 w-24 animate-pulse rounded bg-line" />
          </div>
          {Array.from({ length: cards }, (_, card) => (
            <div key={card} className="h-24 rounded border border-line bg-card p-2.5">
              <div className="h-2.5 w-20 animate-pulse rounded bg-line" />
              <div className="mt-3 h-2.5 w-full animate-pulse rounded bg-line" />
              <div className="mt-2 h-2.5 w-2/3 animate-pulse rounded bg-line" />
            </div>
          ))}
        </div>
      ))}
    </div>
  );
}
