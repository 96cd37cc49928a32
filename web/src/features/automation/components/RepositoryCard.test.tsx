import { cleanup, render, screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { failed, run } from "@/lib/automationFixtures.ts";
import { READER, VISITOR } from "@/lib/fixtures.ts";
import { ask, change } from "@/lib/graphql/client.ts";
import { type RedBranch } from "@/lib/automation.ts";
import { viewer } from "@/lib/viewer.ts";
import { AutomationQuery, type Summary } from "../api/automation.ts";
import { stripsDocument } from "../api/strips.ts";
import { summary, summaryWorkflow } from "../model/fixtures.ts";
import { AutomationPage } from "./AutomationPage.tsx";
import { answer, type Answered } from "./testPage.tsx";

vi.mock("@/lib/graphql/client.ts", async (original) => ({
  ...(await original<typeof import("@/lib/graphql/client.ts")>()),
  ask: vi.fn(),
  change: vi.fn(),
}));
vi.mock("@/lib/graphql/live.ts", () => ({ follow: vi.fn(() => () => undefined) }));

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-06-01T12:00:00.000Z"), toFake: ["Date"] });
  history.replaceState(null, "", "/automation");
  viewer.set(VISITOR);
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.clearAllMocks();
  viewer.set(undefined);
});

async function show(
  repositories: readonly Summary[],
  redBranches: readonly RedBranch[] = [],
  ...others: readonly Answered[]
) {
  answer([AutomationQuery, { trackedRepositories: repositories, redBranches }], ...others);
  render(<AutomationPage />);
  await screen.findAllByRole("heading", { level: 2 });
}
const cards = () =>
  within(screen.getByRole("list", { name: "Repositories" })).getAllByRole("heading", { level: 2 });
const card = (name = "acme/rocket") =>
  within(
    cards()
      .find(({ textContent }) => textContent === name)
      ?.closest("li") ?? expect.fail(`no card of ${name}`),
  );

/** Makes all cards visible. The test environment has no layout. */
class Everything {
  readonly callback: IntersectionObserverCallback;
  constructor(callback: IntersectionObserverCallback) {
    this.callback = callback;
  }
  observe(target: Element): void {
    const entry = { target, isIntersecting: true } as unknown as IntersectionObserverEntry;
    this.callback([entry], this as unknown as IntersectionObserver);
  }
  disconnect(): void {
    return;
  }
}

