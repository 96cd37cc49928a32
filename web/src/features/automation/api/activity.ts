import { ask } from "@/lib/graphql/client.ts";
import { graphql, type ResultOf } from "@/lib/graphql/graphql.ts";
import { follow } from "@/lib/graphql/live.ts";
import { Feed } from "@/lib/feed.ts";
import { queryOfFilter, type ActivityFilter } from "../model/activityFilter.ts";

const PAGE = 50;

export const ActivityFields = graphql(`
  fragment ActivityFields on ActivityEvent {
    id
    type
    title
    description
    actor
    url
    sha
    branch
    status
    createdAt
    repository {
      id
      fullName
    }
    workflowRun {
      id
      workflow {
        id
      }
    }
  }
`);

export const ActivityQuery = graphql(
  `
    query Activity($filter: ActivityFilter, $first: Int!, $after: String) {
      activity(filter: $filter, first: $first, after: $after) {
        nodes {
          ...ActivityFields
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [ActivityFields],
);

export const ActivityRecorded = graphql(
  `
    subscription ActivityRecorded($repository: String, $types: [ActivityType!]) {
      automationEvents(repository: $repository, types: $types) {
        __typename
        ... on ActivityRecorded {
          activity {
            ...ActivityFields
          }
        }
      }
    }
  `,
  [ActivityFields],
);

export type ActivityEvent = ResultOf<typeof ActivityFields>;

/** The events that match a filter, newest first, updated live. */
export function activityFeed(filter: ActivityFilter): Feed<ActivityEvent> {
  const { repository, types } = queryOfFilter(filter);
  return new Feed<ActivityEvent>({
    read: async (after) => {
      const answer = await ask(ActivityQuery, {
        filter: { repository, types },
        first: PAGE,
        after: after ?? null,
      });
      if (answer.failure) return answer;
      const { nodes, pageInfo } = answer.data.activity;
      return {
        data: {
          items: nodes,
          next: pageInfo.hasNextPage ? (pageInfo.endCursor ?? undefined) : undefined,
        },
      };
    },
    follow: (onItem, onGap) =>
      follow({
        document: ActivityRecorded,
        variables: () => ({ repository, types }),
        onItem: ({ automationEvents: event }) => {
          if (event.__typename === "ActivityRecorded") onItem(event.activity);
          else if (event.__typename === "AutomationResync") onGap();
        },
        onStart: onGap,
        onFailure: onGap,
      }),
  });
}

export const RepositoryNames = graphql(`
  query RepositoryNames {
    repositories {
      fullName
      enabled
    }
  }
`);

/** The full names of the tracked repositories; none if the request fails. */
export async function readRepositoryNames(): Promise<readonly string[]> {
  const { data } = await ask(RepositoryNames, {});
  return (data?.repositories ?? []).flatMap(({ fullName, enabled }) => (enabled ? fullName : []));
}
