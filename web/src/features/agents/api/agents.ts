import { ask } from "@/lib/graphql/client.ts";
import { graphql, type ResultOf } from "@/lib/graphql/graphql.ts";
import { LiveQuery } from "@/lib/liveQuery.ts";

export const AgentsQuery = graphql(`
  query Agents {
    agents {
      name
      assignedCount
      runsCount
      successesCount
      failuresCount
      lastReportedAt
      byStatus {
        status
        issues
      }
    }
    agentRuns(first: 100) {
      nodes {
        id
        agentName
        runType
        status
        startedAt
        finishedAt
        summary
        errorMessage
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
`);

type Result = ResultOf<typeof AgentsQuery>;

export type Agent = Result["agents"][number];
export type Run = Result["agentRuns"]["nodes"][number];

/** Every agent with what it is assigned, and what agents reported last, kept true. */
export const agentsQuery = () => new LiveQuery<Result>(() => ask(AgentsQuery, {}));
