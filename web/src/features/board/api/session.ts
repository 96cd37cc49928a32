import { ask } from "@/lib/graphql/client.ts";
import type { Failure } from "@/lib/graphql/failure.ts";
import { follow } from "@/lib/graphql/live.ts";
import { refreshLabelSchemes } from "@/lib/labelSchemes.ts";
import { signal } from "@/lib/signal.ts";
import { STATUSES, type Status } from "@/lib/statuses.ts";
import { BoardStore } from "../model/store.ts";
import {
  BoardEvents,
  BoardQuery,
  ColumnPageQuery,
  CountsQuery,
  type IssueFilter,
} from "./documents.ts";

/** The number of cards of each column in the first response. */
const FIRST = 50;
/** The sizes of the next pages. They grow, so that a long scroll needs few. The last is the server's maximum. */
const PAGES = [100, 250, 500, 1_000];
/** The maximum page size with a search, because a search adds to the cost of a query. */
const MOST_FOUND = 500;
/** The delay before the counts are requested again, after an event of an issue that is not loaded. */
const COUNTS_AFTER_MS = 400;

export type Phase =
  | { readonly kind: "loading" }
  | { readonly kind: "ready" }
  /** A reload is in progress; the previous data is shown. */
  | { readonly kind: "reloading" }
  /** The last load failed. `shown` is whether the previous data is shown. */
  | { readonly kind: "failed"; readonly failure: Failure; readonly shown: boolean };

/** Loads a store and keeps it up to date, for one filter at a time. */
export class BoardSession {
  readonly store = new BoardStore();
  readonly phase = signal<Phase>({ kind: "loading" });
  #filter: IssueFilter = {};
  /** Incremented by each load, so that responses to an older one are dropped. */
  #generation = 0;
  #unfollow: (() => void) | undefined;
  #counting: ReturnType<typeof setTimeout> | undefined;
  readonly #paging = new Set<Status>();
  /** Whether all cards are to be loaded. */
  #wantsAll = false;
  readonly #pagesRead = new Map<Status, number>();

  /** Loads the board of a filter and keeps it up to date. */
  open(filter: IssueFilter): void {
    this.#filter = filter;
    void this.reload();
  }

  /** Sets whether all cards are to be loaded, page by page, now and after each later load. */
  wantAll(wanted: boolean): void {
    this.#wantsAll = wanted;
    if (wanted) this.#loadRest();
  }

  /** Stops the updates. `open` starts them again. */
  close(): void {
    this.#generation += 1;
    this.#unfollow?.();
    this.#unfollow = undefined;
    clearTimeout(this.#counting);
    this.#counting = undefined;
    // Pages that are still loading belong to the previous snapshot, and are dropped.
    this.#paging.clear();
  }

  /** Loads a snapshot and follows the stream from its position. */
  async reload(): Promise<void> {
    this.close();
    const generation = this.#generation;
    const filter = this.#filter;
    const shown = this.store.cursor !== undefined;
    this.phase.set(shown ? { kind: "reloading" } : { kind: "loading" });
    void refreshLabelSchemes();
    const answer = await ask(BoardQuery, { filter, first: FIRST });
    if (generation !== this.#generation) return;
    if (answer.failure) {
      this.phase.set({ kind: "failed", failure: answer.failure, shown });
      // The previous board is kept up to date, although the reload failed.
      if (shown) this.#follow(filter);
      return;
    }
    this.#pagesRead.clear();
    this.store.load(answer.data.board);
    this.phase.set({ kind: "ready" });
    this.#follow(filter);
    if (this.#wantsAll) this.#loadRest();
  }

  /** Loads the next page of a column, unless it is loading or there is none. */
  async loadMore(status: Status): Promise<void> {
    const after = this.store.endCursor(status);
    if (after === undefined || this.#paging.has(status)) return;
    this.#paging.add(status);
    const generation = this.#generation;
    const read = this.#wantsAll ? PAGES.length : (this.#pagesRead.get(status) ?? 0);
    const page = PAGES[Math.min(read, PAGES.length - 1)] ?? FIRST;
    const answer = await ask(ColumnPageQuery, {
      filter: { ...this.#filter, statuses: [status] },
      first: this.#filter.search ? Math.min(page, MOST_FOUND) : page,
      after,
    });
    if (generation !== this.#generation) return;
    this.#paging.delete(status);
    if (answer.failure) {
      // Scrolling tries again. A board that needs all cards shows the error instead.
      if (this.#wantsAll) this.phase.set({ kind: "failed", failure: answer.failure, shown: true });
      return;
    }
    const column = answer.data.board.columns.find((candidate) => candidate.status === status);
    if (!column) return;
    this.#pagesRead.set(status, read + 1);
    this.store.addPage(status, column.issues);
    if (this.#wantsAll) void this.loadMore(status);
  }

  #loadRest(): void {
    for (const status of STATUSES) void this.loadMore(status);
  }

  #follow(filter: IssueFilter): void {
    this.#unfollow = follow({
      document: BoardEvents,
      variables: () => ({ filter, after: this.store.cursor ?? null }),
      onItem: ({ boardEvents }) => {
        const outcome = this.store.receive(boardEvents, Date.now());
        if (outcome === "reload") void this.reload();
        if (outcome === "recount") this.#recount();
      },
      onFailure: (failure) => {
        if (failure.code === "RESYNC") void this.reload();
        else this.phase.set({ kind: "failed", failure, shown: true });
      },
    });
  }

  #recount(): void {
    if (this.#counting !== undefined) return;
    const generation = this.#generation;
    this.#counting = setTimeout(() => {
      this.#counting = undefined;
      void ask(CountsQuery, { filter: this.#filter }).then((answer) => {
        if (generation === this.#generation && answer.data) {
          this.store.setCounts(answer.data.board.columns);
        }
      });
    }, COUNTS_AFTER_MS);
  }
}
