import { signal, type Signal } from "@/lib/signal.ts";

/** The columns and rows that are collapsed on every board of this browser, by their keys. */
export type CollapseState = {
  readonly collapsed: Signal<ReadonlySet<string>>;
  /** Collapses what is expanded, and expands what is collapsed. */
  readonly toggle: (key: string) => void;
};

/** Browsers have it from before it was called collapsing. */
const KEY = "dispatch-folded";

/** Without storage, or with something else in it, everything is expanded. */
function stored(): ReadonlySet<string> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return new Set(Array.isArray(value) ? value.filter((each) => typeof each === "string") : []);
  } catch {
    return new Set();
  }
}

/** Reads what is collapsed, and stores each change. */
export function openCollapseState(): CollapseState {
  const collapsed = signal(stored());
  return {
    collapsed,
    toggle: (key) => {
      const next = new Set(collapsed.get());
      if (!next.delete(key)) next.add(key);
      collapsed.set(next);
      try {
        localStorage.setItem(KEY, JSON.stringify([...next]));
      } catch {
        // It then holds until the page is closed.
      }
    },
  };
}

/** The key of a row, which no column has. */
export const swimlaneKey = (group: string, key: string): string => `${group}:${key}`;
