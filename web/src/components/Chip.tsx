import { ListFilter, X } from "lucide-react";
import { Button } from "./Button.tsx";

export function FilterButton({ onOpen }: { readonly onOpen: () => void }) {
  return (
    <Button look="quiet" onClick={onOpen} aria-keyshortcuts="f">
      <ListFilter size={14} aria-hidden />
      <span className="max-sm:sr-only">Filter</span>
    </Button>
  );
}

/** One active filter of a page, with a button that removes it. */
export function Chip({
  name,
  value,
  onRemove,
}: {
  readonly name: string;
  readonly value: string;
  readonly onRemove: () => void;
}) {
  return (
    <li className="inline-flex h-6 items-center rounded-full border border-line bg-raised pl-2 text-meta">
      <span className="text-ink-faint">{name}</span>
      <span className="ml-1 max-w-48 truncate text-ink">{value}</span>
      <button
        type="button"
        aria-label={`Remove filter ${name} ${value}`}
        onClick={onRemove}
        className="ml-0.5 flex size-5 items-center justify-center rounded-full text-ink-faint hover:text-ink"
      >
        <X size={12} />
      </button>
    </li>
  );
}
