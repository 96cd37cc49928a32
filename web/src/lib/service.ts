import { ask } from "./graphql/client.ts";
import { connection } from "./graphql/connection.ts";
import { graphql, type ResultOf } from "./graphql/graphql.ts";
import { signal } from "./signal.ts";

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

/** Asks now, and again whenever the connection has come back: it may be another version by then. */
export function watchService(): () => void {
  void refreshService();
  let before = connection.get().state;
  return connection.watch(() => {
    const { state } = connection.get();
    if (state === "live" && before !== "live") void refreshService();
    before = state;
  });
}
