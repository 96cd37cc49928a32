import { ask, change, type Answer } from "@/lib/graphql/client.ts";
import type { Failure } from "@/lib/graphql/failure.ts";
import type { Status } from "@/lib/statuses.ts";
import { whyUnchangeable } from "../model/changeable.ts";
import { UndoHistory, type UndoStep, type MoveMade } from "../model/undoHistory.ts";
import type { BoardStore } from "../model/store.ts";
import { EntryTime, MoveIssue, MoveIssues, UndoMove, type BoardIssue } from "./documents.ts";

/** If the event of an answered move has not come after this time, the answer is applied instead. */
const EVENT_MS = 3_000;

/** So many moves are taken back at once; GitHub rate-limits more of them. */
const AT_ONCE = 4;

/** So many cards go to the server in one request, so that the first are answered soon. */
const TOGETHER = 50;

/** A card to be moved. */
type MoveRequest = {
  readonly id: string;
  readonly to: Status;
  readonly reason: string | undefined;
};

/**
 * Sends moves, one at a time for each issue: a second request for a card that is still on its way waits for the first
 * answer, and only the newest request is sent. Cards that leave one column together go together.
 */
export class Mover {
  readonly #store: BoardStore;
  readonly #undoHistory: UndoHistory;
  readonly #busy = new Set<string>();
  readonly #waiting = new Map<string, MoveRequest | MoveMade>();
  /** Audit entries written for this page, whose existence need not be checked. */
  readonly #own = new Set<string>();
  /** Called with the reason when the move of a card that is not loaded here was not undone. */
  readonly #onLost: (move: MoveMade, failure: Failure) => void;
  /** The step that is being sent, if any. */
  #underWay: Promise<unknown> = Promise.resolve();

  constructor(
    store: BoardStore,
    undoHistory: UndoHistory = new UndoHistory(),
    onLost: (move: MoveMade, failure: Failure) => void = () => undefined,
  ) {
    this.#store = store;
    this.#undoHistory = undoHistory;
    this.#onLost = onLost;
  }

  /** Moves cards: at once on the page, then on the server, and each that it refuses back again. */
  async move(ids: readonly string[], to: Status, reason?: string): Promise<void> {
    const due = ids.filter((id) => {
      const card = this.#store.card(id);
      if (!card || (card.status === to && !card.pending)) return false;
      // Other cards of a selection may be moved all the same.
      if (whyUnchangeable(card.issue, "move") !== undefined) {
        this.#store.abandon(id);
        return false;
      }
      this.#store.begin(id, to);
      return true;
    });
    const sending = this.#send(due.map((id) => ({ id, to, reason })));
    this.#underWay = sending;
    this.#undoHistory.push(await sending);
  }

  /**
   * Moves the cards of this browser's last step back to where they came from, those too that are not on the board
   * here. Returns them; none when there was none.
   */
  async undo(): Promise<UndoStep> {
    // What the server has not answered yet cannot be taken back, and what was before it is not the last.
    await this.#underWay;
    const last = this.#undoHistory.pop(Date.now());
    const [first] = last ?? [];
    if (!last || !first) return [];
    if (!this.#own.has(first.auditEntryId) && !(await isKnown(first))) {
      // The database was reset, and with it the audit log.
      this.#undoHistory.clear();
      return [];
    }
    const due = [...last];
    for (const { id, from } of due) this.#store.begin(id, from);
    const next = async (): Promise<void> => {
      for (let made = due.shift(); made; made = due.shift()) await this.#takeBack(made);
    };
    void Promise.all(Array.from({ length: AT_ONCE }, next));
    return last;
  }

  /** Asks the server for moves, those from one column in one request. Returns which were made. */
  async #send(requests: readonly MoveRequest[]): Promise<UndoStep> {
    const groups = new Map<Status, MoveRequest[]>();
    for (const request of requests) {
      const from = this.#store.issue(request.id)?.status;
      if (from === undefined || this.#waits(request)) continue;
      const group = groups.get(from);
      if (group) group.push(request);
      else groups.set(from, [request]);
    }
    const made = await Promise.all(
      [...groups].flatMap(([from, group]) =>
        chunks(group, TOGETHER).map((together) => this.#sendTogether(together, from)),
      ),
    );
    return made.flat();
  }

  async #sendTogether(requests: readonly MoveRequest[], from: Status): Promise<UndoStep> {
    const answers = await moveAll(requests, from);
    return requests.flatMap((request, index) => {
      const answer = answers[index];
      if (!answer) return [];
      const moved = this.#settle(request, answer);
      if (!moved) return [];
      const { auditEntryId, auditedAt, issue } = moved;
      this.#own.add(auditEntryId);
      return [
        { id: request.id, number: issue.number, from, to: request.to, auditEntryId, auditedAt },
      ];
    });
  }

