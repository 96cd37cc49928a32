import { ask, denials } from "./graphql/client.ts";
import { connection } from "./graphql/connection.ts";
import { graphql, type ResultOf } from "./graphql/graphql.ts";
import { signal } from "./signal.ts";
import { syncState } from "./sync.ts";
import { viewer, ViewerFields } from "./viewer.ts";

export const ServiceQuery = graphql(
  `
    query Service {
      service {
        version
        simulated
        configured
        missing
        authMode
        untrackedBootstrap
      }
      viewer {
        ...ViewerFields
      }
    }
  `,
  [ViewerFields],
);

/** The version of the service, whether its data is simulated, and its missing configuration. */
export type Service = ResultOf<typeof ServiceQuery>["service"];

/** Undefined until the first response. */
export const service = signal<Service | undefined>(undefined);

let running: Promise<boolean> | undefined;
let next: Promise<boolean> | undefined;

/**
 * Requests the service and the viewer again. While a response is pending it requests once more
 * after that, because the response may be older than what the caller knows, such as a sign-in.
 * Resolves to whether there was a response.
 */
export function refreshService(): Promise<boolean> {
  if (!running) {
    running = read().finally(() => (running = undefined));
    return running;
  }
  next ??= running.then(() => {
    next = undefined;
    return refreshService();
  });
  return next;
}

async function read(): Promise<boolean> {
  const { data } = await ask(ServiceQuery, {});
  if (!data) return false;
  service.set(data.service);
  viewer.set(data.viewer);
  return true;
}

/**
 * Loads the service now and again: after a reconnect, because the version may have changed; after a change of the
 * tracked repositories; and after a denied mutation, because the session may have ended.
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
    denials.watch(() => void refreshService()),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
