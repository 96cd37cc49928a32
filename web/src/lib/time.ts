import { useCallback, useSyncExternalStore } from "react";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago an instant was: `now`, `5m`, `3h`, `12d`, `4mo`, `2y`. */
export function ago(instant: string | number, now: number): string {
  const passed = now - (typeof instant === "number" ? instant : Date.parse(instant));
  if (passed < MINUTE) return "now";
  if (passed < HOUR) return `${Math.floor(passed / MINUTE)}m`;
  if (passed < DAY) return `${Math.floor(passed / HOUR)}h`;
  if (passed < 60 * DAY) return `${Math.floor(passed / DAY)}d`;
  if (passed < 365 * DAY) return `${Math.floor(passed / (30 * DAY))}mo`;
  return `${Math.floor(passed / (365 * DAY))}y`;
}

/** The same as the end of a sentence: `just now`, `5m ago`. */
export function since(instant: string | number, now: number): string {
  const age = ago(instant, now);
  return age === "now" ? "just now" : `${age} ago`;
}

/** A duration in milliseconds as `45s`, `3m 5s` or `1h 2m`; `-` for zero. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1_000);
  if (seconds <= 0) return "-";
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
  return `${Math.floor(seconds / 3_600)}h ${Math.floor((seconds % 3_600) / 60)}m`;
}

/** Whole days since an instant. */
export const daysSince = (instant: string, now: number): number =>
  Math.floor((now - Date.parse(instant)) / DAY);

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Hours and minutes in the browser's time zone. */
export const clockTime = (instant: string | number): string => clock.format(new Date(instant));

/** Date and time in the browser's time zone. */
export const fullTime = (instant: string | number): string => moment.format(new Date(instant));

/** A time in a sentence of the server. */
const INSTANT = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

const isSameDay = (one: Date, other: Date): boolean => one.toDateString() === other.toDateString();

/** A sentence of the server with its times in the browser's time zone. Times of today have no date. */
export const localTimes = (sentence: string, now: number): string =>
  sentence.replace(INSTANT, (instant) =>
    isSameDay(new Date(instant), new Date(now)) ? clockTime(instant) : fullTime(instant),
  );

let now = Date.now();
const listeners = new Set<() => void>();
let ticking: ReturnType<typeof setInterval> | undefined;

function watch(listener: () => void): () => void {
  listeners.add(listener);
  now = Date.now();
  ticking ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, 30_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(ticking);
      ticking = undefined;
    }
  };
}

/** The current time in milliseconds, updated twice a minute for all components at once. */
export const useNow = (): number => useSyncExternalStore(watch, () => now);

/** The maximum delay of a timer in a browser. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Whether an instant is in the future. Rerenders when it is reached. */
export function useIsAhead(instant: string | null): boolean {
  const at = instant === null ? -Infinity : Date.parse(instant);
  const subscribe = useCallback(
    (listener: () => void) => {
      // If the machine was asleep at that instant, `useNow` rerenders the component.
      const unwatch = watch(listener);
      const timer = setTimeout(
        listener,
        Math.min(Math.max(0, at - Date.now()), LONGEST_TIMER) + 20,
      );
      return () => {
        clearTimeout(timer);
        unwatch();
      };
    },
    [at],
  );
  return useSyncExternalStore(subscribe, () => at > Date.now());
}
