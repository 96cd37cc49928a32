import { cleanup, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { VISITOR } from "@/lib/fixtures.ts";
import { viewer } from "@/lib/viewer.ts";
import { workflow } from "../model/fixtures.ts";
import { limitsOf } from "./TriggersPanel.tsx";
import { show } from "./testWorkflowPage.tsx";

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
