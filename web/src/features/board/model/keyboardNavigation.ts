import type { Status } from "@/lib/statuses.ts";
import type { Swimlane } from "./swimlanes.ts";

export type Direction = "left" | "right" | "up" | "down";

/** The cards in the order of the screen: columns from left to right, rows from top to bottom. */
export type Grid = {
  readonly columns: readonly Status[];
  readonly swimlanes: readonly Pick<Swimlane, "cells">[];
};

/**
 * The card next to another. Up and down stay in the column and go through all rows. Left and right stay in the row,
 * keep the position in the column and skip empty cells. At an edge the card stays the same. Without a current card, the
 * result is the first card of the board.
 */
export function neighbour(
  { columns, swimlanes }: Grid,
  from: string | undefined,
  direction: Direction,
): string | undefined {
  const cell = (swimlane: number, status: Status | undefined): readonly string[] =>
    (status && swimlanes[swimlane]?.cells.get(status)) ?? [];
  const place = placeOf(columns, swimlanes, from);
  if (from === undefined || !place) {
    return swimlanes.flatMap((_, swimlane) =>
      columns.flatMap((status) => cell(swimlane, status)),
    )[0];
  }
  const { swimlane, column, row } = place;
  if (direction === "up" || direction === "down") {
    const step = direction === "up" ? -1 : 1;
    const near = cell(swimlane, columns[column])[row + step];
    if (near !== undefined) return near;
    for (let at = swimlane + step; at >= 0 && at < swimlanes.length; at += step) {
      const next = cell(at, columns[column]);
      if (next.length > 0) return step > 0 ? next[0] : next.at(-1);
    }
    return from;
  }
  const step = direction === "left" ? -1 : 1;
  for (let at = column + step; at >= 0 && at < columns.length; at += step) {
    const other = cell(swimlane, columns[at]);
    if (other.length > 0) return other[Math.min(row, other.length - 1)];
  }
  return from;
}

function placeOf(columns: Grid["columns"], swimlanes: Grid["swimlanes"], id: string | undefined) {
  if (id === undefined) return undefined;
  for (const [swimlane, { cells }] of swimlanes.entries()) {
    for (const [column, status] of columns.entries()) {
      const row = cells.get(status)?.indexOf(id) ?? -1;
      if (row >= 0) return { swimlane, column, row };
    }
  }
  return undefined;
}

/** The column next to another; at an edge the same one. */
export function neighbourColumn(
  columns: readonly Status[],
  from: Status,
  direction: "left" | "right",
): Status {
  const at = columns.indexOf(from) + (direction === "left" ? -1 : 1);
  return columns[at] ?? from;
}
