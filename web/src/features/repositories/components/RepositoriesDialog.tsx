import { lazy, Suspense, useEffect, useState } from "react";
import { Button } from "@/components/Button.tsx";
import { Dialog } from "@/components/Dialog.tsx";
import { ErrorBoundary } from "@/components/ErrorBoundary.tsx";
import { NameForm } from "@/components/NameForm.tsx";
import { NotOffered } from "@/components/NotOffered.tsx";
import { Delayed } from "@/components/states.tsx";
import { useSubmit } from "@/components/useSubmit.ts";
import {
  useRunningSync,
  SyncButton,
  SyncProgress,
  progressWords,
  stateWords,
} from "@/components/SyncStatus.tsx";
import { whyReadOnly } from "@/lib/issues.ts";
import { renamedIn } from "@/lib/labelSchemes.ts";
import { useSignal } from "@/lib/signal.ts";
import { syncState } from "@/lib/sync.ts";
import { ago, clockTime, fullTime, useIsAhead, useNow } from "@/lib/time.ts";
import { useMay } from "@/lib/viewer.ts";
import { readRepositories, track, untrack, type Repository } from "../api/repositories.ts";
import { PeoplesWork } from "./PeoplesWork.tsx";

const LabelsDialog = lazy(async () => ({
  default: (await import("./LabelsDialog.tsx")).LabelsDialog,
}));

