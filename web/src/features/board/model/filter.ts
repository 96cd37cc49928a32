import { staleBefore } from "@/lib/stale.ts";
import { PRIORITIES, STATUSES, statusWord, type Priority, type Status } from "@/lib/statuses.ts";
import type { IssueFilter } from "../api/documents.ts";

/** The filter in the address of a board. Agents and owners are names here, and whole labels in the address. */
export type BoardFilter = {
  readonly repositories: readonly string[];
  /** The columns that are shown; empty for all. */
  readonly statuses: readonly Status[];
  readonly agents: readonly string[];
  readonly owners: readonly string[];
  readonly priorities: readonly Priority[];
  readonly projects: readonly string[];
  readonly lanes: readonly string[];
  readonly labels: readonly string[];
  readonly search: string;
  /** Only issues without an update for a week. */
  readonly stale: boolean;
  readonly includeClosed: boolean;
};

export const EMPTY_FILTER: BoardFilter = {
  repositories: [],
  statuses: [],
  agents: [],
  owners: [],
  priorities: [],
  projects: [],
  lanes: [],
  labels: [],
  search: "",
  stale: false,
  includeClosed: false,
};

/** The members with several values, with their name in the address and the prefix of their labels on GitHub. */
export const FACETS = {
  repositories: { param: "repo", prefix: "" },
  statuses: { param: "status", prefix: "status/" },
  agents: { param: "agent", prefix: "agent/" },
  owners: { param: "owner", prefix: "owner/" },
  priorities: { param: "priority", prefix: "priority/" },
  projects: { param: "project", prefix: "project/" },
  lanes: { param: "lane", prefix: "" },
  labels: { param: "label", prefix: "" },
} as const;

export type Facet = keyof typeof FACETS;

/** The boolean members, by their names in the address. */
export const FLAGS = ["stale", "includeClosed"] as const;

export type Flag = (typeof FLAGS)[number];

const bare = (value: string, prefix: string): string =>
  value.toLowerCase().startsWith(prefix) ? value.slice(prefix.length) : value;

const unique = (values: readonly string[]): string[] => [
  ...new Set(values.filter((value) => value !== "")),
];

/** A value as it is written in the address. */
function spelled(facet: Facet, value: string): string {
  if (facet === "statuses") return statusWord(value as Status);
  return FACETS[facet].prefix + (facet === "priorities" ? value.toLowerCase() : value);
}

/** Parses an address. Unknown statuses and priorities are ignored, so that old links still work. */
export function filterOfSearch(search: string): BoardFilter {
  const params = new URLSearchParams(search);
  const values = (facet: Facet): string[] =>
    unique(params.getAll(FACETS[facet].param).map((value) => bare(value, FACETS[facet].prefix)));
  const priorities = values("priorities").map((value) => value.toUpperCase());
  const statuses = params.getAll(FACETS.statuses.param).flatMap((words) => words.split(","));
  const words = statuses.map((word) => bare(word.trim().toLowerCase(), FACETS.statuses.prefix));
  return {
    repositories: values("repositories"),
    statuses: STATUSES.filter((status) => words.includes(statusWord(status))),
    agents: values("agents"),
    owners: values("owners"),
    priorities: PRIORITIES.filter((priority) => priorities.includes(priority)),
    projects: values("projects"),
    lanes: values("lanes"),
    labels: values("labels"),
    search: params.get("q")?.trim() ?? "",
    stale: params.get("stale") === "true",
    includeClosed: params.get("includeClosed") === "true",
  };
}

/** Writes a filter into an address and keeps its other parameters, such as the open card. */
export function searchOfFilter(filter: BoardFilter, present = ""): string {
  const params = new URLSearchParams(present);
  for (const facet of Object.keys(FACETS) as Facet[]) {
    const { param } = FACETS[facet];
    params.delete(param);
    for (const value of filter[facet]) params.append(param, spelled(facet, value));
  }
  params.delete("q");
  if (filter.search !== "") params.set("q", filter.search);
  for (const flag of FLAGS) {
    params.delete(flag);
    if (filter[flag]) params.set(flag, "true");
  }
  return params.toString();
}

/** Adds a value of a facet, or removes it. */
export function toggled(filter: BoardFilter, facet: Facet, value: string): BoardFilter {
  const values: readonly string[] = filter[facet];
  const next = values.includes(value)
    ? values.filter((other) => other !== value)
    : [...values, value];
  return { ...filter, [facet]: next };
}

export const isEmpty = (filter: BoardFilter): boolean => searchOfFilter(filter) === "";

/** The filter as a variable of the query at an instant. Empty members are left out. */
export function queryOfFilter(filter: BoardFilter, now: number): IssueFilter {
  return {
    ...(filter.repositories.length > 0 && { repositories: [...filter.repositories] }),
    ...(filter.statuses.length > 0 && { statuses: [...filter.statuses] }),
    ...(filter.agents.length > 0 && { agents: [...filter.agents] }),
    ...(filter.owners.length > 0 && { owners: [...filter.owners] }),
    ...(filter.priorities.length > 0 && { priorities: [...filter.priorities] }),
    ...(filter.projects.length > 0 && { projects: [...filter.projects] }),
    ...(filter.lanes.length > 0 && { lanes: [...filter.lanes] }),
    ...(filter.labels.length > 0 && { labels: [...filter.labels] }),
    ...(filter.search !== "" && { search: filter.search }),
    ...(filter.stale && { updatedBefore: staleBefore(now) }),
    ...(filter.includeClosed && { includeClosed: true }),
  };
}
