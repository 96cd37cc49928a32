import { Check } from "lucide-react";
import { useEffect, useId, useState, type KeyboardEvent, type ReactNode } from "react";
import { Modal } from "./Dialog.tsx";
import { Kbd } from "./Kbd.tsx";
import { classes } from "./classes.ts";

export type Choice = {
  readonly key: string;
  readonly text: string;
  /** Choices of one group are listed together under its name. */
  readonly group: string;
  readonly mark?: ReactNode;
  /** The shortcut that does the same. */
  readonly hint?: string;
  /** The number of things that it selects. */
  readonly count?: number | undefined;
  /** Whether it is on; undefined for a choice that is not a toggle. */
  readonly chosen?: boolean;
};

type Props = {
  readonly label: string;
  readonly choices: readonly Choice[];
  readonly onChoose: (choice: Choice) => void;
  readonly onClose: () => void;
};

/** The choices whose text or group contains every word of the query. */
export function matching(choices: readonly Choice[], query: string): readonly Choice[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return choices.filter((choice) => {
    const text = `${choice.group} ${choice.text}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** A dialog with a search field and a list of choices. */
export function Picker({ label, choices, onChoose, onClose }: Props) {
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const list = useId();
  const found = matching(choices, query);
  const active = found[Math.min(at, found.length - 1)];

  useEffect(() => {
    document.getElementById(`${list}-${active?.key ?? ""}`)?.scrollIntoView({ block: "nearest" });
  }, [active?.key, list]);

  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined)
      setAt((Math.min(at, found.length - 1) + step + found.length) % Math.max(found.length, 1));
    else if (event.key === "Enter" && active) onChoose(active);
    else return;
    event.preventDefault();
  };

  return (
    <Modal
      name={{ "aria-label": label }}
      onClose={onClose}
      className="mx-auto mt-[12dvh] mb-auto max-h-[70dvh] flex-col overflow-hidden open:flex"
    >
      <input
        role="combobox"
        aria-label={label}
        aria-expanded
        aria-controls={list}
        aria-activedescendant={active ? `${list}-${active.key}` : undefined}
        placeholder={`${label}…`}
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
        autoComplete="off"
        spellCheck={false}
        className="h-11 w-full shrink-0 border-b border-line bg-transparent px-4 text-body outline-none placeholder:text-ink-faint"
      />
      <div
        id={list}
        role="listbox"
        aria-label={label}
        tabIndex={-1}
        className="min-h-0 overflow-y-auto p-1.5"
      >
        {found.map((choice, index) => (
          <div key={choice.key} role="presentation">
            {choice.group !== found[index - 1]?.group && (
              <div
                role="presentation"
                className="px-2.5 pt-2 pb-1 text-meta font-medium text-ink-faint"
              >
                {choice.group}
              </div>
            )}
            <div
              id={`${list}-${choice.key}`}
              role="option"
              aria-selected={choice.chosen ?? choice === active}
              onMouseMove={() => setAt(index)}
              onClick={() => onChoose(choice)}
              className={classes(
                "flex h-8 items-center gap-2.5 rounded px-2.5 text-body",
                choice === active && "bg-column",
              )}
            >
              {choice.mark}
              <span className="grow truncate">{choice.text}</span>
              {choice.count !== undefined && (
                <span className="tabular text-meta text-ink-faint">{choice.count}</span>
              )}
              {choice.hint && <Kbd>{choice.hint}</Kbd>}
              {choice.chosen && <Check size={14} className="shrink-0 text-accent" aria-hidden />}
            </div>
          </div>
        ))}
        {found.length === 0 && (
          <p className="p-2.5 text-body text-ink-faint">Nothing is called that.</p>
        )}
      </div>
    </Modal>
  );
}
