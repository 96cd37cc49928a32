import type { Status } from "@/lib/statuses.ts";

export type WatchKey = `card:${string}` | `column:${Status}` | "board";

/** The changed cards and columns, collected before watchers are notified. */
export class Touched {
  readonly cards = new Set<string>();
  readonly columns = new Set<Status>();

  card(id: string): this {
    this.cards.add(id);
    return this;
  }

  column(status: Status): this {
    this.columns.add(status);
    return this;
  }
}

/** The listeners of a board, by what they watch. */
export class Watchers {
  readonly #listeners = new Map<WatchKey, Set<() => void>>();

  /** Adds a listener. Returns the function that removes it. */
  add(key: WatchKey, listener: () => void): () => void {
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(key);
    };
  }

  notify({ cards, columns }: Touched): void {
    for (const id of cards) this.#call(`card:${id}`);
    for (const status of columns) this.#call(`column:${status}`);
    if (cards.size > 0 || columns.size > 0) this.#call("board");
  }

  #call(key: WatchKey): void {
    const listeners = this.#listeners.get(key);
    if (listeners) for (const listener of [...listeners]) listener();
  }
}
