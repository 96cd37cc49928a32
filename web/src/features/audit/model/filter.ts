/** The filter in the address of the audit log. Empty members do not filter. */
export type AuditFilter = {
  readonly repository: string;
  readonly actor: string;
  readonly action: string;
  readonly agent: string;
  readonly outcome: "" | "success" | "failure";
};

export const EMPTY_FILTER: AuditFilter = {
  repository: "",
  actor: "",
  action: "",
  agent: "",
  outcome: "",
};

const PARAMS = {
  repository: "repo",
  actor: "actor",
  action: "action",
  agent: "agent",
  outcome: "outcome",
} as const;

export type Facet = keyof typeof PARAMS;

export const FACETS = Object.keys(PARAMS) as Facet[];

/** Parses an address; an unknown outcome does not filter. */
export function filterOfSearch(search: string): AuditFilter {
  const params = new URLSearchParams(search);
  const value = (facet: Facet): string => params.get(PARAMS[facet])?.trim() ?? "";
  const outcome = value("outcome");
  return {
    repository: value("repository"),
    actor: value("actor"),
    action: value("action"),
    agent: value("agent").replace(/^agent\//, ""),
    outcome: outcome === "success" || outcome === "failure" ? outcome : "",
  };
}

export function searchOfFilter(filter: AuditFilter): string {
  const params = new URLSearchParams();
  for (const facet of FACETS) if (filter[facet] !== "") params.set(PARAMS[facet], filter[facet]);
  return params.toString();
}

/** The filter as a variable of the query. */
export const queryOfFilter = (filter: AuditFilter) => ({
  repository: filter.repository || null,
  actor: filter.actor || null,
  action: filter.action || null,
  agent: filter.agent || null,
  success: filter.outcome === "" ? null : filter.outcome === "success",
});
