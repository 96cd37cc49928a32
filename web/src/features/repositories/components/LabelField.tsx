import { useId, type ReactNode } from "react";

/** The field for a repository's label that replaces one of Dispatch's own, with its effect below. */
export function LabelField({
  name,
  mark,
  own,
  value,
  hint,
  onChange,
}: {
  readonly name: string;
  readonly mark?: ReactNode;
  /** Dispatch's own label, which applies if the field is empty. */
  readonly own: string;
  readonly value: string;
  /** Undefined until it is loaded. */
  readonly hint: string | undefined;
  readonly onChange: (value: string) => void;
}) {
  const field = useId();
  return (
    <div className="grid grid-cols-[7rem_minmax(0,1fr)] items-center gap-x-2">
      <label htmlFor={field} className="flex items-center gap-1.5 text-board">
        {mark && <span aria-hidden>{mark}</span>}
        {name}
      </label>
      <input
        id={field}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        placeholder={own}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        aria-describedby={`${field}-hint`}
        className="h-8 w-full rounded border border-line-strong bg-page px-2.5 text-body placeholder:text-ink-faint"
      />
      <p
        id={`${field}-hint`}
        className="tabular col-start-2 mt-1 min-h-4 text-meta wrap-anywhere text-ink-faint"
      >
        {hint}
      </p>
    </div>
  );
}
