import { useEffect, useState } from "react";
import { Link } from "wouter";
import { Dialog } from "@/components/Dialog.tsx";
import { NameForm } from "@/components/NameForm.tsx";
import { NotOffered } from "@/components/NotOffered.tsx";
import { Delayed } from "@/components/states.tsx";
import {
  useRunningSync,
  SyncButton,
  SyncProgress,
  progressWords,
  stateWords,
} from "@/components/SyncStatus.tsx";
import { useSignal } from "@/lib/signal.ts";
import { syncState } from "@/lib/sync.ts";
import { useNow } from "@/lib/time.ts";
import { track } from "@/lib/tracking.ts";
import { useMay } from "@/lib/viewer.ts";
import { readRepositories, type Repository } from "../api/repositories.ts";
import { RepositoryRow } from "./RepositoryRow.tsx";

/** The dialog with the tracked repositories, which can be added and removed. */
export function RepositoriesDialog({ onClose }: { readonly onClose: () => void }) {
  const [repositories, setRepositories] = useState<readonly Repository[]>();
  const [problem, setProblem] = useState<string>();
  const [version, setVersion] = useState(0);
  const mayTrack = useMay("track");
  const reread = () => setVersion(version + 1);
  // A sync changes the time or the error of each repository that it has finished.
  const state = useSignal(syncState);
  const running = state?.running;
  const syncs = `${running?.repositoriesDoneCount ?? ""} ${state?.lastGoodSyncAt ?? ""} ${state?.failingCount ?? ""} ${state?.repositoriesCount ?? ""}`;

  useEffect(() => {
    let here = true;
    void readRepositories().then((answer) => {
      if (!here) return;
      if (answer.failure) setProblem(answer.failure.message);
      else setRepositories(answer.data);
    });
    return () => {
      here = false;
    };
  }, [version, syncs]);

  return (
    <Dialog title="Repositories" onClose={onClose}>
      <p className="text-board text-ink-soft">
        Dispatch shows the issues of these repositories. With{" "}
        <Link
          href="/webhooks"
          onClick={onClose}
          className="rounded text-accent underline underline-offset-2"
        >
          webhooks
        </Link>{" "}
        GitHub reports changes at once.
      </p>
      <State />
      {mayTrack && (
        <NameForm
          className="mt-3"
          label="Repository to track, as owner/name or its address"
          isLabelHidden
          placeholder="owner/name or its address"
          verb="Track"
          busyVerb="Adding…"
          autoCapitalize="off"
          spellCheck={false}
          send={track}
          onSent={reread}
        />
      )}
      <NotOffered action="track" className="mt-3" />
      <NotOffered action="labels" />
      {problem !== undefined && (
        <p role="alert" className="mt-3 text-board text-danger">
          {problem}
        </p>
      )}
      {repositories ? (
        <ul aria-label="Tracked repositories" className="mt-3 divide-y divide-line">
          {repositories.map((repository) => (
            <RepositoryRow
              key={repository.id}
              repository={repository}
              mayRemove={mayTrack}
              onReread={reread}
              onChanged={(changed) =>
                setRepositories((before) =>
                  before?.map((each) => (each.id === changed.id ? changed : each)),
                )
              }
            />
          ))}
          {repositories.length === 0 && (
            <li className="py-3 text-board text-ink-faint">None is tracked yet.</li>
          )}
        </ul>
      ) : (
        problem === undefined && (
          <Delayed>
            <p className="mt-4 text-board text-ink-faint" role="status">
              Loading…
            </p>
          </Delayed>
        )
      )}
    </Dialog>
  );
}

/** The sync state of all repositories, and the progress of a running sync. */
function State() {
  const state = useSignal(syncState);
  const running = useRunningSync();
  const now = useNow();
  if (!state) return null;
  return (
    <div className="mt-2 overflow-hidden rounded border border-line">
      <div className="flex items-center gap-2 py-1 pr-1 pl-2.5">
        <p role="status" className="tabular grow text-meta text-ink-soft">
          {running
            ? `${progressWords(running)}. It goes on when you close this.`
            : stateWords(state, now)}
        </p>
        <SyncButton />
      </div>
      <SyncProgress />
    </div>
  );
}
