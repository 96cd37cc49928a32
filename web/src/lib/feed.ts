import type { Answer } from "./graphql/client.ts";
import type { Failure } from "./graphql/failure.ts";
import { latestOnly } from "./latestOnly.ts";
import { signal } from "./signal.ts";

/** One page of a list that is read from its newest end. */
export type FeedPage<Item> = {
  readonly items: readonly Item[];
  /** Where the next page begins; undefined at the end. */
  readonly next: string | undefined;
};

/** Where the lines of a feed come from. */
export type FeedSource<Item> = {
  readonly read: (after: string | undefined) => Promise<Answer<FeedPage<Item>>>;
  /**
   * Calls `onItem` for each new line, and `onGap` when the stream starts: it does not send earlier ones. Returns the
   * function that stops it.
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

/** A log that grows at its newest end while older pages are read. */
export class Feed<Item extends { readonly id: string }> {
  readonly state = signal<FeedState<Item>>(EMPTY);
  /** Rows that arrived while the page was visible. */
  readonly fresh = new Set<string>();
  readonly #source: FeedSource<Item>;
  #next: string | undefined;
  #reading = false;
  /** Whether the head was ever read: without it, nothing is known of what lies below the lines that stream in. */
  #isRead = false;
  #headFailed = false;
  readonly #heads = latestOnly();
  #unfollow: (() => void) | undefined;

  constructor(source: FeedSource<Item>) {
    this.#source = source;
  }

  /** Reads the head and follows it. Returns the function that stops it. */
  open(): () => void {
    this.#unfollow = this.#source.follow(
      (item) => {
        const { items } = this.state.get();
        if (items.some(({ id }) => id === item.id)) return;
        this.fresh.add(item.id);
        // It says nothing of the lines below it: whether they are read or could not be stays as it was.
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

  /** Reads on towards the end, one page at a time. */
  async readMore(): Promise<void> {
    const after = this.#next;
    if (this.#reading || after === undefined) return;
    this.#reading = true;
    const answer = await this.#source.read(after);
    this.#reading = false;
    // The list was read again meanwhile and ends elsewhere.
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

  /** Tries again what failed: the head or the next page. */
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
      // A gap of more than a page: start again rather than show a list with a gap. Streamed rows
      // stay.
      const streamed = this.#next === undefined ? items : [];
      this.#next = page.next;
      this.#show([...streamed, ...page.items]);
    } else {
      // Above it is what streamed in after the page was read, below it what was read before.
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
