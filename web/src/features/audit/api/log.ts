import { ask } from "@/lib/graphql/client.ts";
import { graphql, type ResultOf } from "@/lib/graphql/graphql.ts";
import { follow } from "@/lib/graphql/live.ts";
import { Feed } from "@/lib/feed.ts";
import { isSameName } from "@/lib/issues.ts";
import { queryOfFilter, type AuditFilter } from "../model/filter.ts";

const PAGE = 50;

const EntryFields = graphql(`
  fragment EntryFields on AuditEntry {
    id
    actor
    actorKind
    action
    repositoryFullName
    issueNumber
    beforeLabels
    afterLabels
    comment
    notes
    traceId
    success
    errorMessage
    createdAt
    issue {
      id
      title
      agents
    }
  }
`);

export const AuditLogQuery = graphql(
  `
    query AuditLog(
      $repository: String
      $actor: String
      $action: String
      $agent: String
      $success: Boolean
      $first: Int!
      $after: String
    ) {
      auditLog(
        repository: $repository
        actor: $actor
        action: $action
        agent: $agent
        success: $success
        first: $first
        after: $after
      ) {
        nodes {
          ...EntryFields
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [EntryFields],
);

export const AuditEntryAdded = graphql(
  `
    subscription AuditEntryAdded($repository: String) {
      auditEntryAdded(repository: $repository) {
        ...EntryFields
      }
    }
  `,
  [EntryFields],
);

export type AuditEntry = ResultOf<typeof EntryFields>;

/** Whether a new entry matches the filter. The stream can only be filtered by repository. */
export function admits(filter: AuditFilter, entry: AuditEntry): boolean {
  return (
    (filter.actor === "" || entry.actor === filter.actor) &&
    (filter.action === "" || entry.action === filter.action) &&
    (filter.outcome === "" || entry.success === (filter.outcome === "success")) &&
    (filter.agent === "" ||
      isSameName(entry.actor, filter.agent) ||
      (entry.issue?.agents.some((agent) => isSameName(agent, filter.agent)) ?? false))
  );
}

/** The entries that match a filter, newest first, updated live. */
export function auditFeed(filter: AuditFilter): Feed<AuditEntry> {
  const query = queryOfFilter(filter);
  return new Feed<AuditEntry>({
    read: async (after) => {
      const answer = await ask(AuditLogQuery, { ...query, first: PAGE, after: after ?? null });
      if (answer.failure) return answer;
      const { nodes, pageInfo } = answer.data.auditLog;
      return {
        data: {
          items: nodes,
          next: pageInfo.hasNextPage ? (pageInfo.endCursor ?? undefined) : undefined,
        },
      };
    },
    follow: (onItem, onGap) =>
      follow({
        document: AuditEntryAdded,
        variables: () => ({ repository: query.repository }),
        onItem: ({ auditEntryAdded }) => {
          if (admits(filter, auditEntryAdded)) onItem(auditEntryAdded);
        },
        onStart: onGap,
        onFailure: onGap,
      }),
  });
}
