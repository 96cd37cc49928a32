import { ask } from "@/lib/graphql/client.ts";
import { graphql, type ResultOf } from "@/lib/graphql/graphql.ts";
import { LiveQuery } from "@/lib/liveQuery.ts";
import { RunFields } from "@/lib/runs.ts";

/** The interval for reloads, because an expired lease causes an event only when it is cleaned up. */
const LOOK_EVERY_MS = 30_000;

const LeaseFields = graphql(`
  fragment AgentLease on Lease {
    id
    agent
    checkpoint
    acquiredAt
    renewedAt
    expiresAt
    endedAt
    ending
    outcome
    isHeld
    issue {
      id
      number
      title
      removedAt
      repository {
        name
        enabled
      }
    }
  }
`);

export const AgentsQuery = graphql(
  `
    query Agents {
      agents {
        name
        assignedCount
        runsCount
        successesCount
        failuresCount
        lastSeenAt
        successRate
        claimsEndedCount
        claimsSucceededCount
        byStatus {
          status
          issues
        }
        leases {
          ...AgentLease
          awaitingInput
          releaseAt
        }
        leaseHistory(first: 100) {
          ...AgentLease
        }
      }
      agentRuns(first: 100) {
        nodes {
          ...RunFields
          issue {
            id
            number
            title
            repository {
              name
            }
          }
        }
      }
    }
  `,
  [LeaseFields, RunFields],
);

type Result = ResultOf<typeof AgentsQuery>;

export type Agent = Result["agents"][number];
/** A current lease. */
export type ActiveLease = Agent["leases"][number];
export type Lease = ResultOf<typeof LeaseFields>;
export type Run = Result["agentRuns"]["nodes"][number];

/** All agents with their current and past leases, and the latest runs, updated live. */
export const agentsQuery = () => new LiveQuery<Result>(() => ask(AgentsQuery, {}), LOOK_EVERY_MS);
