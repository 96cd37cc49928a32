import { screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { failed, run } from "@/lib/automationFixtures.ts";
import { BranchRunsQuery } from "../api/workflow.ts";
import { sibling, workflow } from "../model/fixtures.ts";
import { openBeforeEach } from "./testPage.tsx";
import { show } from "./testWorkflowPage.tsx";

vi.mock("@/lib/graphql/client.ts", async (original) => ({
  ...(await original<typeof import("@/lib/graphql/client.ts")>()),
  ask: vi.fn(),
  change: vi.fn(),
}));
vi.mock("@/lib/graphql/live.ts", () => ({ follow: vi.fn(() => () => undefined) }));

openBeforeEach("/automation/workflows/wfl_1");

const runs = () => within(screen.getByRole("list", { name: "Runs" })).getAllByRole("listitem");

describe("the page", () => {
  it("shows the workflow with its rate and its average duration", async () => {
    await show();
    expect(screen.getByRole("heading", { level: 1, name: "CI" })).toBeTruthy();
    expect(screen.getByText(".github/workflows/ci.yml")).toBeTruthy();
    const tiles = [...document.querySelectorAll("main dl")][0]?.textContent;
    expect(tiles).toBe(
      "On mainSucceeded" +
        "Latest runSucceededon main" +
        "Success rate50 %of those that succeeded or failed" +
        "Average duration2m 5sof successful runs",
    );
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
    const fine = sibling("acme/fine", { successRate: 1 });
    const poor = sibling("acme/poor", { id: "wfl_3", successRate: 0.2 });
    await show(workflow({ siblings: [fine, poor] }));
    const panel = screen.getByRole("heading", { name: "In other repositories" }).closest("section");
    expect([...(panel?.querySelectorAll("li > a") ?? [])].map((each) => each.textContent)).toEqual([
      "acme/poor",
      "acme/fine",
    ]);
  });
});
