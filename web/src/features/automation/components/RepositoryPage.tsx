import { ShieldAlert } from "lucide-react";
import { lazy, Suspense, useMemo } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { classes } from "@/components/classes.ts";
import { FilterBar } from "@/components/FilterBar.tsx";
import { LivePage } from "@/components/LivePage.tsx";
import { OutcomeBadge, OutcomeMark } from "@/components/OutcomeMark.tsx";
import { Panel } from "@/components/Panel.tsx";
import { EmptyState } from "@/components/states.tsx";
import { shortSha, workflowAddress } from "@/lib/automation.ts";
import { facetsOfSearch, searchOfFacets } from "@/lib/facets.ts";
import { outcomeOf, outcomeTitle, outcomeWords, type Outcome } from "@/lib/outcome.ts";
import { useSignal } from "@/lib/signal.ts";
import { duration, since, useNow } from "@/lib/time.ts";
import {
  repositoryQuery,
  type RepositoryAutomation,
  type RepositoryPageData,
  type RepositoryWorkflow,
} from "../api/repository.ts";
import { permissionFor } from "../model/missing.ts";
import { rateColor, rateWords } from "../model/strip.ts";
import { ActivityLine } from "./ActivityLine.tsx";
import { plural, SeedBadge, SyncProblem } from "./SyncProblem.tsx";
import { Part } from "./Part.tsx";
import { OnGitHub, RunLine } from "./RunLine.tsx";
import { RunStrip, StripLegend } from "./RunStrip.tsx";
import { SyncAutomationButton } from "./SyncAutomation.tsx";
import { Tile } from "./Tile.tsx";

const AutomationSyncProgress = lazy(async () => ({
  default: (await import("./SyncProgress.tsx")).AutomationSyncProgress,
}));
const RepositoryParts = lazy(async () => ({
  default: (await import("./RepositoryParts.tsx")).RepositoryParts,
}));

const FACETS = ["workflow"] as const;

/** The outcomes of the filter, for the latest run of a workflow. */
const OUTCOMES: readonly Outcome[] = ["failure", "running", "waiting", "success", "cancelled"];

/**
 * The automation of one repository: workflows with their runs, pull requests, releases, checks, deployments, packages.
 */
export function RepositoryPage({ owner, name }: { readonly owner: string; readonly name: string }) {
  const fullName = `${owner}/${name}`;
  const [path, navigate] = useLocation();
  const { workflow: outcome } = facetsOfSearch(useSearch(), FACETS);
  const query = useMemo(() => repositoryQuery(fullName), [fullName]);
  const { data } = useSignal(query.state);
  const repository = data?.repository;
  const latest = (repository?.automation.workflows ?? []).map(standingOf);
  return (
    <LivePage
      title={repository?.fullName ?? fullName}
      query={query}
      banner={
        <Suspense>
          <AutomationSyncProgress />
        </Suspense>
      }
      controls={
        repository && (
          <>
            {repository.source === "ENV" && <SeedBadge />}
            <OnGitHub url={repository.url} name={repository.fullName} />
            <FilterBar
              facets={[
                {
                  facet: "workflow",
                  name: "Workflows",
                  value: outcome,
                  options: OUTCOMES.map((each) => ({
                    value: each,
                    words: outcomeTitle(each),
                    count: latest.filter((standing) => standing === each).length,
                  })),
                },
              ]}
              onChange={(_, value) => {
                const search = searchOfFacets({ workflow: value });
                navigate(search === "" ? path : `${path}?${search}`, { replace: true });
              }}
            />
            <Link
              href="/automation"
              className="rounded px-1 py-1 text-board font-medium text-ink-soft underline decoration-line hover:text-ink hover:decoration-current"
            >
              All repositories
            </Link>
            <SyncAutomationButton repository={repository.fullName} />
          </>
        )
      }
    >
      {(shown) =>
        shown.repository ? (
          <Body data={{ ...shown, repository: shown.repository }} outcome={outcome} />
        ) : (
          <EmptyState
            title="Repository not found"
            action={
              <Link href="/automation" className="text-accent underline">
                All repositories
              </Link>
            }
          >
            <code>{fullName}</code> is not tracked, or may not be synced yet.
          </EmptyState>
        )
      }
    </LivePage>
  );
}

const standingOf = ({ recentRuns: [run] }: RepositoryWorkflow): Outcome =>
  run ? outcomeOf(run) : "unknown";

