import type { RedBranch, Run } from "./automation.ts";

// Values for tests.

/** The repository to which everything belongs. */
export const ROCKET = {
  id: "rep_1",
  fullName: "acme/rocket",
  name: "rocket",
  url: "https://github.com/acme/rocket",
} as const;

/** A run that succeeded ten minutes before noon. */
export const run = (changes: Partial<Run> = {}): Run => ({
  id: "run_1",
  number: 7,
  attempt: 1,
  title: "Fix the build",
  event: "push",
  status: "COMPLETED",
  statusText: "completed",
  conclusion: "SUCCESS",
  conclusionText: "success",
  branch: "main",
  headSha: "a1b2c3d4e5f6",
  actor: "ana",
  url: "https://github.com/acme/rocket/actions/runs/9007199254740993",
  createdAt: "2026-06-01T11:50:00.000Z",
  startedAt: "2026-06-01T11:50:05.000Z",
  completedAt: "2026-06-01T11:52:05.000Z",
  duration: 120,
  waitingFor: null,
  ...changes,
});

/** The same run with a failure. */
export const failed = (changes: Partial<Run> = {}): Run =>
  run({ conclusion: "FAILURE", conclusionText: "failure", ...changes });

/** The state of a run or job that has not ended. */
export const RUNNING = {
  status: "IN_PROGRESS",
  statusText: "in_progress",
  conclusion: null,
  conclusionText: null,
  completedAt: null,
} as const;

/** The state of a run or job that has not begun. */
export const WAITING = { ...RUNNING, status: "QUEUED", statusText: "queued" } as const;

/** CI on main has failed for three hours. */
export const redBranch = (changes: Partial<RedBranch> = {}): RedBranch => ({
  branch: "main",
  since: "2026-06-01T09:00:00.000Z",
  sinceCommit: "deadbeefcafe",
  sinceActor: "ben",
  repository: ROCKET,
  workflow: { id: "wfl_1", name: "CI" },
  run: failed({ id: "run_9" }),
  ...changes,
});
