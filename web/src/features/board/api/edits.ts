import { change, type Answer } from "@/lib/graphql/client.ts";
import { graphql } from "@/lib/graphql/graphql.ts";
import type { Priority } from "@/lib/statuses.ts";
import { whyUnchangeable } from "../model/changeable.ts";
import type { BoardStore } from "../model/store.ts";

export const AssignAgent = graphql(`
  mutation AssignAgent($issueId: ID!, $agent: String) {
    assignAgent(input: { issueId: $issueId, agent: $agent }) {
      cursor
    }
  }
`);

export const AssignOwner = graphql(`
  mutation AssignOwner($issueId: ID!, $owner: String) {
    assignOwner(input: { issueId: $issueId, owner: $owner }) {
      cursor
    }
  }
`);

export const SetPriority = graphql(`
  mutation SetPriority($issueId: ID!, $priority: Priority) {
    setPriority(input: { issueId: $issueId, priority: $priority }) {
      cursor
    }
  }
`);

/** A change of an issue's labels other than its status. Null takes the label away. */
export type Edit =
  | { readonly kind: "agent"; readonly value: string | null }
  | { readonly kind: "owner"; readonly value: string | null }
  | { readonly kind: "priority"; readonly value: Priority | null };

function send(issueId: string, edit: Edit): Promise<Answer<unknown>> {
  switch (edit.kind) {
    case "agent":
      return change(AssignAgent, { issueId, agent: edit.value });
    case "owner":
      return change(AssignOwner, { issueId, owner: edit.value });
    case "priority":
      return change(SetPriority, { issueId, priority: edit.value });
  }
}

/** Changes several issues, one after the other. The stream brings what became of them; a refusal shows on its card. */
export async function edit(store: BoardStore, ids: readonly string[], wanted: Edit): Promise<void> {
  for (const id of ids) {
    const card = store.card(id);
    if (card && whyUnchangeable(card.issue, "edit") !== undefined) continue;
    const answer = await send(id, wanted);
    if (answer.failure) store.complain(id, `The ${wanted.kind} was not changed`, answer.failure);
  }
}
