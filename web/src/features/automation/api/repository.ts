import { WorkflowRunFields } from "@/lib/automation.ts";
import { ask, type Answer } from "@/lib/graphql/client.ts";
import { graphql, type ResultOf } from "@/lib/graphql/graphql.ts";
import { isSameName } from "@/lib/issues.ts";
import { LiveQuery } from "@/lib/liveQuery.ts";
import { LISTEN } from "./listen.ts";
import { ActivityFields } from "./activity.ts";
import { AutomationStateFields } from "./state.ts";

export const RepositoryQuery = graphql(
  `
    query AutomationRepository($id: ID!, $repository: String!, $events: Int!) {
      node(id: $id) {
        __typename
        ... on Repository {
          id
          fullName
          name
          url
          source
          enabled
          automation {
            defaultBranch
            latestCommit {
              sha
              committedAt
              author
              url
            }
            ...AutomationStateFields
            openSecretAlertsCount
            missingPermissions {
              part
              permission
            }
            workflows {
              id
              name
              path
              state
              url
              isFlaky
              successRate
              averageDuration
              recentRuns(first: 50) {
                ...WorkflowRunFields
              }
            }
            releases(first: 10) {
              id
              tagName
              name
              isDraft
              isPrerelease
              url
              publishedAt
              createdAt
            }
            packages {
              id
              packageType
              name
              visibility
              url
              latestVersion
              latestTags
              updatedAt
            }
            pullRequests(first: 20) {
              id
              number
              url
              title
              isDraft
              author
              branch
              checkState
              updatedAt
            }
            checks {
              id
              name
              app
              status
              conclusion
              url
              completedAt
            }
            deployments(first: 10) {
              id
              environment
              ref
              state
              creator
              url
              updatedAt
              workflowRunGithubId
            }
            lastSyncRun {
              id
              status
              requestsCount
              workflowsCount
              runsCount
              error
              startedAt
              completedAt
            }
          }
        }
      }
      activity(filter: { repository: $repository }, first: $events) {
        nodes {
          ...ActivityFields
        }
      }
    }
  `,
  [AutomationStateFields, WorkflowRunFields, ActivityFields],
);

export const RepositoryIds = graphql(`
  query RepositoryIds {
    repositories {
      id
      fullName
    }
  }
`);

/** The number of events that are shown. */
const EVENTS = 8;

type Node = Extract<ResultOf<typeof RepositoryQuery>["node"], { __typename: "Repository" }>;

export type RepositoryPageData = {
  /** Null if no repository of this name is tracked. */
  readonly repository: Node | null;
  readonly events: ResultOf<typeof RepositoryQuery>["activity"]["nodes"];
};
export type RepositoryAutomation = Node["automation"];
export type RepositoryWorkflow = RepositoryAutomation["workflows"][number];

/** The automation of one repository, updated live. */
export function repositoryQuery(fullName: string): LiveQuery<RepositoryPageData> {
  let id: string | undefined;
  const read = async (): Promise<Answer<RepositoryPageData>> => {
    if (id === undefined) {
      const names = await ask(RepositoryIds, {});
      if (names.failure) return names;
      id = names.data.repositories.find((each) => isSameName(each.fullName, fullName))?.id;
      if (id === undefined) return { data: { repository: null, events: [] } };
    }
    const answer = await ask(RepositoryQuery, { id, repository: fullName, events: EVENTS });
    if (answer.failure) return answer;
    const { node, activity } = answer.data;
    const repository = node?.__typename === "Repository" && node.enabled ? node : null;
    return { data: { repository, events: activity.nodes } };
  };
  return new LiveQuery(read, undefined, LISTEN);
}
