import type { Agent, ActiveLease, Run } from "../api/agents.ts";

const ISSUE = {
  id: "iss_1",
  number: 7,
  title: "Fix it",
  removedAt: null,
  repository: { name: "rocket", enabled: true },
};

/** A lease from 11:00 to 12:30. */
export const lease = (differences: Partial<ActiveLease> = {}): ActiveLease => ({
  id: "lea_1",
  agent: "claude",
  checkpoint: "CHANGES_MADE",
  acquiredAt: "2026-06-01T11:00:00.000Z",
  renewedAt: "2026-06-01T11:55:00.000Z",
  expiresAt: "2026-06-01T12:30:00.000Z",
  endedAt: null,
  ending: null,
  outcome: null,
  isHeld: true,
  awaitingInput: null,
  releaseAt: null,
  issue: ISSUE,
  ...differences,
});

/** A successful run from 9:00 to 9:10. */
export const run = (differences: Partial<Run> = {}): Run => ({
  id: "run_1",
  agentName: "claude",
  runType: "implement",
  status: "success",
  startedAt: "2026-06-01T09:00:00.000Z",
  finishedAt: "2026-06-01T09:10:00.000Z",
  summary: null,
  errorMessage: null,
  issue: ISSUE,
  ...differences,
});

/** An agent without leases and without heartbeats. */
export const agent = (differences: Partial<Agent> = {}): Agent => ({
  name: "claude",
  assignedCount: 0,
  runsCount: 0,
  successesCount: 0,
  failuresCount: 0,
  lastSeenAt: null,
  successRate: null,
  claimsEndedCount: 0,
  claimsSucceededCount: 0,
  byStatus: [],
  leases: [],
  leaseHistory: [],
  ...differences,
});
