import { ask, change, type Answer } from "@/lib/graphql/client.ts";
import { graphql, type ResultOf } from "@/lib/graphql/graphql.ts";
import { LabelSchemeFields } from "@/lib/labelSchemes.ts";

const RepositoryFields = graphql(
  `
    fragment RepositoryFields on Repository {
      id
      fullName
      url
      enabled
      source
      lastSyncedAt
      readOnlyReason
      syncError
      backoff {
        reason
        retryAt
      }
      servesPeoplesWork {
        inProgress
        assigned
        owned
      }
      labelScheme {
        ...LabelSchemeFields
      }
      unreadableIssues {
        totalCount
        nodes {
          number
          reason
          since
        }
      }
    }
  `,
  [LabelSchemeFields],
);

export const RepositoriesQuery = graphql(
  `
    query Repositories {
      repositories {
        ...RepositoryFields
      }
    }
  `,
  [RepositoryFields],
);

export const SetServesPeoplesWork = graphql(
  `
    mutation SetServesPeoplesWork($input: SetServesPeoplesWorkInput!) {
      setServesPeoplesWork(input: $input) {
        repository {
          ...RepositoryFields
        }
      }
    }
  `,
  [RepositoryFields],
);

export type Repository = ResultOf<typeof RepositoryFields>;

/** Loads the tracked repositories. */
export async function readRepositories(): Promise<Answer<readonly Repository[]>> {
  const answer = await ask(RepositoriesQuery, {});
  if (answer.failure) return answer;
  return { data: answer.data.repositories.filter((repository) => repository.enabled) };
}

/** Which issues of people are served to agents in a repository. */
export type Serves = Repository["servesPeoplesWork"];

/** Changes which issues of people are served to agents in a repository. Returns the changed repository. */
export async function setServes(
  fullName: string,
  serves: Partial<Serves>,
): Promise<Answer<Repository>> {
  const answer = await change(SetServesPeoplesWork, { input: { fullName, ...serves } });
  if (answer.failure) return answer;
  return { data: answer.data.setServesPeoplesWork.repository };
}
