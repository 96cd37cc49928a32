import { cleanup, render, screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { failed, run } from "@/lib/automationFixtures.ts";
import { READER, VISITOR } from "@/lib/fixtures.ts";
import { change } from "@/lib/graphql/client.ts";
import { viewer } from "@/lib/viewer.ts";
import {
  CancelWorkflowRun,
  DispatchWorkflow,
  RerunFailedJobs,
  RerunWorkflowRun,
} from "../api/control.ts";
import {
  BranchRunsQuery,
  FailureQuery,
  RunQuery,
  WorkflowQuery,
  type RunDetails,
  type Workflow,
} from "../api/workflow.ts";
import { job, workflow } from "../model/fixtures.ts";
import { sizeWords } from "./RunPanel.tsx";
import { answer, type Answered } from "./testPage.tsx";
import { limitsOf } from "./TriggersPanel.tsx";
import { WorkflowPage } from "./WorkflowPage.tsx";

vi.mock("@/lib/graphql/client.ts", async (original) => ({
  ...(await original<typeof import("@/lib/graphql/client.ts")>()),
  ask: vi.fn(),
  change: vi.fn(),
}));
vi.mock("@/lib/graphql/live.ts", () => ({ follow: vi.fn(() => () => undefined) }));

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-06-01T12:00:00.000Z"), toFake: ["Date"] });
  history.replaceState(null, "", "/automation/workflows/wfl_1");
  viewer.set(VISITOR);
  HTMLElement.prototype.scrollIntoView = vi.fn();
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.clearAllMocks();
  viewer.set(undefined);
});

const details = (changes: Partial<RunDetails> = {}): RunDetails => ({
  ...run(),
  pullRequestNumber: null,
  jobs: [job()],
  artifacts: [],
  ...changes,
});

async function show(shown: Workflow | null = workflow(), ...others: readonly Answered[]) {
  answer([WorkflowQuery, { workflow: shown }], ...others);
  render(<WorkflowPage id="wfl_1" />);
  await screen.findAllByRole("heading", { level: 2 });
}
const runs = () => within(screen.getByRole("list", { name: "Runs" })).getAllByRole("listitem");

describe("the page", () => {
  it("shows the workflow with its rate and its average duration", async () => {
    await show();
    expect(screen.getByRole("heading", { level: 1, name: "CI" })).toBeTruthy();
    expect(screen.getByText(".github/workflows/ci.yml")).toBeTruthy();
    const tiles = [...document.querySelectorAll("main dl")][0]?.textContent;
    expect(tiles).toBe("StateSucceededRecent runs1Success rate50 %Average duration2m 5s");
    expect(screen.getByRole("link", { name: "CI on GitHub" }).getAttribute("href")).toContain(
      "/actions/workflows/ci.yml",
    );
  });

  it("shows that the workflow does not exist any more", async () => {
    await show(null);
    expect(screen.getByText("Workflow not found")).toBeTruthy();
  });

  it("shows that the workflow has not run, is disabled, and is flaky", async () => {
    await show(
      workflow({ recentRuns: [], branches: [], state: "disabled_manually", isFlaky: true }),
    );
    expect(screen.getByText("This workflow has not run yet.")).toBeTruthy();
    expect(screen.getByText("disabled manually")).toBeTruthy();
    expect(screen.getByText("flaky")).toBeTruthy();
  });

  it("filters the runs by outcome", async () => {
    await show(workflow({ recentRuns: [run(), failed({ id: "run_2", number: 6 })] }));
    expect(runs()).toHaveLength(2);
    await userEvent.keyboard("f");
    await userEvent.click(screen.getByRole("option", { name: /^Failed/ }));
    expect(location.search).toBe("?outcome=failure");
    expect(runs()).toHaveLength(1);
  });

  it("shows all stored runs of a branch", async () => {
    await show(workflow(), [
      BranchRunsQuery,
      ({ after }: { after: string | null }) => ({
        workflowRuns: {
          nodes: [run({ id: after ?? "first", title: after === null ? "New" : "Old" })],
          pageInfo: { hasNextPage: after === null, endCursor: after === null ? "c" : null },
        },
      }),
    ]);
    await userEvent.click(screen.getByRole("button", { name: /main/ }));
    expect(location.search).toBe("?branch=main");
    await userEvent.click(await screen.findByRole("button", { name: "Show older runs" }));
    await waitFor(() => {
      const list = screen.getByRole("list", { name: "Runs on main" });
      expect(within(list).getAllByRole("listitem")).toHaveLength(2);
    });
  });

  it("compares the same file in other repositories, the lowest success rate first", async () => {
    const sibling = (name: string, successRate: number | null) => ({
      id: name,
      successRate,
      averageDuration: 60,
      isFlaky: false,
      repository: { id: name, fullName: name },
      triggers: null,
      recentRuns: [run()],
    });
    await show(workflow({ siblings: [sibling("acme/fine", 1), sibling("acme/poor", 0.2)] }));
    const panel = screen.getByRole("heading", { name: "In other repositories" }).closest("section");
    expect([...(panel?.querySelectorAll("li > a") ?? [])].map((each) => each.textContent)).toEqual([
      "acme/poor",
      "acme/fine",
    ]);
  });
});

