import { graphql, type ResultOf } from "./graphql/graphql.ts";

export const RunFields = graphql(`
  fragment RunFields on AgentRun {
    id
    agentName
    runType
    status
    startedAt
    finishedAt
    summary
    errorMessage
  }
`);

/** One recorded piece of work by an agent, without its issue. */
export type Run = ResultOf<typeof RunFields>;
