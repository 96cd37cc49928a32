/** The grouping and the order of the cards of a board. */
export type Layout = {
  readonly group: Group;
  readonly sort: Sort;
};

/** The groupings, in the order of the menu. */
export const GROUPS = {
  none: "No grouping",
  repository: "Repository",
  agent: "Agent",
  priority: "Priority",
} as const;

export type Group = keyof typeof GROUPS;

/** The orders within a column. The first is the order of the server, in which pages are loaded. */
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

/** Parses an address. Unknown values are ignored, so that links of another version still work. */
export function layoutOfSearch(search: string): Layout {
  const params = new URLSearchParams(search);
  const group = params.get("group");
  const sort = params.get("sort");
  return {
    group: isGroup(group) ? group : PLAIN.group,
    sort: isSort(sort) ? sort : PLAIN.sort,
  };
}

/** Writes a layout into an address and keeps its other parameters. Defaults are not written. */
export function searchOfLayout(layout: Layout, present = ""): string {
  const params = new URLSearchParams(present);
  for (const name of ["group", "sort"] as const) {
    params.delete(name);
    if (layout[name] !== PLAIN[name]) params.set(name, layout[name]);
  }
  return params.toString();
}

/** Whether a layout needs all cards to be loaded, because the server's pages have another order. */
export const needsAll = (layout: Layout): boolean =>
  layout.group !== PLAIN.group || layout.sort !== PLAIN.sort;
