import { STATUSES, statusTitle, type Status } from "@/lib/statuses.ts";
import type { Failure } from "@/lib/graphql/failure.ts";
import type { BoardEvent, BoardIssue, BoardSnapshot } from "../api/documents.ts";
import type { Arrival, CardView, ColumnView, PendingMove, Refusal } from "./cardViews.ts";
import { Touched, Watchers, type WatchKey } from "./watchers.ts";

/**
 * The issues of the board, in two layers.
 *
 * The lower layer has the issues by id and, for each column, the loaded ids in the server's order, newest update first.
 * Only snapshots, pages and events write to it. The upper layer is the overlay: moves that were made here and are not
 * confirmed by an event yet. A move is removed from it when its event arrives; the response of the server says which
 * event that is. The views of cards and columns combine both layers.
 *
 * Watchers are notified by card and by column, so a move rerenders one card and two columns.
 */
export class BoardStore {
  readonly #issues = new Map<string, BoardIssue>();
  /** The column of each listed issue, without the overlay. */
  readonly #listed = new Map<string, Status>();
  readonly #columns = new Map<Status, Column>(STATUSES.map((status) => [status, emptyColumn()]));
  readonly #overlay = new Map<string, PendingMove>();
  readonly #refusals = new Map<string, Refusal>();
  readonly #arrivals = new Map<string, Arrival>();
  /** The latest cursors, to recognise an event that arrived before the response to its move. */
  readonly #seen: string[] = [];

  readonly #cardViews = new Map<string, CardView>();
  readonly #columnViews = new Map<Status, ColumnView>();
  readonly #watchers = new Watchers();

  /** The position in the event log up to which everything here is current. */
  cursor: string | undefined;
  #version = 0;

  // ------------------------------------------------------------------ reads

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
      // A move makes its card the newest of the column, so the event will put it at the top.
      ids: arriving.length > 0 ? [...arriving.reverse(), ...staying] : staying,
      totalCount: Math.max(0, column.totalCount + arriving.length - leaving),
      hasMore: column.endCursor !== undefined,
    };
    this.#columnViews.set(status, view);
    return view;
  }

  /** An issue without the overlay. */
  issue(id: string): BoardIssue | undefined {
    return this.#issues.get(id);
  }

  /** Incremented by every change, for components that depend on the whole board. */
  get version(): number {
    return this.#version;
  }

  /** The cursor of the next page of a column; undefined if everything is loaded. */
  endCursor(status: Status): string | undefined {
    return this.#column(status).endCursor;
  }

  /** All loaded issues, without the overlay. */
  *issues(): IterableIterator<BoardIssue> {
    yield* this.#issues.values();
  }

  /**
   * Calls `listener` after each change of a card (`card:<id>`), of a column (`column:<status>`) or of any (`board`).
   */
  watch(key: WatchKey, listener: () => void): () => void {
    return this.#watchers.add(key, listener);
  }

  // ------------------------------------------------------------------ data from the server

  /**
   * Replaces everything by a snapshot. It contains the moves that the server has answered; other moves stay pending.
   */
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

  /** Appends the next page of a column. Issues that an event has added meanwhile keep their position. */
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

  /** Sets the total counts of columns. */
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
   * Applies one event of the stream. Applying it again changes nothing, so the stream may overlap the snapshot. Returns
   * what the caller must do: `reload` if the stream cannot continue, `recount` if an issue that is not loaded may have
   * changed a count.
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

  /** Removes the mark of a card that somebody else moved. */
  forgetArrival(id: string): void {
    if (!this.#arrivals.delete(id)) return;
    this.#notify(new Touched().card(id));
  }

  // ------------------------------------------------------------------ moves of this page

  /** Shows a move before it is sent. For a card that is already being moved, only the target is replaced. */
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

  /**
   * Notes that the server has moved a card. The move stays pending until the event at `cursor`, if that is still to
   * come.
   */
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

  /** Applies the issue of the response to a move, because its event did not arrive. */
  settle(issue: BoardIssue, cursor: string): void {
    if (this.#overlay.get(issue.id)?.cursor !== cursor) return;
    const touched = new Touched();
    const present = this.#issues.get(issue.id);
    if (present && issue.updatedAt >= present.updatedAt) this.#place(issue, touched);
    this.#lift(issue.id, touched);
    this.#notify(touched);
  }

  /** Notes that the server rejected a move. The card returns to its column and shows the reason. */
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

  /** Shows on a card that an action other than a move failed. */
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

  // ------------------------------------------------------------------ internals

  #column(status: Status): Column {
    return this.#columns.get(status) ?? emptyColumn();
  }

  #keep(issue: BoardIssue, status: Status, touched: Touched): void {
    this.#issues.set(issue.id, issue);
    this.#listed.set(issue.id, status);
    touched.card(issue.id);
  }

  /** Inserts an issue into the column of its status, by its update time. Adjusts the counts if it was listed before. */
  #place(issue: BoardIssue, touched: Touched): void {
    const from = this.#listed.get(issue.id);
    const before = this.#issues.get(issue.id);
    touched.card(issue.id);
    if (from === issue.status && before?.updatedAt === issue.updatedAt) {
      this.#issues.set(issue.id, issue);
      // A board that is sorted by queue rank may show it at another position.
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

  /** Removes a move from the overlay. */
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
    this.#watchers.notify(touched);
  }
}

type Column = {
  readonly ids: readonly string[];
  readonly totalCount: number;
  readonly endCursor: string | undefined;
};

const emptyColumn = (): Column => ({ ids: [], totalCount: 0, endCursor: undefined });

const nextCursor = (
  page: { hasNextPage: boolean; endCursor: string | null } | undefined,
): string | undefined => (page?.hasNextPage ? (page.endCursor ?? undefined) : undefined);
