import { beforeEach, describe, expect, it, vi } from "vitest";
import { READER, VISITOR } from "@/lib/fixtures.ts";
import { ask, change } from "@/lib/graphql/client.ts";
import { viewer } from "@/lib/viewer.ts";
import { issue, snapshot } from "../model/fixtures.ts";
import { UndoHistory } from "../model/undoHistory.ts";
import { BoardStore } from "../model/store.ts";
import { MoveIssue, MoveIssues, UndoMove } from "./documents.ts";
import { Mover } from "./moves.ts";

vi.mock("@/lib/graphql/client.ts", () => ({ ask: vi.fn(), change: vi.fn() }));

type Status = "READY" | "DONE" | "IN_REVIEW" | "BACKLOG";

type Sent = {
  issueId?: string;
  issueIds?: string[];
  to: Status;
  expectedFrom: string;
  reason: string | null;
};

const NOW = Date.parse("2026-06-01T12:00:00.000Z");
const AUDITED = "2026-06-01T11:59:00.000Z";

const numberOf = (id: string) => Number(id.replace("iss_", ""));

const moved = (id: string, to: Status, cursor: string) => ({
  cursor,
  auditEntry: { id: `aud_${numberOf(id)}`, createdAt: AUDITED },
  issue: issue(numberOf(id), to, { updatedAt: "2026-02-01T00:00:00.000Z" }),
});

/** The requests without a response, oldest first. `answer` rejects the moves of the given cards. */
let sent: {
  input: Sent;
  answer: (cursor: string, ...refused: string[]) => void;
  fail: () => void;
}[];
let store: BoardStore;
let undoHistory: UndoHistory;
let mover: Mover;

const undone = vi.fn();
const lost = vi.fn();

const NO = { message: "no", code: "CONFLICT" };

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  vi.clearAllMocks();
  viewer.set(VISITOR);
  sent = [];
  undone.mockReturnValue({
    data: {
      undoMove: {
        cursor: "13",
        issue: issue(1, "BACKLOG", { updatedAt: "2026-03-01T00:00:00.000Z" }),
      },
    },
  });
  vi.mocked(change).mockImplementation((document, variables) => {
    const { input } = variables as { input: Sent };
    if (document === UndoMove) return Promise.resolve(undone(variables) as never);
    return new Promise((resolve) => {
      const answer = (cursor: string, ...refused: string[]) => {
        if (document === MoveIssue) {
          const id = input.issueId ?? "";
          resolve({ data: { moveIssue: moved(id, input.to, cursor) } });
        } else {
          expect(document).toBe(MoveIssues);
          const results = (input.issueIds ?? []).map((id) =>
            refused.includes(id)
              ? { issueId: id, moved: null, error: NO }
              : { issueId: id, moved: moved(id, input.to, cursor), error: null },
          );
          resolve({ data: { moveIssues: { results } } });
        }
      };
      sent.push({ input, answer, fail: () => resolve({ failure: NO }) });
    });
  });
  store = new BoardStore();
  store.load(snapshot([issue(1, "BACKLOG"), issue(2, "BACKLOG"), issue(3, "READY")]));
  undoHistory = new UndoHistory();
  mover = new Mover(store, undoHistory, lost);
});

const settled = () => vi.advanceTimersByTimeAsync(0);

describe("a move", () => {
  it("is sent with the expected column, and shown at once", async () => {
    void mover.move(["iss_1"], "READY");
    expect(store.card("iss_1")?.status).toBe("READY");
    expect(sent[0]?.input).toMatchObject({
      issueId: "iss_1",
      to: "READY",
      expectedFrom: "BACKLOG",
      reason: null,
    });
    sent[0]?.answer("11");
    await settled();
    expect(store.card("iss_1")?.pending).toEqual({ to: "READY", cursor: "11" });
    await vi.advanceTimersByTimeAsync(3_000);
    expect(store.card("iss_1")?.pending).toBeUndefined();
    expect(store.card("iss_1")?.issue.status).toBe("READY");
  });

  it("is not sent for a read-only repository, but for the other cards", async () => {
    const fixed = issue(1, "BACKLOG");
    const repository = { ...fixed.repository, readOnlyReason: "ARCHIVED" as const };
    store.load(snapshot([{ ...fixed, repository }, issue(2, "BACKLOG")]));
    void mover.move(["iss_1", "iss_2"], "READY");
    await settled();
    expect(sent.map(({ input }) => input.issueId)).toEqual(["iss_2"]);
    expect(store.card("iss_1")).toMatchObject({ status: "BACKLOG", pending: undefined });
  });

  it("is not sent without the permission, and is reverted", async () => {
    store.begin("iss_1", "BLOCKED");
    viewer.set(READER);
    await mover.move(["iss_1"], "BLOCKED", "no");
    expect(sent).toHaveLength(0);
    expect(store.card("iss_1")).toMatchObject({ status: "BACKLOG", pending: undefined });
  });

  it("waits for the previous move of the card, and only the latest is sent", async () => {
    void mover.move(["iss_1"], "READY");
    void mover.move(["iss_1"], "IN_REVIEW");
    void mover.move(["iss_1"], "DONE");
    expect(sent).toHaveLength(1);
    expect(store.card("iss_1")?.status).toBe("DONE");
    sent[0]?.answer("11");
    await settled();
    expect(sent).toHaveLength(2);
    expect(sent[1]?.input).toMatchObject({ to: "DONE", expectedFrom: "READY" });
    expect(store.card("iss_1")?.status).toBe("DONE");
  });

  it("is dropped if the previous move of the card is rejected", async () => {
    void mover.move(["iss_1"], "READY");
    void mover.move(["iss_1"], "DONE");
    sent[0]?.fail();
    await settled();
    expect(sent).toHaveLength(1);
    expect(store.card("iss_1")?.status).toBe("BACKLOG");
    expect(store.card("iss_1")?.refusal?.failure.code).toBe("CONFLICT");
  });
});

