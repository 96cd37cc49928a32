import { WorkflowRunFields, type Run } from "@/lib/automation.ts";
import { ask, type Answer } from "@/lib/graphql/client.ts";
import { graphql, type ResultOf } from "@/lib/graphql/graphql.ts";
import { LiveQuery } from "@/lib/liveQuery.ts";
import { LISTEN } from "./listen.ts";

const TriggerFields = graphql(`
  fragment TriggerFields on WorkflowTriggers {
    push {
      branches
      branchesIgnore
      tags
      paths
      pathsIgnore
    }
    pullRequest {
      branches
      branchesIgnore
      tags
      paths
      pathsIgnore
    }
    schedules {
      cron
      words
      nextRunAt
    }
    dispatch {
      inputs {
        name
        type
        required
        default
        description
        options
      }
    }
    isReusable
    others
  }
`);

export const WorkflowQuery = graphql(
  `
    query AutomationWorkflow($id: ID!) {
      workflow(id: $id) {
        id
        githubId
        name
        path
        state
        url
        isFlaky
        successRate
        averageDuration
        latestRunOnDefaultBranch {
          ...WorkflowRunFields
        }
        repository {
          id
          fullName
          name
          url
          automation {
            defaultBranch
          }
        }
        triggers {
          ...TriggerFields
        }
        fileError {
          message
          line
        }
        recentRuns(first: 50) {
          ...WorkflowRunFields
        }
        branches {
          branch
          latestRun {
            ...WorkflowRunFields
          }
        }
        days(days: 36) {
          day
          succeeded
          failed
          cancelled
          averageDuration
        }
        siblings {
          id
          successRate
          averageDuration
          isFlaky
          repository {
            id
            fullName
          }
          triggers {
            dispatch {
              inputs {
                name
              }
            }
          }
          recentRuns(first: 20) {
            ...WorkflowRunFields
          }
        }
      }
    }
  `,
  [WorkflowRunFields, TriggerFields],
);

export const BranchRunsQuery = graphql(
  `
    query BranchRuns($filter: WorkflowRunFilter!, $first: Int!, $after: String) {
      workflowRuns(filter: $filter, first: $first, after: $after) {
        nodes {
          ...WorkflowRunFields
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [WorkflowRunFields],
);

export const RunQuery = graphql(
  `
    query AutomationRun($id: ID!) {
      workflowRun(id: $id) {
        ...WorkflowRunFields
        pullRequestNumber
        jobs {
          id
          name
          status
          statusText
          conclusion
          conclusionText
          createdAt
          startedAt
          completedAt
          runnerName
          failedStep
          url
        }
        artifacts {
          id
          name
          size
          expiresAt
          isExpired
        }
      }
    }
  `,
  [WorkflowRunFields],
);

export const FailureQuery = graphql(`
  query RunFailure($id: ID!) {
    workflowRun(id: $id) {
      id
      failure {
        job {
          name
        }
        step
        logExcerpt
        url
      }
    }
  }
`);

export type Workflow = NonNullable<ResultOf<typeof WorkflowQuery>["workflow"]>;
export type Triggers = ResultOf<typeof TriggerFields>;
export type DispatchInput = NonNullable<Triggers["dispatch"]>["inputs"][number];
export type Sibling = Workflow["siblings"][number];
export type RunDetails = NonNullable<ResultOf<typeof RunQuery>["workflowRun"]>;
export type Job = RunDetails["jobs"][number];
export type Failure = NonNullable<
  NonNullable<ResultOf<typeof FailureQuery>["workflowRun"]>["failure"]
>;

/** A workflow with its latest runs, updated live; null if it does not exist. */
export const workflowQuery = (id: string): LiveQuery<{ readonly workflow: Workflow | null }> =>
  new LiveQuery(() => ask(WorkflowQuery, { id }), undefined, LISTEN);

/** The interval for reloads of a run, because without webhooks no event reports its jobs. */
const LOOK_EVERY_MS = 20_000;

/** A run with its jobs, updated live; null if it does not exist any more. */
export const runQuery = (id: string): LiveQuery<{ readonly workflowRun: RunDetails | null }> =>
  new LiveQuery(() => ask(RunQuery, { id }), LOOK_EVERY_MS, LISTEN);

const PAGE = 50;

type BranchRuns = { readonly runs: readonly Run[]; readonly hasMore: boolean };

/** The runs on a branch, newest first, updated live. Each call of `readMore` adds a page. */
export function branchRuns(
  workflowId: string,
  branch: string,
): { readonly query: LiveQuery<BranchRuns>; readonly readMore: () => Promise<void> } {
  let pages = 1;
  const readPage = (after: string | null) =>
    ask(BranchRunsQuery, { filter: { workflowId, branch }, first: PAGE, after });
  const read = async (): Promise<Answer<BranchRuns>> => {
    const runs: Run[] = [];
    let answer = await readPage(null);
    for (let page = 1; !answer.failure; page += 1) {
      const { nodes, pageInfo } = answer.data.workflowRuns;
      runs.push(...nodes);
      if (!pageInfo.hasNextPage || page === pages) {
        return { data: { runs, hasMore: pageInfo.hasNextPage } };
      }
      answer = await readPage(pageInfo.endCursor);
    }
    return answer;
  };
  const query = new LiveQuery(read, undefined, LISTEN);
  return {
    query,
    readMore: () => {
      pages += 1;
      return query.refresh();
    },
  };
}
