import { change, type Answer } from "./graphql/client.ts";
import { graphql } from "./graphql/graphql.ts";
import { sync } from "./sync.ts";

export const TrackRepository = graphql(`
  mutation TrackRepository($input: TrackRepositoryInput!) {
    trackRepository(input: $input) {
      repository {
        id
      }
    }
  }
`);

export const UntrackRepository = graphql(`
  mutation UntrackRepository($input: UntrackRepositoryInput!) {
    untrackRepository(input: $input) {
      repository {
        id
      }
    }
  }
`);

/** Tracks a repository. Its issues are on their way then: a sync is asked for, and where one is under way, it is next. */
export async function track(fullName: string): Promise<Answer<unknown>> {
  const answer = await change(TrackRepository, { input: { fullName } });
  if (!answer.failure) void sync(fullName);
  return answer;
}

/** Stops tracking a repository. Its issues are hidden, not deleted. */
export const untrack = (fullName: string): Promise<Answer<unknown>> =>
  change(UntrackRepository, { input: { fullName } });