describe("the triggers", () => {
  it("are read from the file, with the time of the next run", async () => {
    await show(
      workflow({
        triggers: {
          push: null,
          pullRequest: null,
          schedules: [
            {
              cron: "0 3 * * *",
              words: "every day at 03:00 UTC",
              nextRunAt: "2026-06-02T03:00:00Z",
            },
          ],
          dispatch: null,
          isReusable: true,
          others: ["merge_group"],
        },
      }),
    );
    expect(screen.getByText(/every day at 03:00 UTC/)).toBeTruthy();
    expect(screen.getByText(/^next /)).toBeTruthy();
    expect(screen.getByText("called by other workflows")).toBeTruthy();
    expect(screen.getByText("merge_group")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Run…" }), "not by hand").toBeNull();
  });

  it("show the line at which the file is malformed", async () => {
    await show(
      workflow({ triggers: null, fileError: { message: "found a tab character", line: 12 } }),
    );
    expect(
      screen.getByText("The file is malformed at line 12: found a tab character"),
    ).toBeTruthy();
  });

  it("show their filters", () => {
    const all = { branches: [], branchesIgnore: [], tags: [], paths: [], pathsIgnore: [] };
    expect(limitsOf(all)).toBe("of any branch");
    expect(limitsOf({ ...all, branches: ["main", "v*"], pathsIgnore: ["docs/**"] })).toBe(
      "branches main, v*; not paths docs/**",
    );
  });
});

describe("a run", () => {
  const broken = failed({ id: "run_9", number: 9 });
  const brokenDetails = details({
    ...broken,
    jobs: [
      job({ id: "j2", name: "build", conclusion: "FAILURE", failedStep: "cargo test" }),
      job(),
    ],
  });

  it("shows the failing step at once and its log on a press: two clicks from a red dot", async () => {
    history.replaceState(null, "", "/automation/workflows/wfl_1?run=run_9");
    await show(
      workflow({ recentRuns: [broken] }),
      [RunQuery, { workflowRun: brokenDetails }],
      [
        FailureQuery,
        {
          workflowRun: {
            id: "run_9",
            failure: {
              job: { name: "build" },
              step: "cargo test",
              logExcerpt: ["running 2 tests", "<b>assertion failed</b>"],
              url: "https://github.com/acme/rocket/actions/runs/9/job/2",
            },
          },
        },
      ],
    );
    expect((await screen.findByText("cargo test")).closest("p")?.textContent).toBe(
      "build failed in cargo test.",
    );
    await userEvent.click(screen.getByRole("button", { name: "Show the log" }));
    const log = await screen.findByRole("group", { name: "Log of the failing step" });
    expect(log.textContent).toBe("running 2 tests\n<b>assertion failed</b>");
  });

  it("shows why its log could not be read", async () => {
    history.replaceState(null, "", "/automation/workflows/wfl_1?run=run_9");
    await show(workflow(), [RunQuery, { workflowRun: brokenDetails }]);
    await userEvent.click(await screen.findByRole("button", { name: "Show the log" }));
    expect((await screen.findByRole("alert")).textContent).toContain(
      "The log could not be read: Dispatch cannot be reached.",
    );
  });

  it("shows that it was deleted", async () => {
    history.replaceState(null, "", "/automation/workflows/wfl_1?run=run_9");
    await show(workflow(), [RunQuery, { workflowRun: null }]);
    expect(await screen.findByText(/^This run is gone/)).toBeTruthy();
  });

  it("shows its jobs over time, what it waits for and its artifacts", async () => {
    history.replaceState(null, "", "/automation/workflows/wfl_1?run=run_1");
    await show(workflow(), [
      RunQuery,
      {
        workflowRun: details({
          waitingFor: "It waits for the concurrency group deploy.",
          pullRequestNumber: 12,
          artifacts: [{ id: "a", name: "dist", size: 2_048_000, expiresAt: null, isExpired: true }],
        }),
      },
    ]);
    const picture = await screen.findByRole("img", { name: "Jobs over time" });
    expect(picture.querySelectorAll("[data-bar=queued]")).toHaveLength(1);
    expect(picture.querySelectorAll("[data-bar=succeeded]")).toHaveLength(1);
    expect(screen.getByText("It waits for the concurrency group deploy.")).toBeTruthy();
    expect(screen.getByText("1/1 passed")).toBeTruthy();
    expect(screen.getByRole("link", { name: "#12" }).getAttribute("href")).toBe(
      "https://github.com/acme/rocket/pull/12",
    );
    expect(screen.getByText("2.05 MB, expired")).toBeTruthy();
  });

  it("opens from its line and closes on Escape", async () => {
    await show(workflow(), [RunQuery, { workflowRun: details() }]);
    await userEvent.click(screen.getByRole("link", { name: "Fix the build" }));
    expect(location.search).toBe("?run=run_1");
    expect(await screen.findByRole("heading", { name: "Run #7" })).toBeTruthy();
    await userEvent.keyboard("{Escape}");
    expect(location.search).toBe("");
    expect(screen.queryByRole("heading", { name: "Run #7" })).toBeNull();
  });

  it.each([
    [details({ ...broken }), "Re-run failed jobs", RerunFailedJobs, { id: "run_9" }],
    [details({ ...broken }), "Re-run", RerunWorkflowRun, { id: "run_9" }],
    [details(), "Re-run", RerunWorkflowRun, { id: "run_1" }],
    [
      details({ status: "IN_PROGRESS", conclusion: null }),
      "Cancel",
      CancelWorkflowRun,
      { id: "run_1", force: false },
    ],
    [
      details({ status: "QUEUED", conclusion: null }),
      "Force-cancel",
      CancelWorkflowRun,
      { id: "run_1", force: true },
    ],
  ])("has an action, case %#", async (shown, name, document, input) => {
    history.replaceState(null, "", `/automation/workflows/wfl_1?run=${shown.id}`);
    await show(workflow({ recentRuns: [] }), [RunQuery, { workflowRun: shown }]);
    vi.mocked(change).mockResolvedValue({ data: {} });
    await userEvent.click(await screen.findByRole("button", { name }));
    expect(vi.mocked(change)).toHaveBeenCalledExactlyOnceWith(document, { input });
  });

  it("shows GitHub's error", async () => {
    history.replaceState(null, "", "/automation/workflows/wfl_1?run=run_1");
    await show(workflow({ recentRuns: [] }), [RunQuery, { workflowRun: details() }]);
    vi.mocked(change).mockResolvedValue({
      failure: { code: "UPSTREAM", message: "GitHub: this run cannot be retried" },
    });
    await userEvent.click(await screen.findByRole("button", { name: "Re-run" }));
    expect((await screen.findByRole("alert")).textContent).toBe(
      "Run #7: GitHub: this run cannot be retried",
    );
  });

  it("has no actions without the permission", async () => {
    viewer.set(READER);
    history.replaceState(null, "", "/automation/workflows/wfl_1?run=run_1");
    await show(workflow(), [RunQuery, { workflowRun: details() }]);
    await screen.findByText("1/1 passed");
    expect(screen.queryByRole("button", { name: /^(Re-run|Run…)/ })).toBeNull();
    expect(screen.getByRole("button", { name: /^Sign in to run, cancel/ })).toBeTruthy();
  });
});

describe("starting the workflow", () => {
  const input = {
    name: "version",
    type: "STRING" as const,
    required: true,
    default: null,
    description: "What to release",
    options: [],
  };
  const startable = (siblings: Workflow["siblings"] = []) =>
    workflow({
      siblings,
      triggers: {
        push: null,
        pullRequest: null,
        schedules: [],
        dispatch: {
          inputs: [
            input,
            { ...input, name: "level", type: "CHOICE", required: false, options: ["low", "high"] },
            { ...input, name: "dry", type: "BOOLEAN", required: false, default: "true" },
            { ...input, name: "count", type: "NUMBER", required: false },
          ],
        },
        isReusable: false,
        others: [],
      },
    });
  const started = (id: string, fullName: string, error: string | null = null) => ({
    error,
    workflow: { id, repository: { fullName } },
    run: error === null ? { id: `run of ${id}`, url: "https://github.com", number: 8 } : null,
  });
  const send = (...results: readonly ReturnType<typeof started>[]) =>
    vi.mocked(change).mockResolvedValue({ data: { dispatchWorkflow: { results } } });
  const asked = () =>
    vi.mocked(change).mock.calls.findLast(([document]) => document === DispatchWorkflow)?.[1];

  it("asks for its declared inputs, checks them, and links to the run", async () => {
    await show(startable());
    await userEvent.click(screen.getByRole("button", { name: "Run…" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Run CI" }));
    expect(dialog.getByLabelText<HTMLInputElement>("Branch or tag").value).toBe("main");
    expect(dialog.getByRole<HTMLInputElement>("switch", { name: /dry/ }).checked).toBe(true);
    await userEvent.type(dialog.getByLabelText("count"), "many");
    await userEvent.click(dialog.getByRole("button", { name: "Run" }));
    expect(dialog.getAllByRole("alert").map(({ textContent }) => textContent)).toEqual([
      "This is required.",
      "This must be a number.",
    ]);
    expect(asked()).toBeUndefined();

    await userEvent.type(dialog.getByLabelText("version (required)"), "2.0");
    await userEvent.selectOptions(dialog.getByLabelText("level"), "high");
    await userEvent.clear(dialog.getByLabelText("count"));
    send(started("wfl_1", "acme/rocket"));
    await userEvent.click(dialog.getByRole("button", { name: "Run" }));
    expect(asked()).toEqual({
      input: {
        workflowIds: ["wfl_1"],
        ref: "main",
        inputs: [
          { name: "version", value: "2.0" },
          { name: "level", value: "high" },
          { name: "dry", value: "true" },
        ],
      },
    });
    expect((await screen.findByRole("link", { name: "Run #8" })).getAttribute("href")).toBe(
      "/automation/workflows/wfl_1?run=run%20of%20wfl_1",
    );
  });

  it("starts it in several repositories after one confirmation, and shows each result", async () => {
    const sibling = {
      id: "wfl_2",
      successRate: null,
      averageDuration: null,
      isFlaky: false,
      repository: { id: "rep_2", fullName: "acme/tools" },
      triggers: { dispatch: { inputs: [] } },
      recentRuns: [],
    };
    await show(startable([sibling]));
    await userEvent.keyboard("r");
    const dialog = within(await screen.findByRole("dialog", { name: "Run CI" }));
    await userEvent.type(dialog.getByLabelText("version (required)"), "2.0");
    await userEvent.click(dialog.getByRole("button", { name: "All 2" }));
    await userEvent.click(dialog.getByRole("button", { name: "Run" }));
    expect(asked(), "not before it is confirmed").toBeUndefined();
    expect(dialog.getByText(/starts on main in 2 repositories at once/)).toBeTruthy();
    send(started("wfl_1", "acme/rocket"), started("wfl_2", "acme/tools", "No ref found: main"));
    await userEvent.click(dialog.getByRole("button", { name: "Run in 2 repositories" }));
    expect(asked()).toMatchObject({ input: { workflowIds: ["wfl_1", "wfl_2"] } });
    expect(await screen.findByText("Started in 1 of 2.")).toBeTruthy();
    expect(screen.getByRole("alert").textContent).toBe("No ref found: main");
  });

  it("rejects an invalid ref", async () => {
    await show(workflow());
    await userEvent.keyboard("r");
    const dialog = within(await screen.findByRole("dialog", { name: "Run CI" }));
    await userEvent.clear(dialog.getByLabelText("Branch or tag"));
    await userEvent.click(dialog.getByRole("button", { name: "Run" }));
    expect(dialog.getByRole("alert").textContent).toBe("A branch or tag is required.");
  });
});

it.each([
  [0, "0 bytes"],
  [999, "999 bytes"],
  [1_500, "1.50 kB"],
  [123_456_789, "123 MB"],
  [45_600_000_000, "45.6 GB"],
])("%s bytes are %s", (bytes, words) => {
  expect(sizeWords(bytes)).toBe(words);
});
