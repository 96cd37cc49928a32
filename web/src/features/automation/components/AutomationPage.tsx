import { lazy, Suspense, useContext, useMemo, useState } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { Button } from "@/components/Button.tsx";
import { FilterBar, type FacetChoice } from "@/components/FilterBar.tsx";
import { LivePage } from "@/components/LivePage.tsx";
import { NameForm } from "@/components/NameForm.tsx";
import { NotOffered } from "@/components/NotOffered.tsx";
import { RedBranches } from "@/components/RedBranches.tsx";
import { EmptyState } from "@/components/states.tsx";
import { useCommands } from "@/lib/commands.ts";
import { searchOfFacets } from "@/lib/facets.ts";
import { useSignal } from "@/lib/signal.ts";
import { track } from "@/lib/tracking.ts";
import { useMay } from "@/lib/viewer.ts";
import { automationQuery, type Automation } from "../api/automation.ts";
import { CardWorkflowsLoader } from "../api/cardWorkflows.ts";
import {
  filterOfSearch,
  isInState,
  NO_FILTER,
  shownRepositories,
  STATES,
  type Facet,
  type RepositoryFilter,
} from "../model/repositoryFilter.ts";
import { RepositoryCard } from "./RepositoryCard.tsx";
import { SyncAutomationButton } from "./SyncAutomation.tsx";
import { plural } from "./SyncProblem.tsx";
import { CardWorkflowsContext } from "./useCardWorkflows.ts";

const AutomationSyncProgress = lazy(async () => ({
  default: (await import("./SyncProgress.tsx")).AutomationSyncProgress,
}));

/** The automation of all tracked repositories. */
export function AutomationPage() {
  const [path, navigate] = useLocation();
  const filter = filterOfSearch(useSearch());
  const query = useMemo(() => automationQuery(), []);
  const workflows = useMemo(() => new CardWorkflowsLoader(), []);
  const { data } = useSignal(query.state);
  const change = (next: RepositoryFilter) => {
    const search = searchOfFacets(next);
    navigate(search === "" ? path : `${path}?${search}`, { replace: true });
  };
  return (
    <LivePage
      title="Automation"
      query={query}
      banner={
        <Suspense>
          <AutomationSyncProgress />
        </Suspense>
      }
      controls={
        <>
          <FilterBar
            facets={facetsOf(filter, data)}
            onChange={(facet, value) => change({ ...filter, [facet]: value })}
          />
          <Link
            href="/automation/activity"
            className="rounded px-1 py-1 text-board font-medium text-ink-soft underline decoration-line hover:text-ink hover:decoration-current"
          >
            Activity
          </Link>
          <SyncAutomationButton />
        </>
      }
    >
      {(shown) => (
        <CardWorkflowsContext value={workflows}>
          <Repositories
            automation={shown}
            filter={filter}
            onClear={() => change(NO_FILTER)}
            onReread={() => void query.refresh()}
          />
        </CardWorkflowsContext>
      )}
    </LivePage>
  );
}

function Repositories({
  automation: { trackedRepositories: all, redBranches },
  filter,
  onClear,
  onReread,
}: {
  readonly automation: Automation;
  readonly filter: RepositoryFilter;
  readonly onClear: () => void;
  readonly onReread: () => void;
}) {
  const [, navigate] = useLocation();
  useCommands(() =>
    all.map(({ id, fullName }) => ({
      key: `automation:${id}`,
      group: "Automation",
      text: `Automation of ${fullName}`,
      run: () => navigate(`/automation/repos/${fullName}`),
    })),
  );
  if (all.length === 0) {
    return (
      <EmptyState title="No repositories configured" action={<AddRepository onAdded={onReread} />}>
        Each tracked repository appears here with its workflows, releases and pull requests.
      </EmptyState>
    );
  }
  const shown = shownRepositories(all, filter);
  return (
    <div className="mx-auto flex max-w-7xl flex-col gap-3 p-4 max-sm:p-3">
      <Headline all={all} />
      <WorkflowsFailure />
      <RedBranches
        branches={redBranches.filter(
          ({ repository }) =>
            filter.owner === "" || repository.fullName.startsWith(`${filter.owner}/`),
        )}
      />
      {shown.length === 0 ? (
        <div className="py-10">
          <EmptyState
            title="No repository matches the filters"
            action={<Button onClick={onClear}>Clear filters</Button>}
          >
            {all.length.toLocaleString()} are tracked.
          </EmptyState>
        </div>
      ) : (
        <ul
          aria-label="Repositories"
          className="grid grid-cols-1 gap-3 md:grid-cols-2 xl:grid-cols-3"
        >
          {shown.map((repository) => (
            <RepositoryCard key={repository.id} repository={repository} onReread={onReread} />
          ))}
        </ul>
      )}
      <AddRepository onAdded={onReread} />
    </div>
  );
}

