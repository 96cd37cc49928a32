import { change } from "@/lib/graphql/client.ts";
import type { Status } from "@/lib/statuses.ts";
import type { BoardStore } from "../model/store.ts";
import { MoveIssue } from "./documents.ts";

/** When the event of an answered move has not come by then, the answer itself is believed. */
const EVENT_MS = 3_000;

/** What can be taken back. */
export type MoveMade = {
  readonly id: string;
  readonly from: Status;
  readonly to: Status;
  /** Why it was blocked before, so that going back there needs no new question. */
  readonly blockedReason: string | null;
};

/**
 * Sends moves, one at a time for each issue: a second wish for a card that is still on its way waits for the first
 * answer, and only the newest wish is sent.
 */
export class Mover {
  readonly #store: BoardStore;
  readonly #busy = new Set<string>();
  readonly #waiting = new Map<string, { to: Status; reason: string | undefined }>();
  readonly #made: MoveMade[] = [];

  constructor(store: BoardStore) {
    this.#store = store;
  }

  /** Moves a card: at once on the page, then on the server, and back again if that refuses. */
  async move(id: string, to: Status, reason?: string): Promise<void> {
    const card = this.#store.card(id);
    if (!card || (card.status === to && !card.pending)) return;
    this.#store.begin(id, to);
    if (this.#busy.has(id)) {
      this.#waiting.set(id, { to, reason });
      return;
    }
    const { status: from, blockedReason } = card.issue;
    this.#busy.add(id);
    const answer = await change(MoveIssue, {
      input: { issueId: id, to, expectedFrom: from, reason: reason ?? null },
    });
    this.#busy.delete(id);
    const next = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (answer.failure) {
      this.#store.refuse(id, answer.failure);
      return;
    }
    this.#made.push({ id, from, to, blockedReason });
    const { cursor, issue } = answer.data.moveIssue;
    this.#store.acknowledge(id, cursor);
    if (next && next.to !== to) {
      this.#store.settle(issue, cursor);
      void this.move(id, next.to, next.reason);
      return;
    }
    setTimeout(() => this.#store.settle(issue, cursor), EVENT_MS);
  }

  /** Moves the card of the last move back to where it came from. Returns that move, if there was one. */
  undo(): MoveMade | undefined {
    const last = this.#made.pop();
    if (!last) return undefined;
    const reason =
      last.from === "BLOCKED" ? (last.blockedReason ?? "moved back on the board") : undefined;
    void this.move(last.id, last.from, reason).then(() => {
      // Taking back is not itself something to take back.
      if (this.#made.at(-1)?.id === last.id && this.#made.at(-1)?.to === last.from)
        this.#made.pop();
    });
    return last;
  }
}
