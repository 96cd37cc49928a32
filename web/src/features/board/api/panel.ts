import { ask } from "@/lib/graphql/client.ts";
import type { Failure } from "@/lib/graphql/failure.ts";
import { graphql, type ResultOf } from "@/lib/graphql/graphql.ts";
import { CardFields } from "./documents.ts";

export const PanelQuery = graphql(
  `
    query IssuePanel($id: ID!) {
      issue(id: $id) {
        ...CardFields
        body
        lane
        closedAt
        lastSyncedAt
      }
      auditLog(issueId: $id, first: 20) {
        nodes {
          id
          actor
          action
          success
          errorMessage
          beforeLabels
          afterLabels
          comment
          commentUrl
          createdAt
        }
      }
      agentRuns(issueId: $id, first: 20) {
        nodes {
          id
          agentName
          runType
          status
          summary
          errorMessage
          startedAt
          finishedAt
        }
      }
    }
  `,
  [CardFields],
);

type Result = ResultOf<typeof PanelQuery>;

/** Everything about one issue that its card has no room for. */
export type IssueDetail = {
  readonly issue: NonNullable<Result["issue"]>;
  readonly audit: Result["auditLog"]["nodes"];
  readonly runs: Result["agentRuns"]["nodes"];
};

export type AuditLine = IssueDetail["audit"][number];
export type RunLine = IssueDetail["runs"][number];

/** Reads one issue with its trail. `missing` when it is not on the board any more. */
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
