import type { Status } from "@/lib/statuses.ts";
import { STATUSES } from "@/lib/statuses.ts";
import type { BoardIssue, BoardSnapshot } from "../api/documents.ts";

/** An issue for a test. Its number is part of its id. Without a given time, a higher number means a newer issue. */
export function issue(
  number: number,
  status: Status,
  changes: Partial<BoardIssue> = {},
): BoardIssue {
  const at = new Date(Date.UTC(2026, 0, 1, 0, number)).toISOString();
  return {
    id: `iss_${number}`,
    number,
    title: `Issue ${number}`,
    url: `https://github.com/acme/rocket/issues/${number}`,
    state: "OPEN",
    status,
    priority: null,
    labels: [],
    agents: [],
    owners: [],
    assignees: [],
    commentsCount: 0,
    createdAt: at,
    updatedAt: at,
    blockedReason: null,
    pullRequestUrl: null,
    pullRequests: [],
    openBlockers: 0,
    unblocks: 0,
    queueScore: 0,
    lease: null,
    backoff: null,
    repository: {
      fullName: "acme/rocket",
      name: "rocket",
      readOnlyReason: null,
    },
    ...changes,
  };
}

/** A snapshot of these issues, newest first in each column. `more` is the number of further issues of a column. */
export function snapshot(
  issues: readonly BoardIssue[],
  more: Partial<Record<Status, number>> = {},
): BoardSnapshot {
  return {
    asOf: "10",
    totalCount: issues.length,
    columns: STATUSES.map((status) => {
      const nodes = issues
        .filter((each) => each.status === status)
        .sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1));
      const hidden = more[status] ?? 0;
      return {
        status,
        totalCount: nodes.length + hidden,
        issues: {
          nodes,
          pageInfo: { hasNextPage: hidden > 0, endCursor: hidden > 0 ? "next" : null },
        },
      };
    }),
  };
}
