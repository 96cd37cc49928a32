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

/** Says something on an issue, on GitHub. The same text within a minute is said once, so trying again is safe. */
export const addComment = (issueId: string, body: string): Promise<Answer<unknown>> =>
  change(AddComment, { input: { issueId, body } });
