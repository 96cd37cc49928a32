/** What a page is narrowed to, by facet. An empty value asks for nothing. */
export type FacetValues<Facet extends string> = Readonly<Record<Facet, string>>;

/** Reads the parameters of an address, one for each facet. */
export function facetsOfSearch<Facet extends string>(
  search: string,
  facets: readonly Facet[],
): FacetValues<Facet> {
  const params = new URLSearchParams(search);
  const entries = facets.map((facet) => [facet, params.get(facet)?.trim() ?? ""]);
  return Object.fromEntries(entries) as Record<Facet, string>;
}

/** The parameters for an address, in the order of the facets. */
export function searchOfFacets<Facet extends string>(values: FacetValues<Facet>): string {
  const params = new URLSearchParams();
  for (const [facet, value] of Object.entries<string>(values)) {
    if (value !== "") params.set(facet, value);
  }
  return params.toString();
}

/** Whether a page is narrowed to anything. */
export const isNarrowed = (values: FacetValues<string>): boolean =>
  Object.values(values).some((value) => value !== "");
