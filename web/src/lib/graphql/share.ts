import { follow, type Stream } from "./live.ts";

/** Streams continue for this long after the last listener has unsubscribed, so that the next page can use them. */
const LINGER_MS = 10_000;

export type Listener<Data> = {
  readonly onItem: (data: Data) => void;
  /** The stream has started, or failed permanently: it may not have sent some events. */
  readonly onMissed: () => void;
};

/**
 * Shares one subscription between all listeners. Returns the function that adds a listener, which returns the function
 * that removes it. A listener that is added after the stream has started gets all later items and no `onMissed`.
 */
export function share<Data>(
  document: Stream<Data, Record<string, never>>["document"],
): (listener: Listener<Data>) => () => void {
  const listeners = new Set<Listener<Data>>();
  let stop: (() => void) | undefined;
  let ending: ReturnType<typeof setTimeout> | undefined;
  const onMissed = () => {
    for (const listener of listeners) listener.onMissed();
  };
  const end = () => {
    stop?.();
    stop = undefined;
  };
  return (listener) => {
    // A copy, because the same object may be added more than once.
    const own = { ...listener };
    listeners.add(own);
    clearTimeout(ending);
    stop ??= follow({
      document,
      variables: () => ({}),
      onItem: (data) => {
        for (const { onItem } of listeners) onItem(data);
      },
      onStart: onMissed,
      onFailure: () => {
        // The next listener starts the stream again.
        end();
        onMissed();
      },
    });
    return () => {
      if (listeners.delete(own) && listeners.size === 0) ending = setTimeout(end, LINGER_MS);
    };
  };
}
