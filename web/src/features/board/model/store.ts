import { STATUSES, statusTitle, type Status } from "@/lib/statuses.ts";
import type { Failure } from "@/lib/graphql/failure.ts";
import type { Viewer } from "@/lib/viewer.ts";
import type { BoardEvent, BoardIssue, BoardSnapshot } from "../api/documents.ts";

/**
 * What the board knows, in two layers.
 *
 * Below lie the issues by id and, for each column, the loaded ids in the server's order, newest update first. Only
 * snapshots, pages and events write there. Above lies the overlay: moves that were made here and that no event has
 * confirmed yet. Each is keyed by its issue while it is on its way and by its event's cursor once the server has
 * answered, and falls away when that event streams in. What is drawn is always the two together.
 *
 * Watchers are notified by card and by column, so a move rerenders one card and two columns.
 */
export class BoardStore {
  readonly #issues = new Map<string, BoardIssue>();
  /** The column each loaded issue is listed in, below the overlay. */
  readonly #listed = new Map<string, Status>();
  readonly #columns = new Map<Status, Column>(STATUSES.map((status) => [status, emptyColumn()]));
  readonly #overlay = new Map<string, PendingMove>();
  readonly #refusals = new Map<string, Refusal>();
  readonly #arrivals = new Map<string, Arrival>();
  /** The newest cursors seen, to recognise an event that overtook the answer it belongs to. */
  readonly #seen: string[] = [];

  readonly #cardViews = new Map<string, CardView>();
  readonly #columnViews = new Map<Status, ColumnView>();
  readonly #watchers = new Map<string, Set<() => void>>();

  /** The position that everything here is true at, or later. */
  cursor: string | undefined;
  #version = 0;

  // ------------------------------------------------------------------ reading

  card(id: string): CardView | undefined {
    const known = this.#cardViews.get(id);
    if (known) return known;
    const issue = this.#issues.get(id);
    if (!issue) return undefined;
    const pending = this.#overlay.get(id);
    const view: CardView = {
      issue,
      status: pending?.to ?? issue.status,
      pending,
      refusal: this.#refusals.get(id),
      arrival: this.#arrivals.get(id),
    };
    this.#cardViews.set(id, view);
    return view;
  }

