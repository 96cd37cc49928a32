import { useState } from "react";
import { useLocation, useSearch } from "wouter";
import { Button } from "@/components/Button.tsx";
import { classes } from "@/components/classes.ts";
import { FilterBar, type FacetChoice } from "@/components/FilterBar.tsx";
import { LivePage } from "@/components/LivePage.tsx";
import { NotOffered } from "@/components/NotOffered.tsx";
import { EmptyState } from "@/components/states.tsx";
import { isNarrowed, searchOfFacets } from "@/lib/facets.ts";
import { useSignal } from "@/lib/signal.ts";
import { deliveriesQuery, type Deliveries } from "../api/deliveries.ts";
import { filterOfSearch, NO_FILTER, type DeliveryFilter, type Facet } from "../model/filter.ts";
import { byEvent, byState, DELIVERY_STATES, STATES } from "../model/states.ts";
import { DeliveryRow, StateMark } from "./DeliveryRow.tsx";
import { Setup } from "./Setup.tsx";

/** The deliveries of webhooks from GitHub with their states. */
export function WebhooksPage() {
  const filter = filterOfSearch(useSearch());
  return <Filtered key={searchOfFacets(filter)} filter={filter} />;
}

/** The deliveries that match a filter. The `key` remounts it for another filter. */
function Filtered({ filter }: { readonly filter: DeliveryFilter }) {
  const [path, navigate] = useLocation();
  const [{ query, readMore }] = useState(() => deliveriesQuery(filter));
  const { data } = useSignal(query.state);
  const change = (next: DeliveryFilter) => {
    const query = searchOfFacets(next);
    navigate(query === "" ? path : `${path}?${query}`, { replace: true });
  };
  return (
    <LivePage
      title="Webhooks"
      query={query}
      controls={
        <FilterBar
          facets={facetsOf(filter, data)}
          onChange={(facet, value) => change({ ...filter, [facet]: value })}
        />
      }
    >
      {(shown) => (
        <div className="mx-auto flex max-w-6xl flex-col gap-3 p-4 max-sm:p-3">
          <States
            counts={shown.counts}
            chosen={filter.state}
            onChoose={(state) => change({ ...filter, state })}
          />
          <NotOffered action="replay" />
          {shown.deliveries.length > 0 ? (
            <>
              <ul aria-label="Deliveries" className="rounded-lg border border-line bg-card">
                {shown.deliveries.map((delivery) => (
                  <DeliveryRow
                    key={delivery.id}
                    delivery={delivery}
                    onReplayed={() => query.refresh()}
                  />
                ))}
              </ul>
              {shown.hasMore && (
                <Button className="self-center" onClick={() => void readMore()}>
                  Show older deliveries
                </Button>
              )}
            </>
          ) : isNarrowed(filter) ? (
            <div className="py-12">
              <EmptyState
                title="No delivery matches the filters"
                action={<Button onClick={() => change(NO_FILTER)}>Clear filters</Button>}
              >
                What matches appears by itself when it arrives.
              </EmptyState>
            </div>
          ) : (
            <div className="py-8">
              <EmptyState title="GitHub has not delivered anything yet">
                Each delivery of a webhook is listed here with its result.
              </EmptyState>
            </div>
          )}
          <details
            open={shown.counts.length === 0}
            className="rounded-lg border border-line bg-card px-4 py-3"
          >
            <summary className="min-h-6 content-center rounded font-semibold">
              Set up a webhook
            </summary>
            <div className="mt-2">
              <Setup />
            </div>
          </details>
        </div>
      )}
    </LivePage>
  );
}

/** The number of deliveries in each state, as buttons that show only these. */
function States({
  counts,
  chosen,
  onChoose,
}: {
  readonly counts: Deliveries["counts"];
  readonly chosen: string;
  readonly onChoose: (state: string) => void;
}) {
  const sums = byState(counts);
  return (
    <div
      role="group"
      aria-label="Deliveries by state"
      className="grid grid-cols-2 gap-2 sm:grid-cols-5"
    >
      {DELIVERY_STATES.map((state) => {
        const isChosen = chosen === state.toLowerCase();
        return (
          <button
            key={state}
            type="button"
            aria-pressed={isChosen}
            title={STATES[state].meaning}
            onClick={() => onChoose(isChosen ? "" : state.toLowerCase())}
            className={classes(
              "rounded-lg border bg-card px-3.5 py-2.5 text-left transition-colors hover:border-line-strong max-sm:last:col-span-2",
              isChosen ? "border-accent" : "border-line",
            )}
          >
            <StateMark state={state} className="text-meta" />
            <span className="tabular block text-title font-semibold">
              {sums[state].toLocaleString()}
            </span>
          </button>
        );
      })}
    </div>
  );
}

/** The choices of the filters: all values of deliveries, and the chosen ones. */
function facetsOf(
  filter: DeliveryFilter,
  data: Deliveries | undefined,
): readonly FacetChoice<Facet>[] {
  const sums = byState(data?.counts ?? []);
  const named = new Set([
    ...(data?.repositories ?? []),
    ...(data?.deliveries ?? []).flatMap(({ repositoryFullName }) => repositoryFullName ?? []),
    ...(filter.repo === "" ? [] : [filter.repo]),
  ]);
  return [
    {
      facet: "state",
      name: "State",
      value: filter.state,
      options: DELIVERY_STATES.map((state) => ({
        value: state.toLowerCase(),
        words: STATES[state].title,
        count: sums[state],
      })),
    },
    {
      facet: "event",
      name: "Event",
      value: filter.event,
      options: byEvent(data?.counts ?? []).map(([value, count]) => ({ value, count })),
    },
    {
      facet: "repo",
      name: "Repository",
      value: filter.repo,
      options: [...named].sort().map((value) => ({ value })),
    },
  ];
}
