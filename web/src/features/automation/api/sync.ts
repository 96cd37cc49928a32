import { ask } from "@/lib/graphql/client.ts";
import { graphql, type ResultOf } from "@/lib/graphql/graphql.ts";
import { follow } from "@/lib/graphql/live.ts";
import { latestOnly } from "@/lib/latestOnly.ts";
import { signal } from "@/lib/signal.ts";

const RunningSyncFields = graphql(`
  fragment RunningSyncFields on RunningAutomationSync {
    startedAt
    repositoriesCount
    doneCount
  }
`);

export const RunningSyncQuery = graphql(
  `
    query RunningAutomationSync {
      runningAutomationSync {
        ...RunningSyncFields
      }
    }
  `,
  [RunningSyncFields],
);

export const RunningSyncChanged = graphql(
  `
    subscription RunningAutomationSyncChanged {
      automationSyncChanged {
        ...RunningSyncFields
      }
    }
  `,
  [RunningSyncFields],
);

export type RunningSync = ResultOf<typeof RunningSyncFields>;

/** The running sync of automation data; null if there is none. */
export const runningSync = signal<RunningSync | null>(null);

/** Keeps `runningSync` up to date. Returns the function that stops it. */
export function watchRunningSync(): () => void {
  const answers = latestOnly();
  const read = async () => {
    const isLatest = answers.start();
    const { data } = await ask(RunningSyncQuery, {});
    if (data && isLatest()) runningSync.set(data.runningAutomationSync);
  };
  const again = () => void read();
  void read();
  return follow({
    document: RunningSyncChanged,
    variables: () => ({}),
    onItem: ({ automationSyncChanged }) => {
      answers.supersede();
      runningSync.set(automationSyncChanged);
    },
    onStart: again,
    onFailure: again,
  });
}
