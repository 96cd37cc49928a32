import { useEffect, useState } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { Button } from "@/components/Button.tsx";
import { ConnectionPill } from "@/components/ConnectionPill.tsx";
import { FeedList } from "@/components/FeedList.tsx";
import { FilterBar } from "@/components/FilterBar.tsx";
import { EmptyState } from "@/components/states.tsx";
import { TopBar } from "@/components/TopBar.tsx";
import { isNarrowed, searchOfFacets } from "@/lib/facets.ts";
import { useSignal } from "@/lib/signal.ts";
import { activityFeed, readRepositoryNames } from "../api/activity.ts";
import {
  ACTIVITY_TYPES,
  filterOfSearch,
  NO_FILTER,
  type ActivityFilter,
} from "../model/activityFilter.ts";
import { ActivityLine } from "./ActivityLine.tsx";

/** The events of the automation of all repositories, newest first, updated live. */
export function ActivityPage() {
  const filter = filterOfSearch(useSearch());
  return <Filtered key={searchOfFacets(filter)} filter={filter} />;
}

/** The events that match a filter. The `key` remounts it for another filter. */
function Filtered({ filter }: { readonly filter: ActivityFilter }) {
  const [path, navigate] = useLocation();
  const [feed] = useState(() => activityFeed(filter));
  const { items, hasMore } = useSignal(feed.state);
  const names = useRepositoryNames();
  const change = (next: ActivityFilter) => {
    const query = searchOfFacets(next);
    navigate(query === "" ? path : `${path}?${query}`, { replace: true });
  };
  const repositories = new Set([...names, ...(filter.repo === "" ? [] : [filter.repo])]);
  return (
    <div className="flex min-h-0 min-w-0 grow flex-col">
      <TopBar title="Activity">
        {items.length > 0 && (
          <span className="tabular text-meta text-ink-faint">
            {items.length.toLocaleString()}
            {hasMore && "+"} <span className="max-sm:sr-only">events</span>
          </span>
        )}
        <FilterBar
          facets={[
            {
              facet: "type" as const,
              name: "Type",
              value: filter.type,
              options: Object.entries(ACTIVITY_TYPES).map(([type, words]) => ({
                value: type.toLowerCase(),
                words,
              })),
            },
            {
              facet: "repo" as const,
              name: "Repository",
              value: filter.repo,
              options: [...repositories].sort().map((value) => ({ value })),
            },
          ]}
          onChange={(facet, value) => change({ ...filter, [facet]: value })}
        />
        <Link
          href="/automation"
          className="rounded px-1 py-1 text-board font-medium text-ink-soft underline decoration-line hover:text-ink hover:decoration-current"
        >
          All repositories
        </Link>
        <span className="grow" />
        <ConnectionPill />
      </TopBar>
      <main className="min-h-0 grow" aria-label="Activity">
        <FeedList
          label="Activity"
          feed={feed}
          estimate={53}
          line={(event, isFresh) => <ActivityLine event={event} isFresh={isFresh} />}
          empty={
            !isNarrowed(filter) ? (
              <EmptyState title="No events recorded yet">
                Runs, releases, pull requests, deployments and syncs of the tracked repositories
                appear here as they happen.
              </EmptyState>
            ) : (
              <EmptyState
                title="Nothing matches the filters"
                action={<Button onClick={() => change(NO_FILTER)}>Clear filters</Button>}
              >
                What matches appears by itself when it happens.
              </EmptyState>
            )
          }
        />
      </main>
    </div>
  );
}

function useRepositoryNames(): readonly string[] {
  const [names, setNames] = useState<readonly string[]>([]);
  useEffect(() => {
    let here = true;
    void readRepositoryNames().then((read) => here && setNames(read));
    return () => {
      here = false;
    };
  }, []);
  return names;
}
