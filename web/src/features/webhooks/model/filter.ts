import { facetsOfSearch, type FacetValues } from "@/lib/facets.ts";
import { isState, type DeliveryState } from "./states.ts";

/** The filters of the deliveries. */
export const FACETS = ["state", "event", "repo"] as const;

export type Facet = (typeof FACETS)[number];
export type DeliveryFilter = FacetValues<Facet>;

export const NO_FILTER: DeliveryFilter = { state: "", event: "", repo: "" };

/** Parses an address. An unknown state is ignored. */
export function filterOfSearch(search: string): DeliveryFilter {
  const values = facetsOfSearch(search, FACETS);
  return {
    ...values,
    state: isState(values.state.toUpperCase()) ? values.state.toLowerCase() : "",
  };
}

/** The filter as a variable of the query. */
export function queryOfFilter({ state, event, repo }: DeliveryFilter): {
  readonly state: DeliveryState | null;
  readonly event: string | null;
  readonly repository: string | null;
} {
  const name = state.toUpperCase();
  return { state: isState(name) ? name : null, event: event || null, repository: repo || null };
}
