import { ask, change, type Answer } from "@/lib/graphql/client.ts";
import { graphql, type ResultOf } from "@/lib/graphql/graphql.ts";
import { LiveQuery } from "@/lib/liveQuery.ts";
import { queryOfFilter, type DeliveryFilter } from "../model/filter.ts";

const PAGE = 100;
/** The interval for reloads, because there is no subscription for deliveries. */
const LOOK_EVERY_MS = 4_000;

export const DeliveriesQuery = graphql(`
  query Deliveries(
    $state: DeliveryState
    $event: String
    $repository: String
    $first: Int!
    $after: String
  ) {
    webhookDeliveries(
      state: $state
      event: $event
      repository: $repository
      first: $first
      after: $after
    ) {
      nodes {
        id
        deliveryId
        event
        action
        repositoryFullName
        number
        state
        reason
        attempts
        receivedAt
        nextAttemptAt
        settledAt
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
    webhookDeliveryCounts {
      state
      event
      deliveries
    }
    repositories {
      fullName
      enabled
    }
  }
`);

export const ReplayDelivery = graphql(`
  mutation ReplayDelivery($input: ReplayWebhookDelivery!) {
    replayWebhookDelivery(input: $input) {
      delivery {
        id
        state
      }
    }
  }
`);

type Result = ResultOf<typeof DeliveriesQuery>;

export type Delivery = Result["webhookDeliveries"]["nodes"][number];

export type Deliveries = {
  /** Newest first. */
  readonly deliveries: readonly Delivery[];
  readonly hasMore: boolean;
  /** The counts of all stored deliveries, independent of the filter. */
  readonly counts: Result["webhookDeliveryCounts"];
  /** The full names of the tracked repositories. */
  readonly repositories: readonly string[];
};

/** The deliveries that match a filter, updated live. Each call of `readMore` adds a page. */
export function deliveriesQuery(filter: DeliveryFilter): {
  readonly query: LiveQuery<Deliveries>;
  readonly readMore: () => Promise<void>;
} {
  let pages = 1;
  const query = new LiveQuery<Deliveries>(() => readPages(filter, pages), LOOK_EVERY_MS);
  return {
    query,
    readMore: () => {
      pages += 1;
      return query.refresh();
    },
  };
}

const readPage = (filter: DeliveryFilter, after: string | null): Promise<Answer<Result>> =>
  ask(DeliveriesQuery, { ...queryOfFilter(filter), first: PAGE, after });

async function readPages(filter: DeliveryFilter, pages: number): Promise<Answer<Deliveries>> {
  let answer = await readPage(filter, null);
  const deliveries: Delivery[] = [];
  for (let read = 1; !answer.failure; read += 1) {
    const { webhookDeliveries, webhookDeliveryCounts: counts, repositories } = answer.data;
    deliveries.push(...webhookDeliveries.nodes);
    const { hasNextPage: hasMore, endCursor } = webhookDeliveries.pageInfo;
    if (!hasMore || read === pages) {
      const tracked = repositories.filter(({ enabled }) => enabled);
      const names = tracked.map(({ fullName }) => fullName);
      return { data: { deliveries, hasMore, counts, repositories: names } };
    }
    answer = await readPage(filter, endCursor);
  }
  return answer;
}

/** Processes a delivery again. Changes that were already applied have no further effect. */
export const replay = (deliveryId: string): Promise<Answer<unknown>> =>
  change(ReplayDelivery, { input: { deliveryId } });
