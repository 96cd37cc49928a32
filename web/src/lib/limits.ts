import { graphql, type ResultOf } from "./graphql/graphql.ts";

/** How much is being worked on, and how much may be: what column heads and the queue show of it. */
export const LimitFields = graphql(`
  fragment LimitFields on WorkLimits {
    waitingForHuman {
      issues
      limit
    }
    lanes {
      lane
      issues
      limit
    }
  }
`);

export type WorkLimits = ResultOf<typeof LimitFields>;
