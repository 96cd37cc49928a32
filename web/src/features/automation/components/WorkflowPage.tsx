import { Play } from "lucide-react";
import { lazy, Suspense, useMemo, useState } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { Button } from "@/components/Button.tsx";
import { FilterBar } from "@/components/FilterBar.tsx";
import { LivePage } from "@/components/LivePage.tsx";
import { NotOffered } from "@/components/NotOffered.tsx";
import { Panel } from "@/components/Panel.tsx";
import { EmptyState } from "@/components/states.tsx";
import { repositoryAddress } from "@/lib/automation.ts";
import { useCommands } from "@/lib/commands.ts";
import { facetsOfSearch, searchOfFacets } from "@/lib/facets.ts";
import { useKeys } from "@/lib/keys.ts";
import { outcomeOf, outcomeTitle, type Outcome } from "@/lib/outcome.ts";
import { useSignal } from "@/lib/signal.ts";
import { useMay } from "@/lib/viewer.ts";
import { workflowQuery, type Workflow } from "../api/workflow.ts";
import { BranchRuns } from "./BranchRuns.tsx";
import { OnGitHub, RunLine } from "./RunLine.tsx";
import { RunStrip, StripLegend } from "./RunStrip.tsx";
import { SuccessOverTime } from "./SuccessOverTime.tsx";
import { TriggersPanel } from "./TriggersPanel.tsx";
import { WorkflowBranches } from "./WorkflowBranches.tsx";
import { WorkflowSiblings } from "./WorkflowSiblings.tsx";
import { WorkflowTiles } from "./WorkflowTiles.tsx";

// Loaded on demand.
const RunPanel = lazy(async () => ({ default: (await import("./RunPanel.tsx")).RunPanel }));
const DispatchDialog = lazy(async () => ({
  default: (await import("./DispatchDialog.tsx")).DispatchDialog,
}));

const FACETS = ["branch", "outcome", "run"] as const;
type Address = Readonly<Record<(typeof FACETS)[number], string>>;

/** One workflow: its runs, success rate, triggers and branches, and the same workflow in other repositories. */
export function WorkflowPage({ id }: { readonly id: string }) {
  const [path, navigate] = useLocation();
  const address = facetsOfSearch(useSearch(), FACETS);
  const query = useMemo(() => workflowQuery(id), [id]);
  const { data } = useSignal(query.state);
  const [isStarting, setStarting] = useState(false);
  const mayControl = useMay("control");
  const workflow = data?.workflow;
  const canStart = mayControl && workflow?.triggers?.dispatch != null;
  const change = (next: Partial<Address>) => {
    const search = searchOfFacets({ ...address, ...next });
    navigate(search === "" ? path : `${path}?${search}`, { replace: true });
  };
  useKeys((event) => {
    if (event.key === "Escape" && address.run !== "") change({ run: "" });
    else if (event.key === "r" && canStart) setStarting(true);
    else return false;
    return true;
  });
  useCommands(() =>
    canStart
      ? [
          {
            key: "dispatch",
            group: "Automation",
            text: `Run ${workflow.name}`,
            hint: "r",
            run: () => setStarting(true),
          },
        ]
      : [],
  );
  return (
    <LivePage
      title={workflow?.name ?? "Workflow"}
      query={query}
      controls={
        workflow && (
          <>
            <FilterBar
              facets={facetsOf(workflow, address)}
              onChange={(facet, value) => change({ [facet]: value })}
            />
            {canStart && (
              <Button
                onClick={() => setStarting(true)}
                aria-haspopup="dialog"
                aria-keyshortcuts="r"
              >
                <Play size={14} aria-hidden />
                Run…
              </Button>
            )}
            <NotOffered action="control" />
          </>
        )
      }
    >
      {({ workflow: shown }) =>
        shown ? (
          <>
            <Body workflow={shown} address={address} onChange={change} />
            {isStarting && (
              <Suspense fallback={null}>
                <DispatchDialog workflow={shown} onClose={() => setStarting(false)} />
              </Suspense>
            )}
          </>
        ) : (
          <EmptyState
            title="Workflow not found"
            action={
              <Link href="/automation" className="text-accent underline">
                All repositories
              </Link>
            }
          >
            It was deleted, or its repository is not tracked any more.
          </EmptyState>
        )
      }
    </LivePage>
  );
}

