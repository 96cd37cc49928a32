import { useId, type ReactNode } from "react";
import { classes } from "./classes.ts";

/** A titled part of a page. */
export function Panel({
  title,
  count,
  hint,
  action,
  children,
  className,
}: {
  readonly title: string;
  /** The number of items, shown beside the title. */
  readonly count?: number | string;
  /** What the part shows, as a sentence below the title. */
  readonly hint?: string;
  readonly action?: ReactNode;
  readonly children: ReactNode;
  readonly className?: string;
}) {
  const heading = useId();
  return (
    <section
      aria-labelledby={heading}
      className={classes("min-w-0 rounded-lg border border-line bg-card p-4", className)}
    >
      <div className={classes("flex items-baseline gap-2", hint === undefined && "mb-3")}>
        <h2 id={heading} className="font-semibold">
          {title}
        </h2>
        {count !== undefined && (
          <span className="tabular text-meta text-ink-faint">{count.toLocaleString()}</span>
        )}
        {action && <span className="-my-1 ml-auto">{action}</span>}
      </div>
      {hint !== undefined && <p className="mt-0.5 mb-3 text-meta text-ink-faint">{hint}</p>}
      {children}
    </section>
  );
}
