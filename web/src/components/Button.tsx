import type { ButtonHTMLAttributes, ReactNode } from "react";
import { classes } from "./classes.ts";

type Props = ButtonHTMLAttributes<HTMLButtonElement> & {
  readonly look?: "plain" | "primary" | "quiet" | "danger";
  readonly children: ReactNode;
};

const LOOKS = {
  plain: "border border-line-strong bg-raised text-ink hover:bg-column",
  primary: "bg-accent text-accent-ink hover:brightness-110",
  quiet: "text-ink-soft hover:bg-line/60 hover:text-ink",
  danger: "border border-line-strong bg-raised text-danger hover:bg-danger-soft",
} as const;

export function Button({ look = "plain", className, children, ...rest }: Props) {
  return (
    <button
      type="button"
      className={classes(
        "inline-flex h-7 shrink-0 items-center justify-center gap-1.5 rounded px-2.5 text-board font-medium whitespace-nowrap transition-colors disabled:opacity-50",
        LOOKS[look],
        className,
      )}
      {...rest}
    >
      {children}
    </button>
  );
}

/** A button with only an icon; its label is for screen readers and the tooltip. */
export function IconButton({
  label,
  className,
  children,
  ...rest
}: Omit<Props, "look"> & { readonly label: string }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={classes(
        "inline-flex size-7 shrink-0 items-center justify-center rounded text-ink-soft transition-colors hover:bg-line/60 hover:text-ink disabled:opacity-50",
        className,
      )}
      {...rest}
    >
      {children}
    </button>
  );
}
