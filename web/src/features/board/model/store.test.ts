import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Status } from "@/lib/statuses.ts";
import type { BoardIssue } from "../api/documents.ts";
import { issue, snapshot } from "./fixtures.ts";
import { BoardStore } from "./store.ts";

const NOW = 0;
const LATER = "2026-01-02T00:00:00.000Z";
const REFUSED = { message: "GitHub said no", code: "UPSTREAM_FAILED" };

let store: BoardStore;
beforeEach(() => {
  store = new BoardStore();
});

const ids = (status: Status) => store.column(status).ids;
const count = (status: Status) => store.column(status).totalCount;
const moved = (cursor: string, from: Status, after: BoardIssue) =>
  ({
    __typename: "IssueMoved",
    cursor,
    from,
    to: after.status,
    actor: "claude",
    actorKind: "AGENT",
    issue: after,
  }) as const;
const changed = (cursor: string, after: BoardIssue) =>
  ({ __typename: "IssueChanged", cursor, issue: after }) as const;
const removed = (cursor: string, issueId: string) =>
  ({ __typename: "IssueRemoved", cursor, issueId }) as const;

describe("events", () => {
  it("move a card to the top of its new column, and change both counts", () => {
    store.load(snapshot([issue(1, "READY"), issue(2, "READY"), issue(3, "DONE")]));
    store.receive(moved("11", "READY", issue(1, "DONE", { updatedAt: LATER })), NOW);
    expect(ids("READY")).toEqual(["iss_2"]);
    expect(ids("DONE")).toEqual(["iss_1", "iss_3"]);
    expect([count("READY"), count("DONE")]).toEqual([1, 2]);
    expect(store.card("iss_1")?.arrival).toMatchObject({ actor: "claude", actorKind: "AGENT" });
    expect(store.cursor).toBe("11");
  });

  it("change nothing if the snapshot already contains them", () => {
    store.load(snapshot([issue(1, "DONE"), issue(2, "DONE")]));
    expect(store.receive(moved("11", "READY", issue(1, "DONE")), NOW)).toBe("done");
    expect(ids("DONE")).toEqual(["iss_2", "iss_1"]);
    expect([count("READY"), count("DONE")]).toEqual([0, 2]);
    expect(store.card("iss_1")?.arrival).toBeUndefined();
  });

  it("add a card that was not loaded, and request new counts", () => {
    store.load(snapshot([issue(1, "READY")], { BACKLOG: 5 }));
    expect(
      store.receive(moved("11", "BACKLOG", issue(9, "READY", { updatedAt: LATER })), NOW),
    ).toBe("recount");
    expect(ids("READY")).toEqual(["iss_9", "iss_1"]);
  });

  it("do not list a card that belongs to a later page", () => {
    store.load(snapshot([issue(5, "READY")], { READY: 3 }));
    store.receive(changed("11", issue(2, "READY")), NOW);
    expect(ids("READY")).toEqual(["iss_5"]);
    store.addPage("READY", {
      nodes: [issue(4, "READY"), issue(3, "READY"), issue(2, "READY")],
      pageInfo: { hasNextPage: false, endCursor: null },
    });
    expect(ids("READY")).toEqual(["iss_5", "iss_4", "iss_3", "iss_2"]);
  });

  it("remove a card only once", () => {
    store.load(snapshot([issue(1, "READY"), issue(2, "READY")]));
    expect(store.receive(removed("11", "iss_1"), NOW)).toBe("done");
    expect(store.receive(removed("12", "iss_1"), NOW)).toBe("recount");
    expect(ids("READY")).toEqual(["iss_2"]);
    expect(count("READY")).toBe(1);
    expect(store.card("iss_1")).toBeUndefined();
  });

  it("request a reload when the stream cannot continue", () => {
    expect(store.receive({ __typename: "Resync", cursor: "99", reason: "tracked" }, NOW)).toBe(
      "reload",
    );
  });
});

describe("a page", () => {
  it("does not return a card to a column that an event has moved it from", () => {
    store.load(snapshot([issue(5, "READY")], { READY: 2 }));
    store.receive(moved("11", "READY", issue(4, "DONE", { updatedAt: LATER })), NOW);
    store.addPage("READY", {
      nodes: [issue(4, "READY"), issue(3, "READY")],
      pageInfo: { hasNextPage: false, endCursor: null },
    });
    expect(ids("READY")).toEqual(["iss_5", "iss_3"]);
    expect(ids("DONE")).toEqual(["iss_4"]);
  });
});

