/** The browser's clock may be ahead of the server's: it is asked again no sooner than this. */
const LEAST_MS = 60_000;
/** A longer wait does not fit into a browser's timer. */
const MOST_MS = 24 * 60 * 60_000;

/** How long to wait before asking whether the session has ended, in milliseconds; undefined without one. */
export function untilEnd(until: string | null, now: number): number | undefined {
  if (until === null) return undefined;
  return Math.min(Math.max(Date.parse(until) - now, LEAST_MS), MOST_MS);
}
