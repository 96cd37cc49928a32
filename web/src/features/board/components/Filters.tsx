import { Search } from "lucide-react";
import { useEffect, useEffectEvent, useRef, useState, type Ref } from "react";
import { Button } from "@/components/Button.tsx";
import { Chip } from "@/components/Chip.tsx";
import { AgentGlyph, OwnerBadge } from "@/components/badges.tsx";
import { Picker, type Choice } from "@/components/Picker.tsx";
import { PriorityGlyph } from "@/components/PriorityGlyph.tsx";
import { StatusGlyph } from "@/components/StatusGlyph.tsx";
import { STALE_DAYS } from "@/lib/stale.ts";
import { PRIORITIES, priorityTitle, STATUSES, statusTitle } from "@/lib/statuses.ts";
import { optionsOf, readOptions, type Offered } from "../api/options.ts";
import {
  EMPTY_FILTER,
  FACETS,
  FLAGS,
  toggled,
  type BoardFilter,
  type Facet,
  type Flag,
} from "../model/filter.ts";
import { useBoard } from "./context.ts";

type Change = (filter: BoardFilter) => void;

const NAMES: Readonly<Record<Facet, string>> = {
  repositories: "Repository",
  statuses: "Status",
  agents: "Agent",
  owners: "Owner",
  priorities: "Priority",
  projects: "Project",
  lanes: "Lane",
  labels: "Label",
};

/** The label of a flag on its chip and in the list. */
const FLAG_WORDS: Readonly<Record<Flag, { name: string; value: string; offer: string }>> = {
  stale: {
    name: "Stale",
    value: `${STALE_DAYS} days and more`,
    offer: `Without an update for ${STALE_DAYS} days`,
  },
  includeClosed: { name: "Closed", value: "all shown", offer: "All closed issues too" },
};
const FLAG_GROUP = "Age";

const statusOf = (value: string) => STATUSES.find((status) => status === value);
const priorityOf = (value: string) => PRIORITIES.find((priority) => priority === value);

const textOf = (facet: Facet, value: string): string => {
  const status = facet === "statuses" ? statusOf(value) : undefined;
  if (status) return statusTitle(status);
  const priority = facet === "priorities" ? priorityOf(value) : undefined;
  return priority ? `${priorityTitle(priority)} (${priority})` : value;
};

function markOf(facet: Facet, value: string) {
  const priority = facet === "priorities" ? priorityOf(value) : undefined;
  if (priority) return <PriorityGlyph priority={priority} />;
  const status = facet === "statuses" ? statusOf(value) : undefined;
  if (status) return <StatusGlyph status={status} />;
  if (facet === "owners") return <OwnerBadge name={value} />;
  if (facet === "agents") return <AgentGlyph name={value} />;
  return undefined;
}

/** The picker with all filter values of the board. */
export function FilterPicker({
  filter,
  onChange,
  onClose,
}: {
  readonly filter: BoardFilter;
  readonly onChange: Change;
  readonly onClose: () => void;
}) {
  const { session } = useBoard();
  const [offered, setOffered] = useState<Offered>({});
  useEffect(() => {
    let here = true;
    void readOptions().then((options) => here && setOffered(options));
    return () => {
      here = false;
    };
  }, []);
  const options = optionsOf(offered, session.store, filter);
  const choices: Choice[] = [
    ...options.map(({ facet, value, issues }) => ({
      key: `${facet}:${value}`,
      group: NAMES[facet],
      text: textOf(facet, value),
      mark: markOf(facet, value),
      count: issues,
      chosen: (filter[facet] as readonly string[]).includes(value),
    })),
    ...FLAGS.map((flag) => ({
      key: flag,
      group: FLAG_GROUP,
      text: FLAG_WORDS[flag].offer,
      chosen: filter[flag],
    })),
  ];
  return (
    <Picker
      label="Filter by"
      choices={choices}
      onClose={onClose}
      onChoose={(choice) => {
        const option = options.find(({ facet, value }) => `${facet}:${value}` === choice.key);
        if (option) onChange(toggled(filter, option.facet, option.value));
        const flag = FLAGS.find((each) => each === choice.key);
        if (flag) onChange({ ...filter, [flag]: !filter[flag] });
      }}
    />
  );
}

/** The active filters as chips with a button that removes each. */
export function FilterChips({
  filter,
  onChange,
}: {
  readonly filter: BoardFilter;
  readonly onChange: Change;
}) {
  const facets = (Object.keys(FACETS) as Facet[]).flatMap((facet) =>
    filter[facet].map((value) => ({ facet, value })),
  );
  const flags = FLAGS.filter((flag) => filter[flag]);
  if (facets.length + flags.length === 0) return null;
  return (
    <ul
      aria-label="Filters"
      className="flex flex-wrap items-center gap-1.5 max-sm:order-last max-sm:w-full"
    >
      {facets.map(({ facet, value }) => (
        <Chip
          key={`${facet}:${value}`}
          name={NAMES[facet]}
          value={textOf(facet, value)}
          onRemove={() => onChange(toggled(filter, facet, value))}
        />
      ))}
      {flags.map((flag) => (
        <Chip
          key={flag}
          name={FLAG_WORDS[flag].name}
          value={FLAG_WORDS[flag].value}
          onRemove={() => onChange({ ...filter, [flag]: false })}
        />
      ))}
      {facets.length + flags.length > 1 && (
        <li>
          <Button
            look="quiet"
            className="h-6 px-2 text-meta"
            onClick={() => onChange({ ...EMPTY_FILTER, search: filter.search })}
          >
            Clear all
          </Button>
        </li>
      )}
    </ul>
  );
}

const TYPING_MS = 200;

/** The search field. Its text is written to the address when typing pauses. */
export function SearchField({
  value,
  onChange,
  ref,
}: {
  readonly value: string;
  readonly onChange: (search: string) => void;
  readonly ref: Ref<HTMLInputElement>;
}) {
  const [typed, setTyped] = useState(value);
  const settled = useRef(value);
  const settle = useEffectEvent((search: string) => {
    settled.current = search;
    onChange(search);
  });
  useEffect(() => {
    const search = typed.trim();
    if (search === settled.current) return;
    const timer = setTimeout(() => settle(search), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  // Shows a search that was changed by a link or the back button.
  useEffect(() => {
    if (value === settled.current) return;
    settled.current = value;
    setTyped(value);
  }, [value]);
  return (
    <div className="relative max-sm:order-last max-sm:w-full">
      <Search
        size={14}
        className="pointer-events-none absolute top-1/2 left-2 -translate-y-1/2 text-ink-faint"
        aria-hidden
      />
      <input
        ref={ref}
        type="search"
        aria-label="Search issues"
        aria-keyshortcuts="/"
        placeholder="Search"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
        }}
        autoComplete="off"
        spellCheck={false}
        className="h-7 w-48 rounded border border-line bg-card pr-2 pl-7 text-board placeholder:text-ink-faint max-sm:w-full"
      />
    </div>
  );
}
