import { beforeEach, expect, it, vi } from "vitest";
import { ask } from "@/lib/graphql/client.ts";
import { EMPTY_FILTER } from "../model/filter.ts";
import { issue, snapshot } from "../model/fixtures.ts";
import { BoardStore } from "../model/store.ts";
import { optionsOf, readOptions, type Offered } from "./options.ts";

vi.mock("@/lib/graphql/client.ts", () => ({ ask: vi.fn() }));

let store: BoardStore;
beforeEach(() => {
  store = new BoardStore();
});

const values = (offered: Offered, facet: string, filter = EMPTY_FILTER) =>
  optionsOf(offered, store, filter)
    .filter((option) => option.facet === facet)
    .map(({ value, issues }) => (issues === undefined ? value : `${value} ${issues}`));

it("statuses and priorities are always offered, with the counts of the server if loaded", () => {
  expect(values({}, "priorities")).toEqual(["P0", "P1", "P2", "P3"]);
  expect(values({}, "statuses")).toHaveLength(6);
  expect(values({ priorities: [{ value: "P1", issues: 4 }] }, "priorities")).toEqual([
    "P0",
    "P1 4",
    "P2",
    "P3",
  ]);
});

it("labels of the loaded cards are offered once, sorted by name, without those of other facets", () => {
  store.load(
    snapshot([
      issue(1, "READY", { labels: ["type/bug", "agent/quill", "project/atlas", "status/ready"] }),
      issue(2, "READY", { labels: ["Area", "type/bug", "owner/ada", "priority/p1"] }),
    ]),
  );
  expect(values({}, "labels")).toEqual(["Area", "type/bug"]);
});

it("chosen values are offered, even if the server does not list them any more", () => {
  const filter = { ...EMPTY_FILTER, agents: ["gone", "quill"], labels: ["nowhere"] };
  expect(values({ agents: [{ value: "quill", issues: 2 }] }, "agents", filter)).toEqual([
    "quill 2",
    "gone",
  ]);
  expect(values({}, "labels", filter)).toEqual(["nowhere"]);
});

it("priorities of the server are normalized, and unknown ones are left out", async () => {
  const none = { repositories: [], agents: [], owners: [], projects: [], lanes: [] };
  vi.mocked(ask).mockResolvedValue({
    data: {
      overview: { byStatus: [{ status: "DONE", issues: 5 }] },
      filterOptions: {
        ...none,
        priorities: [
          { value: "p0", issues: 1 },
          { value: "p7", issues: 2 },
        ],
      },
    },
  });
  const offered = await readOptions();
  expect(offered.priorities).toEqual([{ value: "P0", issues: 1 }]);
  expect(offered.statuses).toEqual([{ value: "DONE", issues: 5 }]);
});

it("nothing is offered without a response", async () => {
  vi.mocked(ask).mockResolvedValue({ failure: { message: "down", code: "OFFLINE" } });
  expect(await readOptions()).toEqual({});
});
