import { graphql } from "@/lib/graphql/graphql.ts";

/** How a repository is doing, and when that was last read. */
export const AutomationStateFields = graphql(`
  fragment AutomationStateFields on RepositoryAutomation {
    openPullRequestsCount
    workflowsCount
    releasesCount
    failingCount
    runningCount
    isRed
    lastSyncedAt
    lastAttemptedAt
    syncError
  }
`);
