import type { Status } from "@/lib/statuses.ts";

export type Direction = "left" | "right" | "up" | "down";

/** The columns as they are drawn, from left to right. */
export type Lanes = readonly { readonly status: Status; readonly ids: readonly string[] }[];

/**
 * The card next to another. Sideways it keeps the height and skips empty columns; at an edge it stays. Without a
 * card to start from it is the first of the board.
 */
export function neighbour(
  lanes: Lanes,
  from: string | undefined,
  direction: Direction,
): string | undefined {
  const lane = lanes.findIndex((candidate) => from !== undefined && candidate.ids.includes(from));
  const ids = lanes[lane]?.ids;
  if (from === undefined || !ids)
    return lanes.find((candidate) => candidate.ids.length > 0)?.ids[0];
  const row = ids.indexOf(from);
  if (direction === "up") return ids[row - 1] ?? from;
  if (direction === "down") return ids[row + 1] ?? from;
  const step = direction === "left" ? -1 : 1;
  for (let at = lane + step; at >= 0 && at < lanes.length; at += step) {
    const other = lanes[at]?.ids ?? [];
    if (other.length > 0) return other[Math.min(row, other.length - 1)];
  }
  return from;
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
