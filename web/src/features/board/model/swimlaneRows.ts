import type { Status } from "@/lib/statuses.ts";
import type { Swimlane } from "./swimlanes.ts";

/** A row of the scrolled list: the head of a swimlane, or one card of each of its columns side by side. */
export type Row =
  | { readonly kind: "head"; readonly swimlane: Swimlane; readonly collapsed: boolean }
  | { readonly kind: "cards"; readonly swimlane: Swimlane; readonly at: number };

/** The rows of the swimlanes. A swimlane has as many rows as its longest expanded column has cards. */
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

/** Identifies a row when others are added or removed. */
export function keyOfRow(row: Row | undefined): string {
  if (row?.kind === "head") return `head:${row.swimlane.key}`;
  return row ? `${row.swimlane.key}:${row.at}` : "";
}

/** The index of the row with this card; -1 if there is none or its swimlane is collapsed. */
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

/** The first card in this row or below; of several columns, the leftmost one counts. */
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
