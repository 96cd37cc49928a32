import { cleanup, render, screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ask } from "@/lib/graphql/client.ts";
import type { Agent, Run } from "../api/agents.ts";
import { agent, lease, run } from "../model/fixtures.ts";
import { AgentsPage } from "./AgentsPage.tsx";

vi.mock("@/lib/graphql/client.ts", async (original) => ({
  ...(await original<typeof import("@/lib/graphql/client.ts")>()),
  ask: vi.fn(),
}));
vi.mock("@/lib/graphql/live.ts", () => ({ follow: () => () => undefined }));

const NOW = new Date("2026-06-01T12:00:00.000Z");

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ["Date"] });
  history.replaceState(null, "", "/agents");
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

async function show(agents: readonly Agent[], runs: readonly Run[] = []) {
  vi.mocked(ask).mockResolvedValue({ data: { agents, agentRuns: { nodes: runs } } });
  render(<AgentsPage />);
  await screen.findAllByRole("heading", { level: 2 });
}
/** The card of an agent, by its name. */
const card = (name: string) => {
  const cards = screen.getAllByRole("heading", { level: 2 });
  const own = cards.find((heading) => heading.textContent.endsWith(name))?.closest("li");
  return within(own ?? expect.fail(`There is no card of ${name}`));
};

it("shows how an agent is added if there is none", async () => {
  await show([]);
  expect(screen.getByRole("heading", { name: "No agents have reported yet" })).toBeTruthy();
  expect(screen.queryByRole("heading", { name: "Latest runs" })).toBeNull();
});

it("shows why loading failed", async () => {
  vi.mocked(ask).mockResolvedValue({ failure: { code: "X", message: "Not now" } });
  render(<AgentsPage />);
  expect((await screen.findByRole("alert")).textContent).toContain(
    "Agents could not be loadedNot now",
  );
});

describe("the summary", () => {
  it.each([
    [[agent()], "0 of 1 agent at work, 1 without a recent report."],
    [
      [agent({ lastSeenAt: "2026-06-01T11:59:00.000Z" }), agent({ name: "scout" })],
      "0 of 2 agents at work, 1 idle, 1 without a recent report.",
    ],
    [[agent({ leases: [lease()] })], "1 of 1 agent at work with 1 issue."],
    [
      [agent({ leases: [lease(), lease({ id: "lea_2" })] }), agent({ name: "scout" })],
      "1 of 2 agents at work with 2 issues, 1 without a recent report.",
    ],
  ])("case %#", async (agents, words) => {
    await show(agents);
    expect(
      screen.getByText(/at work/, { selector: "span.font-medium" }).parentElement?.textContent,
    ).toBe(words);
  });
});

