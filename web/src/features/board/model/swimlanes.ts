import { PRIORITIES, priorityTitle, type Priority, type Status } from "@/lib/statuses.ts";
import type { BoardIssue } from "../api/documents.ts";
import type { Group, Layout, Sort } from "./layout.ts";
import type { BoardStore } from "./store.ts";

/** One row of a grouped board with its cards by column. */
export type Swimlane = {
  /**
   * The repository, agent or priority of its cards; empty for cards without one, and for a board that is not grouped.
   */
  readonly key: string;
  readonly cells: ReadonlyMap<Status, readonly string[]>;
  readonly count: number;
};

/** The key of an issue's row. An issue with several agents is in the row of the first, so that it has one card only. */
export function keyOf(issue: BoardIssue, group: Group): string {
  switch (group) {
    case "none":
      return "";
    case "repository":
      return issue.repository.fullName;
    case "agent":
      return issue.agents[0] ?? "";
    case "priority":
      return issue.priority ?? "";
  }
}

/** The title of a row. */
export function swimlaneTitle(group: Group, key: string): string {
  if (group === "priority") {
    const priority = PRIORITIES.find((each) => each === key);
    return priority ? priorityTitle(priority) : "No priority";
  }
  return key === "" ? "No agent" : key;
}

type Compare = (a: BoardIssue, b: BoardIssue) => number;

const inTextOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The day in UTC. */
const dayOf = (instant: string): string => instant.slice(0, 10);

/** Compares ids, which are numbers in base 36: a longer one is greater. */
const byId: Compare = ({ id: a }, { id: b }) => a.length - b.length || inTextOrder(a, b);

const COMPARE: Readonly<Record<Exclude<Sort, "updated">, Compare>> = {
  age: (a, b) => inTextOrder(a.createdAt, b.createdAt),
  // The order of the server. A card that is being moved keeps the score of its old column until its event arrives.
  rank: (a, b) =>
    a.queueScore - b.queueScore ||
    inTextOrder(dayOf(a.createdAt), dayOf(b.createdAt)) ||
    byId(a, b),
};

/** The cards of a column in an order. They come in the order of the server, which is by update. */
export function sorted(store: BoardStore, ids: readonly string[], sort: Sort): readonly string[] {
  if (sort === "updated") return ids;
  return ids
    .map((id) => store.issue(id))
    .filter((issue) => issue !== undefined)
    .sort(COMPARE[sort])
    .map(({ id }) => id);
}

/** The rows of a board with these columns. Rows without a card are left out. */
export function swimlanesOf(
  store: BoardStore,
  columns: readonly Status[],
  { group, sort }: Layout,
): readonly Swimlane[] {
  const swimlanes = new Map<string, Map<Status, string[]>>();
  // Repositories may spell an agent differently; the row has the first spelling.
  const spelled = new Map<string, string>();
  for (const status of columns) {
    for (const id of sorted(store, store.column(status).ids, sort)) {
      const issue = store.issue(id);
      if (!issue) continue;
      const own = keyOf(issue, group);
      const key = spelled.get(own.toLowerCase()) ?? own;
      spelled.set(own.toLowerCase(), key);
      let cells = swimlanes.get(key);
      if (!cells) swimlanes.set(key, (cells = new Map<Status, string[]>()));
      const cell = cells.get(status);
      if (cell) cell.push(id);
      else cells.set(status, [id]);
    }
  }
  return [...swimlanes]
    .map(([key, cells]) => ({
      key,
      cells,
      count: [...cells.values()].reduce((sum, ids) => sum + ids.length, 0),
    }))
    .sort((a, b) => inOrder(group, a.key, b.key));
}

/** Sorts by name, priorities by urgency, and the row without a value last. */
function inOrder(group: Group, a: string, b: string): number {
  if (a === "" || b === "") return a === b ? 0 : a === "" ? 1 : -1;
  if (group === "priority") {
    return PRIORITIES.indexOf(a as Priority) - PRIORITIES.indexOf(b as Priority);
  }
  return a.localeCompare(b);
}
