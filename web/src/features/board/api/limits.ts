import { ask } from "@/lib/graphql/client.ts";
import { connection } from "@/lib/graphql/connection.ts";
import { graphql } from "@/lib/graphql/graphql.ts";
import { LimitFields, type WorkLimits } from "@/lib/limits.ts";
import { LiveQuery } from "@/lib/liveQuery.ts";
import type { Signal } from "@/lib/signal.ts";
import { isLimited } from "../model/limits.ts";

export const LimitsQuery = graphql(
  `
    query BoardLimits {
      workLimits {
        ...LimitFields
      }
    }
  `,
  [LimitFields],
);

/**
 * Keeps the limits up to date. Limits come from settings, so a service without limits is asked again only after the
 * connection was lost. Returns the function that stops it.
 */
export function watchLimits(limits: Signal<WorkLimits | undefined>): () => void {
  const query = new LiveQuery(() => ask(LimitsQuery, {}));
  let stop: (() => void) | undefined;
  const unwatch = query.state.watch(() => {
    const { data } = query.state.get();
    if (!data) return;
    limits.set(data.workLimits);
    if (!isLimited(data.workLimits)) {
      stop?.();
      stop = undefined;
    } else stop ??= query.open();
  });
  void query.refresh();
  let before = connection.get().state;
  const unwatchConnection = connection.watch(() => {
    const { state } = connection.get();
    if (state === "live" && before === "catching-up") void query.refresh();
    before = state;
  });
  return () => {
    unwatch();
    unwatchConnection();
    stop?.();
  };
}
