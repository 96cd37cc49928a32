import { priorityTitle, type Priority } from "@/lib/statuses.ts";

const BARS: Readonly<Record<Exclude<Priority, "P0">, number>> = { P1: 3, P2: 2, P3: 1 };

/** The icon of a priority: more bars for a higher priority, and a square for the highest. */
export function PriorityGlyph({ priority }: { readonly priority: Priority }) {
  const title = `${priorityTitle(priority)} priority (${priority})`;
  const color = `var(--${priority.toLowerCase()})`;
  return (
    <svg
      width="14"
      height="14"
      viewBox="0 0 14 14"
      role="img"
      aria-label={title}
      className="shrink-0"
    >
      <title>{title}</title>
      {priority === "P0" ? (
        <>
          <rect x="1" y="1" width="12" height="12" rx="3" fill={color} />
          <path d="M7 3.6v4" stroke="#fff" strokeWidth="1.8" strokeLinecap="round" />
          <circle cx="7" cy="10.1" r="1.05" fill="#fff" />
        </>
      ) : (
        [0, 1, 2].map((bar) => (
          <rect
            key={bar}
            x={1.5 + bar * 4}
            y={9 - bar * 3}
            width="3"
            height={3.5 + bar * 3}
            rx="1"
            fill={bar < BARS[priority] ? color : "var(--line-strong)"}
          />
        ))
      )}
    </svg>
  );
}
