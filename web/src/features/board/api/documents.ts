import { BackoffFields } from "@/lib/backoff.ts";
import { graphql, type ResultOf, type VariablesOf } from "@/lib/graphql/graphql.ts";

/** What a card shows. The same for a snapshot, an event and the answer to a move. */
export const CardFields = graphql(
  `
    fragment CardFields on Issue {
      id
      number
      title
      url
      state
      status
      priority
      labels
      agents
      owners
      assignees
      commentsCount
      createdAt
      updatedAt
      blockedReason
      pullRequestUrl
      pullRequests {
        url
        state
        isDraft
        checkState
        reviewDecision
      }
      openBlockers
      unblocks
      queueScore
      lease {
        id
        agent
        fencingToken
        checkpoint
        renewedAt
        expiresAt
        awaitingInput
        releaseAt
      }
      backoff {
        ...BackoffFields
      }
      repository {
        fullName
        name
        readOnlyReason
      }
    }
  `,
  [BackoffFields],
);

export const BoardQuery = graphql(
  `
    query Board($filter: IssueFilter, $first: Int!) {
      board(filter: $filter) {
        asOf
        totalCount
        columns {
          status
          totalCount
          issues(first: $first) {
            nodes {
              ...CardFields
            }
            pageInfo {
              hasNextPage
              endCursor
            }
          }
        }
      }
    }
  `,
  [CardFields],
);

/** One further page; the filter is narrowed to the one column, so that the others cost nothing. */
export const ColumnPageQuery = graphql(
  `
    query ColumnPage($filter: IssueFilter, $first: Int!, $after: String) {
      board(filter: $filter) {
        columns {
          status
          issues(first: $first, after: $after) {
            nodes {
              ...CardFields
            }
            pageInfo {
              hasNextPage
              endCursor
            }
          }
        }
      }
    }
  `,
  [CardFields],
);

export const CountsQuery = graphql(`
  query BoardCounts($filter: IssueFilter) {
    board(filter: $filter) {
      columns {
        status
        totalCount
      }
    }
  }
`);

export const BoardEvents = graphql(
  `
    subscription BoardEvents($filter: IssueFilter, $after: EventCursor) {
      boardEvents(filter: $filter, after: $after) {
        __typename
        ... on IssueMoved {
          cursor
          from
          to
          actor
          actorKind
          issue {
            ...CardFields
          }
        }
        ... on IssueChanged {
          cursor
          issue {
            ...CardFields
          }
        }
        ... on IssueRemoved {
          cursor
          issueId
        }
        ... on Resync {
          cursor
          reason
        }
      }
    }
  `,
  [CardFields],
);

export const MoveIssue = graphql(
  `
    mutation MoveIssue($input: MoveIssueInput!) {
      moveIssue(input: $input) {
        cursor
        auditEntry {
          id
          createdAt
        }
        issue {
          ...CardFields
        }
      }
    }
  `,
  [CardFields],
);

/** Several cards of one column at once; each moves or stays for itself. */
export const MoveIssues = graphql(
  `
    mutation MoveIssues($input: MoveIssuesInput!) {
      moveIssues(input: $input) {
        results {
          issueId
          moved {
            cursor
            auditEntry {
              id
              createdAt
            }
            issue {
              ...CardFields
            }
          }
          error {
            code
            message
          }
        }
      }
    }
  `,
  [CardFields],
);

/** When a line of the audit log was written; by that it is known again. */
export const EntryTime = graphql(`
  query EntryTime($id: ID!) {
    node(id: $id) {
      __typename
      ... on AuditEntry {
        createdAt
      }
    }
  }
`);

/** Takes a move back by a move of its own; refused when the card has been moved on since. */
export const UndoMove = graphql(
  `
    mutation UndoMove($input: UndoMoveInput!) {
      undoMove(input: $input) {
        cursor
        issue {
          ...CardFields
        }
      }
    }
  `,
  [CardFields],
);

export type BoardIssue = ResultOf<typeof CardFields>;
/** An agent's lease of an issue. */
export type Lease = NonNullable<BoardIssue["lease"]>;
export type BoardSnapshot = ResultOf<typeof BoardQuery>["board"];
export type BoardEvent = ResultOf<typeof BoardEvents>["boardEvents"];
export type IssueFilter = NonNullable<VariablesOf<typeof BoardQuery>["filter"]>;
