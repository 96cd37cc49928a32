import { lazy, Suspense, useMemo } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { FilterBar } from "@/components/FilterBar.tsx";
import { LivePage } from "@/components/LivePage.tsx";
import { EmptyState } from "@/components/states.tsx";
import { workflowAddress } from "@/lib/automation.ts";
import { useCommands } from "@/lib/commands.ts";
import { facetsOfSearch, searchOfFacets } from "@/lib/facets.ts";
import { outcomeOf, outcomeTitle, type Outcome } from "@/lib/outcome.ts";
import { useSignal } from "@/lib/signal.ts";
import {
  repositoryQuery,
  type RepositoryPageData,
  type RepositoryWorkflow,
} from "../api/repository.ts";
import { permissionFor } from "../model/missing.ts";
import { SeedBadge, SyncProblem } from "./SyncProblem.tsx";
import { Part } from "./Part.tsx";
import { OnGitHub } from "./RunLine.tsx";
import { StripLegend } from "./RunStrip.tsx";
import { SyncAutomationButton } from "./SyncAutomation.tsx";
import { RepositoryTiles } from "./RepositoryTiles.tsx";
import { WorkflowRow } from "./WorkflowRow.tsx";

const AutomationSyncProgress = lazy(async () => ({
  default: (await import("./SyncProgress.tsx")).AutomationSyncProgress,
}));
const RecentActivity = lazy(async () => ({
  default: (await import("./RecentActivity.tsx")).RecentActivity,
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
  const workflows = repository?.automation.workflows ?? [];
  const latest = workflows.map(standingOf);
  useCommands(() =>
    workflows.map(({ id, name: workflow }) => ({
      key: `workflow:${id}`,
      group: "Automation",
      text: `Workflow ${workflow}`,
      run: () => navigate(workflowAddress(id)),
    })),
  );
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
      <RepositoryTiles automation={automation} />
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
                {outcome === ""
                  ? "This repository has no workflows."
                  : "No workflow has this state."}
              </p>
            ) : (
              <ul className="flex flex-col divide-y divide-line" aria-label="Workflows">
                {workflows.map((workflow) => (
                  <WorkflowRow key={workflow.id} workflow={workflow} />
                ))}
              </ul>
            )}
          </Part>
          <Suspense>
            <RecentActivity repository={repository.fullName} events={events} />
          </Suspense>
        </div>
        <div className="flex min-w-0 flex-col gap-3">
          <Suspense>
            <RepositoryParts automation={automation} repositoryUrl={repository.url} />
          </Suspense>
        </div>
      </div>
    </div>
  );
}
