import type { Service } from "./service.ts";
import { ask } from "./test.ts";

export type Lease = {
  readonly id: string;
  readonly fencingToken: string;
  readonly issue: { readonly id: string };
};

/** Claims an issue as an agent. */
export async function claim(service: Service, agent: string, issueId: string): Promise<Lease> {
  const { claimIssue } = await ask<{ claimIssue: { lease: Lease } }>(
    service,
    `mutation ($agent: String!, $issueId: ID!) {
      claimIssue(input: { agent: $agent, issueId: $issueId }) {
        lease { id fencingToken issue { id } }
      }
    }`,
    { agent, issueId },
    agent,
  );
  return claimIssue.lease;
}

export const renew = (service: Service, agent: string, lease: Lease, checkpoint: string) =>
  ask(
    service,
    `mutation ($input: RenewLeaseInput!) { renewLease(input: $input) { lease { id } } }`,
    { input: { leaseId: lease.id, fencingToken: lease.fencingToken, checkpoint } },
    agent,
  );

export const giveBack = (service: Service, agent: string, lease: Lease) =>
  ask(
    service,
    `mutation ($input: ReleaseLeaseInput!) { releaseLease(input: $input) { issue { id } } }`,
    { input: { leaseId: lease.id, fencingToken: lease.fencingToken } },
    agent,
  );

/** Ends a lease and reports that the work failed. */
export const fail = (service: Service, agent: string, lease: Lease) =>
  ask(
    service,
    `mutation ($input: FinishWorkInput!) { finishWork(input: $input) { issue { id } } }`,
    { input: { leaseId: lease.id, fencingToken: lease.fencingToken, outcome: "FAILED" } },
    agent,
  );

const renewWith = (service: Service, agent: string, { id, fencingToken }: Lease, more: object) =>
  ask(
    service,
    `mutation ($input: RenewLeaseInput!) { renewLease(input: $input) { directive } }`,
    { input: { leaseId: id, fencingToken, ...more } },
    agent,
  );

/** Asks a question as the holder. */
export const awaitInput = (service: Service, agent: string, lease: Lease, question: string) =>
  renewWith(service, agent, lease, { awaitingInput: question });

/** Marks a message and all earlier ones as read by the holder. */
export const readMessages = (service: Service, agent: string, lease: Lease, last: string) =>
  renewWith(service, agent, lease, { readMessageId: last });
