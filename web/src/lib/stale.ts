/** Whole days without an update after which work counts as stale. */
export const STALE_DAYS = 7;

const MINUTE = 60_000;

/**
 * The latest time of the last update of a stale issue. It is rounded to the minute, so that requests within a minute
 * are equal.
 */
export const staleBefore = (now: number): string =>
  new Date(Math.floor(now / MINUTE) * MINUTE - STALE_DAYS * 24 * 60 * MINUTE).toISOString();
