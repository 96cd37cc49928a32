import { BackoffFields } from "@/lib/backoff.ts";
import { ask } from "@/lib/graphql/client.ts";
import { graphql, type ResultOf } from "@/lib/graphql/graphql.ts";
import { LimitFields } from "@/lib/limits.ts";
import { LiveQuery } from "@/lib/liveQuery.ts";
import type { Address } from "../model/address.ts";

/** Ranked issues that are shown; as many withheld ones follow. */
export const SHOWN = 50;
/** Decisions that are shown. */
const DECISIONS = 20;
/** What time alone changes (a lease that runs out, an idle answer that is repeated) shows this soon. */
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

/** Whose queue can be looked at, and which; and what can be paused. */
export type Choices = ResultOf<typeof QueueChoices>;
/** A queue as one agent would be served from it, with all that is known of why. */
export type Queue = ResultOf<typeof QueueQuery>;
export type Explained = Queue["queue"][number];
export type Decision = Queue["workDecisions"]["nodes"][number];
export type Finding = Queue["queueDoctor"]["findings"][number];
/** An issue by what people call it. */
export type Named = ResultOf<typeof NamedFields>;

/** The queue that an address asks for, kept true. */
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

/** The agents and lanes that there are, kept true. */
export const choicesQuery = () => new LiveQuery<Choices>(() => ask(QueueChoices, {}));

/** What issues are called; those that are not shown any more are left out. */
export async function readNames(ids: readonly string[]): Promise<readonly Named[]> {
  const answers = await Promise.all(ids.map((id) => ask(IssueName, { id })));
  return answers.flatMap(({ data }) => data?.issue ?? []);
}
