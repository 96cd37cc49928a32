/** Requests whose answers may overtake each other. */
export type LatestOnly = {
  /**
   * Call when a request is sent. Call what it returns when the answer is there: true if the answer is to be shown, false
   * if a later request was answered first, so that this answer is older than what is shown.
   */
  readonly start: () => () => boolean;
  /** Call when something newer than every request sent so far is shown, such as an item of a stream. */
  readonly supersede: () => void;
};

/** Drops answers that are older than what is shown, in whatever order they arrive. */
export function latestOnly(): LatestOnly {
  let sent = 0;
  let shown = 0;
  return {
    start: () => {
      const own = ++sent;
      return () => {
        if (own < shown) return false;
        shown = own;
        return true;
      };
    },
    supersede: () => {
      shown = ++sent;
    },
  };
}
