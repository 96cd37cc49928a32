import { cleanup, render, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { redBranch } from "@/lib/automationFixtures.ts";
import { ask } from "@/lib/graphql/client.ts";
import { OverviewQuery, type Overview } from "../api/overview.ts";
import { OverviewPage } from "./OverviewPage.tsx";

vi.mock("@/lib/graphql/client.ts", async (original) => ({
  ...(await original<typeof import("@/lib/graphql/client.ts")>()),
  ask: vi.fn(),
}));
vi.mock("@/lib/graphql/live.ts", () => ({ follow: () => () => undefined }));

type Parts = Overview["overview"];

const EMPTY: Overview = {
  staleBoard: { totalCount: 0 },
  overview: { byStatus: [], stale: [], movesByDay: [], statusByDay: [] },
  agents: [],
  agentRuns: { nodes: [] },
  auditLog: { nodes: [] },
  redBranches: [],
};

const COUNTS: Parts["byStatus"] = [
  { status: "BACKLOG", issues: 2 },
  { status: "READY", issues: 4 },
  { status: "IN_PROGRESS", issues: 3 },
  { status: "DONE", issues: 20 },
];

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-06-10T12:00:00.000Z"), toFake: ["Date"] });
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

async function show(parts: Partial<Parts>, changes: Partial<Overview> = {}) {
  vi.mocked(ask).mockResolvedValue({
    data: { ...EMPTY, ...changes, overview: { ...EMPTY.overview, ...parts } },
  });
  render(<OverviewPage />);
  await screen.findByRole("heading", { name: "Issues by status" });
}
const panel = (name: string | RegExp) => within(screen.getByRole("region", { name }));
const tile = (name: string) =>
  screen.getAllByRole("link").find((link) => link.textContent.startsWith(name));
const search = (link: HTMLElement | undefined) =>
  new URLSearchParams(link?.getAttribute("href")?.split("?")[1]);

describe("the tiles", () => {
  it("count open issues without those in Done", async () => {
    await show({ byStatus: COUNTS });
    expect(tile("Open issues")?.textContent).toBe("Open issues9");
    expect(search(tile("Open issues")).getAll("status")).toEqual([
      "backlog",
      "ready",
      "in-progress",
      "in-review",
      "blocked",
    ]);
    expect(tile("In Progress")?.textContent).toMatch(/3$/);
  });

  it("show zero for a column that is missing in the response", async () => {
    await show({ byStatus: COUNTS });
    expect(tile("Blocked")?.textContent).toBe("Blocked0");
  });

  it("link to the board with exactly the stale issues", async () => {
    await show({}, { staleBoard: { totalCount: 12 } });
    expect(tile("Stale")?.textContent).toBe("Stale (7d+)12");
    expect(search(tile("Stale")).get("status")).toBe("in-progress");
    expect(search(tile("Stale")).has("stale")).toBe(true);
  });
});

describe("the stale issues", () => {
  const stale = (count: number): Parts["stale"] =>
    Array.from({ length: count }, (_, index) => ({
      id: `iss_${index}`,
      number: index,
      title: `Stuck ${index}`,
      updatedAt: "2026-06-01T11:00:00.000Z",
      agents: index === 0 ? ["mender", "scout"] : [],
      repository: { name: "rocket" },
    }));

  it("have a text if there are none", async () => {
    await show({});
    expect(
      panel("Stale work").getByText("Every issue in progress was updated within the last week."),
    ).toBeTruthy();
  });

  it("have their age, repository and agent, and link to the card", async () => {
    await show({ stale: stale(1) }, { staleBoard: { totalCount: 1 } });
    const link = panel("Stale work").getByRole("link");
    expect(link.textContent).toMatch(/^9drocket #0Stuck 0.*mender$/);
    expect(link.getAttribute("href")).toBe("/board?issue=iss_0");
  });

  it("are at most eight, with a link to the others", async () => {
    await show({ stale: stale(10) }, { staleBoard: { totalCount: 1_010 } });
    const links = panel("Stale work").getAllByRole("link");
    expect(links).toHaveLength(9);
    expect(links.at(-1)?.textContent).toBe(`and ${(1_002).toLocaleString()} more on the board`);
  });

  it("have no link to others if all are listed", async () => {
    await show({ stale: stale(8) }, { staleBoard: { totalCount: 8 } });
    expect(panel("Stale work").getAllByRole("link")).toHaveLength(8);
  });
});

describe("the agents", () => {
  const agents = (...counts: readonly number[]): Overview["agents"] =>
    counts.map((assignedCount, index) => ({
      name: `agent-${index}`,
      assignedCount,
      byStatus: [{ status: "READY", issues: assignedCount }],
    }));
  const bars = () =>
    screen
      .queryAllByRole("img", { name: /^Issues of/ })
      .map((bar) => bar.getAttribute("aria-label"));

  it("are shown if they have issues, the most first", async () => {
    await show({}, { agents: agents(1, 0, 5) });
    expect(bars()).toEqual(["Issues of agent-2: Ready 5", "Issues of agent-0: Ready 1"]);
  });

  it("are at most eight", async () => {
    await show({}, { agents: agents(1, 2, 3, 4, 5, 6, 7, 8, 9) });
    expect(bars()).toHaveLength(8);
    expect(bars()[0]).toContain("agent-8");
  });

  it("have a text if none has issues", async () => {
    await show({}, { agents: agents(0) });
    expect(screen.getByText("No issue is assigned to an agent.")).toBeTruthy();
  });
});

it("shows that each log is empty", async () => {
  await show({});
  expect(screen.getByText("No agent runs recorded.")).toBeTruthy();
  expect(screen.getByText("No audit logs.")).toBeTruthy();
});

it("requests two weeks, and the issues that are stale now", async () => {
  await show({});
  const asked = vi.mocked(ask).mock.calls.findLast(([document]) => document === OverviewQuery);
  expect(asked?.[1]).toEqual({
    days: 14,
    stale: { statuses: ["IN_PROGRESS"], updatedBefore: "2026-06-03T12:00:00.000Z" },
  });
});

it("shows the failing default branches, and links to the run", async () => {
  vi.mocked(ask).mockResolvedValue({ data: { ...EMPTY, redBranches: [redBranch()] } });
  render(<OverviewPage />);
  const panel = await screen.findByRole("list", { name: "Failing default branches" });
  expect(panel.textContent).toContain("acme/rocketCI on mainsince deadbee by ben");
  expect(screen.getByRole("link", { name: /open the run$/ }).getAttribute("href")).toBe(
    "/automation/workflows/wfl_1?run=run_9",
  );
});
