/** A span of time, in milliseconds since 1970. */
export type Span = { readonly from: number; readonly to: number };

/** One bar of a timeline. */
export type Bar<Kind extends string = string> = Span & {
  readonly id: string;
  readonly kind: Kind;
  /** What was done in this time, such as an issue or a job. */
  readonly subject: string;
  /** The result and the duration. */
  readonly words: string;
};

/** The position of a bar: the index of its row, and its index within the row. */
export type Place = { readonly row: number; readonly bar: number };

export type Tick = {
  readonly instant: number;
  readonly label: string;
  /** Whether a day begins here. */
  readonly strong: boolean;
};

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;
/** The maximum number of labels on the axis. */
const NAMES = 7;

const hourName = new Intl.DateTimeFormat(undefined, { hour: "numeric" });
const dayName = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** The axis of a span of at most this length shows the time since its beginning instead of the time of day. */
const MEASURED = 4 * HOUR;
/** The possible distances between the marks of such an axis. */
const STEPS = [1, 5, 15, 30, 60, 120, 300, 600, 900, 1_800].map((seconds) => seconds * SECOND);

const lengthName = (length: number): string =>
  length % HOUR === 0
    ? `${length / HOUR}h`
    : length % MINUTE === 0
      ? `${length / MINUTE}m`
      : length < MINUTE
        ? `${length / SECOND}s`
        : `${Math.floor(length / MINUTE)}m ${(length % MINUTE) / SECOND}s`;

/** Marks at regular distances, labelled with the time since the span began. */
function measuredTicks({ from, to }: Span): readonly Tick[] {
  const step = STEPS.find((each) => (to - from) / each <= NAMES) ?? HOUR;
  const count = Math.floor((to - from) / step);
  return Array.from({ length: count }, (_, index) => ({
    instant: from + (index + 1) * step,
    label: lengthName((index + 1) * step),
    strong: false,
  }));
}

/**
 * The marks of an axis. A span of up to four hours is marked with the time since its beginning, one of up to two days
 * every four hours, and a longer one at the beginning of days, both in the browser's time zone.
 */
export function ticksOf({ from, to }: Span): readonly Tick[] {
  if (to - from <= MEASURED) return measuredTicks({ from, to });
  const short = to - from <= 2 * DAY;
  const step = Math.max(1, Math.ceil((to - from) / DAY / NAMES));
  const ticks: Tick[] = [];
  const at = new Date(from);
  at.setHours(0, 0, 0, 0);
  while (at.getTime() <= to) {
    const instant = at.getTime();
    const strong = at.getHours() === 0;
    if (instant >= from) {
      ticks.push({ instant, strong, label: (strong ? dayName : hourName).format(at) });
    }
    // Uses the calendar, because not every day has 24 hours.
    if (short) at.setHours(at.getHours() + 4);
    else at.setDate(at.getDate() + step);
  }
  return ticks;
}

/** The maximum number of lines in a row. Bars that find no free line are drawn over others in the last one. */
const MOST_TRACKS = 6;

/** Packs bars into as few rows as possible; overlapping bars are placed below each other. Bars come oldest first. */
export function packed<Item extends Span>(bars: readonly Item[]): readonly (readonly Item[])[] {
  const tracks: Item[][] = [];
  for (const bar of bars) {
    const free = tracks.findIndex((track) => (track.at(-1)?.to ?? 0) <= bar.from);
    const at = free === -1 ? Math.min(tracks.length, MOST_TRACKS - 1) : free;
    (tracks[at] ??= []).push(bar);
  }
  return tracks;
}

type Row = { readonly bars: readonly Span[] };

/** The bar that a key moves to; undefined for another key, or if there are no bars. */
export function stepped(
  rows: readonly Row[],
  at: Place | undefined,
  key: string,
): Place | undefined {
  const along = { ArrowLeft: -1, ArrowRight: 1 }[key];
  const across = { ArrowUp: -1, ArrowDown: 1 }[key];
  if (along === undefined && across === undefined) return undefined;
  if (!at) return lastOfFirst(rows);
  const bars = rows[at.row]?.bars ?? [];
  if (along !== undefined) {
    return { row: at.row, bar: Math.min(Math.max(at.bar + along, 0), bars.length - 1) };
  }
  const from = bars[at.bar]?.from ?? 0;
  for (let row = at.row + (across ?? 0); rows[row]; row += across ?? rows.length) {
    const others = rows[row]?.bars ?? [];
    if (others.length > 0) return { row, bar: nearest(others, from) };
  }
  return at;
}

function lastOfFirst(rows: readonly Row[]): Place | undefined {
  const row = rows.findIndex(({ bars }) => bars.length > 0);
  return row === -1 ? undefined : { row, bar: (rows[row]?.bars.length ?? 1) - 1 };
}

function nearest(bars: readonly Span[], instant: number): number {
  let best = 0;
  bars.forEach((bar, index) => {
    const distance = Math.abs(bar.from - instant);
    if (distance < Math.abs((bars[best]?.from ?? 0) - instant)) best = index;
  });
  return best;
}
