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

/** Tracks a repository. The server then syncs it, after a sync that is already running. */
export async function track(fullName: string): Promise<Answer<unknown>> {
  const answer = await change(TrackRepository, { input: { fullName } });
  if (!answer.failure) void sync(fullName);
  return answer;
}

/** Stops tracking a repository. Its issues are hidden and not deleted. */
export const untrack = (fullName: string): Promise<Answer<unknown>> =>
  change(UntrackRepository, { input: { fullName } });
