import { ask, change, type Answer } from "./graphql/client.ts";
import { graphql, type ResultOf } from "./graphql/graphql.ts";
import { follow } from "./graphql/live.ts";
import { latestOnly } from "./latestOnly.ts";
import { signal } from "./signal.ts";

const SyncFields = graphql(`
  fragment SyncFields on SyncState {
    repositoriesCount
    failingCount
    issuesCount
    lastGoodSyncAt
    unansweredSince
    running {
      startedAt
      repositoriesCount
      repositoriesDoneCount
      issuesReadCount
    }
  }
`);

export const SyncStateQuery = graphql(
  `
    query SyncState {
      syncState {
        ...SyncFields
      }
    }
  `,
  [SyncFields],
);

export const SyncChanged = graphql(
  `
    subscription SyncChanged {
      syncChanged {
        ...SyncFields
      }
    }
  `,
  [SyncFields],
);

export const SyncIssues = graphql(`
  mutation SyncIssues($input: SyncIssuesInput) {
    syncIssues(input: $input) {
      syncedCount
      results {
        repository
        synced
        error
      }
    }
  }
`);

/** The state of the sync with GitHub. */
export type SyncState = ResultOf<typeof SyncFields>;

/** Undefined until the first response; then updated while it is watched. */
export const syncState = signal<SyncState | undefined>(undefined);

/** The interval for checks of a running sync, because no event reports that its server process has died. */
const LOOK_MS = 15_000;

/** Keeps `syncState` up to date. Returns the function that stops it. */
export function watchSync(): () => void {
  const answers = latestOnly();
  const read = async () => {
    const isLatest = answers.start();
    const answer = await ask(SyncStateQuery, {});
    if (!answer.data || !isLatest()) return;
    syncState.set(answer.data.syncState);
  };
  const stop = follow({
    document: SyncChanged,
    variables: () => ({}),
    onItem: ({ syncChanged }) => {
      answers.supersede();
      syncState.set(syncChanged);
    },
    onStart: () => void read(),
    onFailure: () => void read(),
  });
  void read();
  const timer = setInterval(() => {
    if (syncState.get()?.running) void read();
  }, LOOK_MS);
  return () => {
    stop();
    clearInterval(timer);
  };
}

/** The result of a sync that was requested here. */
export type SyncOutcome = ResultOf<typeof SyncIssues>["syncIssues"];

/** Syncs all tracked repositories with GitHub, or one. Resolves when the sync has ended. */
export async function sync(repository?: string): Promise<Answer<SyncOutcome>> {
  const answer = await change(SyncIssues, {
    input: repository === undefined ? null : { repository },
  });
  return answer.failure ? answer : { data: answer.data.syncIssues };
}
