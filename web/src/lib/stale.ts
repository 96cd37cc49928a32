/** Whole days without an update after which work counts as stale. */
export const STALE_DAYS = 7;

const MINUTE = 60_000;

/**
 * The time before which stale issues were last updated, rounded to the minute, so that requests
 * within the same minute are equal.
 */
export const staleBefore = (now: number): string =>
  new Date(Math.floor(now / MINUTE) * MINUTE - STALE_DAYS * 24 * 60 * MINUTE).toISOString();
