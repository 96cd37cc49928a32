import { change, type Answer } from "./graphql/client.ts";
import { graphql } from "./graphql/graphql.ts";

export const RetryIssue = graphql(`
  mutation RetryIssue($input: RetryIssueInput!) {
    retryIssue(input: $input) {
      issue {
        id
      }
    }
  }
`);

/** Ends the back-off of an issue and of its repository, removes its label `needs-human`, and resets its attempts. */
export const retryIssue = (issueId: string): Promise<Answer<unknown>> =>
  change(RetryIssue, { input: { issueId } });
