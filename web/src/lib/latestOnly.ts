/** Finds outdated responses when requests overlap. */
export type LatestOnly = {
  /**
   * To be called when a request is sent. The returned function is to be called when the response arrives. It returns
   * false if a later request was answered first, so that this response is outdated.
   */
  readonly start: () => () => boolean;
  /** To be called when newer data than all sent requests is shown, such as an item of a stream. */
  readonly supersede: () => void;
};

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
