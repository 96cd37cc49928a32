import { signal, type Signal } from "@/lib/signal.ts";

/** The keys of the collapsed columns and rows. They apply to every board in this browser. */
export type CollapseState = {
  readonly collapsed: Signal<ReadonlySet<string>>;
  readonly toggle: (key: string) => void;
};

/** The key in the storage of the browser. It has an older name, so that stored values are kept. */
const KEY = "dispatch-folded";

/** Without storage, or with an invalid value in it, everything is expanded. */
function stored(): ReadonlySet<string> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return new Set(Array.isArray(value) ? value.filter((each) => typeof each === "string") : []);
  } catch {
    return new Set();
  }
}

/** Reads the collapsed keys, and stores each change. */
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
        // Without storage the state is kept until the page is closed.
      }
    },
  };
}

/** The key of a row. It differs from the key of every column. */
export const swimlaneKey = (group: string, key: string): string => `${group}:${key}`;
