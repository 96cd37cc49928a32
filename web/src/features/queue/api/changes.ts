import { notify } from "@/components/Notices.tsx";
import { sendEdit, type Edit } from "@/lib/edits.ts";
import { change, type Answer } from "@/lib/graphql/client.ts";
import { graphql } from "@/lib/graphql/graphql.ts";
import { signal } from "@/lib/signal.ts";
import { priorityTitle } from "@/lib/statuses.ts";
import type { Explained } from "./queue.ts";

export const SetLane = graphql(`
  mutation SetLane($input: SetLaneInput!) {
    setLane(input: $input) {
      issue {
        id
        lane
      }
    }
  }
`);

/** The fields of an issue that can be changed in its row. */
export type RowChange =
  Exclude<Edit, { kind: "owner" }> | { readonly kind: "lane"; readonly value: string };

/** An issue of a row. */
export type RowIssue = Explained["issue"];

const send = (issueId: string, wanted: RowChange): Promise<Answer<unknown>> =>
  wanted.kind === "lane"
    ? change(SetLane, { input: { issueId, lane: wanted.value } })
    : sendEdit(issueId, wanted);

/** The state of a change: it is being sent, or was rejected. A successful one is removed. */
export type Asked =
  { readonly state: "under way" } | { readonly state: "refused"; readonly why: string };

/** The changes that were requested on one page. They are kept by issue, because a row may move to the other list. */
export class Changes {
  /** The issue whose change dialog is open. */
  readonly asking = signal<RowIssue | undefined>(undefined);
  /** By issue. Never changed in place. */
  readonly asked = signal<ReadonlyMap<string, Asked>>(new Map());

  /** Changes an issue. `onDone` is awaited before it can be changed again. */
  async make(issue: RowIssue, wanted: RowChange, onDone: () => Promise<void>): Promise<void> {
    this.#note(issue.id, { state: "under way" });
    const { failure } = await send(issue.id, wanted);
    if (failure) {
      const why = `${NAMES[wanted.kind]} not changed: ${failure.message}`;
      this.#note(issue.id, { state: "refused", why });
      return;
    }
    notify(`${nameOf(issue)} ${outcome(wanted)}.`);
    await onDone();
    this.#note(issue.id, undefined);
  }

  #note(id: string, asked: Asked | undefined): void {
    const next = new Map(this.asked.get());
    if (asked) next.set(id, asked);
    else next.delete(id);
    this.asked.set(next);
  }
}

const NAMES = { priority: "Priority", lane: "Lane", agent: "Agent" } as const;

/** The name of an issue, such as `rocket #12`. */
export const nameOf = ({ repository, number }: RowIssue): string => `${repository.name} #${number}`;

/** The result of a change, as the end of a sentence that begins with the issue. */
function outcome(made: RowChange): string {
  switch (made.kind) {
    case "priority":
      return made.value === null
        ? "has no priority now"
        : `has the priority ${priorityTitle(made.value)} now`;
    case "lane":
      return `is in the lane ${made.value} now`;
    case "agent":
      return `is assigned to ${made.value ?? "no agent"} now`;
  }
}
