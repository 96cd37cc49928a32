import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { service } from "@/lib/service.ts";
import { syncState, type SyncState } from "@/lib/sync.ts";
import { clockTime } from "@/lib/time.ts";
import { Banner } from "./Banner.tsx";

const ANSWERING: SyncState = {
  repositoriesCount: 1,
  failingCount: 0,
  issuesCount: 3,
  lastGoodSyncAt: "2026-05-20T12:02:00.000Z",
  unansweredSince: null,
  running: null,
};

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-05-20T12:10:00Z") });
  service.set({
    version: "0.1.0",
    configured: true,
    missing: [],
    simulated: false,
    untrackedBootstrap: [],
  } as unknown as ReturnType<typeof service.get>);
});
afterEach(() => {
  cleanup();
  service.set(undefined);
  syncState.set(undefined);
  vi.useRealTimers();
});

describe("the notice that GitHub does not respond", () => {
  it("shows since when, and the age of the data", () => {
    const since = "2026-05-20T12:03:00.000Z";
    syncState.set({ ...ANSWERING, unansweredSince: since });
    render(<Banner />);
    const status = screen.getByRole("status");
    expect(status.textContent).toContain(`GitHub has not answered since ${clockTime(since)}.`);
    expect(status.textContent).toContain("You see what it said 8m ago.");
  });

  it("shows no age of data that was never loaded", () => {
    syncState.set({
      ...ANSWERING,
      unansweredSince: "2026-05-20T12:03:00.000Z",
      lastGoodSyncAt: null,
    });
    render(<Banner />);
    expect(screen.getByRole("status").textContent).not.toContain("You see");
  });

  it("is hidden while GitHub responds", () => {
    syncState.set(ANSWERING);
    render(<Banner />);
    expect(screen.queryByRole("status")).toBeNull();
  });
});
