import { act, cleanup, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { READER, SIGNED_IN } from "@/lib/fixtures.ts";
import { service, type Service } from "@/lib/service.ts";
import { syncState, type SyncState } from "@/lib/sync.ts";
import { viewer } from "@/lib/viewer.ts";
import type { Phase } from "../api/session.ts";
import { issue } from "../model/fixtures.ts";
import { BoardBody } from "./BoardBody.tsx";
import type { Board } from "./context.ts";
import { boardOf, renderOn } from "./testBoard.tsx";

const DOWN = { code: "OFFLINE", message: "Dispatch cannot be reached." };
const SELF: Service = {
  version: "1.0.0",
  simulated: false,
  configured: true,
  missing: [],
  authMode: "OPEN",
  untrackedBootstrap: [],
};
const SYNCED = {
  repositoriesCount: 2,
  failingCount: 0,
  issuesCount: 0,
  lastGoodSyncAt: null,
  running: null,
  unansweredSince: null,
} as unknown as SyncState;

const onClear = vi.fn();
const onRepositories = vi.fn();

function show(board: Board, phase: Phase, filtered = false) {
  board.session.phase.set(phase);
  renderOn(
    board,
    <BoardBody filtered={filtered} onClear={onClear} onRepositories={onRepositories}>
      The columns
    </BoardBody>,
  );
}
const READY: Phase = { kind: "ready" };
const title = () => screen.queryByRole("heading", { level: 2 })?.textContent;

beforeEach(() => {
  viewer.set(SIGNED_IN);
  service.set(SELF);
  syncState.set(SYNCED);
});
afterEach(() => {
  cleanup();
  viewer.set(undefined);
  service.set(undefined);
  syncState.set(undefined);
  vi.clearAllMocks();
  vi.useRealTimers();
});

describe("a board with cards", () => {
  const board = () => boardOf([issue(1, "READY")]);

  it("is shown", () => {
    show(board(), READY);
    expect(screen.getByText("The columns")).toBeTruthy();
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("stays when a reload fails, with the error", async () => {
    const shown = board();
    const reload = vi.spyOn(shown.session, "reload").mockResolvedValue();
    show(shown, { kind: "failed", failure: DOWN, shown: true });
    expect(screen.getByText("The columns")).toBeTruthy();
    expect(screen.getByRole("alert").textContent).toContain(
      "Board refresh failed. Showing previous state. Dispatch cannot be reached.",
    );
    await userEvent.click(screen.getByRole("button", { name: "Retry" }));
    expect(reload).toHaveBeenCalledOnce();
  });
});

describe("a board that is loading", () => {
  it("shows a placeholder after a delay", () => {
    vi.useFakeTimers();
    show(boardOf([]), { kind: "loading" });
    expect(screen.queryByRole("status")).toBeNull();
    act(() => void vi.advanceTimersByTime(150));
    expect(screen.getByRole("status", { name: "Loading the board" })).toBeTruthy();
  });

  it("shows why loading failed, and retries", async () => {
    const board = boardOf([]);
    const reload = vi.spyOn(board.session, "reload").mockResolvedValue();
    show(board, { kind: "failed", failure: DOWN, shown: false });
    expect(screen.getByRole("alert").textContent).toContain(DOWN.message);
    expect(screen.queryByText("The columns")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(reload).toHaveBeenCalledOnce();
  });
});

describe("a board without cards", () => {
  it("offers to clear the filters if nothing matches", async () => {
    show(boardOf([]), READY, true);
    expect(title()).toBe("No issues match the current filters");
    await userEvent.click(screen.getByRole("button", { name: "Clear filters" }));
    expect(onClear).toHaveBeenCalledOnce();
  });

  it("shows nothing before the service is loaded", () => {
    syncState.set(undefined);
    show(boardOf([]), READY);
    expect(title()).toBeUndefined();
  });

  it("asks for a token if none is set", () => {
    service.set({ ...SELF, configured: false });
    show(boardOf([]), READY);
    expect(title()).toBe("Connect GitHub to fill the board");
  });

  it("offers to track a repository if there is none", async () => {
    syncState.set({ ...SYNCED, repositoriesCount: 0 });
    show(boardOf([]), READY);
    await userEvent.click(screen.getByRole("button", { name: "Track a repository" }));
    expect(onRepositories).toHaveBeenCalledOnce();
  });

  it("does not offer that without the permission", () => {
    viewer.set(READER);
    syncState.set({ ...SYNCED, repositoriesCount: 0 });
    show(boardOf([]), READY);
    expect(title()).toBe("Track a repository to fill the board");
    expect(screen.queryByRole("button", { name: "Track a repository" })).toBeNull();
  });

  it("shows the progress of the first sync", () => {
    syncState.set({
      ...SYNCED,
      running: {
        startedAt: "2026-06-01T12:00:00.000Z",
        repositoriesCount: 2,
        repositoriesDoneCount: 1,
        issuesReadCount: 40,
      },
    });
    show(boardOf([]), READY);
    expect(title()).toBe("Reading your issues from GitHub");
    expect(screen.getByText(/Reading repository 2 of 2, 40 issues so far/)).toBeTruthy();
  });

  it.each([
    [0, 2, "No issues synced yet", "2 repositories are tracked, but no issue has come from there."],
    [0, 1, "No issues synced yet", "One repository is tracked, but no issue has come from there."],
    [
      1,
      2,
      "GitHub could not be read",
      "1 of 2 tracked repositories could not be read. Repositories says why.",
    ],
  ])(
    "with %d of %d repositories failing, shows: %s",
    (failingCount, repositoriesCount, heading, words) => {
      syncState.set({ ...SYNCED, failingCount, repositoriesCount });
      show(boardOf([]), READY);
      expect(title()).toBe(heading);
      expect(screen.getByText(words)).toBeTruthy();
      expect(screen.getByRole("button", { name: "Sync now" })).toBeTruthy();
    },
  );

  it("shows its columns when the first card arrives", () => {
    const board = boardOf([]);
    show(board, READY);
    expect(screen.queryByText("The columns")).toBeNull();
    act(() => board.session.store.setCounts([{ status: "READY", totalCount: 1 }]));
    expect(screen.getByText("The columns")).toBeTruthy();
  });
});
