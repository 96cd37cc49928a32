import { ask } from "@/lib/graphql/client.ts";
import type { Failure } from "@/lib/graphql/failure.ts";
import { graphql, type ResultOf } from "@/lib/graphql/graphql.ts";

/** A query of its own, because the server may have to read the comments from GitHub, and the panel must not wait. */
export const ConversationQuery = graphql(`
  query Conversation($id: ID!) {
    issue(id: $id) {
      comments {
        totalCount
        unreadableCount
        fetchedAt
        problem
        nodes {
          id
          author
          authorAssociation
          body
          isTruncated
          isMinimized
          createdAt
          updatedAt
          url
        }
      }
    }
  }
`);

/** The comments of an issue on GitHub, newest first. */
export type Comments = NonNullable<ResultOf<typeof ConversationQuery>["issue"]>["comments"];

export type IssueComment = Comments["nodes"][number];

/** Loads the newest comments of an issue; none if it is not on the board any more. */
export async function readConversation(
  id: string,
): Promise<{ comments: Comments } | { failure: Failure } | { missing: true }> {
  const answer = await ask(ConversationQuery, { id });
  if (answer.failure)
    return answer.failure.code === "NOT_FOUND" ? { missing: true } : { failure: answer.failure };
  const { issue } = answer.data;
  return issue ? { comments: issue.comments } : { missing: true };
}
