import { ask } from "./graphql/client.ts";
import { connection } from "./graphql/connection.ts";
import { graphql, type ResultOf } from "./graphql/graphql.ts";
import { signal } from "./signal.ts";
import { syncState } from "./sync.ts";

export const ServiceQuery = graphql(`
  query Service {
    service {
      version
      simulated
      configured
      missing
      authMode
      untrackedBootstrap
    }
  }
`);

/** What the service says of itself: its version, whether its data is real, and what it lacks. */
export type Service = ResultOf<typeof ServiceQuery>["service"];

/** Undefined until the first answer. */
export const service = signal<Service | undefined>(undefined);

/** Asks the service about itself again. */
export async function refreshService(): Promise<void> {
  const answer = await ask(ServiceQuery, {});
  if (answer.data) service.set(answer.data.service);
}

/**
 * Asks now, again whenever the connection has come back (it may be another version by then), and when more or fewer
 * repositories are tracked, here or in another window.
 */
export function watchService(): () => void {
  void refreshService();
  let before = connection.get().state;
  let tracked = syncState.get()?.repositoriesCount;
  const stops = [
    connection.watch(() => {
      const { state } = connection.get();
      if (state === "live" && before !== "live") void refreshService();
      before = state;
    }),
    syncState.watch(() => {
      const now = syncState.get()?.repositoriesCount;
      if (tracked !== undefined && now !== tracked) void refreshService();
      tracked = now;
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
