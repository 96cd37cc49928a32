import { act, render, screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { redBranch } from "@/lib/automationFixtures.ts";
import { ask, change } from "@/lib/graphql/client.ts";
import { AutomationEvents } from "@/lib/automation.ts";
import { AutomationOfRepository } from "../api/automation.ts";
import { SyncAutomation } from "../api/control.ts";
import { cardWorkflow, summary, tools } from "../model/fixtures.ts";
import { AutomationPage } from "./AutomationPage.tsx";
import { syncWords } from "./SyncAutomation.tsx";
import {
  card,
  cards,
  gate,
  listed,
  requestedWorkflows,
  Screen,
  show,
  withWorkflows,
} from "./testAutomationPage.tsx";
import { answer, DOWN, type Answered, openBeforeEach } from "./testPage.tsx";

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

openBeforeEach("/automation");

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
    answer(listed([summary()]));
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

  it("are ten at first, the longest failing, and all on request", async () => {
    const branches = Array.from({ length: 12 }, (_, index) =>
      redBranch({
        workflow: { id: String(index), name: `CI ${index}` },
        since: `2026-05-${30 - index}T12:00:00.000Z`,
      }),
    );
    await show([summary()], branches);
    const rows = () =>
      within(screen.getByRole("list", { name: "Failing default branches" })).getAllByRole(
        "listitem",
      );
    expect(rows()).toHaveLength(10);
    expect(rows()[0]?.textContent).toContain("CI 11");
    await userEvent.click(screen.getByRole("button", { name: "Show all 12" }));
    expect(rows()).toHaveLength(12);
    expect(screen.queryByRole("button", { name: /^Show all/ })).toBeNull();
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

  const changed = (id: string) =>
    send({ __typename: "WorkflowRunChanged", run: { id: "r", repository: { id } } });
  const two = [summary(), tools()];
  /** The response after a change: five workflows fail. */
  const five: Answered = [
    AutomationOfRepository,
    ({ id }: { id: string }) => {
      const before = two.find((each) => each.id === id) ?? expect.fail();
      return {
        node: { __typename: "Repository", ...summary(before, { failingCount: 5 }) },
        redBranches: [redBranch()],
      };
    },
  ];

  it("reloads only its own repository", async () => {
    await show(two);
    answer(five);
    changed("rep_1");
    await waitFor(() => expect(card().getByText("5 failing on other branches")).toBeTruthy());
    expect(card("acme/tools").getByText("no failures")).toBeTruthy();
    expect(screen.getByText("Failing default branches")).toBeTruthy();
  });

  it("reloads the workflows of its repository if the card is visible, and keeps the old ones until then", async () => {
    Screen.install(true);
    const before = {
      rep_1: [cardWorkflow()],
      rep_2: [cardWorkflow({ id: "wfl_2", name: "Lint" })],
    };
    await show(two, [], ...withWorkflows(before));
    await card().findByText("CI");
    vi.mocked(ask).mockClear();
    const [opened, open] = gate();
    answer(five, ...withWorkflows({ rep_1: [cardWorkflow({ name: "Build" })] }, opened));
    changed("rep_1");
    await waitFor(() => expect(requestedWorkflows()).toEqual([["rep_1"]]));
    expect(card().getByText("5 failing on other branches")).toBeTruthy();
    expect(card().getByText("CI")).toBeTruthy();
    expect(document.querySelector("[aria-busy=true]")).toBeNull();
    open();
    expect(await card().findByText("Build")).toBeTruthy();
    expect(card().queryByText("CI")).toBeNull();

    Screen.scroll("acme/tools", false);
    changed("rep_2");
    expect(await card("acme/tools").findByText("5 failing on other branches")).toBeTruthy();
    await new Promise((done) => setTimeout(done, 80));
    expect(card("acme/tools").getByText("Lint")).toBeTruthy();
    expect(requestedWorkflows(), "not of a card that is out of sight").toEqual([["rep_1"]]);
  });

  it("reloads all repositories if it may be about any", async () => {
    await show([summary()]);
    answer(listed([summary({}, { failingCount: 7 })]));
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
