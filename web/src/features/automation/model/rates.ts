/** The completed runs of a workflow on one day. */
export type RunDay = {
  /** Such as `2026-05-25`. */
  readonly day: string;
  readonly succeeded: number;
  readonly failed: number;
};

/** The success rate of the days that end with one day. */
export type RateDay = {
  readonly day: string;
  /** From 0 to 1; null without a run that succeeded or failed. */
  readonly rate: number | null;
  readonly succeeded: number;
  /** The number of runs that succeeded or failed. */
  readonly runs: number;
};

/** The number of days over which the rate is taken, because a single day often has few runs. */
export const RATE_DAYS = 7;

/**
 * The success rate of each day and the six days before it. `days` are consecutive, oldest first. The first six have no
 * rate of their own, because the days before them are not known.
 */
export const ratesOf = (days: readonly RunDay[]): readonly RateDay[] =>
  days.slice(RATE_DAYS - 1).map(({ day }, index) => {
    const window = days.slice(index, index + RATE_DAYS);
    const succeeded = window.reduce((sum, each) => sum + each.succeeded, 0);
    const runs = window.reduce((sum, each) => sum + each.succeeded + each.failed, 0);
    return { day, succeeded, runs, rate: runs === 0 ? null : succeeded / runs };
  });

/** The consecutive days that have a rate, as pairs of index and rate. A day without one ends a stretch. */
export function stretchesOf(
  days: readonly Pick<RateDay, "rate">[],
): readonly (readonly (readonly [index: number, rate: number])[])[] {
  const stretches: (readonly [number, number])[][] = [];
  let open: (readonly [number, number])[] | undefined;
  days.forEach(({ rate }, index) => {
    if (rate === null) open = undefined;
    else if (open) open.push([index, rate]);
    else stretches.push((open = [[index, rate]]));
  });
  return stretches;
}
