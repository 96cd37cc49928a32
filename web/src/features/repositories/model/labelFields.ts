import { isSameName } from "@/lib/issues.ts";
import { AGENT_PREFIX, renamedIn, type LabelScheme } from "@/lib/labelSchemes.ts";
import { PRIORITIES, STATUSES, statusWord, type Priority, type Status } from "@/lib/statuses.ts";
import type { LabelSchemeInput } from "../api/labels.ts";

/** The text of each field, by Dispatch's own label or `agent/`. Empty or absent means Dispatch's own label. */
export type LabelFields = Readonly<Partial<Record<string, string>>>;

export const statusLabel = (status: Status): string => `status/${statusWord(status)}`;

export const priorityLabel = (priority: Priority): string => `priority/${priority.toLowerCase()}`;

/** The current labels of a repository that differ from Dispatch's own. */
export const fieldsOf = (scheme: LabelScheme): LabelFields =>
  Object.fromEntries(renamedIn(scheme).map(({ own, name }) => [own, name]));

/** The entered label; undefined if it is Dispatch's own. */
function typed(fields: LabelFields, own: string): string | undefined {
  const text = fields[own] ?? "";
  const name = text.trim();
  if (name === "" || isSameName(name, own)) return undefined;
  // A space at the end of a prefix may be intended, as in `bot: alpha`.
  return own === AGENT_PREFIX ? text : name;
}

/** The label scheme as a variable of the mutation: only the labels that differ from Dispatch's own. */
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

/** Whether the fields have equal values. */
export const isSameScheme = (one: LabelFields, other: LabelFields): boolean =>
  JSON.stringify(inputOf("", one)) === JSON.stringify(inputOf("", other));
