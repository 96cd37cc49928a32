import { useSyncExternalStore } from "react";

/** A value that can be watched, for state that several components share. */
export type Signal<Value> = {
  readonly get: () => Value;
  readonly set: (value: Value) => void;
  readonly watch: (listener: () => void) => () => void;
};

/** A signal that notifies its watchers only when the value changes. */
export function signal<Value>(initial: Value): Signal<Value> {
  let current = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => current,
    set: (value) => {
      if (Object.is(value, current)) return;
      current = value;
      for (const listener of listeners) listener();
    },
    watch: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The value of a signal. Rerenders when it changes. */
export const useSignal = <Value>(source: Signal<Value>): Value =>
  useSyncExternalStore(source.watch, source.get);
