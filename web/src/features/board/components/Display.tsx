import { LayoutList } from "lucide-react";
import { Button } from "@/components/Button.tsx";
import { Picker, type Choice } from "@/components/Picker.tsx";
import { GROUPS, SORTS, type Group, type Layout, type Sort } from "../model/layout.ts";

export function DisplayButton({
  layout,
  onOpen,
}: {
  readonly layout: Layout;
  readonly onOpen: () => void;
}) {
  const words = [
    layout.group !== "none" && `by ${GROUPS[layout.group].toLowerCase()}`,
    layout.sort !== "updated" && `by ${SORTS[layout.sort].toLowerCase()}`,
  ].filter(Boolean);
  return (
    <Button
      look="quiet"
      onClick={onOpen}
      aria-keyshortcuts="d"
      title="Grouping and order"
      className={words.length > 0 ? "text-accent" : undefined}
    >
      <LayoutList size={14} aria-hidden />
      <span className="max-sm:sr-only">Display</span>
      {words.length > 0 && <span className="sr-only"> {words.join(", ")}</span>}
    </Button>
  );
}

const GROUP = "Group by";
const SORT = "Order within a column";

type Offer = Choice & { readonly layout: Layout };

/** The choices: each changes the grouping or the order of the current layout. */
export function layoutChoices(layout: Layout): readonly Offer[] {
  return [
    ...(Object.keys(GROUPS) as Group[]).map((group) => ({
      key: `group:${group}`,
      group: GROUP,
      text: GROUPS[group],
      chosen: layout.group === group,
      layout: { ...layout, group },
    })),
    ...(Object.keys(SORTS) as Sort[]).map((sort) => ({
      key: `sort:${sort}`,
      group: SORT,
      text: SORTS[sort],
      chosen: layout.sort === sort,
      layout: { ...layout, sort },
    })),
  ];
}

/** The picker for the grouping and the order of the board. */
export function DisplayPicker({
  layout,
  onChange,
  onClose,
}: {
  readonly layout: Layout;
  readonly onChange: (layout: Layout) => void;
  readonly onClose: () => void;
}) {
  const choices = layoutChoices(layout);
  return (
    <Picker
      label="Display"
      choices={choices}
      onClose={onClose}
      onChoose={({ key }) => {
        const choice = choices.find((candidate) => candidate.key === key);
        if (choice) onChange(choice.layout);
      }}
    />
  );
}
