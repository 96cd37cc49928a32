import { expect, it } from "vitest";
import { outcomeWords, progressWords, stateWords } from "./SyncStatus.tsx";

const NOW = Date.UTC(2026, 0, 1, 12);
const state = {
  repositoriesCount: 3,
  failingCount: 0,
  issuesCount: 1_250,
  lastGoodSyncAt: new Date(NOW - 5 * 60_000).toISOString(),
  running: null,
  unansweredSince: null,
};

it("counts the tracked repositories and shows the time of the last sync", () => {
  expect(stateWords(state, NOW)).toBe("3 repositories · 1,250 issues · synced 5m ago");
  expect(stateWords({ ...state, failingCount: 1 }, NOW)).toContain("1 could not be read");
  expect(stateWords({ ...state, lastGoodSyncAt: null }, NOW)).toContain("not all synced yet");
  const nothing = { ...state, repositoriesCount: 0, issuesCount: 0, lastGoodSyncAt: null };
  expect(stateWords(nothing, NOW)).toBe("0 repositories · 0 issues");
});

it("shows the progress of a sync, and never more than the total", () => {
  const running = {
    startedAt: state.lastGoodSyncAt,
    repositoriesCount: 3,
    repositoriesDoneCount: 1,
    issuesReadCount: 1,
  };
  expect(progressWords(running)).toBe("Reading repository 2 of 3, 1 issue so far");
  expect(progressWords({ ...running, repositoriesDoneCount: 3, issuesReadCount: 0 })).toBe(
    "Reading repository 3 of 3",
  );
});

it("shows the result of a sync, with the repository that failed", () => {
  const good = { repository: "acme/rocket", synced: 2, error: null };
  const bad = { repository: "acme/moon", synced: 0, error: "GitHub API error: 404 Not Found" };
  expect(outcomeWords({ syncedCount: 2, results: [good] })).toEqual({
    text: "Synced 2 issues from 1 repository.",
    failed: false,
  });
  expect(outcomeWords({ syncedCount: 2, results: [good, bad] })).toEqual({
    text: "Synced 2 issues from 1 of 2 repositories. acme/moon: GitHub API error: 404 Not Found",
    failed: true,
  });
});