function Body({
  workflow,
  address,
  onChange,
}: {
  readonly workflow: Workflow;
  readonly address: Address;
  readonly onChange: (next: Partial<Address>) => void;
}) {
  const { repository, recentRuns } = workflow;
  const kept = searchOfFacets({ branch: address.branch, outcome: address.outcome });
  const keep = kept === "" ? "" : `&${kept}`;
  const runs = recentRuns.filter(
    (run) => address.outcome === "" || outcomeOf(run) === address.outcome,
  );
  return (
    <div className="mx-auto flex max-w-7xl flex-col gap-3 p-4 max-sm:p-3">
      <p className="flex min-w-0 flex-wrap items-center gap-x-2 text-ink-soft">
        <Link
          href={repositoryAddress(repository.fullName)}
          className="rounded font-medium text-ink hover:underline"
        >
          {repository.fullName}
        </Link>
        <code className="min-w-0 truncate text-meta">{workflow.path}</code>
        {workflow.url !== null && <OnGitHub url={workflow.url} name={workflow.name} />}
      </p>
      <WorkflowTiles workflow={workflow} />
      <Panel
        title="Latest runs"
        count={recentRuns.length}
        action={
          <span className="max-md:hidden">
            <StripLegend />
          </span>
        }
      >
        <RunStrip
          name={workflow.name}
          runs={recentRuns}
          openId={address.run}
          large
          onOpen={(run) => onChange({ run })}
        />
      </Panel>
      {address.run !== "" && (
        <Suspense fallback={null}>
          <RunPanel
            key={address.run}
            runId={address.run}
            repositoryUrl={repository.url}
            onClose={() => onChange({ run: "" })}
          />
        </Suspense>
      )}
      <div className="grid items-start gap-3 lg:grid-cols-[minmax(0,1fr)_24rem]">
        <div className="flex min-w-0 flex-col gap-3">
          {address.branch === "" ? (
            <Panel title="Runs">
              {runs.length === 0 ? (
                <p className="text-ink-faint">
                  {recentRuns.length === 0
                    ? "This workflow has not run yet."
                    : "No run has this outcome."}
                </p>
              ) : (
                <ul className="-mx-2" aria-label="Runs">
                  {runs.map((run) => (
                    <RunLine
                      key={run.id}
                      run={run}
                      workflow={workflow}
                      isOpen={run.id === address.run}
                      search={keep}
                    />
                  ))}
                </ul>
              )}
            </Panel>
          ) : (
            <BranchRuns
              key={address.branch}
              workflow={workflow}
              branch={address.branch}
              outcome={address.outcome}
              openId={address.run}
              search={keep}
            />
          )}
        </div>
        <div className="flex min-w-0 flex-col gap-3">
          <SuccessOverTime workflow={workflow} />
          <TriggersPanel workflow={workflow} />
          <WorkflowBranches
            workflow={workflow}
            chosen={address.branch}
            onChoose={(branch) => onChange({ branch })}
          />
          <WorkflowSiblings workflow={workflow} />
        </div>
      </div>
    </div>
  );
}

const OUTCOMES: readonly Outcome[] = ["success", "failure", "cancelled", "running", "waiting"];

const facetsOf = (workflow: Workflow, address: Address) => [
  {
    facet: "branch" as const,
    name: "Branch",
    value: address.branch,
    options: workflow.branches.map(({ branch }) => ({ value: branch })),
  },
  {
    facet: "outcome" as const,
    name: "Outcome",
    value: address.outcome,
    options: OUTCOMES.map((outcome) => ({
      value: outcome,
      words: outcomeTitle(outcome),
      count: workflow.recentRuns.filter((run) => outcomeOf(run) === outcome).length,
    })),
  },
];
