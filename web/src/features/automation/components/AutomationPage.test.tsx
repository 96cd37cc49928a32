import { act, cleanup, render, screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { redBranch } from "@/lib/automationFixtures.ts";
import { VISITOR } from "@/lib/fixtures.ts";
import { ask, change } from "@/lib/graphql/client.ts";
import { AutomationEvents, type RedBranch } from "@/lib/automation.ts";
import { viewer } from "@/lib/viewer.ts";
import { AutomationOfRepository, AutomationQuery, type Summary } from "../api/automation.ts";
import { SyncAutomation } from "../api/control.ts";
import { summary } from "../model/fixtures.ts";
import { AutomationPage } from "./AutomationPage.tsx";
import { syncWords } from "./SyncAutomation.tsx";
import { answer, DOWN } from "./testPage.tsx";

vi.mock("@/lib/graphql/client.ts", async (original) => ({
  ...(await original<typeof import("@/lib/graphql/client.ts")>()),
  ask: vi.fn(),
  change: vi.fn(),
}));
const streams = vi.hoisted(() => new Map<unknown, { onItem: (data: unknown) => void }>());
vi.mock("@/lib/graphql/live.ts", () => ({
  follow: (stream: { document: unknown; onItem: (data: unknown) => void }) => {
    streams.set(stream.document, stream);
    return () => undefined;
  },
}));

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

async function show(repositories: readonly Summary[], redBranches: readonly RedBranch[] = []) {
  answer([AutomationQuery, { trackedRepositories: repositories, redBranches }]);
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

describe("the page", () => {
  it("explains what to do if nothing is tracked", async () => {
    await show([]);
    expect(screen.getByText("No repositories configured")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Add repository" }));
    expect(screen.getByLabelText(/^Repository to track/)).toBeTruthy();
  });

  it("shows why loading failed, and retries", async () => {
    vi.mocked(ask).mockResolvedValue(DOWN);
    render(<AutomationPage />);
    expect((await screen.findByRole("alert")).textContent).toContain("Automation could not be");
    answer([AutomationQuery, { trackedRepositories: [summary()], redBranches: [] }]);
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByRole("heading", { name: "acme/rocket" })).toBeTruthy();
  });

  it.each([
    [[summary()], "No default branch fails."],
    [
      [summary({}, { isRed: true, failingCount: 1 }), summary({ id: "2" }, { runningCount: 3 })],
      "The default branch fails in 1 of 2 repositories, a workflow fails on some branch in 1, a workflow runs in 1.",
    ],
    [[summary({}, { syncError: "x" })], "No default branch fails, 1 could not be read."],
  ])("has a summary of all repositories, case %#", async (repositories, words) => {
    await show(repositories);
    expect(
      screen.getByText(/default branch/, { selector: "p > span" }).parentElement?.textContent,
    ).toBe(words);
  });
});

describe("the failing default branches", () => {
  it("are listed with time, commit and author, the longest failing first, and link to the run", async () => {
    await show(
      [summary()],
      [
        redBranch(),
        redBranch({
          workflow: { id: "wfl_2", name: "Deploy" },
          since: "2026-05-30T12:00:00.000Z",
          sinceCommit: null,
        }),
      ],
    );
    const rows = within(
      screen.getByRole("list", { name: "Failing default branches" }),
    ).getAllByRole("listitem");
    expect(rows.map(({ textContent }) => textContent)).toEqual([
      "acme/rocketDeploy on mainby benfor 2d",
      "acme/rocketCI on mainsince deadbee by benfor 3h",
    ]);
    const [dot] = within(rows[1] ?? expect.fail()).getAllByRole("link");
    expect(dot?.getAttribute("href")).toBe("/automation/workflows/wfl_1?run=run_9");
  });

  it("are hidden if there are none", async () => {
    await show([summary()]);
    expect(screen.queryByText("Failing default branches")).toBeNull();
  });
});

describe("the filters", () => {
  const two = [
    summary(),
    summary({ id: "2", fullName: "other/red", owner: "other" }, { isRed: true }),
  ];

  it("are parsed from the address", async () => {
    history.replaceState(null, "", "/automation?state=red");
    await show(two);
    expect(cards()).toHaveLength(1);
    await userEvent.click(
      screen.getByRole("button", { name: "Remove filter State Default branch fails" }),
    );
    expect(location.search).toBe("");
    expect(cards()).toHaveLength(2);
  });

  it("show counts, and can be cleared if nothing matches", async () => {
    await show(two);
    await userEvent.keyboard("f");
    expect(screen.getByRole("option", { name: /^Default branch fails/ }).textContent).toContain(
      "1",
    );
    await userEvent.click(screen.getByRole("option", { name: /^Could not be read/ }));
    expect(location.search).toBe("?state=problem");
    await userEvent.click(screen.getByRole("button", { name: "Clear filters" }));
    expect(cards()).toHaveLength(2);
  });
});

describe("an event", () => {
  const send = (event: object) =>
    act(() => streams.get(AutomationEvents)?.onItem({ automationEvents: event }));

  it("reloads only its own repository", async () => {
    await show([summary(), summary({ id: "rep_2", fullName: "acme/tools", name: "tools" })]);
    answer([
      AutomationOfRepository,
      ({ id }: { id: string }) => ({
        node: { __typename: "Repository", ...summary({ id }, { failingCount: 5 }) },
        redBranches: [redBranch()],
      }),
    ]);
    send({ __typename: "WorkflowRunChanged", run: { id: "r", repository: { id: "rep_1" } } });
    await waitFor(() => expect(card().getByText("5 failing on other branches")).toBeTruthy());
    expect(card("acme/tools").getByText("no failures")).toBeTruthy();
    expect(screen.getByText("Failing default branches")).toBeTruthy();
  });

  it("reloads all repositories if it may be about any", async () => {
    await show([summary()]);
    answer([
      AutomationQuery,
      { trackedRepositories: [summary({}, { failingCount: 7 })], redBranches: [] },
    ]);
    send({ __typename: "AutomationResync" });
    await waitFor(() => expect(card().getByText("7 failing on other branches")).toBeTruthy());
  });
});

describe("a sync", () => {
  it("covers one repository or all", async () => {
    await show([summary()]);
    vi.mocked(change).mockResolvedValue({ data: { syncAutomation: { results: [] } } });
    await userEvent.click(card().getByRole("button", { name: "Sync acme/rocket" }));
    await userEvent.click(screen.getByRole("button", { name: "Sync all" }));
    const asked = vi.mocked(change).mock.calls.filter(([document]) => document === SyncAutomation);
    expect(asked.map(([, variables]) => variables)).toEqual([
      { input: { repository: "acme/rocket" } },
      { input: null },
    ]);
  });

  it.each([
    [[{ repository: "a/b", error: null }], "Read 1 repository."],
    [
      [
        { repository: "a/b", error: null },
        { repository: "a/c", error: "Not found" },
      ],
      "Read 1 of 2 repositories. a/c: Not found",
    ],
  ])("shows its result, case %#", (results, text) => {
    expect(syncWords(results).text).toBe(text);
  });
});
