import { change, type Answer } from "@/lib/graphql/client.ts";
import { graphql, type ResultOf } from "@/lib/graphql/graphql.ts";
import type { Lease } from "./documents.ts";

/** What a card does not show of a lease. */
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

/** What its holder was asked, and what it asks. */
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

/** Takes an issue from its holder. The holder's writes are refused from then on. */
export const release = (
  { id, fencingToken }: Pick<Lease, "id" | "fencingToken">,
  reason: string,
): Promise<Answer<unknown>> =>
  change(ReleaseLease, {
    input: { leaseId: id, fencingToken, reason: reason === "" ? null : reason },
  });

/** Asks a holder to stop with its next renewal. The issue is taken from it after so many seconds. */
export const requestStop = (
  leaseId: string,
  reason: string,
  graceSeconds: number,
): Promise<Answer<ResultOf<typeof RequestStop>>> =>
  change(RequestStop, { input: { leaseId, reason: reason === "" ? null : reason, graceSeconds } });

/** Lets a holder that was asked to stop go on. */
export const withdrawStop = (leaseId: string): Promise<Answer<unknown>> =>
  change(WithdrawStop, { input: { leaseId } });

/** Leaves a holder a message for its next renewal. It answers the question that the holder waits with, if any. */
export const sendMessage = (leaseId: string, body: string): Promise<Answer<unknown>> =>
  change(SendMessage, { input: { leaseId, body } });