  async #takeBack(made: MoveMade): Promise<void> {
    if (this.#waits(made)) return;
    const { id, from, auditEntryId } = made;
    const answer = await change(UndoMove, { input: { auditEntryId } });
    const isHere = this.#store.card(id) !== undefined;
    this.#settle(
      { id, to: from },
      answer.failure
        ? answer
        : { data: { ...answer.data.undoMove, auditEntryId, auditedAt: made.auditedAt } },
    );
    if (answer.failure && !isHere) this.#onLost(made, answer.failure);
  }

  /** Marks a card as being on its way. True when it is already, and the request waits for that. */
  #waits(request: MoveRequest | MoveMade): boolean {
    if (this.#busy.has(request.id)) {
      this.#waiting.set(request.id, request);
      return true;
    }
    this.#busy.add(request.id);
    return false;
  }

  /** Takes an answer, and sends what waited for it. */
  #settle({ id, to }: Pick<MoveRequest, "id" | "to">, answer: Answer<Moved>): Moved | undefined {
    this.#busy.delete(id);
    const next = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (answer.failure) {
      this.#store.refuse(id, answer.failure);
      return undefined;
    }
    const { cursor, issue } = answer.data;
    this.#store.acknowledge(id, cursor);
    if (next && "auditEntryId" in next) {
      this.#store.settle(issue, cursor);
      this.#store.begin(id, next.from);
      void this.#takeBack(next);
    } else if (next && next.to !== to) {
      this.#store.settle(issue, cursor);
      this.#store.begin(id, next.to);
      void this.#send([next]).then((made) => this.#undoHistory.push(made));
    } else {
      setTimeout(() => this.#store.settle(issue, cursor), EVENT_MS);
    }
    return answer.data;
  }
}

type Moved = {
  readonly cursor: string;
  readonly issue: BoardIssue;
  readonly auditEntryId: string;
  readonly auditedAt: string;
};

type Done = {
  readonly cursor: string;
  readonly issue: BoardIssue;
  readonly auditEntry: { readonly id: string; readonly createdAt: string };
};

const movedOf = ({ cursor, issue, auditEntry }: Done): Answer<Moved> => ({
  data: { cursor, issue, auditEntryId: auditEntry.id, auditedAt: auditEntry.createdAt },
});

/** Moves cards out of one column. An answer for each, in their order. */
async function moveAll(
  requests: readonly MoveRequest[],
  from: Status,
): Promise<readonly Answer<Moved>[]> {
  const [first] = requests;
  if (!first) return [];
  const { to, reason = null } = first;
  if (requests.length === 1) {
    const input = { issueId: first.id, to, expectedFrom: from, reason };
    const answer = await change(MoveIssue, { input });
    return [answer.failure ? answer : movedOf(answer.data.moveIssue)];
  }
  const input = { issueIds: requests.map(({ id }) => id), to, expectedFrom: from, reason };
  const answer = await change(MoveIssues, { input });
  if (answer.failure) return requests.map(() => answer);
  return answer.data.moveIssues.results.map(({ moved, error }) =>
    moved ? movedOf(moved) : { failure: error ?? NO_WORD },
  );
}

const NO_WORD: Failure = {
  message: "Dispatch did not say what became of it.",
  code: "INTERNAL_SERVER_ERROR",
};

/** Whether the audit log still has the entry of a move, and not another one with its id. */
async function isKnown({ auditEntryId, auditedAt }: MoveMade): Promise<boolean> {
  const { data, failure } = await ask(EntryTime, { id: auditEntryId });
  // Whether it can be taken back is then for the server to say.
  if (failure) return true;
  return data.node?.__typename === "AuditEntry" && data.node.createdAt === auditedAt;
}

const chunks = <Item>(items: readonly Item[], size: number): Item[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, at) =>
    items.slice(at * size, (at + 1) * size),
  );