describe("a move of this page", () => {
  beforeEach(() => store.load(snapshot([issue(1, "READY"), issue(2, "READY"), issue(3, "DONE")])));

  it("is shown at once, above the data of the server", () => {
    store.begin("iss_1", "DONE");
    expect(ids("READY")).toEqual(["iss_2"]);
    expect(ids("DONE")).toEqual(["iss_1", "iss_3"]);
    expect([count("READY"), count("DONE")]).toEqual([1, 2]);
    expect(store.card("iss_1")?.status).toBe("DONE");
  });

  it("is pending until its event, which is not marked as a move by somebody else", () => {
    store.begin("iss_1", "DONE");
    store.acknowledge("iss_1", "11");
    expect(store.card("iss_1")?.pending).toEqual({ to: "DONE", cursor: "11" });
    store.receive(moved("11", "READY", issue(1, "DONE", { updatedAt: LATER })), NOW);
    expect(store.card("iss_1")?.pending).toBeUndefined();
    expect(store.card("iss_1")?.arrival).toBeUndefined();
    expect([count("READY"), count("DONE")]).toEqual([1, 2]);
  });

  it("is confirmed by an event that arrived before the response", () => {
    store.begin("iss_1", "DONE");
    store.receive(moved("11", "READY", issue(1, "DONE", { updatedAt: LATER })), NOW);
    expect(store.card("iss_1")?.pending).toBeDefined();
    store.acknowledge("iss_1", "11");
    expect(store.card("iss_1")?.pending).toBeUndefined();
  });

  it("is reverted with the reason when it is rejected", () => {
    store.begin("iss_1", "DONE");
    store.refuse("iss_1", REFUSED);
    expect(ids("READY")).toEqual(["iss_2", "iss_1"]);
    expect([count("READY"), count("DONE")]).toEqual([2, 1]);
    expect(store.card("iss_1")?.refusal).toMatchObject({ to: "DONE", failure: REFUSED });
    store.begin("iss_1", "DONE");
    expect(store.card("iss_1")?.refusal).toBeUndefined();
  });

  it("is reverted to the column to which the card was moved meanwhile", () => {
    store.begin("iss_1", "DONE");
    store.receive(moved("11", "READY", issue(1, "IN_REVIEW", { updatedAt: LATER })), NOW);
    expect(store.card("iss_1")?.status).toBe("DONE");
    store.refuse("iss_1", REFUSED);
    expect(ids("IN_REVIEW")).toEqual(["iss_1"]);
  });

  it("stays pending after a reload only until it is answered", () => {
    store.begin("iss_1", "DONE");
    store.load(snapshot([issue(1, "READY"), issue(2, "READY")]));
    expect(ids("DONE")).toEqual(["iss_1"]);
    store.acknowledge("iss_1", "11");
    store.load(snapshot([issue(1, "DONE"), issue(2, "READY")]));
    expect(store.card("iss_1")?.pending).toBeUndefined();
    expect(ids("DONE")).toEqual(["iss_1"]);
  });

  it("is settled by the response if the event does not arrive", () => {
    store.begin("iss_1", "DONE");
    store.acknowledge("iss_1", "11");
    store.settle(issue(1, "DONE", { updatedAt: LATER }), "11");
    expect(store.card("iss_1")?.pending).toBeUndefined();
    expect(ids("DONE")).toEqual(["iss_1", "iss_3"]);
    expect([count("READY"), count("DONE")]).toEqual([1, 2]);
  });

  it("is removed with its card", () => {
    store.begin("iss_1", "DONE");
    store.receive(removed("11", "iss_1"), NOW);
    expect(ids("DONE")).toEqual(["iss_3"]);
    expect([count("READY"), count("DONE")]).toEqual([1, 1]);
  });
});

describe("watchers", () => {
  it("are notified about two columns and one card when a card moves, and nothing else", () => {
    store.load(snapshot([issue(1, "READY"), issue(2, "READY")]));
    const heard: string[] = [];
    for (const key of [
      "card:iss_1",
      "card:iss_2",
      "column:READY",
      "column:DONE",
      "column:BACKLOG",
    ] as const) {
      store.watch(key, () => heard.push(key));
    }
    store.receive(moved("11", "READY", issue(1, "DONE", { updatedAt: LATER })), NOW);
    expect(heard.sort()).toEqual(["card:iss_1", "column:DONE", "column:READY"]);
  });

  it("get the same view until it changes, and no notification after they are removed", () => {
    store.load(snapshot([issue(1, "READY")]));
    const view = store.card("iss_1");
    expect(store.card("iss_1")).toBe(view);
    const listener = vi.fn();
    store.watch("card:iss_1", listener)();
    store.begin("iss_1", "DONE");
    expect(store.card("iss_1")).not.toBe(view);
    expect(listener).not.toHaveBeenCalled();
  });
});

