import { describe, expect, it } from "vitest";
import { issue, snapshot } from "./fixtures.ts";
import { swimlaneTitle, swimlanesOf, sorted } from "./swimlanes.ts";
import { BoardStore } from "./store.ts";

const at = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour)).toISOString();

function board(): BoardStore {
  const store = new BoardStore();
  store.load(
    snapshot([
      issue(1, "READY", { agents: ["quill", "mender"], priority: "P2", createdAt: at(3) }),
      issue(2, "READY", { agents: ["mender"], priority: "P0", createdAt: at(1) }),
      issue(3, "READY", { createdAt: at(2) }),
      issue(4, "DONE", { agents: ["mender"] }),
    ]),
  );
  return store;
}

const shape = (swimlanes: ReturnType<typeof swimlanesOf>) =>
  swimlanes.map(({ key, cells, count }) => [key, count, Object.fromEntries(cells)]);

it("is one row without grouping", () => {
  const swimlanes = swimlanesOf(board(), ["READY", "DONE"], { group: "none", sort: "updated" });
  expect(shape(swimlanes)).toEqual([
    ["", 4, { READY: ["iss_3", "iss_2", "iss_1"], DONE: ["iss_4"] }],
  ]);
});

it("puts a card into the row of its first agent, and cards without an agent last", () => {
  const swimlanes = swimlanesOf(board(), ["READY", "DONE"], { group: "agent", sort: "updated" });
  expect(shape(swimlanes)).toEqual([
    ["mender", 2, { READY: ["iss_2"], DONE: ["iss_4"] }],
    ["quill", 1, { READY: ["iss_1"] }],
    ["", 1, { READY: ["iss_3"] }],
  ]);
  expect(swimlaneTitle("agent", "")).toBe("No agent");
});

it("has one row for different spellings of an agent", () => {
  const store = new BoardStore();
  store.load(
    snapshot([
      issue(1, "READY", { agents: ["Mender"] }),
      issue(2, "READY", { agents: ["mender"] }),
    ]),
  );
  const swimlanes = swimlanesOf(store, ["READY"], { group: "agent", sort: "updated" });
  expect(shape(swimlanes)).toEqual([["mender", 2, { READY: ["iss_2", "iss_1"] }]]);
});

it("sorts the rows of priorities by urgency", () => {
  const swimlanes = swimlanesOf(board(), ["READY"], { group: "priority", sort: "updated" });
  expect(swimlanes.map(({ key }) => swimlaneTitle("priority", key))).toEqual([
    "Urgent",
    "Medium",
    "No priority",
  ]);
});

it("includes pending moves", () => {
  const store = board();
  store.begin("iss_2", "DONE");
  const swimlanes = swimlanesOf(store, ["READY", "DONE"], { group: "repository", sort: "updated" });
  expect(shape(swimlanes)).toEqual([
    ["acme/rocket", 4, { READY: ["iss_3", "iss_1"], DONE: ["iss_2", "iss_4"] }],
  ]);
});

it("sorts by age, the oldest first", () => {
  const store = board();
  expect(sorted(store, store.column("READY").ids, "age")).toEqual(["iss_2", "iss_3", "iss_1"]);
});

describe("in queue order", () => {
  const ready = (store: BoardStore) => sorted(store, store.column("READY").ids, "rank");

  it("the lowest score is first, then the older day, then the lower id", () => {
    const store = new BoardStore();
    const born = (day: number, hour: number) =>
      new Date(Date.UTC(2026, 0, day, hour)).toISOString();
    const next = { queueScore: 1120, createdAt: born(2, 9) };
    store.load(
      snapshot([
        issue(1, "READY", { queueScore: 3120, createdAt: born(1, 0) }),
        issue(2, "READY", { ...next, createdAt: born(2, 10) }),
        issue(3, "READY", next),
        issue(4, "READY", { ...next, id: "iss_00000z" }),
        issue(5, "READY", { ...next, id: "iss_100000" }),
        issue(6, "READY", { ...next, id: "iss_1000000" }),
        issue(7, "READY", { ...next, createdAt: born(1, 23) }),
        issue(8, "READY", { queueScore: -880, createdAt: born(3, 0) }),
      ]),
    );
    expect(ready(store)).toEqual([
      "iss_8",
      "iss_7",
      "iss_2",
      "iss_3",
      "iss_00000z",
      "iss_100000",
      "iss_1000000",
      "iss_1",
    ]);
  });

  it("an event that only changes a score moves the card", () => {
    const store = new BoardStore();
    store.load(
      snapshot([
        issue(1, "READY", { queueScore: 2129 }),
        issue(2, "READY", { queueScore: 2128 }),
        issue(3, "DONE"),
      ]),
    );
    const view = store.column("READY");
    expect(ready(store)).toEqual(["iss_2", "iss_1"]);
    const heard: string[] = [];
    for (const key of ["column:READY", "column:DONE"] as const)
      store.watch(key, () => heard.push(key));
    const event = (cursor: string, queueScore: number) =>
      ({
        __typename: "IssueChanged",
        cursor,
        issue: issue(1, "READY", { queueScore, unblocks: 2 }),
      }) as const;
    store.receive(event("11", 2127), 0);
    expect(heard).toEqual(["column:READY"]);
    expect(store.column("READY"), "so that it is drawn again").not.toBe(view);
    expect(ready(store)).toEqual(["iss_1", "iss_2"]);
    store.receive(event("12", 2127), 0);
    expect(heard, "nothing is another").toHaveLength(1);
  });

  it("a card with a pending move is sorted among the others", () => {
    const store = new BoardStore();
    store.load(
      snapshot([
        issue(1, "READY", { queueScore: 1129 }),
        issue(2, "READY", { queueScore: 3129 }),
        issue(3, "BACKLOG", { queueScore: 2139 }),
      ]),
    );
    store.begin("iss_3", "READY");
    expect(ready(store)).toEqual(["iss_1", "iss_3", "iss_2"]);
  });
});
