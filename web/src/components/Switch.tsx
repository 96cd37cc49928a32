import type { ReactNode } from "react";

/** A switch with a label. */
export function Switch({
  isOn,
  disabled,
  onChange,
  children,
}: {
  readonly isOn: boolean;
  readonly disabled: boolean;
  readonly onChange: (isOn: boolean) => void;
  readonly children: ReactNode;
}) {
  return (
    <label className="flex min-h-7 items-center justify-between gap-3 text-board text-ink-soft">
      {children}
      <input
        type="checkbox"
        role="switch"
        checked={isOn}
        disabled={disabled}
        onChange={(event) => onChange(event.target.checked)}
        className="relative h-4 w-7 shrink-0 appearance-none rounded-full border border-ink-faint transition-colors before:absolute before:top-0.5 before:left-0.5 before:size-2.5 before:rounded-full before:bg-ink-faint before:transition-transform checked:border-accent checked:bg-accent checked:before:translate-x-3 checked:before:bg-accent-ink disabled:opacity-50"
      />
    </label>
  );
}
