import { facetsOfSearch, type FacetValues } from "@/lib/facets.ts";
import { isState, type DeliveryState } from "./states.ts";

/** What the list of deliveries can be narrowed to. */
export const FACETS = ["state", "event", "repo"] as const;

export type Facet = (typeof FACETS)[number];
export type DeliveryFilter = FacetValues<Facet>;

export const NO_FILTER: DeliveryFilter = { state: "", event: "", repo: "" };

/** Reads an address; a state that is none asks for nothing. */
export function filterOfSearch(search: string): DeliveryFilter {
  const values = facetsOfSearch(search, FACETS);
  return {
    ...values,
    state: isState(values.state.toUpperCase()) ? values.state.toLowerCase() : "",
  };
}

/** The filter as the server takes it. */
export function queryOfFilter({ state, event, repo }: DeliveryFilter): {
  readonly state: DeliveryState | null;
  readonly event: string | null;
  readonly repository: string | null;
} {
  const name = state.toUpperCase();
  return { state: isState(name) ? name : null, event: event || null, repository: repo || null };
}
