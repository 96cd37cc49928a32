import { change, type Answer } from "@/lib/graphql/client.ts";
import { graphql } from "@/lib/graphql/graphql.ts";

export const AddComment = graphql(`
  mutation AddComment($input: AddCommentInput!) {
    addComment(input: $input) {
      cursor
      url
    }
  }
`);

/** Posts a comment on GitHub. The same text within a minute is posted only once, so a retry is safe. */
export const addComment = (issueId: string, body: string): Promise<Answer<unknown>> =>
  change(AddComment, { input: { issueId, body } });