describe("many moves", () => {
  it("are sent together for each column, and each can be rejected alone", async () => {
    void mover.move(["iss_1", "iss_2", "iss_3"], "DONE");
    expect(store.column("DONE").ids).toHaveLength(3);
    expect(sent.map(({ input }) => input)).toEqual([
      { issueIds: ["iss_1", "iss_2"], to: "DONE", expectedFrom: "BACKLOG", reason: null },
      { issueId: "iss_3", to: "DONE", expectedFrom: "READY", reason: null },
    ]);
    sent[0]?.answer("11", "iss_2");
    sent[1]?.answer("12");
    await settled();
    expect(store.column("BACKLOG").ids).toEqual(["iss_2"]);
    expect(store.card("iss_2")?.refusal?.failure).toEqual(NO);
    expect(store.card("iss_1")?.pending?.cursor).toBe("11");
    expect(store.card("iss_3")?.pending?.cursor).toBe("12");
  });

  it("are all reverted when the request fails", async () => {
    void mover.move(["iss_1", "iss_2"], "DONE");
    sent[0]?.fail();
    await settled();
    expect(store.column("BACKLOG").ids).toHaveLength(2);
    expect(store.card("iss_1")?.refusal).toBeDefined();
    expect(store.card("iss_2")?.refusal).toBeDefined();
    expect(await mover.undo()).toEqual([]);
  });

  it("are sent in parts of the maximum size", () => {
    const many = Array.from({ length: 120 }, (_, number) => issue(number + 10, "BACKLOG"));
    store.load(snapshot(many));
    void mover.move(
      many.map(({ id }) => id),
      "READY",
    );
    expect(sent.map(({ input }) => input.issueIds?.length)).toEqual([50, 50, 20]);
  });

  it("are undone together, only those that succeeded", async () => {
    void mover.move(["iss_1", "iss_2"], "READY");
    sent[0]?.answer("11", "iss_2");
    await vi.advanceTimersByTimeAsync(3_000);
    expect((await mover.undo()).map((move) => move.id)).toEqual(["iss_1"]);
    expect(store.card("iss_1")?.status).toBe("BACKLOG");
    expect(undone).toHaveBeenCalledWith({ input: { auditEntryId: "aud_1" } });
    await settled();
    expect(await mover.undo()).toEqual([]);
  });
});

describe("undo", () => {
  it("waits for a move that is not answered yet", async () => {
    void mover.move(["iss_1"], "READY");
    sent[0]?.answer("11");
    await settled();
    void mover.move(["iss_3"], "DONE");
    const undoing = mover.undo();
    await settled();
    expect(undone).not.toHaveBeenCalled();
    sent[1]?.answer("12");
    expect((await undoing).map((move) => move.id)).toEqual(["iss_3"]);
  });

  const remembered = {
    id: "iss_9",
    number: 9,
    from: "READY",
    to: "DONE",
    auditEntryId: "aud_9",
    auditedAt: AUDITED,
  } as const;

  it("includes moves before a reload of the page, and of cards that are not loaded", async () => {
    undoHistory.push([remembered]);
    vi.mocked(ask).mockResolvedValue({
      data: { node: { __typename: "AuditEntry", createdAt: AUDITED } },
    });
    expect(await mover.undo()).toEqual([remembered]);
    await settled();
    expect(undone).toHaveBeenCalledWith({ input: { auditEntryId: "aud_9" } });
    expect(lost).not.toHaveBeenCalled();

    undoHistory.push([remembered]);
    undone.mockReturnValue({ failure: NO });
    await mover.undo();
    await settled();
    expect(lost).toHaveBeenCalledWith(remembered, NO);
  });

  it("does not undo another entry with the same id after a reset of the database", async () => {
    undoHistory.push([remembered]);
    undoHistory.push([remembered]);
    vi.mocked(ask).mockResolvedValue({
      data: { node: { __typename: "AuditEntry", createdAt: "2026-06-01T11:59:30.000Z" } },
    });
    expect(await mover.undo()).toEqual([]);
    expect(await mover.undo()).toEqual([]);
    expect(undone).not.toHaveBeenCalled();
  });
});
