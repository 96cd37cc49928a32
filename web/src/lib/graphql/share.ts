import { follow, type Stream } from "./live.ts";

/** Streams continue for this long after the last listener has left, so that the next page finds them started. */
const LINGER_MS = 10_000;

export type Listener<Data> = {
  readonly onItem: (data: Data) => void;
  /** The stream has started, or failed permanently: it may not have sent some events. */
  readonly onMissed: () => void;
};

/**
 * Follows a subscription once for all who listen to it. Returns the function that subscribes, which returns the one
 * that unsubscribes. A listener of a stream that has started already is sent everything from then on, and gets no
 * `onMissed`.
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
    // The same callbacks may listen more than once.
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
        // The next listener tries again.
        end();
        onMissed();
      },
    });
    return () => {
      if (listeners.delete(own) && listeners.size === 0) ending = setTimeout(end, LINGER_MS);
    };
  };
}
