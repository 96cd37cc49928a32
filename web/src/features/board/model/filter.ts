import { PRIORITIES, type Priority } from "@/lib/statuses.ts";
import type { IssueFilter } from "../api/documents.ts";

/** What the address of a board asks for. Agents and owners are bare names; the address holds the whole label. */
export type BoardFilter = {
  readonly repositories: readonly string[];
  readonly agents: readonly string[];
  readonly owners: readonly string[];
  readonly priorities: readonly Priority[];
  readonly projects: readonly string[];
  readonly lanes: readonly string[];
  readonly labels: readonly string[];
  readonly search: string;
  readonly includeClosed: boolean;
};

export const EMPTY_FILTER: BoardFilter = {
  repositories: [],
  agents: [],
  owners: [],
  priorities: [],
  projects: [],
  lanes: [],
  labels: [],
  search: "",
  includeClosed: false,
};

/** The members that hold several values, with their name in the address and the prefix of their label on GitHub. */
export const FACETS = {
  repositories: { param: "repo", prefix: "" },
  agents: { param: "agent", prefix: "agent/" },
  owners: { param: "owner", prefix: "owner/" },
  priorities: { param: "priority", prefix: "priority/" },
  projects: { param: "project", prefix: "project/" },
  lanes: { param: "lane", prefix: "" },
  labels: { param: "label", prefix: "" },
} as const;

export type Facet = keyof typeof FACETS;

const bare = (value: string, prefix: string): string =>
  value.startsWith(prefix) ? value.slice(prefix.length) : value;

const unique = (values: readonly string[]): string[] => [
  ...new Set(values.filter((value) => value !== "")),
];

/** Reads an address. Unknown priorities are left out rather than refused, so an old link still opens. */
export function filterOfSearch(search: string): BoardFilter {
  const params = new URLSearchParams(search);
  const values = (facet: Facet): string[] =>
    unique(params.getAll(FACETS[facet].param).map((value) => bare(value, FACETS[facet].prefix)));
  const priorities = values("priorities").map((value) => value.toUpperCase());
  return {
    repositories: values("repositories"),
    agents: values("agents"),
    owners: values("owners"),
    priorities: PRIORITIES.filter((priority) => priorities.includes(priority)),
    projects: values("projects"),
    lanes: values("lanes"),
    labels: values("labels"),
    search: params.get("q")?.trim() ?? "",
    includeClosed: params.get("includeClosed") === "true",
  };
}

/** Writes a filter into an address and leaves what else is there, such as the open card. */
export function searchOfFilter(filter: BoardFilter, present = ""): string {
  const params = new URLSearchParams(present);
  for (const facet of Object.keys(FACETS) as Facet[]) {
    const { param, prefix } = FACETS[facet];
    params.delete(param);
    for (const value of filter[facet]) {
      params.append(param, prefix + (facet === "priorities" ? value.toLowerCase() : value));
    }
  }
  params.delete("q");
  if (filter.search !== "") params.set("q", filter.search);
  params.delete("includeClosed");
  if (filter.includeClosed) params.set("includeClosed", "true");
  return params.toString();
}

/** Adds a value of a facet, or takes it away when it is there. */
export function toggled(filter: BoardFilter, facet: Facet, value: string): BoardFilter {
  const values: readonly string[] = filter[facet];
  const next = values.includes(value)
    ? values.filter((other) => other !== value)
    : [...values, value];
  return { ...filter, [facet]: next };
}

export const isEmpty = (filter: BoardFilter): boolean => searchOfFilter(filter) === "";

/** The filter as the server takes it: members that ask for nothing are left out. */
export function queryOfFilter(filter: BoardFilter): IssueFilter {
  return {
    ...(filter.repositories.length > 0 && { repositories: [...filter.repositories] }),
    ...(filter.agents.length > 0 && { agents: [...filter.agents] }),
    ...(filter.owners.length > 0 && { owners: [...filter.owners] }),
    ...(filter.priorities.length > 0 && { priorities: [...filter.priorities] }),
    ...(filter.projects.length > 0 && { projects: [...filter.projects] }),
    ...(filter.lanes.length > 0 && { lanes: [...filter.lanes] }),
    ...(filter.labels.length > 0 && { labels: [...filter.labels] }),
    ...(filter.search !== "" && { search: filter.search }),
    ...(filter.includeClosed && { includeClosed: true }),
  };
}
