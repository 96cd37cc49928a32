/** The reasons why an issue is withheld, in a few words. */
const SKIPS = {
  LEASED: "held by an agent",
  ASSIGNED_TO_OTHER: "assigned to another agent",
  NOT_READY: "not ready",
  BLOCKED_BY_ISSUE: "waits for an issue",
  LANE_MISMATCH: "another lane",
  LIMIT_REACHED: "limit reached",
  EXCLUDED: "excluded label",
  REPOSITORY_DISABLED: "repository not tracked or read-only",
  CLOSED: "closed",
  LINKED_PULL_REQUEST: "has a pull request",
  LABELS_UNVERIFIED: "labels not read yet",
  BACKING_OFF: "in back-off after a failure",
  NEEDS_HUMAN: "needs a person",
  HELD_BY_PERSON: "a person works on it",
  PAUSED: "paused by a person",
} as const;

export type SkipReason = keyof typeof SKIPS;

export const skipWords = (reason: SkipReason): string => SKIPS[reason];

/** The headings of the kinds of inconsistencies. */
const INCONSISTENCIES = {
  ASSIGNED_WITHOUT_LEASE: "Assigned without a lease",
  IN_PROGRESS_WITHOUT_LEASE: "In progress without a lease",
  SEVERAL_STATUSES: "Several status labels",
  CLOSED_IN_PROGRESS: "Closed but in progress",
  LEASE_ON_VANISHED_ISSUE: "Lease of a deleted issue",
  LEASE_OUTSIDE_IN_PROGRESS: "Lease outside In Progress",
  REFUSED_BY_GITHUB: "Change rejected by GitHub",
  NEEDS_HUMAN: "Needs a person",
  BLOCKED_IN_CIRCLE: "Blocked by each other",
} as const;

export type InconsistencyKind = keyof typeof INCONSISTENCIES;

export const inconsistencyTitle = (kind: InconsistencyKind): string => INCONSISTENCIES[kind];
