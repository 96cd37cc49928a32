import { change, type Answer } from "@/lib/graphql/client.ts";
import { graphql } from "@/lib/graphql/graphql.ts";
import type { Hold } from "./documents.ts";

export const ReleaseLease = graphql(`
  mutation ReleaseLease($input: ReleaseLeaseInput!) {
    releaseLease(input: $input) {
      issue {
        id
      }
    }
  }
`);

/** Takes an issue from its holder. The holder's writes are refused from then on. */
export const release = (
  { id, fencingToken }: Pick<Hold, "id" | "fencingToken">,
  reason: string,
): Promise<Answer<unknown>> =>
  change(ReleaseLease, {
    input: { leaseId: id, fencingToken, reason: reason === "" ? null : reason },
  });