function Body({
  data: { repository, events },
  outcome,
}: {
  readonly data: RepositoryPageData & {
    readonly repository: NonNullable<RepositoryPageData["repository"]>;
  };
  readonly outcome: string;
}) {
  const { automation } = repository;
  const missing = automation.missingPermissions;
  const workflows = automation.workflows.filter(
    (workflow) => outcome === "" || standingOf(workflow) === outcome,
  );
  return (
    <div className="mx-auto flex max-w-7xl flex-col gap-3 p-4 max-sm:p-3">
      <SyncProblem automation={automation} />
      <Tiles automation={automation} />
      <div className="grid items-start gap-3 lg:grid-cols-[minmax(0,1fr)_24rem]">
        <div className="flex min-w-0 flex-col gap-3">
          <Part
            title="Workflows"
            count={automation.workflowsCount}
            permission={permissionFor(missing, "ACTIONS")}
            action={
              <span className="max-md:hidden">
                <StripLegend />
              </span>
            }
          >
            {workflows.length === 0 ? (
              <p className="text-ink-faint">
                {outcome === "" ? "This repository has no workflows." : "No workflow stands so."}
              </p>
            ) : (
              <ul className="flex flex-col divide-y divide-line" aria-label="Workflows">
                {workflows.map((workflow) => (
                  <WorkflowRow key={workflow.id} workflow={workflow} />
                ))}
              </ul>
            )}
          </Part>
          <Panel
            title="Recent activity"
            action={
              <Link
                href={`/automation/activity?repo=${encodeURIComponent(repository.fullName)}`}
                className="rounded text-meta text-ink-soft underline decoration-line hover:text-ink hover:decoration-current"
              >
                All of it
              </Link>
            }
          >
            {events.length === 0 ? (
              <p className="text-ink-faint">No events recorded yet.</p>
            ) : (
              <ul className="-mx-4 -mb-2">
                {events.map((event) => (
                  <li key={event.id} className="border-t border-line">
                    <ActivityLine event={event} isRepositoryShown={false} />
                  </li>
                ))}
              </ul>
            )}
          </Panel>
        </div>
        <div className="flex min-w-0 flex-col gap-3">
          <Suspense>
            <RepositoryParts automation={automation} repositoryUrl={repository.url} />
          </Suspense>
          <SecretAlerts automation={automation} url={repository.url} />
          <LastSync automation={automation} />
        </div>
      </div>
    </div>
  );
}

function Tiles({ automation }: { readonly automation: RepositoryAutomation }) {
  const { latestCommit, failingCount, runningCount } = automation;
  return (
    <dl className="grid grid-cols-2 gap-3 sm:grid-cols-4">
      <Tile name="Status">
        {automation.isRed ? (
          <span className="text-danger">{automation.defaultBranch} is red</span>
        ) : failingCount > 0 ? (
          <span className="text-danger">{failingCount} failing</span>
        ) : (
          <span className="text-success">all clear</span>
        )}
        {runningCount > 0 && (
          <span className="text-meta font-normal text-accent">{runningCount} running</span>
        )}
      </Tile>
      <Tile name={`Latest commit on ${automation.defaultBranch}`}>
        {latestCommit ? (
          <>
            {latestCommit.url === null ? (
              shortSha(latestCommit.sha)
            ) : (
              <a
                href={latestCommit.url}
                target="_blank"
                rel="noreferrer noopener"
                className="rounded hover:underline"
              >
                {shortSha(latestCommit.sha)}
              </a>
            )}
            <span className="text-meta font-normal text-ink-soft">{latestCommit.author}</span>
          </>
        ) : (
          "–"
        )}
      </Tile>
      <Tile name="Releases">{automation.releasesCount.toLocaleString()}</Tile>
      <Tile name="Open PRs">{automation.openPullRequestsCount.toLocaleString()}</Tile>
    </dl>
  );
}

/** The number of runs that are listed below the bars. */
const LISTED = 5;