  column(status: Status): ColumnView {
    const known = this.#columnViews.get(status);
    if (known) return known;
    const column = this.#column(status);
    const arriving: string[] = [];
    let leaving = 0;
    for (const [id, move] of this.#overlay) {
      const below = this.#issues.get(id)?.status;
      if (below === move.to) continue;
      if (move.to === status) arriving.push(id);
      if (below === status) leaving += 1;
    }
    const staying =
      this.#overlay.size === 0
        ? column.ids
        : column.ids.filter((id) => (this.#overlay.get(id)?.to ?? status) === status);
    const view: ColumnView = {
      status,
      // A move makes its card the newest of the column, so this is where the event will put it.
      ids: arriving.length > 0 ? [...arriving.reverse(), ...staying] : staying,
      totalCount: Math.max(0, column.totalCount + arriving.length - leaving),
      hasMore: column.endCursor !== undefined,
    };
    this.#columnViews.set(status, view);
    return view;
  }

  /** An issue as the server has it, without the overlay. */
  issue(id: string): BoardIssue | undefined {
    return this.#issues.get(id);
  }

  /** Incremented by every change, for what is rendered from the whole board. */
  get version(): number {
    return this.#version;
  }

  /** Where the next page of a column begins; undefined when all of it is here. */
  endCursor(status: Status): string | undefined {
    return this.#column(status).endCursor;
  }

  /** Labels, names and repositories of everything loaded, for offering as filters. */
  *issues(): IterableIterator<BoardIssue> {
    yield* this.#issues.values();
  }

  /** Calls `listener` after each change of a card (`card:<id>`), a column (`column:<status>`) or anything (`board`). */
  watch(key: WatchKey, listener: () => void): () => void {
    const listeners = this.#watchers.get(key) ?? new Set();
    this.#watchers.set(key, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#watchers.delete(key);
    };
  }

  // ------------------------------------------------------------------ what the server says

  /** Takes a snapshot for everything there is. Moves that the server has answered are in it; others stay above it. */
  load(snapshot: BoardSnapshot): void {
    const touched = new Touched();
    const before = new Map(this.#issues);
    for (const id of before.keys()) touched.card(id);
    this.#issues.clear();
    this.#listed.clear();
    for (const status of STATUSES) {
      const column = snapshot.columns.find((candidate) => candidate.status === status);
      const page = column?.issues;
      this.#columns.set(status, {
        ids: page?.nodes.map((issue) => issue.id) ?? [],
        totalCount: column?.totalCount ?? 0,
        endCursor: nextCursor(page?.pageInfo),
      });
      for (const issue of page?.nodes ?? []) this.#keep(issue, status, touched);
      touched.column(status);
    }
    for (const [id, move] of this.#overlay) {
      const issue = before.get(id);
      if (move.cursor !== undefined || !issue) this.#overlay.delete(id);
      else if (!this.#issues.has(id)) this.#issues.set(id, issue);
    }
    this.#arrivals.clear();
    this.cursor = snapshot.asOf;
    this.#see(snapshot.asOf);
    this.#notify(touched);
  }

  /** Appends the page that follows what a column already lists. Issues that an event brought meanwhile stay put. */
  addPage(status: Status, page: BoardSnapshot["columns"][number]["issues"]): void {
    const touched = new Touched();
    const column = this.#column(status);
    const fresh = page.nodes.filter((issue) => !this.#listed.has(issue.id));
    for (const issue of fresh) this.#keep(issue, status, touched);
    this.#columns.set(status, {
      ...column,
      ids: [...column.ids, ...fresh.map((issue) => issue.id)],
      endCursor: nextCursor(page.pageInfo),
    });
    touched.column(status);
    this.#notify(touched);
  }

  /** Takes the server's counts for the columns. */
  setCounts(counts: readonly { status: Status; totalCount: number }[]): void {
    const touched = new Touched();
    for (const { status, totalCount } of counts) {
      const column = this.#column(status);
      if (column.totalCount === totalCount) continue;
      this.#columns.set(status, { ...column, totalCount });
      touched.column(status);
    }
    this.#notify(touched);
  }

