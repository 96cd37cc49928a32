import { statusColor, statusTitle, type Status } from "@/lib/statuses.ts";
import { classes } from "./classes.ts";

/** A bar with a part for each status, as wide as its count. */
export function StatusBar({
  label,
  counts,
  of,
  className,
}: {
  readonly label: string;
  readonly counts: readonly { readonly status: Status; readonly issues: number }[];
  /** The count that the full width represents. */
  readonly of: number;
  readonly className?: string;
}) {
  const words = counts
    .filter(({ issues }) => issues > 0)
    .map(({ status, issues }) => `${statusTitle(status)} ${issues}`)
    .join(", ");
  return (
    <div
      role="img"
      aria-label={`${label}: ${words || "none"}`}
      title={words}
      className={classes("flex h-2 gap-px overflow-hidden rounded-full bg-line", className)}
    >
      {counts.map(({ status, issues }) =>
        issues > 0 ? (
          <span
            key={status}
            className="h-full bg-(--mark)"
            style={{
              ["--mark" as string]: statusColor(status),
              width: `${(issues / Math.max(of, 1)) * 100}%`,
            }}
          />
        ) : null,
      )}
    </div>
  );
}