/** The tracked repositories: look, add, remove. */
export function RepositoriesDialog({ onClose }: { readonly onClose: () => void }) {
  const [repositories, setRepositories] = useState<readonly Repository[]>();
  const [problem, setProblem] = useState<string>();
  const [version, setVersion] = useState(0);
  const mayTrack = useMay("track");
  const reread = () => setVersion(version + 1);
  // Each repository that a sync is done with has another time, or another error.
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
      <p className="text-board text-ink-soft">Dispatch shows the issues of these repositories.</p>
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
            <Row
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

/** How all of them stand to GitHub, and how far a running sync has come. */
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

/** The issues of a repository that are left out, each with its number and the reason. */
export function UnreadableIssues({ repository }: { readonly repository: Repository }) {
  const { totalCount, nodes } = repository.unreadableIssues;
  if (totalCount === 0) return null;
  const unlisted = totalCount - nodes.length;
  return (
    <details className="mt-1 text-meta text-danger">
      <summary>
        {totalCount === 1 ? "1 issue" : `${totalCount} issues`} could not be read. Every sync tries
        again.
      </summary>
      <ul className="mt-1 space-y-0.5">
        {nodes.map(({ number, reason, since }) => (
          <li key={`${number ?? ""} ${reason}`} className="wrap-anywhere" title={fullTime(since)}>
            {number === null ? (
              "An issue that GitHub did not name"
            ) : (
              <a
                href={`${repository.url}/issues/${number}`}
                target="_blank"
                rel="noreferrer noopener"
                className="hover:underline"
              >
                #{number}
              </a>
            )}
            : {reason}
          </li>
        ))}
        {unlisted > 0 && <li>and {unlisted} more</li>}
      </ul>
    </details>
  );
}

/** That GitHub refuses to change the issues of a repository, while they are left alone for that. */
export function Refusing({
  backoff: { reason, retryAt },
}: {
  readonly backoff: NonNullable<Repository["backoff"]>;
}) {
  if (!useIsAhead(retryAt)) return null;
  return (
    <p className="mt-1 text-meta wrap-anywhere text-warning">
      GitHub refuses changes: {reason}. Tried again at{" "}
      <time dateTime={retryAt} title={fullTime(retryAt)} className="tabular">
        {clockTime(retryAt)}
      </time>
      .
    </p>
  );
}

function Row({
  repository,
  mayRemove,
  onReread,
  onChanged,
}: {
  readonly repository: Repository;
  readonly mayRemove: boolean;
  /** Reads the list again. */
  readonly onReread: () => void;
  readonly onChanged: (repository: Repository) => void;
}) {
  const now = useNow();
  const readOnly = whyReadOnly(repository);
  const mayName = useMay("labels");
  const [naming, setNaming] = useState(false);
  const [saved, setSaved] = useState(false);
  const renamed = renamedIn(repository.labelScheme);
  const [asking, setAsking] = useState(false);
  const removal = useSubmit(async () => {
    const answer = await untrack(repository.fullName);
    setAsking(false);
    return answer;
  }, onReread);
  return (
    <li className="py-2.5">
      <div className="flex items-center gap-2">
        <div className="min-w-0 grow">
          <div className="flex items-center gap-x-2 max-sm:flex-wrap">
            <a
              href={repository.url}
              target="_blank"
              rel="noreferrer noopener"
              className="truncate text-body font-medium hover:underline"
            >
              {repository.fullName}
            </a>
            {repository.source === "ENV" && (
              <span
                className="rounded-full border border-line px-1.5 text-meta text-ink-faint"
                title="Named in GITHUB_REPOSITORIES at the first start"
              >
                seed
              </span>
            )}
          </div>
          <p className="tabular text-meta text-ink-faint">
            {repository.lastSyncedAt === null ? (
              "Not synced yet"
            ) : (
              <time dateTime={repository.lastSyncedAt} title={fullTime(repository.lastSyncedAt)}>
                Synced {ago(repository.lastSyncedAt, now)}
                {ago(repository.lastSyncedAt, now) === "now" ? "" : " ago"}
              </time>
            )}
            {renamed.length > 0 && (
              <span title={renamed.map(({ own, name }) => `${own} is ${name}`).join("\n")}>
                {" · own labels"}
              </span>
            )}
          </p>
        </div>
        {mayName && (
          <Button
            look="quiet"
            className="max-sm:-mr-2 max-sm:px-1.5"
            onClick={() => {
              setSaved(false);
              setNaming(true);
            }}
            aria-label={`Labels of ${repository.fullName}`}
          >
            Labels
          </Button>
        )}
        {mayRemove && !asking && (
          <Button
            look="quiet"
            onClick={() => setAsking(true)}
            aria-label={`Remove ${repository.fullName}`}
          >
            Remove
          </Button>
        )}
      </div>
      <p role="status" className="text-meta text-success">
        {saved && "The labels are saved. Nothing was written to GitHub."}
      </p>
      {readOnly !== undefined && (
        <p className="mt-1 text-meta wrap-anywhere text-warning">{readOnly}</p>
      )}
      {repository.syncError !== null && (
        <p className="mt-1 text-meta wrap-anywhere text-danger">{repository.syncError}</p>
      )}
      {repository.backoff && <Refusing backoff={repository.backoff} />}
      <UnreadableIssues repository={repository} />
      <PeoplesWork repository={repository} onChanged={onChanged} />
      {mayRemove && asking && (
        <div
          role="group"
          aria-label={`Remove ${repository.fullName}`}
          className="mt-2 flex items-center gap-2 rounded bg-column px-3 py-2"
        >
          <p className="grow text-board text-ink-soft">
            Its issues are hidden, not deleted. Track it again to see them.
          </p>
          <Button onClick={() => setAsking(false)}>Keep</Button>
          <Button look="danger" onClick={() => void removal.submit()}>
            Remove
          </Button>
        </div>
      )}
      {removal.refusal !== undefined && (
        <p role="alert" className="mt-1 text-board text-danger">
          {removal.refusal}
        </p>
      )}
      {naming && (
        <ErrorBoundary>
          <Suspense fallback={null}>
            <LabelsDialog
              repository={repository}
              onClose={() => setNaming(false)}
              onSaved={() => {
                setSaved(true);
                setNaming(false);
                onReread();
              }}
            />
          </Suspense>
        </ErrorBoundary>
      )}
    </li>
  );
}
