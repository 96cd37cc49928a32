import type { Backoff, History } from "./backoff.ts";
import type { whyReadOnly } from "./issues.ts";
import type { LabelScheme } from "./labelSchemes.ts";
import type { Pause } from "./pauses.ts";
import type { LinkedPullRequest } from "./pullRequests.ts";
import { PRIORITIES, STATUSES, statusWord } from "./statuses.ts";
import type { Viewer } from "./viewer.ts";

// Values for tests.

/** A person who has not signed in, in mode `open`. */
export const VISITOR: Viewer = {
  kind: "PERSON",
  name: "user",
  canChangeBoard: true,
  canMaintain: false,
  canSignIn: true,
  signedInUntil: null,
};

/** The same person in mode `read-only`. */
export const READER: Viewer = { ...VISITOR, canChangeBoard: false };

export const SIGNED_IN: Viewer = {
  kind: "OPERATOR",
  name: "Sam",
  canChangeBoard: true,
  canMaintain: true,
  canSignIn: false,
  signedInUntil: "2026-06-08T12:00:00.000Z",
};

type AuditEntry = {
  readonly id: string;
  readonly actor: string;
  readonly actorKind: Viewer["kind"];
  readonly action: string;
  readonly repositoryFullName: string;
  readonly issueNumber: number | null;
  readonly beforeLabels: string[];
  readonly afterLabels: string[];
  readonly comment: string | null;
  readonly commentUrl: string | null;
  readonly notes: string | null;
  readonly traceId: string | null;
  readonly success: boolean;
  readonly errorMessage: string | null;
  readonly createdAt: string;
  readonly issue: { readonly id: string; readonly title: string; readonly agents: string[] } | null;
};

/** An entry of the audit log: ana moved an issue whose title is not cached. */
export const auditEntry = (changes: Partial<AuditEntry> = {}): AuditEntry => ({
  id: "aud_1",
  actor: "ana",
  actorKind: "PERSON",
  action: "move_issue",
  repositoryFullName: "acme/rocket",
  issueNumber: 1,
  beforeLabels: [],
  afterLabels: [],
  comment: null,
  commentUrl: null,
  notes: null,
  traceId: null,
  success: true,
  errorMessage: null,
  createdAt: "2026-06-01T12:00:00.000Z",
  issue: null,
  ...changes,
});

/** The back-off of an issue on which an agent failed at noon, for ten seconds. */
export const FAILED: Backoff = {
  failedAttempts: 1,
  summary:
    "The issue is left alone until 2026-06-01T12:00:10.000Z because scout failed on it (1 failed attempt).",
  retryAt: "2026-06-01T12:00:10.000Z",
  needsHuman: false,
};

/** The other fields of this back-off. */
export const FAILED_HISTORY: History = {
  refusals: 0,
  cause: "FAILED",
  since: "2026-06-01T12:00:00.000Z",
  lastAt: "2026-06-01T12:00:00.000Z",
};

type ReadOnlyReason = NonNullable<Parameters<typeof whyReadOnly>[0]["readOnlyReason"]>;

/** The sentence about the read-only repository acme/rocket, for each reason. */
const READ_ONLY_SENTENCES: Readonly<Record<ReadOnlyReason, string>> = {
  ARCHIVED: "acme/rocket is archived on GitHub: its issues cannot be changed.",
  DISABLED: "acme/rocket is disabled on GitHub: its issues cannot be changed.",
  LOCKED: "acme/rocket is locked on GitHub: its issues cannot be changed.",
  ISSUES_DISABLED: "acme/rocket has issues disabled on GitHub: its issues cannot be changed.",
  NO_PERMISSION:
    "acme/rocket may only be read with Dispatch's GitHub token: its issues cannot be changed.",
};

/** The same as rows for `it.each`. */
export const READ_ONLY = Object.entries(READ_ONLY_SENTENCES) as readonly [ReadOnlyReason, string][];

/** A pause of everything, without issues that are still held. */
export const PAUSED: Pause = {
  id: "1",
  scope: "EVERYTHING",
  subject: null,
  stopsHolders: false,
  endsAt: null,
  held: 0,
  summary: "Everything is paused by ana: A release",
};

/** The labels of a repository with Dispatch's own scheme. */
export const DISPATCH_LABELS: LabelScheme = {
  statuses: STATUSES.map((status) => ({ status, label: `status/${statusWord(status)}` })),
  priorities: PRIORITIES.map((priority) => ({
    priority,
    label: `priority/${priority.toLowerCase()}`,
  })),
  agentPrefix: "agent/",
};

/** The labels of a repository with other names for Ready, P1 and agents. */
export const OWN_LABELS: LabelScheme = {
  statuses: DISPATCH_LABELS.statuses.map((each) =>
    each.status === "READY" ? { ...each, label: "Ready-for-agent" } : each,
  ),
  priorities: DISPATCH_LABELS.priorities.map((each) =>
    each.priority === "P1" ? { ...each, label: "P1" } : each,
  ),
  agentPrefix: "bot:",
};

/** An approved pull request whose checks failed. */
export const linkedPullRequest = (changes: Partial<LinkedPullRequest> = {}): LinkedPullRequest => ({
  url: "https://github.com/acme/rocket/pull/12",
  state: "OPEN",
  isDraft: false,
  checkState: "FAILURE",
  reviewDecision: "APPROVED",
  ...changes,
});
