import { act, render, screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { failed, ROCKET, run } from "@/lib/automationFixtures.ts";
import { openPalette, palette } from "@/lib/commands.ts";
import { RepositoryIds, RepositoryQuery, type RepositoryAutomation } from "../api/repository.ts";
import type { ActivityEvent } from "../api/activity.ts";
import { automation, event, repositoryWorkflow } from "../model/fixtures.ts";
import { RepositoryPage } from "./RepositoryPage.tsx";
import { answer, openBeforeEach } from "./testPage.tsx";

vi.mock("@/lib/graphql/client.ts", async (original) => ({
  ...(await original<typeof import("@/lib/graphql/client.ts")>()),
  ask: vi.fn(),
  change: vi.fn(),
}));
vi.mock("@/lib/graphql/live.ts", () => ({ follow: vi.fn(() => () => undefined) }));

openBeforeEach("/automation/repos/acme/rocket");

async function show(
  changes: Partial<RepositoryAutomation> = {},
  events: readonly ActivityEvent[] = [],
) {
  answer(
    [RepositoryIds, { repositories: [{ id: "rep_1", fullName: "Acme/Rocket" }] }],
    [
      RepositoryQuery,
      {
        node: {
          __typename: "Repository",
          ...ROCKET,
          source: "ENV",
          enabled: true,
          automation: automation(changes),
        },
        activity: { nodes: events },
      },
    ],
  );
  render(<RepositoryPage owner="acme" name="rocket" />);
  await screen.findAllByRole("heading", { level: 2 });
}
const panel = (name: string) =>
  within(screen.getByRole("heading", { name }).closest("section") ?? expect.fail(name));
const text = (name: string) =>
  screen.getByRole("heading", { name }).closest("section")?.textContent ?? "";

it("shows that the repository is not tracked", async () => {
  answer([RepositoryIds, { repositories: [] }]);
  render(<RepositoryPage owner="acme" name="rocket" />);
  expect(await screen.findByText("Repository not found")).toBeTruthy();
});

it("shows a summary, and a badge for a repository of the settings", async () => {
  await show({ isRed: true, failingCount: 2, runningCount: 1, releasesCount: 4 });
  expect(document.querySelector("main dl")?.textContent).toBe(
    "Statusmain fails1 runningLatest commit on maina1b2c3danaReleases4Open PRs0",
  );
  expect(screen.getByText("from settings")).toBeTruthy();
});

it("keeps the data when a sync fails, and shows its age", async () => {
  await show({ syncError: "GitHub API error: 403", lastSyncedAt: "2026-06-01T09:00:00.000Z" });
  expect(screen.getByText("GitHub API error: 403")).toBeTruthy();
  expect(screen.getByText("Last synced 3h ago")).toBeTruthy();
  expect(screen.getByRole("list", { name: "Workflows" })).toBeTruthy();
});

describe("its workflows", () => {
  it("have bars, a rate, an average duration and five runs", async () => {
    const runs = Array.from({ length: 8 }, (_, index) => run({ id: String(index) }));
    await show({ workflows: [repositoryWorkflow({ recentRuns: runs })] });
    expect(screen.getByRole("img", { name: "Runs of CI: 8 succeeded" })).toBeTruthy();
    expect(text("Workflows")).toContain("90 %");
    expect(text("Workflows")).toContain("2m 5s");
    const list = screen.getByRole("list", { name: "Latest runs of CI", hidden: true });
    expect(within(list).getAllByRole("listitem", { hidden: true })).toHaveLength(5);
  });

  it("link from a failed run to the run, and offer to run its failed jobs again", async () => {
    await show({
      workflows: [repositoryWorkflow({ recentRuns: [failed({ id: "run_9" }), run()] })],
    });
    expect(
      screen.getByRole("link", { name: "CI: Failed, open the run" }).getAttribute("href"),
    ).toBe("/automation/workflows/wfl_1?run=run_9");
    expect(screen.getAllByRole("button", { name: /^Re-run failed jobs of CI/ })).toHaveLength(1);
  });

  it("have commands in the palette", async () => {
    await show(automation());
    openPalette();
    const command = palette.get()?.find(({ text }) => text === "Workflow CI");
    act(() => command?.run());
    expect(location.pathname).toBe("/automation/workflows/wfl_1");
    palette.set(undefined);
  });

  it("can be filtered by outcome", async () => {
    await show({
      workflows: [
        repositoryWorkflow(),
        repositoryWorkflow({ id: "wfl_2", name: "Deploy", recentRuns: [failed()] }),
      ],
    });
    await userEvent.keyboard("f");
    await userEvent.click(screen.getByRole("option", { name: /^Failed/ }));
    expect(location.search).toBe("?workflow=failure");
    expect(screen.queryByRole("link", { name: "CI" })).toBeNull();
    expect(screen.getByRole("link", { name: "Deploy" })).toBeTruthy();
  });
});

describe("the other parts", () => {
  it("are dimmed with the missing permission", async () => {
    await show({
      openSecretAlertsCount: null,
      missingPermissions: [
        { part: "PACKAGES", permission: "read:packages" },
        { part: "DEPLOYMENTS", permission: "Deployments: read" },
        { part: "SECRET_SCANNING", permission: "Secret scanning alerts: read" },
      ],
    });
    expect(text("Packages")).toContain("It needs read:packages.");
    expect(text("Deployments")).toContain("Deployments: read");
    expect(text("Secret scanning")).toContain("Secret scanning alerts: read");
    expect(screen.getByRole("list", { name: "Workflows" }), "nothing else suffers").toBeTruthy();
  });

  it("are hidden if they are empty", async () => {
    await show({ openSecretAlertsCount: null });
    for (const name of ["Packages", "Deployments", "Checks of other apps", "Secret scanning"]) {
      expect(screen.queryByRole("heading", { name }), name).toBeNull();
    }
  });

  it("show drafts by their creation, and the kind of each release", async () => {
    const release = {
      id: "1",
      tagName: "v2",
      name: null,
      isDraft: true,
      isPrerelease: false,
      url: "https://github.com/acme/rocket/releases/tag/v2",
      publishedAt: null,
      createdAt: "2026-06-01T10:00:00.000Z",
    };
    await show({
      releases: [
        release,
        { ...release, id: "2", tagName: "v1-rc", isDraft: false, isPrerelease: true },
        { ...release, id: "3", tagName: "v1", isDraft: false, publishedAt: "2026-05-01T10:00:00Z" },
      ],
    });
    const lines = panel("Releases").getAllByRole("listitem");
    expect(lines.map(({ textContent }) => textContent)).toEqual([
      "v2draft2h",
      "v1-rcpre-release2h",
      "v1stable31d",
    ]);
  });

  it("show pull requests with their checks, checks of other apps, deployments and packages", async () => {
    const url = "https://github.com/acme/rocket/x";
    const updatedAt = "2026-06-01T11:00:00.000Z";
    await show({
      openSecretAlertsCount: 2,
      pullRequests: [
        {
          id: "1",
          number: 12,
          url,
          title: "Add it",
          isDraft: true,
          author: "ana",
          branch: "x",
          checkState: "FAILURE",
          updatedAt,
        },
      ],
      checks: [
        {
          id: "1",
          name: "coverage",
          app: "codecov",
          status: "COMPLETED",
          conclusion: "SUCCESS",
          url,
          completedAt: updatedAt,
        },
      ],
      deployments: [
        {
          id: "1",
          environment: "production",
          ref: "main",
          state: "in_progress",
          creator: "ben",
          url: null,
          updatedAt,
          workflowRunGithubId: "9007199254740993",
        },
      ],
      packages: [
        {
          id: "1",
          packageType: "container",
          name: "rocket",
          visibility: "private",
          url,
          latestVersion: "sha256:1",
          latestTags: ["v1"],
          updatedAt,
        },
      ],
    });
    expect(panel("Open pull requests").getByRole("img", { name: "checks failed" })).toBeTruthy();
    expect(text("Open pull requests")).toContain("#12Add itdraft");
    expect(text("Checks of other apps")).toContain("coveragecodecov");
    expect(text("Deployments")).toContain("productionmain · ben");
    expect(panel("Deployments").getByRole("link", { name: "run" }).getAttribute("href")).toBe(
      "https://github.com/acme/rocket/actions/runs/9007199254740993",
    );
    expect(text("Packages")).toContain("rocketv1containerprivate");
    expect(text("Secret scanning")).toContain("2 open alerts");
  });

  it("show the latest events, and the result of the last sync", async () => {
    await show(
      {
        lastSyncRun: {
          id: "1",
          status: "failed",
          requestsCount: 4,
          workflowsCount: 2,
          runsCount: 1,
          error: "Timed out",
          startedAt: "2026-06-01T11:55:00.000Z",
          completedAt: "2026-06-01T11:55:09.000Z",
        },
      },
      [event()],
    );
    expect(text("Recent activity")).toContain("CI #7 failed");
    expect(text("Last sync")).toContain("5m ago · 9s · 4 requests · 2 workflows · 1 run");
    expect(text("Last sync")).toContain("Timed out");
  });
});
