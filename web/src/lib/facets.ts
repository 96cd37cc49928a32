/** The values of a page's filters. An empty value means no filter. */
export type FacetValues<Facet extends string> = Readonly<Record<Facet, string>>;

/** Parses an address with a parameter for each filter. */
export function facetsOfSearch<Facet extends string>(
  search: string,
  facets: readonly Facet[],
): FacetValues<Facet> {
  const params = new URLSearchParams(search);
  const entries = facets.map((facet) => [facet, params.get(facet)?.trim() ?? ""]);
  return Object.fromEntries(entries) as Record<Facet, string>;
}

/** The parameters of an address. Empty values are left out. */
export function searchOfFacets<Facet extends string>(values: FacetValues<Facet>): string {
  const params = new URLSearchParams();
  for (const [facet, value] of Object.entries<string>(values)) {
    if (value !== "") params.set(facet, value);
  }
  return params.toString();
}

/** Whether any filter is active. */
export const isNarrowed = (values: FacetValues<string>): boolean =>
  Object.values(values).some((value) => value !== "");
