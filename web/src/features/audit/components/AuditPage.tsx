import { useEffect, useMemo, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { Button } from "@/components/Button.tsx";
import { Chip, FilterButton } from "@/components/Chip.tsx";
import { ConnectionPill } from "@/components/ConnectionPill.tsx";
import { FeedList } from "@/components/FeedList.tsx";
import { Picker } from "@/components/Picker.tsx";
import { EmptyState } from "@/components/states.tsx";
import { TopBar } from "@/components/TopBar.tsx";
import { useKeys } from "@/lib/keys.ts";
import { actionWords } from "@/lib/words.ts";
import { auditFeed } from "../api/log.ts";
import { optionsOf, readOptions, type Offered } from "../api/options.ts";
import {
  EMPTY_FILTER,
  FACETS,
  filterOfSearch,
  searchOfFilter,
  type AuditFilter,
  type Facet,
} from "../model/filter.ts";
import { Entry } from "./Entry.tsx";

const NAMES: Readonly<Record<Facet, string>> = {
  repository: "Repository",
  actor: "Actor",
  action: "Action",
  agent: "Agent",
  outcome: "Outcome",
};

const wordsOf = (facet: Facet, value: string): string =>
  facet === "action"
    ? actionWords(value)
    : facet === "outcome"
      ? value === "success"
        ? "Done"
        : "Failed"
      : value;

/** The audit log: every action through Dispatch with its outcome. */
export function AuditPage() {
  const [path, navigate] = useLocation();
  const search = useSearch();
  const filter = filterOfSearch(search);
  const asked = searchOfFilter(filter);
  const feed = useMemo(() => auditFeed(filterOfSearch(asked)), [asked]);
  const [filtering, setFiltering] = useState(false);
  const change = (next: AuditFilter) => {
    const query = searchOfFilter(next);
    navigate(query === "" ? path : `${path}?${query}`, { replace: true });
  };
  useKeys((event) => {
    if (event.key !== "f") return false;
    setFiltering(true);
    return true;
  });

  return (
    <div className="flex min-h-0 min-w-0 grow flex-col">
      <TopBar title="Audit">
        <FilterButton onOpen={() => setFiltering(true)} />
        <Chips filter={filter} onChange={change} />
        <span className="grow" />
        <ConnectionPill />
      </TopBar>
      <main className="min-h-0 grow" aria-label="Audit log">
        <FeedList
          label="Audit log"
          feed={feed}
          estimate={45}
          line={(entry, fresh) => <Entry entry={entry} fresh={fresh} />}
          empty={
            asked === "" ? (
              <EmptyState title="Nothing has been done yet">
                Every move, sync and change that somebody makes through Dispatch is written down
                here, refused ones too.
              </EmptyState>
            ) : (
              <EmptyState
                title="Nothing matches the filters"
                action={<Button onClick={() => change(EMPTY_FILTER)}>Clear filters</Button>}
              >
                What matches appears by itself when it happens.
              </EmptyState>
            )
          }
        />
      </main>
      {filtering && (
        <FilterPicker filter={filter} onChange={change} onClose={() => setFiltering(false)} />
      )}
    </div>
  );
}

function Chips({
  filter,
  onChange,
}: {
  readonly filter: AuditFilter;
  readonly onChange: (filter: AuditFilter) => void;
}) {
  const set = FACETS.filter((facet) => filter[facet] !== "");
  if (set.length === 0) return null;
  return (
    <ul
      aria-label="Filters"
      className="flex flex-wrap items-center gap-1.5 max-sm:order-last max-sm:w-full"
    >
      {set.map((facet) => (
        <Chip
          key={facet}
          name={NAMES[facet]}
          value={wordsOf(facet, filter[facet])}
          onRemove={() => onChange({ ...filter, [facet]: "" })}
        />
      ))}
    </ul>
  );
}

type FilterPickerProps = {
  readonly filter: AuditFilter;
  readonly onChange: (filter: AuditFilter) => void;
  readonly onClose: () => void;
};

/** The filter options of the log, only those with matching entries. */
function FilterPicker({ filter, onChange, onClose }: FilterPickerProps) {
  const [offered, setOffered] = useState<Offered>({});
  useEffect(() => {
    let here = true;
    void readOptions().then((options) => here && setOffered(options));
    return () => {
      here = false;
    };
  }, []);
  const choices = optionsOf(offered, filter).map(({ facet, value, entries }) => ({
    key: `${facet}:${value}`,
    group: NAMES[facet],
    text: wordsOf(facet, value),
    count: entries,
    chosen: filter[facet] === value,
    facet,
    value,
  }));
  return (
    <Picker
      label="Filter by"
      choices={choices}
      onClose={onClose}
      onChoose={({ key }) => {
        const choice = choices.find((candidate) => candidate.key === key);
        if (choice) onChange({ ...filter, [choice.facet]: choice.chosen ? "" : choice.value });
        onClose();
      }}
    />
  );
}
