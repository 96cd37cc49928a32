import { ask, change, type Answer } from "@/lib/graphql/client.ts";
import type { Failure } from "@/lib/graphql/failure.ts";
import type { Status } from "@/lib/statuses.ts";
import { whyUnchangeable } from "../model/changeable.ts";
import { UndoHistory, type UndoStep, type MoveMade } from "../model/undoHistory.ts";
import type { BoardStore } from "../model/store.ts";
import { EntryTime, MoveIssue, MoveIssues, UndoMove, type BoardIssue } from "./documents.ts";

/** If the event of a move has not arrived this long after the response, the response is applied instead. */
const EVENT_MS = 3_000;

/** The number of moves that are undone at once. More would reach GitHub's rate limit. */
const AT_ONCE = 4;

/** The number of cards in one request. It is small, so that the first response arrives soon. */
const TOGETHER = 50;

type MoveRequest = {
  readonly id: string;
  readonly to: Status;
  readonly reason: string | undefined;
};

/**
 * Sends moves, one at a time for each issue. A move of an issue whose previous move is not answered yet waits for the
 * response, and only the latest of several is sent. Cards that leave one column together are sent in one request.
 */
export class Mover {
  readonly #store: BoardStore;
  readonly #undoHistory: UndoHistory;
  readonly #busy = new Set<string>();
  readonly #waiting = new Map<string, MoveRequest | MoveMade>();
  /** Audit entries of moves of this page. They exist, so they are not checked before an undo. */
  readonly #own = new Set<string>();
  /** Called with the reason if the move of a card that is not loaded could not be undone. */
  readonly #onLost: (move: MoveMade, failure: Failure) => void;
  /** Resolves when the requests of the last step are answered. */
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

  /** Moves cards on the page at once, and sends the moves. A card whose move is rejected returns to its column. */
  async move(ids: readonly string[], to: Status, reason?: string): Promise<void> {
    const due = ids.filter((id) => {
      const card = this.#store.card(id);
      if (!card || (card.status === to && !card.pending)) return false;
      // A rejected move does not affect the other cards of a selection.
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
   * Undoes the last step of this browser, also for cards that this board does not show. Returns the moves of the step;
   * none if there is no step.
   */
  async undo(): Promise<UndoStep> {
    // A step can be undone only after its response, so this waits for it.
    await this.#underWay;
    const last = this.#undoHistory.pop(Date.now());
    const [first] = last ?? [];
    if (!last || !first) return [];
    if (!this.#own.has(first.auditEntryId) && !(await isKnown(first))) {
      // The database was reset, and the audit log with it.
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

  /** Sends moves, those from one column in one request. Returns the successful ones. */
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

  /** Marks a card as being sent. Returns true if it already was; the new move then waits for the response. */
  #waits(request: MoveRequest | MoveMade): boolean {
    if (this.#busy.has(request.id)) {
      this.#waiting.set(request.id, request);
      return true;
    }
    this.#busy.add(request.id);
    return false;
  }

  /** Applies a response, and sends the move that waited for it. */
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

/** Moves cards out of one column. Returns a response for each, in the same order. */
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

/** Whether the audit log still contains the entry of a move, and not another one with the same id. */
async function isKnown({ auditEntryId, auditedAt }: MoveMade): Promise<boolean> {
  const { data, failure } = await ask(EntryTime, { id: auditEntryId });
  // If that cannot be checked, the server decides whether the move can be undone.
  if (failure) return true;
  return data.node?.__typename === "AuditEntry" && data.node.createdAt === auditedAt;
}

const chunks = <Item>(items: readonly Item[], size: number): Item[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, at) =>
    items.slice(at * size, (at + 1) * size),
  );
