import type { Answer } from "./graphql/client.ts";
import type { Failure } from "./graphql/failure.ts";
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
  /** Calls `onItem` for each new line, and `onGap` when some may have been missed. Returns the way to stop. */
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

/** A log that grows at its head while it is read towards its end. */
export class Feed<Item extends { readonly id: string }> {
  readonly state = signal<FeedState<Item>>(EMPTY);
  /** Lines that came in while somebody was looking. */
  readonly fresh = new Set<string>();
  readonly #source: FeedSource<Item>;
  #next: string | undefined;
  #reading = false;
  #headFailed = false;
  #unfollow: (() => void) | undefined;

  constructor(source: FeedSource<Item>) {
    this.#source = source;
  }

  /** Reads the head and follows it. Returns the way to stop. */
  open(): () => void {
    // Followed first, so that nothing falls between the page and the stream.
    this.#unfollow = this.#source.follow(
      (item) => {
        if (this.#add([item])) this.fresh.add(item.id);
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
    if (this.#reading || this.#next === undefined) return;
    this.#reading = true;
    const answer = await this.#source.read(this.#next);
    this.#reading = false;
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
    const { items } = this.state.get();
    this.state.set({
      ...this.state.get(),
      phase: items.length === 0 ? "loading" : "ready",
      failure: undefined,
    });
    if (this.#headFailed) void this.#readHead();
    else void this.readMore();
  }

  async #readHead(): Promise<void> {
    const answer = await this.#source.read(undefined);
    const { items } = this.state.get();
    this.#headFailed = answer.failure !== undefined;
    if (answer.failure) {
      this.state.set({ ...this.state.get(), phase: "failed", failure: answer.failure });
      return;
    }
    const page = answer.data;
    const known = new Set(items.map((item) => item.id));
    const overlaps = page.items.some((item) => known.has(item.id));
    if (items.length === 0 || !overlaps) {
      // A gap wider than a page: begin anew rather than show a list with a hole. What streamed in meanwhile stays.
      const read = new Set(page.items.map((item) => item.id));
      const streamed = this.#next === undefined ? items.filter((item) => !read.has(item.id)) : [];
      this.#next = page.next;
      this.#show([...streamed, ...page.items]);
    } else {
      this.#add([...page.items].reverse());
    }
  }

  /** Puts lines at the head, the last of them uppermost. True when one was new. */
  #add(items: readonly Item[]): boolean {
    const present = this.state.get().items;
    const known = new Set(present.map((item) => item.id));
    const added = items.filter((item) => !known.has(item.id));
    if (added.length === 0) return false;
    this.#show([...added.toReversed(), ...present]);
    return true;
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