describe("a column", () => {
  const page = (...numbers: number[]) => ({
    nodes: numbers.map((number) => issue(number, "READY")),
    pageInfo: { hasNextPage: true, endCursor: `after ${numbers.at(-1) ?? ""}` },
  });

  it("continues after its last page, until there is no more", () => {
    store.load(snapshot([issue(9, "READY")], { READY: 4 }));
    expect(store.endCursor("READY")).toBe("next");
    store.addPage("READY", page(8, 7));
    expect(store.endCursor("READY")).toBe("after 7");
    expect(store.column("READY").hasMore).toBe(true);
    store.addPage("READY", { nodes: [], pageInfo: { hasNextPage: false, endCursor: "after 7" } });
    expect(store.endCursor("READY"), "a cursor of the last page leads nowhere").toBeUndefined();
    expect(store.column("READY").hasMore).toBe(false);
  });

  it("sorts a changed card by its update time", () => {
    store.load(snapshot([issue(1, "READY"), issue(2, "READY"), issue(4, "READY")]));
    store.receive(
      changed("11", issue(1, "READY", { updatedAt: issue(3, "READY").updatedAt })),
      NOW,
    );
    expect(ids("READY")).toEqual(["iss_4", "iss_1", "iss_2"]);
    expect(count("READY")).toBe(3);
  });

  it("keeps the order of cards with the same update time", () => {
    const at = { updatedAt: LATER };
    store.load(snapshot([issue(1, "READY", at)]));
    store.receive(changed("11", issue(2, "READY", at)), NOW);
    expect(ids("READY")).toHaveLength(2);
    store.receive(changed("12", issue(2, "READY", at)), NOW);
    expect(new Set(ids("READY"))).toEqual(new Set(["iss_1", "iss_2"]));
  });

  it("takes the counts of the server, and never counts below zero", () => {
    store.load(snapshot([issue(1, "READY")]));
    store.setCounts([
      { status: "READY", totalCount: 0 },
      { status: "DONE", totalCount: 7 },
    ]);
    expect([count("READY"), count("DONE")]).toEqual([0, 7]);
    store.receive(removed("11", "iss_1"), NOW);
    expect(count("READY")).toBe(0);
    store.begin("iss_1", "DONE");
    expect(count("DONE"), "a card that is gone cannot be moved").toBe(7);
  });

  it("does not notify watchers about equal counts", () => {
    store.load(snapshot([issue(1, "READY")]));
    const listener = vi.fn();
    const version = store.version;
    store.watch("board", listener);
    store.setCounts([{ status: "READY", totalCount: 1 }]);
    expect(listener).not.toHaveBeenCalled();
    expect(store.version).toBe(version);
  });

  it("notifies watchers when only the queue rank of a card changes", () => {
    store.load(snapshot([issue(1, "READY")]));
    const listener = vi.fn();
    store.watch("column:READY", listener);
    store.receive(changed("11", issue(1, "READY")), NOW);
    expect(listener).not.toHaveBeenCalled();
    store.receive(changed("12", issue(1, "READY", { queueScore: 3 })), NOW);
    expect(listener).toHaveBeenCalledOnce();
  });
});

describe("several moves of this page", () => {
  beforeEach(() => store.load(snapshot([issue(1, "READY"), issue(2, "READY")])));

  it("of one card show the last, and are reverted to the first column", () => {
    store.begin("iss_1", "IN_REVIEW");
    store.begin("iss_1", "DONE");
    expect([ids("IN_REVIEW"), ids("DONE")]).toEqual([[], ["iss_1"]]);
    store.refuse("iss_1", REFUSED);
    expect(ids("READY")).toEqual(["iss_2", "iss_1"]);
    expect(store.card("iss_1")?.refusal?.attempt).toBe("Not moved to Done");
  });

  it("put the last moved card first", () => {
    store.begin("iss_1", "DONE");
    store.begin("iss_2", "DONE");
    expect(ids("DONE")).toEqual(["iss_2", "iss_1"]);
    expect([count("READY"), count("DONE")]).toEqual([0, 2]);
  });

  it("that end in the original column do not change its count", () => {
    store.begin("iss_1", "DONE");
    store.begin("iss_1", "READY");
    expect(ids("READY")).toEqual(["iss_2", "iss_1"]);
    expect([count("READY"), count("DONE")]).toEqual([2, 0]);
  });
});

