import { screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { failed, RUNNING, WAITING } from "@/lib/automationFixtures.ts";
import { READER } from "@/lib/fixtures.ts";
import { change } from "@/lib/graphql/client.ts";
import { viewer } from "@/lib/viewer.ts";
import { CancelWorkflowRun, RerunFailedJobs, RerunWorkflowRun } from "../api/control.ts";
import { FailureQuery, RunQuery } from "../api/workflow.ts";
import { job, workflow } from "../model/fixtures.ts";
import { openBeforeEach } from "./testPage.tsx";
import { details, show } from "./testWorkflowPage.tsx";

vi.mock("@/lib/graphql/client.ts", async (original) => ({
  ...(await original<typeof import("@/lib/graphql/client.ts")>()),
  ask: vi.fn(),
  change: vi.fn(),
}));
vi.mock("@/lib/graphql/live.ts", () => ({ follow: vi.fn(() => () => undefined) }));

openBeforeEach("/automation/workflows/wfl_1");

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
    expect(await screen.findByText(/^This run was deleted/)).toBeTruthy();
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
    [details(RUNNING), "Cancel", CancelWorkflowRun, { id: "run_1", force: false }],
    [details(WAITING), "Force-cancel", CancelWorkflowRun, { id: "run_1", force: true }],
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
