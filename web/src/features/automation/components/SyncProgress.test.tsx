import { act, cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { ask } from "@/lib/graphql/client.ts";
import { runningSync, RunningSyncChanged } from "../api/sync.ts";
import { AutomationSyncProgress } from "./SyncProgress.tsx";

vi.mock("@/lib/graphql/client.ts", async (original) => ({
  ...(await original<typeof import("@/lib/graphql/client.ts")>()),
  ask: vi.fn(),
}));
const streams = vi.hoisted(() => new Map<unknown, { onItem: (data: unknown) => void }>());
vi.mock("@/lib/graphql/live.ts", () => ({
  follow: (stream: { document: unknown; onItem: (data: unknown) => void }) => {
    streams.set(stream.document, stream);
    return () => undefined;
  },
}));

afterEach(() => {
  cleanup();
  runningSync.set(null);
});

const running = (doneCount: number) => ({
  startedAt: "2026-06-01T12:00:00.000Z",
  repositoriesCount: 4,
  doneCount,
});

it("is shown while a sync runs", async () => {
  vi.mocked(ask).mockResolvedValue({ data: { runningAutomationSync: running(1) } });
  render(<AutomationSyncProgress />);
  const bar = await screen.findByRole("progressbar", { name: "Sync of automation" });
  expect(bar.getAttribute("aria-valuetext")).toBe("Reading automation: 1 of 4 repositories");
  const send = (automationSyncChanged: unknown) =>
    act(() => streams.get(RunningSyncChanged)?.onItem({ automationSyncChanged }));
  send(running(3));
  expect(bar.getAttribute("aria-valuenow")).toBe("3");
  send(null);
  expect(screen.queryByRole("progressbar")).toBeNull();
});
