import { BackoffHistory } from "@/lib/backoff.ts";
import { ask } from "@/lib/graphql/client.ts";
import type { Failure } from "@/lib/graphql/failure.ts";
import { graphql, type ResultOf } from "@/lib/graphql/graphql.ts";
import { listenToEntries, listenToRuns } from "@/lib/liveQuery.ts";
import { RunFields, type Run } from "@/lib/runs.ts";
import { CardFields } from "./documents.ts";
import { LeaseDetail } from "./leases.ts";

export const DependencyFields = graphql(`
  fragment DependencyFields on Dependency {
    repository
    number
    isOpen
    url
    sources
    issue {
      id
      title
      state
      status
    }
  }
`);

/** An issue that the open issue waits for, or that waits for it. */
export type Dependency = ResultOf<typeof DependencyFields>;

export const PanelQuery = graphql(
  `
    query IssuePanel($id: ID!) {
      issue(id: $id) {
        ...CardFields
        backoff {
          ...BackoffHistory
        }
        blockedBy {
          ...DependencyFields
        }
        blocks {
          ...DependencyFields
        }
        lease {
          ...LeaseDetail
        }
        body
        lane
        closedAt
        lastSyncedAt
      }
      auditLog(issueId: $id, first: 20) {
        nodes {
          id
          actor
          actorKind
          action
          success
          errorMessage
          beforeLabels
          afterLabels
          comment
          commentUrl
          notes
          createdAt
        }
      }
      agentRuns(issueId: $id, first: 20) {
        nodes {
          ...RunFields
        }
      }
    }
  `,
  [CardFields, BackoffHistory, DependencyFields, LeaseDetail, RunFields],
);

/** Changes within this time are reported together. */
const TOGETHER_MS = 100;

/**
 * Calls `onChange` after a new agent run or audit entry of an issue, and when one may have been missed. Returns the
 * function that stops it.
 */
export function followHistory(id: string, onChange: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const soon = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      onChange();
    }, TOGETHER_MS);
  };
  const about = (issue: { readonly id: string } | null) => {
    if (issue?.id === id) soon();
  };
  const stops = [
    listenToRuns({
      onItem: ({ agentRunRecorded }) => about(agentRunRecorded.issue),
      onMissed: soon,
    }),
    listenToEntries({
      onItem: ({ auditEntryAdded }) => about(auditEntryAdded.issue),
      onMissed: soon,
    }),
  ];
  return () => {
    clearTimeout(timer);
    for (const stop of stops) stop();
  };
}

type Result = ResultOf<typeof PanelQuery>;

/** The details of an issue that its card does not have. */
export type IssueDetail = {
  readonly issue: NonNullable<Result["issue"]>;
  readonly audit: Result["auditLog"]["nodes"];
  readonly runs: readonly Run[];
};

export type AuditLine = IssueDetail["audit"][number];

/** Loads an issue with its history. `missing` if it is not on the board any more. */
export async function readIssue(
  id: string,
): Promise<{ detail: IssueDetail } | { failure: Failure } | { missing: true }> {
  const answer = await ask(PanelQuery, { id });
  if (answer.failure)
    return answer.failure.code === "NOT_FOUND" ? { missing: true } : { failure: answer.failure };
  const { issue, auditLog, agentRuns } = answer.data;
  if (!issue) return { missing: true };
  return { detail: { issue, audit: auditLog.nodes, runs: agentRuns.nodes } };
}
