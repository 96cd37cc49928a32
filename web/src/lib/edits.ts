import { change, type Answer } from "./graphql/client.ts";
import { graphql } from "./graphql/graphql.ts";
import type { Priority } from "./statuses.ts";

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

/** A change of an issue's labels other than its status. Null removes the label. */
export type Edit =
  | { readonly kind: "agent"; readonly value: string | null }
  | { readonly kind: "owner"; readonly value: string | null }
  | { readonly kind: "priority"; readonly value: Priority | null };

/** Changes one issue. The board's stream delivers the result. */
export function sendEdit(issueId: string, edit: Edit): Promise<Answer<unknown>> {
  switch (edit.kind) {
    case "agent":
      return change(AssignAgent, { issueId, agent: edit.value });
    case "owner":
      return change(AssignOwner, { issueId, owner: edit.value });
    case "priority":
      return change(SetPriority, { issueId, priority: edit.value });
  }
}
