/** Requests whose responses may overtake each other. */
export type LatestOnly = {
  /**
   * Call when a request is sent. Call the returned function when the response arrives: true if the
   * response is to be shown, false if a later request got its response first, so that this one is
   * older than what is shown.
   */
  readonly start: () => () => boolean;
  /** Call when something newer than every request sent so far is shown, such as an item of a stream. */
  readonly supersede: () => void;
};

/** Drops responses that are older than what is shown, in whatever order they arrive. */
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