function WorkflowRow({ workflow }: { readonly workflow: RepositoryWorkflow }) {
  const [, navigate] = useLocation();
  const [latest] = workflow.recentRuns;
  const wants = latest !== undefined && outcomeOf(latest) !== "success";
  return (
    <li className="py-3 first:pt-0 last:pb-0">
      <div className="grid items-center gap-x-4 gap-y-1 sm:grid-cols-[minmax(0,14rem)_7rem_minmax(0,1fr)]">
        <div className="flex min-w-0 items-center gap-2">
          {latest ? (
            <Link
              href={workflowAddress(workflow.id, latest.id)}
              className="-m-1.5 rounded p-1.5"
              title={`${outcomeWords(latest)}: open run #${latest.number}`}
            >
              <OutcomeMark
                outcome={outcomeOf(latest)}
                label={`${workflow.name}: ${outcomeWords(latest)}, open the run`}
              />
            </Link>
          ) : (
            <OutcomeMark outcome="unknown" label="No run" />
          )}
          <Link
            href={workflowAddress(workflow.id)}
            className="min-w-6 truncate rounded py-1 font-medium hover:underline"
            title={workflow.path}
          >
            {workflow.name}
          </Link>
          {workflow.isFlaky && (
            <span
              className="shrink-0 text-meta text-warning"
              title="The same commit passed and failed"
            >
              flaky
            </span>
          )}
          {workflow.state !== "active" && (
            <span className="shrink-0 truncate text-meta text-ink-faint">
              {workflow.state.replaceAll("_", " ")}
            </span>
          )}
        </div>
        <span className="tabular flex gap-2 text-meta text-ink-faint">
          <span className={classes("w-11 font-medium", rateColor(workflow.successRate))}>
            <span className="sr-only">Success rate </span>
            {rateWords(workflow.successRate)}
          </span>
          <span title="Average duration">{duration((workflow.averageDuration ?? 0) * 1_000)}</span>
        </span>
        <RunStrip
          name={workflow.name}
          runs={workflow.recentRuns}
          onOpen={(run) => navigate(workflowAddress(workflow.id, run))}
        />
      </div>
      {workflow.recentRuns.length > 0 && (
        <details open={wants} className="mt-1">
          <summary className="min-h-6 content-center rounded text-meta text-ink-soft">
            Latest {plural(Math.min(LISTED, workflow.recentRuns.length), "run")}
          </summary>
          <ul className="-mx-2" aria-label={`Latest runs of ${workflow.name}`}>
            {workflow.recentRuns.slice(0, LISTED).map((run) => (
              <RunLine key={run.id} run={run} workflow={workflow} />
            ))}
          </ul>
        </details>
      )}
    </li>
  );
}

function SecretAlerts({
  automation,
  url,
}: {
  readonly automation: RepositoryAutomation;
  readonly url: string;
}) {
  const { openSecretAlertsCount: count } = automation;
  const permission = permissionFor(automation.missingPermissions, "SECRET_SCANNING");
  if (count === null && permission === undefined) return null;
  return (
    <Part title="Secret scanning" permission={permission}>
      {count !== null && (
        <p className={count > 0 ? "flex items-center gap-1.5 text-danger" : "text-ink-faint"}>
          {count > 0 && <ShieldAlert size={14} aria-hidden />}
          <a
            href={`${url}/security/secret-scanning`}
            target="_blank"
            rel="noreferrer noopener"
            className="rounded hover:underline"
          >
            {count === 0 ? "No open alert" : plural(count, "open alert")}
          </a>
        </p>
      )}
    </Part>
  );
}

const SYNC_OUTCOMES: Readonly<Record<string, Outcome>> = {
  running: "running",
  completed: "success",
  failed: "failure",
};

function LastSync({
  automation: { lastSyncRun: sync },
}: {
  readonly automation: RepositoryAutomation;
}) {
  const now = useNow();
  if (!sync) return null;
  const took =
    sync.completedAt === null
      ? undefined
      : duration(Date.parse(sync.completedAt) - Date.parse(sync.startedAt));
  const outcome = SYNC_OUTCOMES[sync.status.toLowerCase()] ?? "unknown";
  const facts = [
    since(sync.startedAt, now),
    took === "-" ? undefined : took,
    plural(sync.requestsCount, "request"),
    plural(sync.workflowsCount, "workflow"),
    plural(sync.runsCount, "run"),
  ];
  return (
    <Panel title="Last sync">
      <p className="flex flex-wrap items-center gap-x-2 text-ink-soft">
        <OutcomeBadge outcome={outcome} />
        <span className="tabular text-meta">{facts.filter(Boolean).join(" · ")}</span>
      </p>
      {sync.error !== null && <p className="mt-1 wrap-anywhere text-danger">{sync.error}</p>}
    </Panel>
  );
}
