import type { Answer } from "./graphql/client.ts";
import type { Failure } from "./graphql/failure.ts";
import { graphql } from "./graphql/graphql.ts";
import { share } from "./graphql/share.ts";
import { latestOnly } from "./latestOnly.ts";
import { signal } from "./signal.ts";

export const BoardChanged = graphql(`
  subscription BoardChanged {
    boardEvents {
      __typename
    }
  }
`);

export const RunRecorded = graphql(`
  subscription RunRecorded {
    agentRunRecorded {
      issue {
        id
      }
    }
  }
`);

export const EntryAdded = graphql(`
  subscription EntryAdded {
    auditEntryAdded {
      issue {
        id
      }
    }
  }
`);

export const listenToBoard = share(BoardChanged);
export const listenToRuns = share(RunRecorded);
export const listenToEntries = share(EntryAdded);

/** Subscribes to changes: calls `onItem` for each, and `onMissed` when there may have been some. */
export type Listen = (listener: {
  readonly onItem: () => void;
  readonly onMissed: () => void;
}) => () => void;

/** The default streams. Their events change most summaries. */
export const WORK: readonly Listen[] = [listenToBoard, listenToRuns, listenToEntries];

/** The minimum time between two requests, however many events there are. */
const AT_MOST_EVERY_MS = 1_500;

export type LiveState<Data> = {
  readonly phase: "loading" | "ready" | "failed";
  /** The last successful response. It stays when a later one fails. */
  readonly data: Data | undefined;
  readonly failure: Failure | undefined;
};

/**
 * A query that is sent again after each event that may change its response. No change is missed:
 *
 * - A change after the streams have started is an event, and the query that follows it reads that change.
 * - A change before that may be missing from a response that was requested earlier, so the query is
 *   sent again once they have started, at first and after each interruption.
 */
export class LiveQuery<Data> {
  readonly state = signal<LiveState<Data>>({
    phase: "loading",
    data: undefined,
    failure: undefined,
  });
  readonly #ask: () => Promise<Answer<Data>>;
  #waiting: ReturnType<typeof setTimeout> | undefined;
  #askedAt = -Infinity;
  readonly #lookEvery: number | undefined;
  readonly #answers = latestOnly();

  readonly #listenTo: readonly Listen[];

  /**
   * `lookEvery` is an interval in milliseconds for further requests while the page is visible, for responses that also
   * change without events. `listenTo` replaces the default streams.
   */
  constructor(
    ask: () => Promise<Answer<Data>>,
    lookEvery?: number,
    listenTo: readonly Listen[] = WORK,
  ) {
    this.#ask = ask;
    this.#lookEvery = lookEvery;
    this.#listenTo = listenTo;
  }

  /** Sends the query, and again after events. Returns the function that stops it. */
  open(): () => void {
    const soon = () => this.#soon();
    const listener = { onItem: soon, onMissed: soon };
    const stops = this.#listenTo.map((listen) => listen(listener));
    // The response may be older than the start of the streams, so the query is sent again.
    if (this.#askedAt > -Infinity) soon();
    else void this.refresh();
    if (this.#lookEvery !== undefined) stops.push(this.#look(this.#lookEvery));
    return () => {
      for (const stop of stops) stop();
      clearTimeout(this.#waiting);
      this.#waiting = undefined;
    };
  }

  /** Sends the query now. */
  async refresh(): Promise<void> {
    const isLatest = this.#answers.start();
    this.#askedAt = performance.now();
    const answer = await this.#ask();
    if (!isLatest()) return;
    const { data } = this.state.get();
    this.state.set(
      answer.failure
        ? { phase: "failed", data, failure: answer.failure }
        : { phase: "ready", data: answer.data, failure: undefined },
    );
  }

  #look(every: number): () => void {
    const look = () => {
      if (!document.hidden) void this.refresh();
    };
    // Nothing is requested while the tab is hidden, so the response may be old when it is shown again.
    const onVisible = () => {
      if (this.#askedAt + every <= performance.now()) look();
    };
    const timer = setInterval(look, every);
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }

  #soon(): void {
    if (this.#waiting !== undefined) return;
    const wait = Math.max(100, this.#askedAt + AT_MOST_EVERY_MS - performance.now());
    this.#waiting = setTimeout(() => {
      this.#waiting = undefined;
      void this.refresh();
    }, wait);
  }
}