  /**
   * Applies one event of the stream. Repeating one changes nothing, so a stream may overlap the snapshot it follows.
   * Returns what is to follow: `reload` when the stream cannot go on, `recount` when an issue that is not loaded may
   * have changed a count.
   */
  receive(event: BoardEvent, now: number): "done" | "recount" | "reload" {
    if (event.__typename === "Resync") return "reload";
    const touched = new Touched();
    let outcome: "done" | "recount" = "done";
    this.cursor = event.cursor;
    this.#see(event.cursor);
    if (event.__typename === "IssueRemoved") {
      if (!this.#remove(event.issueId, touched)) outcome = "recount";
    } else {
      const known = this.#listed.has(event.issue.id);
      const byHand = this.#overlay.get(event.issue.id)?.to === event.issue.status;
      if (!known) outcome = "recount";
      if (
        event.__typename === "IssueMoved" &&
        known &&
        !byHand &&
        this.#issues.get(event.issue.id)?.status !== event.issue.status
      ) {
        const { actor, actorKind, from } = event;
        this.#arrivals.set(event.issue.id, { actor, actorKind, from, at: now });
      }
      this.#place(event.issue, touched);
    }
    for (const [id, move] of this.#overlay) {
      if (move.cursor === event.cursor) this.#lift(id, touched);
    }
    this.#notify(touched);
    return outcome;
  }

  /** Forgets that a card was moved by somebody else, once its mark has faded. */
  forgetArrival(id: string): void {
    if (!this.#arrivals.delete(id)) return;
    this.#notify(new Touched().card(id));
  }

  // ------------------------------------------------------------------ moves made here

  /** Shows a move at once. A move of a card that is already on its way replaces its target, not its origin. */
  begin(id: string, to: Status): void {
    const issue = this.#issues.get(id);
    if (!issue) return;
    const touched = new Touched().card(id).column(issue.status).column(to);
    const before = this.#overlay.get(id);
    if (before) touched.column(before.to);
    this.#overlay.delete(id);
    this.#overlay.set(id, { to });
    this.#refusals.delete(id);
    this.#arrivals.delete(id);
    this.#notify(touched);
  }

  /** The server has moved the card; the pending move waits for the event at `cursor`, unless that was faster. */
  acknowledge(id: string, cursor: string): void {
    const move = this.#overlay.get(id);
    if (!move) return;
    const touched = new Touched();
    if (this.#seen.includes(cursor)) {
      this.#lift(id, touched);
    } else {
      this.#overlay.set(id, { ...move, cursor });
      touched.card(id);
    }
    this.#notify(touched);
  }

  /** The event of an answered move did not come: take the answer's own issue instead. */
  settle(issue: BoardIssue, cursor: string): void {
    if (this.#overlay.get(issue.id)?.cursor !== cursor) return;
    const touched = new Touched();
    const present = this.#issues.get(issue.id);
    if (present && issue.updatedAt >= present.updatedAt) this.#place(issue, touched);
    this.#lift(issue.id, touched);
    this.#notify(touched);
  }

  /** The server said no: the card goes back and says why. */
  refuse(id: string, failure: Failure): void {
    const move = this.#overlay.get(id);
    if (!move) return;
    const touched = new Touched();
    this.#lift(id, touched);
    this.#refusals.set(id, {
      attempt: `Not moved to ${statusTitle(move.to)}`,
      to: move.to,
      failure,
    });
    this.#notify(touched);
  }

  /** The server refused something else than a move. */
  reportFailure(id: string, attempt: string, failure: Failure): void {
    this.#refusals.set(id, { attempt, failure });
    this.#notify(new Touched().card(id));
  }

  /** Removes a pending move that was never sent. */
  abandon(id: string): void {
    const touched = new Touched();
    this.#lift(id, touched);
    this.#notify(touched);
  }

  /** Removes a refusal once it has been read. */
  dismiss(id: string): void {
    if (this.#refusals.delete(id)) this.#notify(new Touched().card(id));
  }

  // ------------------------------------------------------------------ inside

  #column(status: Status): Column {
    return this.#columns.get(status) ?? emptyColumn();
  }

  #keep(issue: BoardIssue, status: Status, touched: Touched): void {
    this.#issues.set(issue.id, issue);
    this.#listed.set(issue.id, status);
    touched.card(issue.id);
  }

