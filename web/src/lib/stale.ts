/** Whole days without an update after which work counts as stale. */
export const STALE_DAYS = 7;

const MINUTE = 60_000;

/**
 * The instant before which the last update of stale work lies, to the minute: whoever asks within the same minute asks
 * the same question.
 */
export const staleBefore = (now: number): string =>
  new Date(Math.floor(now / MINUTE) * MINUTE - STALE_DAYS * 24 * 60 * MINUTE).toISOString();
