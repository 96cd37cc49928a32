import type { Status } from "@/lib/statuses.ts";
import type { Swimlane } from "./swimlanes.ts";

/** What the page scrolls through: the head of each swimlane, and below it the cards of its columns side by side. */
export type Row =
  | { readonly kind: "head"; readonly swimlane: Swimlane; readonly collapsed: boolean }
  | { readonly kind: "cards"; readonly swimlane: Swimlane; readonly at: number };

/** The rows of swimlanes, as many below each head as its highest open column has cards. */
export const rowsOf = (
  swimlanes: readonly Swimlane[],
  open: readonly Status[],
  isCollapsed: (key: string) => boolean,
): readonly Row[] =>
  swimlanes.flatMap((swimlane): Row[] => {
    const collapsed = isCollapsed(swimlane.key);
    const height = collapsed
      ? 0
      : Math.max(0, ...open.map((status) => swimlane.cells.get(status)?.length ?? 0));
    return [
      { kind: "head", swimlane, collapsed },
      ...Array.from({ length: height }, (_, at): Row => ({ kind: "cards", swimlane, at })),
    ];
  });

/** Identifies a row while others come and go. */
export function keyOfRow(row: Row | undefined): string {
  if (row?.kind === "head") return `head:${row.swimlane.key}`;
  return row ? `${row.swimlane.key}:${row.at}` : "";
}

/** Where the row with this card stands; below zero when there is none, or its swimlane is collapsed. */
export function rowOf(
  swimlanes: readonly Swimlane[],
  rows: readonly Row[],
  id: string | undefined,
): number {
  if (id === undefined) return -1;
  for (const swimlane of swimlanes) {
    for (const ids of swimlane.cells.values()) {
      const at = ids.indexOf(id);
      if (at < 0) continue;
      const head = rows.findIndex((row) => row.kind === "head" && row.swimlane === swimlane);
      return rows[head]?.kind === "head" && rows[head].collapsed ? -1 : head + 1 + at;
    }
  }
  return -1;
}

/** The first card at or below a row, in the leftmost of these columns that has one there. */
export function firstCard(
  rows: readonly Row[],
  from: number,
  columns: readonly Status[],
): string | undefined {
  const row = rows.slice(from).find((each) => each.kind === "cards");
  if (row?.kind !== "cards") return undefined;
  for (const status of columns) {
    const id = row.swimlane.cells.get(status)?.[row.at];
    if (id !== undefined) return id;
  }
  return undefined;
}
