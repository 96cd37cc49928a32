import type { Answer } from "./graphql/client.ts";
import type { Failure } from "./graphql/failure.ts";
import { graphql } from "./graphql/graphql.ts";
import { follow } from "./graphql/live.ts";
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
      id
    }
  }
`);

export const EntryAdded = graphql(`
  subscription EntryAdded {
    auditEntryAdded {
      id
    }
  }
`);

/** However much happens, the question is asked no more often than this. */
const AT_MOST_EVERY_MS = 1_500;

/** Calls `onChange` whenever anything happens that a summary may count, and when something may have been missed. */
function followChanges(onChange: () => void): () => void {
  const shared = {
    variables: () => ({}),
    onItem: onChange,
    onResume: onChange,
    onFailure: onChange,
  };
  const stops = [
    follow({ document: BoardChanged, ...shared }),
    follow({ document: RunRecorded, ...shared }),
    follow({ document: EntryAdded, ...shared }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

export type LiveState<Data> = {
  readonly phase: "loading" | "ready" | "failed";
  /** The last good answer. It stays when a later one fails. */
  readonly data: Data | undefined;
  readonly failure: Failure | undefined;
};

/** A question whose answer is kept true by asking it again when something has happened. */
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

  /** `lookEvery` is for answers that time alone may change: asked again after so many milliseconds, while in sight. */
  constructor(ask: () => Promise<Answer<Data>>, lookEvery?: number) {
    this.#ask = ask;
    this.#lookEvery = lookEvery;
  }

  /** Asks, and keeps asking when things happen. Returns the way to stop. */
  open(): () => void {
    void this.refresh();
    const stop = followChanges(() => this.#soon());
    const timer =
      this.#lookEvery === undefined
        ? undefined
        : setInterval(() => {
            if (!document.hidden) void this.refresh();
          }, this.#lookEvery);
    return () => {
      stop();
      clearInterval(timer);
      clearTimeout(this.#waiting);
      this.#waiting = undefined;
    };
  }

  /** Asks now. */
  async refresh(): Promise<void> {
    this.#askedAt = performance.now();
    const answer = await this.#ask();
    const { data } = this.state.get();
    this.state.set(
      answer.failure
        ? { phase: "failed", data, failure: answer.failure }
        : { phase: "ready", data: answer.data, failure: undefined },
    );
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