/** A summary of all repositories in one sentence. */
function Headline({ all }: { readonly all: Automation["trackedRepositories"] }) {
  const count = (state: string) => all.filter((each) => isInState(each, state)).length;
  const [red, failing, running, problems] = [
    count("red"),
    count("failing"),
    count("running"),
    count("problem"),
  ];
  const rest = [
    failing > 0 && `a workflow fails on some branch in ${failing}`,
    running > 0 && `a workflow runs in ${running}`,
    problems > 0 && `${problems} could not be read`,
  ].filter(Boolean);
  return (
    <p className="tabular text-body text-ink-soft">
      <span className={red > 0 ? "font-medium text-danger" : "font-medium text-ink"}>
        {red === 0
          ? "No default branch fails"
          : `The default branch fails in ${red} of ${plural(all.length, "repository", "repositories")}`}
      </span>
      {rest.length > 0 && `, ${rest.join(", ")}`}.
    </p>
  );
}

/** Why the workflows of visible cards could not be loaded. Renders nothing otherwise. */
function WorkflowsFailure() {
  const workflows = useContext(CardWorkflowsContext);
  const failure = useSignal(workflows.failure);
  if (failure === undefined) return null;
  return (
    <p role="alert" className="flex flex-wrap items-center gap-x-3 gap-y-1 text-warning">
      The workflows could not be loaded: {failure}
      <Button onClick={() => workflows.retry()}>Try again</Button>
    </p>
  );
}

function AddRepository({ onAdded }: { readonly onAdded: () => void }) {
  const may = useMay("track");
  const [isOpen, setOpen] = useState(false);
  useCommands(() =>
    may
      ? [
          {
            key: "track",
            group: "Automation",
            text: "Add a repository",
            run: () => setOpen(true),
          },
        ]
      : [],
  );
  if (!may) return <NotOffered action="track" />;
  if (!isOpen) {
    return (
      <Button className="self-start" onClick={() => setOpen(true)}>
        Add repository
      </Button>
    );
  }
  return (
    <NameForm
      className="w-full max-w-md"
      label="Repository to track, as owner/name or its address"
      isLabelHidden
      placeholder="owner/name or its address"
      verb="Add"
      busyVerb="Adding…"
      autoCapitalize="off"
      spellCheck={false}
      send={track}
      onSent={() => {
        setOpen(false);
        onAdded();
      }}
    />
  );
}

function facetsOf(
  filter: RepositoryFilter,
  data: Automation | undefined,
): readonly FacetChoice<Facet>[] {
  const all = data?.trackedRepositories ?? [];
  const owners = new Set([
    ...all.map(({ owner }) => owner),
    ...(filter.owner === "" ? [] : [filter.owner]),
  ]);
  return [
    {
      facet: "state",
      name: "State",
      value: filter.state,
      options: Object.entries(STATES).map(([value, words]) => ({
        value,
        words,
        count: all.filter((each) => isInState(each, value)).length,
      })),
    },
    {
      facet: "owner",
      name: "Owner",
      value: filter.owner,
      options: [...owners].sort().map((value) => ({
        value,
        count: all.filter(({ owner }) => owner === value).length,
      })),
    },
  ];
}