describe("the card of an agent", () => {
  it("shows its leases with checkpoint and remaining time", async () => {
    await show([agent({ leases: [lease({ awaitingInput: "Which branch?" })] })]);
    const held = within(card("claude").getByRole("list", { name: "Leases of claude" }));
    const text = held.getByRole("listitem").textContent;
    expect(text).toContain("Fix it");
    expect(text).toContain("rocket #7");
    expect(text).toContain("changes made");
    expect(text).toContain("30 min left");
    expect(text).toContain("waits for an answer: Which branch?");
    expect(held.getByRole("link", { name: "Fix it" }).getAttribute("href")).toBe(
      "/board?issue=iss_1",
    );
  });

  it("shows that it has no lease and no heartbeat", async () => {
    await show([agent()]);
    expect(card("claude").getByText("No lease at the moment.")).toBeTruthy();
    expect(card("claude").getByText("never seen")).toBeTruthy();
    expect(card("claude").getByText("none")).toBeTruthy();
    expect(card("claude").getByText("No recent run")).toBeTruthy();
  });

  it("counts its claims and its runs", async () => {
    await show([
      agent({
        claimsEndedCount: 3,
        claimsSucceededCount: 2,
        successRate: 2 / 3,
        leaseHistory: [
          lease({ isHeld: false, endedAt: "2026-06-01T11:30:00.000Z", ending: "EXPIRED" }),
        ],
        runsCount: 1_200,
        successesCount: 1_190,
        failuresCount: 4,
      }),
    ]);
    expect(card("claude").getByText(/of 3 succeeded \(67 %\)/)).toBeTruthy();
    expect(card("claude").getByText("1 expired")).toBeTruthy();
    expect(card("claude").getByText("1,190 succeeded, 6 with another result")).toBeTruthy();
    expect(card("claude").getByText("4 failed")).toBeTruthy();
  });

  it("links to its issues by column, without empty columns", async () => {
    await show([
      agent({
        assignedCount: 3,
        byStatus: [
          { status: "READY", issues: 3 },
          { status: "BLOCKED", issues: 0 },
        ],
      }),
    ]);
    expect(card("claude").getByRole("link", { name: "Ready 3" }).getAttribute("href")).toContain(
      "status=ready",
    );
    expect(card("claude").queryByRole("link", { name: /Blocked/ })).toBeNull();
  });

  it("shows its last run, without heartbeats", async () => {
    await show(
      [agent()],
      [
        run({ id: "1", runType: "heartbeat", summary: "Still here" }),
        run({ id: "2", agentName: "scout", summary: "Another's" }),
        run({ id: "3", agentName: "Claude", errorMessage: "No disk", summary: "Halfway" }),
        run({ id: "4", summary: "Older" }),
      ],
    );
    expect(card("claude").getByText("No disk"), "the error before the summary").toBeTruthy();
    expect(card("claude").queryByText(/Still here|Another's|Older|Halfway/)).toBeNull();
  });
});

describe("the latest runs", () => {
  const cells = () =>
    [...document.querySelectorAll("[aria-label='Latest runs'] tbody tr")].map((row) =>
      [...row.querySelectorAll("td")].map(({ textContent }) => textContent),
    );

  it("have a text if there are none", async () => {
    await show([agent()]);
    expect(screen.getByText("No agent has reported a run yet.")).toBeTruthy();
    expect(cells()).toEqual([]);
  });

  it("have a duration, an issue and a result", async () => {
    await show([agent()], [run({ summary: "Done" })]);
    const [[, type, , started, took, issue, summary] = []] = cells();
    expect([type, started, took, issue, summary]).toEqual([
      "implement",
      "3h",
      "10m 0s",
      "rocket #7",
      "Done",
    ]);
  });

  it("have no duration while they run, and no issue if there is none", async () => {
    await show([agent()], [run({ finishedAt: null, issue: null })]);
    const [[, , , , took, issue, summary] = []] = cells();
    expect([took, issue, summary]).toEqual(["-", "", "-"]);
  });

  it("are at most twenty", async () => {
    await show(
      [agent()],
      Array.from({ length: 25 }, (_, index) => run({ id: String(index) })),
    );
    expect(cells()).toHaveLength(20);
  });
});

describe("the timeline", () => {
  const picture = () => screen.getByRole("img", { name: /^Work of agents/ });
  const reach = (name: string) => screen.getByRole("button", { name });

  it("shows one day, or the days of the address", async () => {
    await show([agent()]);
    expect(picture().getAttribute("aria-label")).toBe("Work of agents in the last 24 hours");
    await userEvent.click(reach("7 days"));
    expect(location.search).toBe("?days=7");
    expect(picture().getAttribute("aria-label")).toBe("Work of agents in the last 7 days");
    expect(reach("7 days").getAttribute("aria-pressed")).toBe("true");
    await userEvent.click(reach("24 hours"));
    expect(location.search).toBe("");
  });

  it("shows one day for an invalid address", async () => {
    history.replaceState(null, "", "/agents?days=999");
    await show([agent()]);
    expect(reach("24 hours").getAttribute("aria-pressed")).toBe("true");
  });

  it("shows that the day was empty, and more days on request", async () => {
    const old = run({
      startedAt: "2026-05-30T09:00:00.000Z",
      finishedAt: "2026-05-30T10:00:00.000Z",
    });
    await show([agent()], [old]);
    expect(
      screen.getByText("No agent had a lease or reported a run in the last 24 hours."),
    ).toBeTruthy();
    expect(document.querySelectorAll("[data-bar]")).toHaveLength(0);
    await userEvent.click(reach("7 days"));
    expect(screen.queryByText(/^No agent held or reported/)).toBeNull();
    expect(document.querySelectorAll("[data-bar]")).toHaveLength(1);
  });
});
