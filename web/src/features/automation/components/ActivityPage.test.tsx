import { act, cleanup, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ask } from "@/lib/graphql/client.ts";
import { follow } from "@/lib/graphql/live.ts";
import { ActivityQuery, RepositoryNames, type ActivityEvent } from "../api/activity.ts";
import { event } from "../model/fixtures.ts";
import { ActivityPage } from "./ActivityPage.tsx";
import { answer, DOWN } from "./testPage.tsx";

vi.mock("@/lib/graphql/client.ts", async (original) => ({
  ...(await original<typeof import("@/lib/graphql/client.ts")>()),
  ask: vi.fn(),
}));
vi.mock("@/lib/graphql/live.ts", () => ({ follow: vi.fn(() => () => undefined) }));

beforeEach(() => {
  // The test environment has no layout, so the list needs a height to render its rows.
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(400);
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(800);
  history.replaceState(null, "", "/automation/activity");
});
afterEach(() => {
  cleanup();
  vi.clearAllMocks();
});

const show = (...events: readonly ActivityEvent[]) => {
  answer(
    [RepositoryNames, { repositories: [{ fullName: "acme/rocket", enabled: true }] }],
    [
      ActivityQuery,
      { activity: { nodes: events, pageInfo: { hasNextPage: false, endCursor: null } } },
    ],
  );
  render(<ActivityPage />);
};
const variables = () =>
  vi.mocked(ask).mock.calls.findLast(([document]) => document === ActivityQuery)?.[1];
const lines = () => screen.getAllByRole("listitem").map(({ textContent }) => textContent);

it("explains the empty page", async () => {
  show();
  expect(await screen.findByText("No events recorded yet")).toBeTruthy();
});

it("shows why loading failed", async () => {
  vi.mocked(ask).mockResolvedValue(DOWN);
  render(<ActivityPage />);
  expect((await screen.findByRole("alert")).textContent).toContain(
    "The activity could not be read",
  );
});

it("shows the type, repository and actor of an event, and links to its run and to GitHub", async () => {
  show(event());
  const link = await screen.findByRole("link", { name: "CI #7 failed" });
  expect(link.getAttribute("href")).toBe("/automation/workflows/wfl_1?run=run_1");
  expect(lines()[0]).toContain("acme/rocket · main · a1b2c3d · ana · Fix the build");
  expect(screen.getByRole("link", { name: "CI #7 failed on GitHub" })).toBeTruthy();
  expect(screen.getByRole("banner").textContent).toContain("1 events");
});

it("shows new events at the top, and reloads after a gap", async () => {
  show(event());
  await screen.findByText("This is where it begins.");
  const stream = vi.mocked(follow).mock.lastCall?.[0];
  act(() =>
    stream?.onItem({
      automationEvents: {
        __typename: "ActivityRecorded",
        activity: event({ id: "act_2", title: "Released v2", workflowRun: null, url: null }),
      },
    }),
  );
  expect(lines()[0]).toContain("Released v2");
  const before = vi.mocked(ask).mock.calls.length;
  act(() => stream?.onItem({ automationEvents: { __typename: "AutomationResync" } }));
  expect(vi.mocked(ask).mock.calls.length).toBe(before + 1);
});

it("is filtered by type and repository, and the filters are in the address", async () => {
  history.replaceState(null, "", "/automation/activity?type=deployment");
  show();
  expect(await screen.findByText("Nothing matches the filters")).toBeTruthy();
  expect(variables()).toMatchObject({ filter: { types: ["DEPLOYMENT"], repository: null } });
  await userEvent.keyboard("f");
  await userEvent.click(screen.getByRole("option", { name: "acme/rocket" }));
  expect(location.search).toBe("?type=deployment&repo=acme%2Frocket");
  expect(variables()).toMatchObject({ filter: { repository: "acme/rocket" } });
  await userEvent.click(screen.getByRole("button", { name: "Clear filters" }));
  expect(location.search).toBe("");
});
