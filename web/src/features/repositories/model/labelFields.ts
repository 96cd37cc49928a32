import { isSameName } from "@/lib/issues.ts";
import { AGENT_PREFIX, renamedIn, type LabelScheme } from "@/lib/labelSchemes.ts";
import { PRIORITIES, STATUSES, statusWord, type Priority, type Status } from "@/lib/statuses.ts";
import type { LabelSchemeInput } from "../api/labels.ts";

/** What is typed for each of Dispatch's labels, and for `agent/`. What is empty or absent is Dispatch's own. */
export type LabelFields = Readonly<Partial<Record<string, string>>>;

export const statusLabel = (status: Status): string => `status/${statusWord(status)}`;

export const priorityLabel = (priority: Priority): string => `priority/${priority.toLowerCase()}`;

/** The labels in force that are not Dispatch's own. */
export const fieldsOf = (scheme: LabelScheme): LabelFields =>
  Object.fromEntries(renamedIn(scheme).map(({ own, name }) => [own, name]));

/** What is typed for a label; undefined where that is Dispatch's own. */
function typed(fields: LabelFields, own: string): string | undefined {
  const text = fields[own] ?? "";
  const name = text.trim();
  if (name === "" || isSameName(name, own)) return undefined;
  // A blank at the end of a beginning may be meant: `bot: alpha`.
  return own === AGENT_PREFIX ? text : name;
}

/** A scheme as the server takes it: only what is not Dispatch's own. */
export function inputOf(fullName: string, fields: LabelFields): LabelSchemeInput {
  const agentPrefix = typed(fields, AGENT_PREFIX);
  return {
    fullName,
    statuses: STATUSES.flatMap((status) => {
      const label = typed(fields, statusLabel(status));
      return label === undefined ? [] : [{ status, label }];
    }),
    priorities: PRIORITIES.flatMap((priority) => {
      const label = typed(fields, priorityLabel(priority));
      return label === undefined ? [] : [{ priority, label }];
    }),
    ...(agentPrefix !== undefined && { agentPrefix }),
  };
}

/** Whether two texts of all fields say the same. */
export const isSameScheme = (one: LabelFields, other: LabelFields): boolean =>
  JSON.stringify(inputOf("", one)) === JSON.stringify(inputOf("", other));
