/** The minimum delay, because the browser's clock may be ahead of the server's. */
const LEAST_MS = 60_000;
/** The maximum delay of a timer in a browser. */
const MOST_MS = 24 * 60 * 60_000;

/** The delay before checking whether the session has ended, in milliseconds; undefined without a session. */
export function untilEnd(until: string | null, now: number): number | undefined {
  if (until === null) return undefined;
  return Math.min(Math.max(Date.parse(until) - now, LEAST_MS), MOST_MS);
}
