import { useEffect, useState } from "react";
import { AgentGlyph, OwnerBadge } from "@/components/badges.tsx";
import { Picker, type Choice } from "@/components/Picker.tsx";
import { PriorityGlyph } from "@/components/PriorityGlyph.tsx";
import type { Edit } from "@/lib/edits.ts";
import { PRIORITIES, priorityTitle } from "@/lib/statuses.ts";
import { edit } from "../api/edits.ts";
import { readOptions, type Offered } from "../api/options.ts";
import type { BoardIssue } from "../api/documents.ts";
import { useBoard } from "./context.ts";

type Kind = Edit["kind"];

const LABELS: Readonly<Record<Kind, string>> = {
  agent: "Give to agent",
  owner: "Set owner",
  priority: "Set priority",
};

const valueOf = (issue: BoardIssue, kind: Kind): string | undefined =>
  kind === "agent"
    ? issue.agents[0]
    : kind === "owner"
      ? issue.owners[0]
      : (issue.priority ?? undefined);

type Wanted = Choice & { readonly edit: Edit };

/** The prompt for the agent, owner or priority of cards. */
export function Assign({
  kind,
  ids,
  onClose,
}: {
  readonly kind: Kind;
  readonly ids: readonly string[];
  readonly onClose: () => void;
}) {
  const { session, interaction } = useBoard();
  const [offered, setOffered] = useState<Offered>({});
  useEffect(() => {
    let here = true;
    if (kind !== "priority") void readOptions().then((options) => here && setOffered(options));
    return () => {
      here = false;
    };
  }, [kind]);

  const present = new Set(
    ids.map((id) => session.store.card(id)?.issue).map((issue) => issue && valueOf(issue, kind)),
  );
  const all = present.size === 1 ? [...present][0] : undefined;
  const choices = choicesOf(kind, offered, all);
  const label = ids.length === 1 ? LABELS[kind] : `${LABELS[kind]} (${ids.length} cards)`;
  return (
    <Picker
      label={label}
      choices={choices}
      onClose={onClose}
      onChoose={({ key }) => {
        onClose();
        const choice = choices.find((candidate) => candidate.key === key);
        if (choice) void edit(session.store, ids, choice.edit);
        interaction.clear();
        if (ids[0] !== undefined) interaction.focus(ids[0]);
      }}
    />
  );
}

function choicesOf(kind: Kind, offered: Offered, present: string | undefined): readonly Wanted[] {
  const group = LABELS[kind];
  const none: Wanted = {
    key: "none",
    group,
    text: kind === "priority" ? "No priority" : "Nobody",
    edit: { kind, value: null },
  };
  if (kind === "priority") {
    return [
      ...PRIORITIES.map((priority) => ({
        key: priority,
        group,
        text: priorityTitle(priority),
        mark: <PriorityGlyph priority={priority} />,
        hint: priority,
        chosen: priority === present,
        edit: { kind, value: priority },
      })),
      none,
    ];
  }
  const names = (kind === "agent" ? offered.agents : offered.owners) ?? [];
  return [
    ...names.map(({ value, issues }) => ({
      key: `name:${value}`,
      group,
      text: value,
      count: issues,
      mark: kind === "agent" ? <AgentGlyph name={value} /> : <OwnerBadge name={value} />,
      chosen: value === present,
      edit: { kind, value },
    })),
    none,
  ];
}
