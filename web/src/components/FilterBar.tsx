import { useState } from "react";
import { useCommands } from "@/lib/commands.ts";
import { useKeys } from "@/lib/keys.ts";
import { Chip, FilterButton } from "./Chip.tsx";
import { Picker } from "./Picker.tsx";

/** A value of a filter. */
export type FacetOption = {
  readonly value: string;
  /** The label, if it is not the value itself. */
  readonly words?: string;
  /** The number of matches; undefined if they were not counted. */
  readonly count?: number | undefined;
};

/** A filter of a page with its current value, which is empty if the filter is off. */
export type FacetChoice<Facet extends string> = {
  readonly facet: Facet;
  readonly name: string;
  readonly value: string;
  readonly options: readonly FacetOption[];
};

/**
 * The filters of a page. The button and the key `f` add one; each active one is a chip with a button that removes it.
 */
export function FilterBar<Facet extends string>({
  facets,
  onChange,
}: {
  readonly facets: readonly FacetChoice<Facet>[];
  readonly onChange: (facet: Facet, value: string) => void;
}) {
  const [choosing, setChoosing] = useState(false);
  const open = () => setChoosing(true);
  useKeys((event) => {
    if (event.key !== "f") return false;
    open();
    return true;
  });
  useCommands(() => [{ key: "filter", group: "Page", text: "Filter", hint: "f", run: open }]);
  const set = facets.filter(({ value }) => value !== "");
  return (
    <>
      <FilterButton onOpen={open} />
      {set.length > 0 && (
        <ul aria-label="Filters" className="flex flex-wrap items-center gap-1.5">
          {set.map((each) => (
            <Chip
              key={each.facet}
              name={each.name}
              value={wordsOf(each)}
              onRemove={() => onChange(each.facet, "")}
            />
          ))}
        </ul>
      )}
      {choosing && (
        <FacetPicker facets={facets} onChange={onChange} onClose={() => setChoosing(false)} />
      )}
    </>
  );
}

const wordsOf = ({ value, options }: FacetChoice<string>): string =>
  options.find((option) => option.value === value)?.words ?? value;

function FacetPicker<Facet extends string>({
  facets,
  onChange,
  onClose,
}: {
  readonly facets: readonly FacetChoice<Facet>[];
  readonly onChange: (facet: Facet, value: string) => void;
  readonly onClose: () => void;
}) {
  const choices = facets.flatMap(({ facet, name, value: chosen, options }) =>
    options.map(({ value, words = value, count }) => ({
      key: `${facet}:${value}`,
      group: name,
      text: words,
      count,
      chosen: value === chosen,
      facet,
      value,
    })),
  );
  return (
    <Picker
      label="Filter by"
      choices={choices}
      onClose={onClose}
      onChoose={({ key }) => {
        onClose();
        const choice = choices.find((candidate) => candidate.key === key);
        if (choice) onChange(choice.facet, choice.chosen ? "" : choice.value);
      }}
    />
  );
}
