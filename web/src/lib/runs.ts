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

/** The fields of an agent run without its issue. */
export type Run = ResultOf<typeof RunFields>;
