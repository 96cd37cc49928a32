/** The browser's clock may be ahead of the server's: requests are at least this far apart. */
const LEAST_MS = 60_000;
/** A longer wait does not fit into a browser's timer. */
const MOST_MS = 24 * 60 * 60_000;

/** The delay before checking whether the session has ended, in milliseconds; undefined without a session. */
export function untilEnd(until: string | null, now: number): number | undefined {
  if (until === null) return undefined;
  return Math.min(Math.max(Date.parse(until) - now, LEAST_MS), MOST_MS);
}