describe("the runs of a card", () => {
  beforeEach(() => vi.stubGlobal("IntersectionObserver", Everything));
  afterEach(() => vi.unstubAllGlobals());

  const withRuns = (ids: readonly string[]) => ({
    r0: {
      id: "rep_1",
      automation: {
        workflows: [
          {
            id: "wfl_1",
            recentRuns: ids.map((id, index) => (index === 0 ? failed({ id }) : run({ id }))),
          },
        ],
      },
    },
  });

  it("are bars that open the runs", async () => {
    await show([summary()], [], [stripsDocument(1), withRuns(["run_3", "run_2", "run_1"])]);
    const strip = await card().findByRole("img", {
      name: "Latest runs of CI: 2 succeeded, 1 failed",
    });
    const newest = strip.lastElementChild as HTMLElement;
    expect(newest.title).toMatch(/^#7 · Failed/);
    await userEvent.click(newest);
    expect(location.pathname + location.search).toBe("/automation/workflows/wfl_1?run=run_3");
  });

  it("show why they could not be loaded, and are loaded again on request", async () => {
    await show([summary()]);
    expect((await screen.findByRole("alert")).textContent).toContain(
      "The latest runs could not be loaded: Dispatch cannot be reached.",
    );
    answer(
      [AutomationQuery, { trackedRepositories: [summary()], redBranches: [] }],
      [stripsDocument(1), withRuns(["run_1"])],
    );
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await card().findByRole("img", { name: /^Latest runs of CI/ })).toBeTruthy();
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("are not requested without workflows", async () => {
    await show([summary({}, { workflows: [], workflowsCount: 0 })]);
    await new Promise((done) => setTimeout(done, 80));
    expect(vi.mocked(ask).mock.calls.map(([document]) => document)).not.toContain(
      stripsDocument(1),
    );
    expect(card().getByText("No workflows")).toBeTruthy();
  });
});

describe("a card", () => {
  it("shows five workflows in lines, and the others side by side", async () => {
    const workflows = ["a", "b", "c", "d", "e", "f", "g"].map((name) =>
      summaryWorkflow({ id: name, name }),
    );
    await show([summary({}, { workflows })]);
    const names = (list: string) =>
      within(card().getByRole("list", { name: list }))
        .getAllByRole("link")
        .map(({ textContent }) => textContent);
    expect(names("Workflows")).toEqual(["a", "b", "c", "d", "e"]);
    expect(names("Further workflows")).toEqual(["f", "g"]);
  });

  it("shows the counts, and links to its page, GitHub and the latest release", async () => {
    await show([summary({ source: "ENV" })]);
    expect(
      card().getByText(/^main · a1b2c3d · 1 workflow · 3 releases · 2 open pull requests$/),
    ).toBeTruthy();
    expect(card().getByText("no failures")).toBeTruthy();
    expect(card().getByText("from settings").title).toContain("GITHUB_REPOSITORIES");
    const href = (name: string) => card().getByRole("link", { name }).getAttribute("href");
    expect(href("acme/rocket")).toBe("/automation/repos/acme/rocket");
    expect(href("acme/rocket on GitHub")).toBe("https://github.com/acme/rocket");
    expect(href("v1.2.0")).toContain("/releases/tag/v1.2.0");
  });

  it("shows each workflow with its run on the default branch, and links to it", async () => {
    await show([
      summary(
        {},
        {
          failingCount: 1,
          runningCount: 2,
          workflows: [
            summaryWorkflow({
              isFlaky: true,
              latestRunOnDefaultBranch: failed({ id: "run_red", number: 6 }),
            }),
            summaryWorkflow({
              id: "wfl_2",
              name: "Nightly",
              latestRun: null,
              latestRunOnDefaultBranch: null,
            }),
          ],
        },
      ),
    ]);
    expect(card().getByText("1 failing on other branches")).toBeTruthy();
    expect(card().getByText("2 running")).toBeTruthy();
    expect(card().getByText("flaky")).toBeTruthy();
    const dot = card().getByRole("link", { name: /^Failed CI/ });
    expect(dot.getAttribute("href")).toBe("/automation/workflows/wfl_1?run=run_red");
    expect(dot.title).toBe("CI: Failed, run #6 on main");
    expect(
      card()
        .getByRole("link", { name: /^No run Nightly/ })
        .getAttribute("href"),
    ).toBe("/automation/workflows/wfl_2");
  });

  it("shows why the last sync failed, and when the last successful one was", async () => {
    await show([
      summary({}, { syncError: "GitHub API error: 404", lastSyncedAt: "2026-06-01T09:00:00.000Z" }),
    ]);
    expect(card().getByText("GitHub API error: 404")).toBeTruthy();
    expect(card().getByText("Last synced 3h ago")).toBeTruthy();
  });

  it("shows that the data is outdated after an hour", async () => {
    await show([
      summary({}, { lastSyncedAt: "2026-06-01T10:30:00.000Z" }),
      summary({ id: "2", fullName: "acme/new", name: "new" }),
    ]);
    expect(card().getByText("Last synced 1h ago")).toBeTruthy();
    expect(card("acme/new").queryByText(/synced/)).toBeNull();
  });

  it("removes its repository after a confirmation", async () => {
    await show([summary()]);
    vi.mocked(change).mockResolvedValue({ data: {} });
    await userEvent.click(card().getByRole("button", { name: "Remove acme/rocket" }));
    expect(card().getByText(/Its issues are hidden, not deleted/)).toBeTruthy();
    expect(vi.mocked(change)).not.toHaveBeenCalled();
    await userEvent.click(card().getByRole("button", { name: "Remove" }));
    expect(vi.mocked(change).mock.lastCall?.[1]).toEqual({ input: { fullName: "acme/rocket" } });
  });

  it("offers no actions without the permission", async () => {
    viewer.set(READER);
    await show([summary()]);
    expect(card().queryByRole("button")).toBeNull();
    expect(screen.queryByRole("button", { name: "Sync all" })).toBeNull();
    expect(screen.getByRole("button", { name: "Sign in to track repositories." })).toBeTruthy();
  });
});
