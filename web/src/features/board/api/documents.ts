import { BackoffFields } from "@/lib/backoff.ts";
import { graphql, type ResultOf, type VariablesOf } from "@/lib/graphql/graphql.ts";

/** The fields of a card, the same for snapshots, events and responses to moves. */
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

/** The next page of a column. The filter selects only this column, so that the others do not add to the cost. */
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

/** Moves several cards of one column. Each succeeds or fails on its own. */
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

/** The time of an audit entry, which identifies it after a reset of the database. */
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

/** Undoes a move by another move. It is rejected if the card has been moved since. */
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
export type Lease = NonNullable<BoardIssue["lease"]>;
export type BoardSnapshot = ResultOf<typeof BoardQuery>["board"];
export type BoardEvent = ResultOf<typeof BoardEvents>["boardEvents"];
export type IssueFilter = NonNullable<VariablesOf<typeof BoardQuery>["filter"]>;
