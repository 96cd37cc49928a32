import { screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { failed, run } from "@/lib/automationFixtures.ts";
import { READER } from "@/lib/fixtures.ts";
import { change } from "@/lib/graphql/client.ts";
import { viewer } from "@/lib/viewer.ts";
import { cardWorkflow, summary, tools } from "../model/fixtures.ts";
import {
  card,
  gate,
  requestedWorkflows,
  Screen,
  show,
  withWorkflows,
} from "./testAutomationPage.tsx";
import { answer, openBeforeEach } from "./testPage.tsx";

vi.mock("@/lib/graphql/client.ts", async (original) => ({
  ...(await original<typeof import("@/lib/graphql/client.ts")>()),
  ask: vi.fn(),
  change: vi.fn(),
}));
vi.mock("@/lib/graphql/live.ts", () => ({ follow: vi.fn(() => () => undefined) }));

openBeforeEach("/automation");

const names = (list: string) =>
  within(card().getByRole("list", { name: list }))
    .getAllByRole("link")
    .map(({ textContent }) => textContent);
const busy = () => document.querySelector<HTMLElement>("[aria-busy=true]");
const placeholder = () => document.querySelector("[data-placeholder]");

describe("the workflows of a card", () => {
  beforeEach(() => Screen.install(true));

  it("have bars that open the runs", async () => {
    const recentRuns = [failed({ id: "run_3" }), run({ id: "run_2" }), run({ id: "run_1" })];
    await show([summary()], [], ...withWorkflows({ rep_1: [cardWorkflow({ recentRuns })] }));
    const strip = await card().findByRole("img", {
      name: "Latest runs of CI: 2 succeeded, 1 failed",
    });
    const newest = strip.lastElementChild as HTMLElement;
    expect(newest.title).toMatch(/^#7 · Failed/);
    await userEvent.click(newest);
    expect(location.pathname + location.search).toBe("/automation/workflows/wfl_1?run=run_3");
  });

  it("are sorted by urgency: five in lines, and the others in columns", async () => {
    const workflows = ["a", "b", "c", "d", "e", "f", "g"].map((name) =>
      cardWorkflow({
        id: name,
        name,
        ...(name === "g" && { latestRunOnDefaultBranch: failed() }),
        ...(name === "f" && { latestRunOnDefaultBranch: null, recentRuns: [failed()] }),
      }),
    );
    await show([summary({}, { workflowsCount: 7 })], [], ...withWorkflows({ rep_1: workflows }));
    await card().findByRole("list", { name: "Workflows" });
    expect(names("Workflows")).toEqual(["f", "g", "a", "b", "c"]);
    expect(names("Further workflows")).toEqual(["d", "e"]);
  });

  it("have the state of the run on the default branch, and link to it", async () => {
    const workflows = [
      cardWorkflow({
        isFlaky: true,
        latestRunOnDefaultBranch: failed({ id: "run_red", number: 6 }),
      }),
      cardWorkflow({
        id: "wfl_2",
        name: "Nightly",
        latestRunOnDefaultBranch: null,
        recentRuns: [],
      }),
    ];
    await show([summary({}, { workflowsCount: 2 })], [], ...withWorkflows({ rep_1: workflows }));
    const state = await card().findByRole("link", { name: /^Failed CI/ });
    expect(state.getAttribute("href")).toBe("/automation/workflows/wfl_1?run=run_red");
    expect(state.title).toBe("CI: Failed, run #6 on main");
    expect(card().getByText("flaky")).toBeTruthy();
    const without = card().getByRole("link", { name: /^No run Nightly/ });
    expect(without.getAttribute("href")).toBe("/automation/workflows/wfl_2");
  });

  it("have quiet lines in their place until they are loaded, as high as they will be", async () => {
    const workflows = ["a", "b", "c", "d", "e", "f", "g", "h"].map((name) =>
      cardWorkflow({ id: name, name }),
    );
    const [opened, open] = gate();
    await show(
      [summary({}, { workflowsCount: workflows.length })],
      [],
      ...withWorkflows({ rep_1: workflows }, opened),
    );
    const height = busy()?.style.minHeight;
    expect(height, "five lines and two rows").toBe(`${5 * 1.625 + 2 * 1.5}rem`);
    expect(placeholder(), "a quick response does not flicker").toBeNull();
    await waitFor(() => expect(placeholder()?.getAttribute("aria-hidden")).toBe("true"));
    expect(placeholder()?.querySelectorAll(".rounded-full")).toHaveLength(workflows.length);
    expect(card().queryByRole("list")).toBeNull();

    open();
    const list = await card().findByRole("list", { name: "Workflows" });
    expect(placeholder()).toBeNull();
    expect(busy()).toBeNull();
    expect(list.parentElement?.style.minHeight).toBe(height);
  });

  it("are loaded when the card becomes visible, and then stay", async () => {
    Screen.install(false);
    await show(
      [summary(), tools()],
      [],
      ...withWorkflows({
        rep_1: [cardWorkflow()],
        rep_2: [cardWorkflow({ id: "wfl_2", name: "Lint" })],
      }),
    );
    expect(busy()).toBeNull();
    Screen.scroll("acme/tools", true);
    expect(await card("acme/tools").findByText("Lint")).toBeTruthy();
    expect(card().queryByText("CI")).toBeNull();
    expect(requestedWorkflows()).toEqual([["rep_2"]]);
    Screen.scroll("acme/tools", false);
    Screen.scroll("acme/rocket", true);
    expect(await card().findByText("CI")).toBeTruthy();
    expect(card("acme/tools").getByText("Lint")).toBeTruthy();
    expect(requestedWorkflows()).toEqual([["rep_2"], ["rep_1"]]);
  });

  it("show why they could not be loaded, and are loaded again on request", async () => {
    await show([summary()]);
    expect((await screen.findByRole("alert")).textContent).toContain(
      "The workflows could not be loaded: Dispatch cannot be reached.",
    );
    expect(busy()).toBeNull();
    answer(...withWorkflows({ rep_1: [cardWorkflow()] }));
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await card().findByRole("img", { name: /^Latest runs of CI/ })).toBeTruthy();
    expect(screen.queryByRole("alert")).toBeNull();
    expect(requestedWorkflows()).toEqual([["rep_1"], ["rep_1"]]);
  });

  it("are not requested if there are none", async () => {
    await show([summary({}, { workflowsCount: 0 })]);
    expect(card().getByText("No workflows")).toBeTruthy();
    await new Promise((done) => setTimeout(done, 80));
    expect(requestedWorkflows()).toEqual([]);
    expect(busy()).toBeNull();
  });
});

describe("a card", () => {
  it("shows the counts, and links to its page, GitHub and the latest release", async () => {
    await show([summary({ source: "ENV" })]);
    expect(
      card().getByText(/^main · a1b2c3d · 1 workflow · 3 releases · 2 open PRs$/),
    ).toBeTruthy();
    expect(card().getByText("no failures")).toBeTruthy();
    expect(card().getByText("from settings").title).toContain("GITHUB_REPOSITORIES");
    const href = (name: string) => card().getByRole("link", { name }).getAttribute("href");
    expect(href("acme/rocket")).toBe("/automation/repos/acme/rocket");
    expect(href("acme/rocket on GitHub")).toBe("https://github.com/acme/rocket");
    expect(href("v1.2.0")).toContain("/releases/tag/v1.2.0");
  });

  it("shows how many workflows fail and run", async () => {
    await show([summary({}, { failingCount: 1, runningCount: 2 })]);
    expect(card().getByText("1 failing on other branches")).toBeTruthy();
    expect(card().getByText("2 running")).toBeTruthy();
  });

  it("shows why the last sync failed, and when the last successful one was", async () => {
    await show([
      summary({}, { syncError: "GitHub API error: 404", lastSyncedAt: "2026-06-01T09:00:00.000Z" }),
    ]);
    expect(card().getByText("GitHub API error: 404")).toBeTruthy();
    expect(card().getByText("Last synced 3h ago")).toBeTruthy();
  });

  it("shows that the data is outdated after an hour", async () => {
    await show([summary({}, { lastSyncedAt: "2026-06-01T10:30:00.000Z" }), tools()]);
    expect(card().getByText("Last synced 1h ago")).toBeTruthy();
    expect(card("acme/tools").queryByText(/synced/)).toBeNull();
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
