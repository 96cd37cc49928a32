import { change, type Answer } from "@/lib/graphql/client.ts";
import { graphql, type ResultOf } from "@/lib/graphql/graphql.ts";
import type { Lease } from "./documents.ts";

/** The fields of a lease that a card does not have. */
export const LeaseDetail = graphql(`
  fragment LeaseDetail on Lease {
    stopRequestedAt
    stopRequestedBy
    stopReason
    awaitingInputSince
    messages {
      id
      author
      body
      sentAt
      readAt
    }
  }
`);

/** The request to its holder to stop, and the holder's question. */
export type LeaseDetail = ResultOf<typeof LeaseDetail>;
export type Message = LeaseDetail["messages"][number];

export const ReleaseLease = graphql(`
  mutation ReleaseLease($input: ReleaseLeaseInput!) {
    releaseLease(input: $input) {
      issue {
        id
      }
    }
  }
`);

export const RequestStop = graphql(`
  mutation RequestStop($input: RequestStopInput!) {
    requestStop(input: $input) {
      lease {
        releaseAt
      }
    }
  }
`);

export const WithdrawStop = graphql(`
  mutation WithdrawStop($input: WithdrawStopInput!) {
    withdrawStop(input: $input) {
      lease {
        id
      }
    }
  }
`);

export const SendMessage = graphql(`
  mutation SendMessage($input: SendMessageInput!) {
    sendMessage(input: $input) {
      lease {
        id
      }
    }
  }
`);

/** Ends a lease. Later writes of its holder are rejected. */
export const release = (
  { id, fencingToken }: Pick<Lease, "id" | "fencingToken">,
  reason: string,
): Promise<Answer<unknown>> =>
  change(ReleaseLease, {
    input: { leaseId: id, fencingToken, reason: reason === "" ? null : reason },
  });

/** Asks a holder to stop; it gets the request with its next renewal. The lease ends after `graceSeconds`. */
export const requestStop = (
  leaseId: string,
  reason: string,
  graceSeconds: number,
): Promise<Answer<ResultOf<typeof RequestStop>>> =>
  change(RequestStop, { input: { leaseId, reason: reason === "" ? null : reason, graceSeconds } });

/** Withdraws a request to stop. */
export const withdrawStop = (leaseId: string): Promise<Answer<unknown>> =>
  change(WithdrawStop, { input: { leaseId } });

/**
 * Sends a message to a holder, which gets it with its next renewal. It is the answer to the holder's question, if any.
 */
export const sendMessage = (leaseId: string, body: string): Promise<Answer<unknown>> =>
  change(SendMessage, { input: { leaseId, body } });
