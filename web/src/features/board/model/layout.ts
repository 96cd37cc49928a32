/** How a board lays its cards out; what is on it is the filter's business. */
export type Layout = {
  readonly group: Group;
  readonly sort: Sort;
};

/** What the rows of a board stand for, in the order in which they are offered. */
export const GROUPS = {
  none: "No grouping",
  repository: "Repository",
  agent: "Agent",
  priority: "Priority",
} as const;

export type Group = keyof typeof GROUPS;

/** The orders within a column. The first is the server's own and costs nothing. */
export const SORTS = {
  updated: "Last update",
  age: "Age",
  rank: "Queue rank",
} as const;

export type Sort = keyof typeof SORTS;

export const PLAIN: Layout = { group: "none", sort: "updated" };

const isGroup = (word: string | null): word is Group =>
  word !== null && Object.hasOwn(GROUPS, word);
const isSort = (word: string | null): word is Sort => word !== null && Object.hasOwn(SORTS, word);

/** Reads an address. What it does not know it leaves plain, so a link from another version still opens. */
export function layoutOfSearch(search: string): Layout {
  const params = new URLSearchParams(search);
  const group = params.get("group");
  const sort = params.get("sort");
  return {
    group: isGroup(group) ? group : PLAIN.group,
    sort: isSort(sort) ? sort : PLAIN.sort,
  };
}

/** Writes a layout into an address and leaves what else is there. What is plain stays out of it. */
export function searchOfLayout(layout: Layout, present = ""): string {
  const params = new URLSearchParams(present);
  for (const name of ["group", "sort"] as const) {
    params.delete(name);
    if (layout[name] !== PLAIN[name]) params.set(name, layout[name]);
  }
  return params.toString();
}

/** Whether a layout can only be drawn of cards that are all here: the server's pages have another order. */
export const needsAll = (layout: Layout): boolean =>
  layout.group !== PLAIN.group || layout.sort !== PLAIN.sort;
