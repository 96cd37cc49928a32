import { signal, type Signal } from "@/lib/signal.ts";

/** What this person has folded away on every board of this browser: columns and rows, by their keys. */
export type Folds = {
  readonly folded: Signal<ReadonlySet<string>>;
  /** Folds what is open and opens what is folded. */
  readonly toggle: (key: string) => void;
};

const KEY = "dispatch-folded";

/** Without storage, or with something else in it, everything is open. */
function remembered(): ReadonlySet<string> {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return new Set(Array.isArray(stored) ? stored.filter((each) => typeof each === "string") : []);
  } catch {
    return new Set();
  }
}

/** Reads what is folded, and remembers each change. */
export function openFolds(): Folds {
  const folded = signal(remembered());
  return {
    folded,
    toggle: (key) => {
      const next = new Set(folded.get());
      if (!next.delete(key)) next.add(key);
      folded.set(next);
      try {
        localStorage.setItem(KEY, JSON.stringify([...next]));
      } catch {
        // It then holds until the page is closed.
      }
    },
  };
}

/** The key of a row, which no column has. */
export const laneKey = (group: string, key: string): string => `${group}:${key}`;
