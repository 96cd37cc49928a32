import { BackoffFields } from "@/lib/backoff.ts";
import { ask } from "@/lib/graphql/client.ts";
import { graphql, type ResultOf } from "@/lib/graphql/graphql.ts";
import { LimitFields } from "@/lib/limits.ts";
import { LiveQuery } from "@/lib/liveQuery.ts";
import type { Address } from "../model/address.ts";

/** The number of eligible issues that are loaded, and of withheld ones. */
export const SHOWN = 50;
/** The number of decisions that are loaded. */
const DECISIONS = 20;
/** The interval for reloads, because some changes cause no event, such as an expired lease. */
const LOOK_MS = 15_000;

const NamedFields = graphql(`
  fragment NamedFields on Issue {
    id
    number
    title
    repository {
      name
    }
  }
`);

export const QueueQuery = graphql(
  `
    query Queue($agent: String!, $lane: String, $first: Int!, $of: String, $decisions: Int!) {
      queue(agent: $agent, lane: $lane, first: $first) {
        rank
        skipReasons
        summary
        rankingReason
        issue {
          ...NamedFields
          status
          priority
          agents
          lane
          backoff {
            ...BackoffFields
          }
          repository {
            fullName
            readOnlyReason
          }
        }
      }
      workDecisions(agent: $of, first: $decisions) {
        nodes {
          id
          kind
          agent
          lane
          firstAt
          lastAt
          times
          idleReason
          issue {
            ...NamedFields
          }
          candidates {
            issueId
            rank
            reason
          }
          withheld {
            issueId
            skipReasons
            summary
          }
          counts {
            reason
            issues
          }
        }
      }
      queueDoctor {
        counts {
          ailment
          issues
        }
        findings {
          issueId
          ailment
          isRepairable
          agent
          since
          summary
          detail
          issue {
            ...NamedFields
          }
        }
      }
      workLimits {
        held
        perAgent
        perRepository
        ...LimitFields
      }
    }
  `,
  [NamedFields, LimitFields, BackoffFields],
);

export const QueueChoices = graphql(`
  query QueueChoices {
    repositories {
      fullName
    }
    agents {
      name
      assignedCount
    }
    workLimits {
      lanes {
        lane
        issues
      }
    }
  }
`);

export const IssueName = graphql(
  `
    query IssueName($id: ID!) {
      issue(id: $id) {
        ...NamedFields
      }
    }
  `,
  [NamedFields],
);

/** The agents, lanes and repositories that can be selected or paused. */
export type Choices = ResultOf<typeof QueueChoices>;
/** The queue of one agent, with the reasons for each rank. */
export type Queue = ResultOf<typeof QueueQuery>;
export type Explained = Queue["queue"][number];
export type Decision = Queue["workDecisions"]["nodes"][number];
export type Finding = Queue["queueDoctor"]["findings"][number];
/** The title, number and repository of an issue. */
export type Named = ResultOf<typeof NamedFields>;

/** The queue of an address, updated live. */
export const queueQuery = ({ agent, lane, everyone }: Address) =>
  new LiveQuery<Queue>(
    () =>
      ask(QueueQuery, {
        agent,
        lane: lane === "" ? null : lane,
        first: SHOWN,
        of: everyone ? null : agent,
        decisions: DECISIONS,
      }),
    LOOK_MS,
  );

/** The existing agents and lanes, updated live. */
export const choicesQuery = () => new LiveQuery<Choices>(() => ask(QueueChoices, {}));

/** Loads the titles of issues. Issues that have left the board are left out. */
export async function readNames(ids: readonly string[]): Promise<readonly Named[]> {
  const answers = await Promise.all(ids.map((id) => ask(IssueName, { id })));
  return answers.flatMap(({ data }) => data?.issue ?? []);
}
