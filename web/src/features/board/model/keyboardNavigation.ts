import type { Status } from "@/lib/statuses.ts";
import type { Lane } from "./lanes.ts";

export type Direction = "left" | "right" | "up" | "down";

/** The cards as they are drawn: columns from left to right, and the rows over them from top to bottom. */
export type Grid = {
  readonly columns: readonly Status[];
  readonly lanes: readonly Pick<Lane, "cells">[];
};

/**
 * The card next to another. Up and down it goes through the rows of its column; sideways it stays in its row, keeps
 * the height and skips empty cells; at an edge it stays. Without a card to start from it is the first of the board.
 */
export function neighbour(
  { columns, lanes }: Grid,
  from: string | undefined,
  direction: Direction,
): string | undefined {
  const cell = (lane: number, status: Status | undefined): readonly string[] =>
    (status && lanes[lane]?.cells.get(status)) ?? [];
  const place = placeOf(columns, lanes, from);
  if (from === undefined || !place) {
    return lanes.flatMap((_, lane) => columns.flatMap((status) => cell(lane, status)))[0];
  }
  const { lane, column, row } = place;
  if (direction === "up" || direction === "down") {
    const step = direction === "up" ? -1 : 1;
    const near = cell(lane, columns[column])[row + step];
    if (near !== undefined) return near;
    for (let at = lane + step; at >= 0 && at < lanes.length; at += step) {
      const next = cell(at, columns[column]);
      if (next.length > 0) return step > 0 ? next[0] : next.at(-1);
    }
    return from;
  }
  const step = direction === "left" ? -1 : 1;
  for (let at = column + step; at >= 0 && at < columns.length; at += step) {
    const other = cell(lane, columns[at]);
    if (other.length > 0) return other[Math.min(row, other.length - 1)];
  }
  return from;
}

function placeOf(columns: Grid["columns"], lanes: Grid["lanes"], id: string | undefined) {
  if (id === undefined) return undefined;
  for (const [lane, { cells }] of lanes.entries()) {
    for (const [column, status] of columns.entries()) {
      const row = cells.get(status)?.indexOf(id) ?? -1;
      if (row >= 0) return { lane, column, row };
    }
  }
  return undefined;
}

/** The column next to another, staying at an edge. */
export function neighbourColumn(
  columns: readonly Status[],
  from: Status,
  direction: "left" | "right",
): Status {
  const at = columns.indexOf(from) + (direction === "left" ? -1 : 1);
  return columns[at] ?? from;
}
