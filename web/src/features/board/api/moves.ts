import { change, type Answer } from "@/lib/graphql/client.ts";
import type { Status } from "@/lib/statuses.ts";
import type { BoardStore } from "../model/store.ts";
import { MoveIssue, UndoMove, type BoardIssue } from "./documents.ts";

/** When the event of an answered move has not come by then, the answer itself is believed. */
const EVENT_MS = 3_000;

/** So many moves of a batch are on their way at once; GitHub takes more of them amiss. */
const AT_ONCE = 4;

/** What can be taken back. */
export type MoveMade = {
  readonly id: string;
  readonly from: Status;
  readonly to: Status;
  /** The line of the audit log that tells of it, by which the server takes it back. */
  readonly auditEntryId: string;
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
    void this.#moveAll(last.map(({ id, from, auditEntryId }) => ({ id, to: from, auditEntryId })));
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

  async #send(wish: Wish): Promise<MoveMade | undefined> {
    const { id, to } = wish;
    const from = this.#store.card(id)?.issue.status;
    if (from === undefined) return undefined;
    if (this.#busy.has(id)) {
      this.#waiting.set(id, wish);
      return undefined;
    }
    this.#busy.add(id);
    const answer = await ("auditEntryId" in wish ? takeBack(wish) : move(wish, from));
    this.#busy.delete(id);
    const next = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (answer.failure) {
      this.#store.refuse(id, answer.failure);
      return undefined;
    }
    const { cursor, issue, auditEntryId } = answer.data;
    this.#store.acknowledge(id, cursor);
    if (next && next.to !== to) {
      this.#store.settle(issue, cursor);
      void this.#moveAll([next]).then((made) => made.length > 0 && this.#made.push(made));
    } else {
      setTimeout(() => this.#store.settle(issue, cursor), EVENT_MS);
    }
    return { id, from, to, auditEntryId };
  }
}

type Move = { readonly id: string; readonly to: Status; readonly reason: string | undefined };
type TakeBack = { readonly id: string; readonly to: Status; readonly auditEntryId: string };
type Wish = Move | TakeBack;

type Moved = { readonly cursor: string; readonly issue: BoardIssue; readonly auditEntryId: string };

async function move({ id, to, reason }: Move, from: Status): Promise<Answer<Moved>> {
  const answer = await change(MoveIssue, {
    input: { issueId: id, to, expectedFrom: from, reason: reason ?? null },
  });
  if (answer.failure) return answer;
  const { cursor, issue, auditEntry } = answer.data.moveIssue;
  return { data: { cursor, issue, auditEntryId: auditEntry.id } };
}

async function takeBack({ auditEntryId }: TakeBack): Promise<Answer<Moved>> {
  const answer = await change(UndoMove, { input: { auditEntryId } });
  if (answer.failure) return answer;
  return { data: { ...answer.data.undoMove, auditEntryId } };
}
