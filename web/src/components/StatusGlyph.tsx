import { statusColor, type Status } from "@/lib/statuses.ts";

/** How much of the disc is filled; the shape shows the status without its colour. */
const FILL: Readonly<Record<Status, number>> = {
  BACKLOG: 0,
  READY: 0,
  IN_PROGRESS: 0.5,
  IN_REVIEW: 0.75,
  BLOCKED: 0,
  DONE: 1,
};

const CIRCLE = 2 * Math.PI * 2.25;

/** The icon of a status. It is hidden from screen readers, so the name must be beside it. */
export function StatusGlyph({
  status,
  size = 14,
}: {
  readonly status: Status;
  readonly size?: number;
}) {
  const fill = FILL[status];
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 14 14"
      fill="none"
      stroke={statusColor(status)}
      className="shrink-0"
      aria-hidden
    >
      <circle
        cx="7"
        cy="7"
        r="5.75"
        strokeWidth="1.5"
        strokeDasharray={status === "BACKLOG" ? "1.6 1.41" : undefined}
      />
      {fill > 0 && fill < 1 && (
        <circle
          cx="7"
          cy="7"
          r="2.25"
          strokeWidth="4.5"
          strokeDasharray={`${fill * CIRCLE} ${CIRCLE}`}
          transform="rotate(-90 7 7)"
        />
      )}
      {status === "DONE" && (
        <>
          <circle cx="7" cy="7" r="5.75" fill={statusColor(status)} />
          <path
            d="m4.5 7.2 1.8 1.8 3.4-3.8"
            stroke="var(--card)"
            strokeWidth="1.6"
            strokeLinecap="round"
            strokeLinejoin="round"
          />
        </>
      )}
      {status === "BLOCKED" && <path d="M4.2 7h5.6" strokeWidth="2" strokeLinecap="round" />}
    </svg>
  );
}
