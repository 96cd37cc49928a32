import { lazy, Suspense, useState } from "react";
import { Button } from "@/components/Button.tsx";
import { ErrorBoundary } from "@/components/ErrorBoundary.tsx";
import { useSubmit } from "@/components/useSubmit.ts";
import { whyReadOnly } from "@/lib/issues.ts";
import { renamedIn } from "@/lib/labelSchemes.ts";
import { ago, clockTime, fullTime, useIsAhead, useNow } from "@/lib/time.ts";
import { untrack } from "@/lib/tracking.ts";
import { useMay } from "@/lib/viewer.ts";
import type { Repository } from "../api/repositories.ts";
import { PeoplesWork } from "./PeoplesWork.tsx";

const LabelsDialog = lazy(async () => ({
  default: (await import("./LabelsDialog.tsx")).LabelsDialog,
}));

/** One tracked repository, with its problems and actions. */
export function RepositoryRow({
  repository,
  mayRemove,
  onReread,
  onChanged,
}: {
  readonly repository: Repository;
  readonly mayRemove: boolean;
  /** Reloads the list. */
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

/** The issues of a repository that cannot be stored, each with its number and the reason. */
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

/** Shows that GitHub rejects changes to the issues of a repository, while it is in back-off. */
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
