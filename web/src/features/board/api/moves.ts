import { change } from "@/lib/graphql/client.ts";
import type { Status } from "@/lib/statuses.ts";
import type { BoardStore } from "../model/store.ts";
import { MoveIssue } from "./documents.ts";

/** When the event of an answered move has not come by then, the answer itself is believed. */
const EVENT_MS = 3_000;

/** So many moves of a batch are on their way at once; GitHub takes more of them amiss. */
const AT_ONCE = 4;

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
  readonly #waiting = new Map<string, Wish>();
  /** What was done with one movement of the hand, oldest first. */
  readonly #made: (readonly MoveMade[])[] = [];

  constructor(store: BoardStore) {
    this.#store = store;
  }

  /** Moves cards: at once on the page, then on the server, and each that it refuses back again. */
  async move(ids: readonly string[], to: Status, reason?: string): Promise<void> {
    const made = await this.#moveAll(ids.map((id) => ({ id, to, reason })));
    if (made.length > 0) this.#made.push(made);
  }

  /** Moves the cards of the last movement back to where they came from. Returns them; none when there was none. */
  undo(): readonly MoveMade[] {
    const last = this.#made.pop() ?? [];
    // Taking back is not itself something to take back.
    void this.#moveAll(
      last.map(({ id, from, blockedReason }) => ({
        id,
        to: from,
        reason: from === "BLOCKED" ? (blockedReason ?? "moved back on the board") : undefined,
      })),
    );
    return last;
  }

  async #moveAll(wishes: readonly Wish[]): Promise<readonly MoveMade[]> {
    const due = wishes.filter(({ id, to }) => {
      const card = this.#store.card(id);
      if (!card || (card.status === to && !card.pending)) return false;
      this.#store.begin(id, to);
      return true;
    });
    const made: MoveMade[] = [];
    const next = async (): Promise<void> => {
      for (let wish = due.shift(); wish; wish = due.shift()) {
        const done = await this.#send(wish);
        if (done) made.push(done);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
    return made;
  }

  async #send({ id, to, reason }: Wish): Promise<MoveMade | undefined> {
    const issue = this.#store.card(id)?.issue;
    if (!issue) return undefined;
    if (this.#busy.has(id)) {
      this.#waiting.set(id, { id, to, reason });
      return undefined;
    }
    const { status: from, blockedReason } = issue;
    this.#busy.add(id);
    const answer = await change(MoveIssue, {
      input: { issueId: id, to, expectedFrom: from, reason: reason ?? null },
    });
    this.#busy.delete(id);
    const next = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (answer.failure) {
      this.#store.refuse(id, answer.failure);
      return undefined;
    }
    const { cursor, issue: moved } = answer.data.moveIssue;
    this.#store.acknowledge(id, cursor);
    if (next && next.to !== to) {
      this.#store.settle(moved, cursor);
      void this.move([id], next.to, next.reason);
    } else {
      setTimeout(() => this.#store.settle(moved, cursor), EVENT_MS);
    }
    return { id, from, to, blockedReason };
  }
}

type Wish = { readonly id: string; readonly to: Status; readonly reason: string | undefined };
