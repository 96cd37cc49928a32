import { facetsOfSearch, type FacetValues } from "@/lib/facets.ts";

/** The titles of the types of events. */
export const ACTIVITY_TYPES = {
  WORKFLOW_RUN_STARTED: "Run started",
  WORKFLOW_RUN_COMPLETED: "Run completed",
  WORKFLOW_RUN_FAILED: "Run failed",
  RELEASE_PUBLISHED: "Release published",
  PULL_REQUEST_OPENED: "Pull request opened",
  PULL_REQUEST_MERGED: "Pull request merged",
  DEPLOYMENT: "Deployment",
  SYNC_COMPLETED: "Sync",
} as const;

export type ActivityType = keyof typeof ACTIVITY_TYPES;

const isType = (name: string): name is ActivityType => Object.hasOwn(ACTIVITY_TYPES, name);

/** The filters of the activity. */
export const FACETS = ["type", "repo"] as const;

export type Facet = (typeof FACETS)[number];
export type ActivityFilter = FacetValues<Facet>;

export const NO_FILTER: ActivityFilter = { type: "", repo: "" };

/** Parses an address. An unknown type is ignored. */
export function filterOfSearch(search: string): ActivityFilter {
  const { type, repo } = facetsOfSearch(search, FACETS);
  return { type: isType(type.toUpperCase()) ? type.toLowerCase() : "", repo };
}

/** The filter as a variable of the query. */
export function queryOfFilter({ type, repo }: ActivityFilter): {
  readonly repository: string | null;
  readonly types: ActivityType[] | null;
} {
  const name = type.toUpperCase();
  return { repository: repo || null, types: isType(name) ? [name] : null };
}

/** The title of an event's type; the server's word if the type is unknown here, null if the server has none. */
export const typeWords = (type: string | null): string =>
  type === null
    ? "Event"
    : isType(type)
      ? ACTIVITY_TYPES[type]
      : type.toLowerCase().replaceAll("_", " ");
