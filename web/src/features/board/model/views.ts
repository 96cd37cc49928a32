import { priorityTitle, PRIORITIES, statusTitle } from "@/lib/statuses.ts";
import { STALE_DAYS } from "@/lib/stale.ts";
import { filterOfSearch } from "./filter.ts";
import { GROUPS, layoutOfSearch, PLAIN, SORTS } from "./layout.ts";

/** The parameter of the board's address that names a saved view. */
export const VIEW = "view";

/** The address of a saved view. The view is looked up when the address is opened. */
export const addressOfView = (id: string): `/board${string}` =>
  `/board?${VIEW}=${encodeURIComponent(id)}`;

/** A description of a view. */
export function wordsOfView(query: string): string {
  const filter = filterOfSearch(query);
  const { group, sort } = layoutOfSearch(query);
  const named = (name: string, values: readonly string[]): string | undefined =>
    values.length > 0 ? `${name} ${values.join(" or ")}` : undefined;
  const parts = [
    named("in", filter.repositories),
    named("", filter.statuses.map(statusTitle)),
    named("agent", filter.agents),
    named("owner", filter.owners),
    named("", PRIORITIES.filter((each) => filter.priorities.includes(each)).map(priorityTitle)),
    named("project", filter.projects),
    named("lane", filter.lanes),
    named("labelled", filter.labels),
    filter.search === "" ? undefined : `“${filter.search}”`,
    filter.stale ? `without an update for ${STALE_DAYS} days` : undefined,
    filter.includeClosed ? "closed ones too" : undefined,
  ].filter((part) => part !== undefined);
  const rows = group === PLAIN.group ? undefined : `by ${GROUPS[group].toLowerCase()}`;
  const order = sort === PLAIN.sort ? undefined : `ordered by ${SORTS[sort].toLowerCase()}`;
  const what = parts.length > 0 ? parts.map((part) => part.trim()) : ["The whole board"];
  return [...what, rows, order].filter((part) => part !== undefined).join(" · ");
}
