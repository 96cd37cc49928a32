import { expect, it } from "vitest";
import { issue, snapshot } from "./fixtures.ts";
import { laneTitle, lanesOf, sorted } from "./lanes.ts";
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

const shape = (lanes: ReturnType<typeof lanesOf>) =>
  lanes.map(({ key, cells, count }) => [key, count, Object.fromEntries(cells)]);

it("is one row without grouping", () => {
  const lanes = lanesOf(board(), ["READY", "DONE"], { group: "none", sort: "updated" });
  expect(shape(lanes)).toEqual([["", 4, { READY: ["iss_3", "iss_2", "iss_1"], DONE: ["iss_4"] }]]);
});

it("puts a card into the row of its first agent, and those without at the end", () => {
  const lanes = lanesOf(board(), ["READY", "DONE"], { group: "agent", sort: "updated" });
  expect(shape(lanes)).toEqual([
    ["mender", 2, { READY: ["iss_2"], DONE: ["iss_4"] }],
    ["quill", 1, { READY: ["iss_1"] }],
    ["", 1, { READY: ["iss_3"] }],
  ]);
  expect(laneTitle("agent", "")).toBe("No agent");
});

it("has one row for an agent that repositories spell differently", () => {
  const store = new BoardStore();
  store.load(
    snapshot([
      issue(1, "READY", { agents: ["Mender"] }),
      issue(2, "READY", { agents: ["mender"] }),
    ]),
  );
  const lanes = lanesOf(store, ["READY"], { group: "agent", sort: "updated" });
  expect(shape(lanes)).toEqual([["mender", 2, { READY: ["iss_2", "iss_1"] }]]);
});

it("orders rows of priorities by urgency", () => {
  const lanes = lanesOf(board(), ["READY"], { group: "priority", sort: "updated" });
  expect(lanes.map(({ key }) => laneTitle("priority", key))).toEqual([
    "Urgent",
    "Medium",
    "No priority",
  ]);
});

it("follows a move that no event has confirmed yet", () => {
  const store = board();
  store.begin("iss_2", "DONE");
  const lanes = lanesOf(store, ["READY", "DONE"], { group: "repository", sort: "updated" });
  expect(shape(lanes)).toEqual([
    ["acme/rocket", 4, { READY: ["iss_3", "iss_1"], DONE: ["iss_2", "iss_4"] }],
  ]);
});

it("puts the oldest first where age is asked for", () => {
  const store = board();
  expect(sorted(store, store.column("READY").ids, "age")).toEqual(["iss_2", "iss_3", "iss_1"]);
});
