import { ask } from "@/lib/graphql/client.ts";
import { graphql, type ResultOf } from "@/lib/graphql/graphql.ts";
import { LiveQuery, WORK } from "@/lib/liveQuery.ts";
import { listenToAutomation, RedBranchFields } from "@/lib/automation.ts";
import { RunFields } from "@/lib/runs.ts";
import { staleBefore } from "@/lib/stale.ts";

export const OverviewQuery = graphql(
  `
    query Overview($days: Int!, $stale: IssueFilter!) {
      staleBoard: board(filter: $stale) {
        totalCount
      }
      overview {
        byStatus {
          status
          issues
        }
        stale {
          id
          number
          title
          updatedAt
          agents
          repository {
            name
          }
        }
        movesByDay(days: $days) {
          day
          moves
        }
        statusByDay(days: $days) {
          day
          byStatus {
            status
            issues
          }
        }
      }
      agents {
        name
        assignedCount
        byStatus {
          status
          issues
        }
      }
      agentRuns(first: 8) {
        nodes {
          ...RunFields
          issue {
            id
            title
          }
        }
      }
      redBranches {
        ...RedBranchFields
      }
      auditLog(first: 8) {
        nodes {
          id
          actor
          actorKind
          action
          repositoryFullName
          issueNumber
          success
          errorMessage
          createdAt
          issue {
            id
            title
          }
        }
      }
    }
  `,
  [RunFields, RedBranchFields],
);

/** The number of days in the charts. */
export const DAYS = 14;

export type Overview = ResultOf<typeof OverviewQuery>;

/** The filter for stale issues, the same as the board's. */
const stale = (now: number) => ({
  statuses: ["IN_PROGRESS" as const],
  updatedBefore: staleBefore(now),
});

/** The data of the overview, updated live. */
export const overviewQuery = () =>
  new LiveQuery<Overview>(
    () => ask(OverviewQuery, { days: DAYS, stale: stale(Date.now()) }),
    undefined,
    [...WORK, listenToAutomation],
  );
