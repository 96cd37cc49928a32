import { screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { filters, triggers, workflow } from "../model/fixtures.ts";
import { limitsOf } from "./TriggersPanel.tsx";
import { openBeforeEach } from "./testPage.tsx";
import { show } from "./testWorkflowPage.tsx";

vi.mock("@/lib/graphql/client.ts", async (original) => ({
  ...(await original<typeof import("@/lib/graphql/client.ts")>()),
  ask: vi.fn(),
  change: vi.fn(),
}));
vi.mock("@/lib/graphql/live.ts", () => ({ follow: vi.fn(() => () => undefined) }));

openBeforeEach("/automation/workflows/wfl_1");

describe("the triggers", () => {
  it("are read from the file, with the time of the next run", async () => {
    await show(
      workflow({
        triggers: triggers({
          schedules: [
            {
              cron: "0 3 * * *",
              words: "every day at 03:00 UTC",
              nextRunAt: "2026-06-02T03:00:00Z",
            },
          ],
          isReusable: true,
          others: ["merge_group"],
        }),
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
    expect(limitsOf(filters())).toBe("of any branch");
    expect(limitsOf(filters({ branches: ["main", "v*"], pathsIgnore: ["docs/**"] }))).toBe(
      "branches main, v*; not paths docs/**",
    );
  });
});
