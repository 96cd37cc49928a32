import type { Answer } from "./graphql/client.ts";
import type { Failure } from "./graphql/failure.ts";
import { latestOnly } from "./latestOnly.ts";
import { signal } from "./signal.ts";

/** One page of a list that is loaded from its newest entry. */
export type FeedPage<Item> = {
  readonly items: readonly Item[];
  /** The cursor of the next page; undefined at the end. */
  readonly next: string | undefined;
};

/** The source of the entries of a feed. */
export type FeedSource<Item> = {
  readonly read: (after: string | undefined) => Promise<Answer<FeedPage<Item>>>;
  /**
   * Calls `onItem` for each new entry, and `onGap` whenever the stream starts, because it does not send earlier
   * entries. Returns the function that stops it.
   */
  readonly follow: (onItem: (item: Item) => void, onGap: () => void) => () => void;
};

export type FeedState<Item> = {
  readonly phase: "loading" | "ready" | "failed";
  /** Newest first. */
  readonly items: readonly Item[];
  readonly hasMore: boolean;
  readonly failure: Failure | undefined;
};

const EMPTY = { phase: "loading", items: [], hasMore: false, failure: undefined } as const;

/** A list that gets new entries live while older pages are loaded. */
export class Feed<Item extends { readonly id: string }> {
  readonly state = signal<FeedState<Item>>(EMPTY);
  /** The ids of entries that arrived live. */
  readonly fresh = new Set<string>();
  readonly #source: FeedSource<Item>;
  #next: string | undefined;
  #reading = false;
  /** Whether the first page was loaded. Until then it is unknown whether there are older entries. */
  #isRead = false;
  #headFailed = false;
  readonly #heads = latestOnly();
  #unfollow: (() => void) | undefined;

  constructor(source: FeedSource<Item>) {
    this.#source = source;
  }

  /** Loads the first page and follows the stream. Returns the function that stops it. */
  open(): () => void {
    this.#unfollow = this.#source.follow(
      (item) => {
        const { items } = this.state.get();
        if (items.some(({ id }) => id === item.id)) return;
        this.fresh.add(item.id);
        // The phase stays the same, because a new entry says nothing about the older ones.
        this.state.set({ ...this.state.get(), items: [item, ...items] });
      },
      () => void this.#readHead(),
    );
    void this.#readHead();
    return () => {
      this.#unfollow?.();
      this.#unfollow = undefined;
    };
  }

  /** Loads the next page. */
  async readMore(): Promise<void> {
    const after = this.#next;
    if (this.#reading || after === undefined) return;
    this.#reading = true;
    const answer = await this.#source.read(after);
    this.#reading = false;
    // The list was reloaded meanwhile and ends at another entry.
    if (this.#next !== after) return;
    if (answer.failure) {
      this.state.set({ ...this.state.get(), phase: "failed", failure: answer.failure });
      return;
    }
    this.#next = answer.data.next;
    const known = new Set(this.state.get().items.map((item) => item.id));
    const older = answer.data.items.filter((item) => !known.has(item.id));
    this.#show([...this.state.get().items, ...older]);
  }

  /** Repeats the request that failed, for the first or for the next page. */
  retry(): void {
    this.state.set({
      ...this.state.get(),
      phase: this.#isRead ? "ready" : "loading",
      failure: undefined,
    });
    if (this.#headFailed) void this.#readHead();
    else void this.readMore();
  }

  async #readHead(): Promise<void> {
    const isLatest = this.#heads.start();
    const answer = await this.#source.read(undefined);
    if (!isLatest()) return;
    const { items } = this.state.get();
    this.#headFailed = answer.failure !== undefined;
    if (answer.failure) {
      this.state.set({ ...this.state.get(), phase: "failed", failure: answer.failure });
      return;
    }
    this.#isRead = true;
    const page = answer.data;
    const read = new Set(page.items.map((item) => item.id));
    const first = items.findIndex((item) => read.has(item.id));
    if (first < 0) {
      // There is a gap of more than a page, so the list starts again. Streamed entries stay if no page was loaded
      // before.
      const streamed = this.#next === undefined ? items : [];
      this.#next = page.next;
      this.#show([...streamed, ...page.items]);
    } else {
      // Entries before `first` arrived after the page was read, entries after the page were loaded before.
      const older = items.slice(first).filter((item) => !read.has(item.id));
      if (older.length === 0) this.#next = page.next;
      this.#show([...items.slice(0, first), ...page.items, ...older]);
    }
  }

  #show(items: readonly Item[]): void {
    this.state.set({
      phase: "ready",
      items,
      hasMore: this.#next !== undefined,
      failure: undefined,
    });
  }
}
