import { beforeEach, describe, expect, it, vi } from "vitest";
import { change } from "@/lib/graphql/client.ts";
import { issue, snapshot } from "../model/fixtures.ts";
import { UndoMove } from "./documents.ts";
import { BoardStore } from "../model/store.ts";
import { Mover } from "./moves.ts";

vi.mock("@/lib/graphql/client.ts", () => ({ change: vi.fn() }));

type Sent = {
  issueId: string;
  to: "READY" | "DONE" | "IN_REVIEW" | "BACKLOG";
  expectedFrom: string;
  reason: string | null;
};

/** The requests that wait for an answer, oldest first. */
let sent: { input: Sent; answer: (cursor: string) => void; refuse: () => void }[];
let store: BoardStore;
let mover: Mover;

beforeEach(() => {
  vi.useFakeTimers();
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
      const number = Number(input.issueId.replace("iss_", ""));
      sent.push({
        input,
        answer: (cursor) =>
          resolve({
            data: {
              moveIssue: {
                cursor,
                auditEntry: { id: `aud_${number}` },
                issue: issue(number, input.to, { updatedAt: "2026-02-01T00:00:00.000Z" }),
              },
            },
          }),
        refuse: () => resolve({ failure: { message: "no", code: "CONFLICT" } }),
      });
    });
  });
  store = new BoardStore();
  store.load(snapshot([issue(1, "BACKLOG"), issue(2, "BACKLOG"), issue(3, "BACKLOG")]));
  mover = new Mover(store);
});

const undone = vi.fn();

const settled = () => vi.advanceTimersByTimeAsync(0);

describe("a move", () => {
  it("says where it believes the card to be, and waits for nothing to show it", async () => {
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

  it("waits for the one before it, and only the last wish is sent", async () => {
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

  it("drops what waited when the one before it is refused", async () => {
    void mover.move(["iss_1"], "READY");
    void mover.move(["iss_1"], "DONE");
    sent[0]?.refuse();
    await settled();
    expect(sent).toHaveLength(1);
    expect(store.card("iss_1")?.status).toBe("BACKLOG");
    expect(store.card("iss_1")?.refusal?.failure.code).toBe("CONFLICT");
  });
});

describe("many moves", () => {
  it("show together, and each is refused alone", async () => {
    void mover.move(["iss_1", "iss_2", "iss_3"], "READY");
    expect(store.column("READY").ids).toHaveLength(3);
    sent[0]?.answer("11");
    sent[1]?.refuse();
    sent[2]?.answer("12");
    await settled();
    expect(store.column("BACKLOG").ids).toEqual(["iss_2"]);
    expect(store.card("iss_2")?.refusal).toBeDefined();
  });

  it("are taken back together, and only those that were made", async () => {
    void mover.move(["iss_1", "iss_2"], "READY");
    sent[0]?.answer("11");
    sent[1]?.refuse();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(mover.undo().map((move) => move.id)).toEqual(["iss_1"]);
    expect(store.card("iss_1")?.status).toBe("BACKLOG");
    expect(undone).toHaveBeenCalledWith({ input: { auditEntryId: "aud_1" } });
    await settled();
    expect(mover.undo()).toEqual([]);
  });
});
