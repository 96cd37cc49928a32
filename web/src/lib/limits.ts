import { graphql, type ResultOf } from "./graphql/graphql.ts";

/** The work in progress and its limits, as column heads and the queue show them. */
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