  /** Puts an issue where its status and its update time belong, moving counts with it when it was listed before. */
  #place(issue: BoardIssue, touched: Touched): void {
    const from = this.#listed.get(issue.id);
    const before = this.#issues.get(issue.id);
    touched.card(issue.id);
    if (from === issue.status && before?.updatedAt === issue.updatedAt) {
      this.#issues.set(issue.id, issue);
      // A board in the order of the queue shows it elsewhere in its column.
      if (before.queueScore !== issue.queueScore) touched.column(issue.status);
      return;
    }
    if (from !== undefined) this.#unlist(issue.id, from, touched);
    this.#issues.set(issue.id, issue);
    const column = this.#column(issue.status);
    const at = this.#positionOf(issue, column.ids);
    const counts = from === issue.status ? 0 : 1;
    const belongsToALaterPage = at === column.ids.length && column.endCursor !== undefined;
    if (!belongsToALaterPage) this.#listed.set(issue.id, issue.status);
    this.#columns.set(issue.status, {
      ...column,
      ids: belongsToALaterPage ? column.ids : column.ids.toSpliced(at, 0, issue.id),
      totalCount: column.totalCount + (from === undefined ? 0 : counts),
    });
    if (from !== undefined && from !== issue.status) {
      const left = this.#column(from);
      this.#columns.set(from, { ...left, totalCount: Math.max(0, left.totalCount - 1) });
    }
    touched.column(issue.status);
  }

  #positionOf(issue: BoardIssue, ids: readonly string[]): number {
    let low = 0;
    let high = ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#issues.get(ids[middle] ?? "");
      if (other && other.updatedAt > issue.updatedAt) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #unlist(id: string, status: Status, touched: Touched): void {
    const column = this.#column(status);
    this.#columns.set(status, { ...column, ids: column.ids.filter((other) => other !== id) });
    this.#listed.delete(id);
    touched.column(status);
  }

  #remove(id: string, touched: Touched): boolean {
    const status = this.#listed.get(id);
    this.#lift(id, touched);
    this.#refusals.delete(id);
    if (status === undefined) return false;
    this.#unlist(id, status, touched);
    const column = this.#column(status);
    this.#columns.set(status, { ...column, totalCount: Math.max(0, column.totalCount - 1) });
    this.#issues.delete(id);
    touched.card(id);
    return true;
  }

  /** Takes a move off the overlay. */
  #lift(id: string, touched: Touched): void {
    const move = this.#overlay.get(id);
    if (!move) return;
    this.#overlay.delete(id);
    touched.card(id).column(move.to);
    const below = this.#issues.get(id);
    if (below) touched.column(below.status);
  }

  #see(cursor: string): void {
    this.#seen.push(cursor);
    if (this.#seen.length > 256) this.#seen.splice(0, 128);
  }

  #notify(touched: Touched): void {
    if (touched.cards.size > 0 || touched.columns.size > 0) this.#version += 1;
    for (const id of touched.cards) this.#cardViews.delete(id);
    for (const status of touched.columns) this.#columnViews.delete(status);
    for (const id of touched.cards) this.#call(`card:${id}`);
    for (const status of touched.columns) this.#call(`column:${status}`);
    if (touched.cards.size > 0 || touched.columns.size > 0) this.#call("board");
  }

  #call(key: WatchKey): void {
    const listeners = this.#watchers.get(key);
    if (listeners) for (const listener of [...listeners]) listener();
  }
}

export type WatchKey = `card:${string}` | `column:${Status}` | "board";

/** A card as it is drawn. */
export type CardView = {
  readonly issue: BoardIssue;
  /** The column it is shown in, the overlay included. */
  readonly status: Status;
  readonly pending: PendingMove | undefined;
  readonly refusal: Refusal | undefined;
  readonly arrival: Arrival | undefined;
};

/** A column as it is drawn. */
export type ColumnView = {
  readonly status: Status;
  readonly ids: readonly string[];
  /** Of the whole column, not only of what is loaded. */
  readonly totalCount: number;
  readonly hasMore: boolean;
};

/** A move that no event has confirmed. */
export type PendingMove = {
  readonly to: Status;
  /** The event that will confirm it; set once the server has answered. */
  readonly cursor?: string;
};

/** Something that the server did not do. */
export type Refusal = {
  /** What was tried and did not happen, as the beginning of a sentence. */
  readonly attempt: string;
  /** Where the card should have gone, when that was it. */
  readonly to?: Status;
  readonly failure: Failure;
};

/** A move that somebody else made a moment ago. */
export type Arrival = {
  readonly actor: string;
  readonly actorKind: Viewer["kind"];
  readonly from: Status;
  /** Milliseconds of the browser's clock. */
  readonly at: number;
};

type Column = {
  readonly ids: readonly string[];
  readonly totalCount: number;
  readonly endCursor: string | undefined;
};

const emptyColumn = (): Column => ({ ids: [], totalCount: 0, endCursor: undefined });

const nextCursor = (
  page: { hasNextPage: boolean; endCursor: string | null } | undefined,
): string | undefined => (page?.hasNextPage ? (page.endCursor ?? undefined) : undefined);

/** What a change has touched, collected before watchers are notified. */
class Touched {
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
