import { AgentGlyph } from "@/components/badges.tsx";
import { Picker, type Choice } from "@/components/Picker.tsx";
import { PriorityGlyph } from "@/components/PriorityGlyph.tsx";
import { isSameName } from "@/lib/issues.ts";
import { PRIORITIES, priorityTitle } from "@/lib/statuses.ts";
import { nameOf, type RowChange, type RowIssue } from "../api/changes.ts";
import type { Choices } from "../api/queue.ts";
import { useMayChange } from "./ChangeButton.tsx";

type Offer = Choice & { readonly chosen: boolean; readonly change: RowChange };

type Props = {
  readonly issue: RowIssue;
  readonly agents: Choices["agents"];
  readonly lanes: readonly string[];
  readonly onChange: (wanted: RowChange) => void;
  readonly onClose: () => void;
};

/** The picker for another priority, lane or agent, if the viewer has the permission. */
export function ChangePicker({ issue, agents, lanes, onChange, onClose }: Props) {
  const may = useMayChange(issue);
  const offers = [
    ...(may.labels ? priorityOffers(issue) : []),
    ...(may.lane ? laneOffers(issue, lanes) : []),
    ...(may.labels ? agentOffers(issue, agents) : []),
  ];
  return (
    <Picker
      label={`Change ${nameOf(issue)}`}
      choices={offers}
      onClose={onClose}
      onChoose={({ key }) => {
        onClose();
        const offer = offers.find((each) => each.key === key);
        if (offer && !offer.chosen) onChange(offer.change);
      }}
    />
  );
}

const priorityOffers = ({ priority: present }: RowIssue): readonly Offer[] =>
  [...PRIORITIES, null].map((priority) => ({
    key: `priority:${priority ?? ""}`,
    group: "Priority",
    text: priority === null ? "No priority" : priorityTitle(priority),
    mark: priority !== null && <PriorityGlyph priority={priority} />,
    chosen: priority === present,
    change: { kind: "priority", value: priority },
  }));

const laneOffers = ({ lane: present }: RowIssue, lanes: readonly string[]): readonly Offer[] =>
  lanes.map((lane) => ({
    key: `lane:${lane}`,
    group: "Lane",
    text: lane,
    chosen: lane === present,
    change: { kind: "lane", value: lane },
  }));

/** An issue with several agent labels has no agent, so each of these agents can be chosen. */
function agentOffers({ agents: present }: RowIssue, agents: Choices["agents"]): readonly Offer[] {
  const [only, ...others] = present;
  const isPresent = (name: string) => others.length === 0 && isSameName(name, only ?? "");
  return [
    ...agents.map(({ name, assignedCount }) => ({
      key: `agent:${name}`,
      group: "Agent",
      text: name,
      mark: <AgentGlyph name={name} />,
      count: assignedCount,
      chosen: isPresent(name),
      change: { kind: "agent" as const, value: name },
    })),
    {
      key: "agent:",
      group: "Agent",
      text: "No agent",
      chosen: only === undefined,
      change: { kind: "agent", value: null },
    },
  ];
}