describe("a response", () => {
  beforeEach(() => store.load(snapshot([issue(1, "READY"), issue(2, "READY")])));

  it("that is applied late does not revert a newer change", () => {
    store.begin("iss_1", "DONE");
    store.acknowledge("iss_1", "11");
    store.receive(
      changed("12", issue(1, "BLOCKED", { updatedAt: "2026-01-03T00:00:00.000Z" })),
      NOW,
    );
    store.settle(issue(1, "DONE", { updatedAt: LATER }), "11");
    expect(store.card("iss_1")).toMatchObject({ status: "BLOCKED", pending: undefined });
  });

  it("to an earlier move does not settle a later one", () => {
    store.begin("iss_1", "DONE");
    store.acknowledge("iss_1", "11");
    store.begin("iss_1", "IN_REVIEW");
    store.settle(issue(1, "DONE", { updatedAt: LATER }), "11");
    expect(store.card("iss_1")).toMatchObject({
      status: "IN_REVIEW",
      pending: { to: "IN_REVIEW" },
    });
  });

  it("to a removed move changes nothing", () => {
    store.acknowledge("iss_1", "11");
    store.refuse("iss_1", REFUSED);
    store.settle(issue(1, "DONE", { updatedAt: LATER }), "11");
    expect(store.card("iss_1")).toMatchObject({ status: "READY" });
    expect(store.card("iss_1")?.refusal).toBeUndefined();
  });
});

describe("a rejection", () => {
  beforeEach(() => store.load(snapshot([issue(1, "READY")])));

  it("is shown until it is dismissed or another move begins", () => {
    store.reportFailure("iss_1", "The owner was not changed", REFUSED);
    expect(store.card("iss_1")?.refusal).toEqual({
      attempt: "The owner was not changed",
      failure: REFUSED,
    });
    store.receive(changed("11", issue(1, "READY", { title: "New" })), NOW);
    expect(store.card("iss_1")?.refusal).toBeDefined();
    store.dismiss("iss_1");
    expect(store.card("iss_1")?.refusal).toBeUndefined();
  });

  it("is removed with its card, and not shown if the card returns", () => {
    store.reportFailure("iss_1", "The owner was not changed", REFUSED);
    store.receive(removed("11", "iss_1"), NOW);
    store.load(snapshot([issue(1, "READY")]));
    expect(store.card("iss_1")?.refusal).toBeUndefined();
  });
});

it("a move that was never sent is reverted without a message", () => {
  store.load(snapshot([issue(1, "READY")]));
  store.begin("iss_1", "BLOCKED");
  store.abandon("iss_1");
  expect(store.card("iss_1")).toMatchObject({ status: "READY", pending: undefined });
  expect(store.card("iss_1")?.refusal).toBeUndefined();
  expect(count("BLOCKED")).toBe(0);
});

it("the mark of a move by somebody else can be removed", () => {
  store.load(snapshot([issue(1, "READY")]));
  const event = moved("11", "READY", issue(1, "DONE", { updatedAt: LATER }));
  store.receive(event, 1234);
  expect(store.card("iss_1")?.arrival).toEqual({
    actor: "claude",
    actorKind: "AGENT",
    from: "READY",
    at: 1234,
  });
  store.forgetArrival("iss_1");
  expect(store.card("iss_1")?.arrival).toBeUndefined();
  const listener = vi.fn();
  store.watch("card:iss_1", listener);
  store.forgetArrival("iss_1");
  expect(listener).not.toHaveBeenCalled();
});

it("an event is recognised although a hundred others arrived before the response", () => {
  store.load(snapshot([issue(1, "READY"), issue(2, "READY")]));
  store.begin("iss_1", "DONE");
  store.receive(moved("1000", "READY", issue(1, "DONE", { updatedAt: LATER })), NOW);
  for (let event = 1; event <= 100; event += 1) {
    store.receive(changed(String(1000 + event), issue(2, "READY")), NOW);
  }
  store.acknowledge("iss_1", "1000");
  expect(store.card("iss_1")?.pending).toBeUndefined();
});
