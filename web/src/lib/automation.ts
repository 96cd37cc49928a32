import { graphql, type ResultOf } from "./graphql/graphql.ts";
import { share } from "./graphql/share.ts";

/** The fields of a run in lists. */
export const WorkflowRunFields = graphql(`
  fragment WorkflowRunFields on WorkflowRun {
    id
    number
    attempt
    title
    event
    status
    statusText
    conclusion
    conclusionText
    branch
    headSha
    actor
    url
    createdAt
    startedAt
    completedAt
    duration
    waitingFor
  }
`);

/** A run of a workflow, without its jobs. */
export type Run = ResultOf<typeof WorkflowRunFields>;

export const AutomationEvents = graphql(`
  subscription AutomationEvents {
    automationEvents {
      __typename
      ... on ActivityRecorded {
        activity {
          id
          repository {
            id
          }
        }
      }
      ... on WorkflowRunChanged {
        run {
          id
          repository {
            id
          }
        }
      }
      ... on AutomationChanged {
        repository {
          id
        }
      }
    }
  }
`);

/** A change of automation data. */
export type AutomationEvent = ResultOf<typeof AutomationEvents>["automationEvents"];

export const listenToAutomation = share(AutomationEvents);

/** The id of the repository of an event; undefined if any repository may have changed. */
export function repositoryOf(event: AutomationEvent): string | undefined {
  switch (event.__typename) {
    case "ActivityRecorded":
      return event.activity.repository.id;
    case "WorkflowRunChanged":
      return event.run.repository.id;
    case "AutomationChanged":
      return event.repository.id;
    case "AutomationResync":
      return undefined;
  }
}

export const RedBranchFields = graphql(`
  fragment RedBranchFields on RedBranch {
    branch
    since
    sinceCommit
    sinceActor
    repository {
      id
      fullName
      name
      url
    }
    workflow {
      id
      name
    }
    run {
      id
      number
      status
      statusText
      conclusion
      conclusionText
    }
  }
`);

/** A workflow whose latest run on the default branch failed. */
export type RedBranch = ResultOf<typeof RedBranchFields>;

/** The address of a workflow's page, optionally with an open run. */
export const workflowAddress = (workflowId: string, runId?: string): string =>
  `/automation/workflows/${encodeURIComponent(workflowId)}${runId === undefined ? "" : `?run=${encodeURIComponent(runId)}`}`;

/** The address of a repository's automation page, by its full name. */
export const repositoryAddress = (fullName: string): string => `/automation/repos/${fullName}`;

/** The abbreviated SHA of a commit. */
export const shortSha = (sha: string): string => sha.slice(0, 7);
