import { useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { useWidth } from "./useWidth.ts";

/** Maps days and values to positions in the SVG, in pixels. */
export type Scale = {
  readonly x: (index: number) => number;
  readonly y: (value: number) => number;
  /** The distance between two days. */
  readonly step: number;
};

type Props = {
  /** The name of the chart for screen readers. */
  readonly label: string;
  /** Such as `2026-05-25`, oldest first. */
  readonly days: readonly string[];
  /** The values of the horizontal lines with their labels. The last is the upper end of the axis. */
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
  /** Whether a day has a width, as for bars, or is a point, as for lines. */
  readonly shape: "bars" | "points";
  readonly height?: number;
  /** Shown above the chart while no day is selected. */
  readonly caption: ReactNode;
  /** Shown above the chart beside the name of the selected day. */
  readonly details: (index: number) => ReactNode;
  readonly children: (scale: Scale) => ReactNode;
};

/** The width until it is measured. */
const WIDTH = 560;
const HEIGHT = 170;
const LEFT = 40;
const BOTTOM = 22;
const TOP = 8;
/** The minimum distance between the labels of days, in pixels. */
const LABEL_PX = 90;

const dayFormat = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "short",
  timeZone: "UTC",
});

/** The name of a day, such as `25 May`. */
export const dayName = (day: string): string => dayFormat.format(new Date(`${day}T00:00:00Z`));

/**
 * The axes of a chart by day. The details of the day under the pointer are shown, or of the day that was selected with
 * the arrow keys. `children` draw the values.
 */
export function DayPlot({
  label,
  days,
  ticks,
  shape,
  height = HEIGHT,
  caption,
  details,
  children,
}: Props) {
  const [at, setAt] = useState<number>();
  const hint = useId();
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box) ?? WIDTH;
  const plot = Math.max(width - LEFT, 1);
  const step =
    shape === "bars" ? plot / Math.max(days.length, 1) : plot / Math.max(days.length - 1, 1);
  const top = ticks.at(-1)?.value ?? 1;
  const x = (index: number): number => LEFT + (shape === "bars" ? index + 0.5 : index) * step;
  const y = (value: number): number => TOP + (height - TOP - BOTTOM) * (1 - value / top);
  const selected = at === undefined ? undefined : days[at];
  const labelled = Math.max(1, Math.ceil(days.length / Math.max(1, Math.floor(plot / LABEL_PX))));

  const onKeyDown = (event: KeyboardEvent) => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (move === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    setAt(Math.min(Math.max((at ?? days.length) + move, 0), days.length - 1));
  };

  return (
    <div ref={box} className="min-w-0">
      <div className="flex h-5 items-baseline gap-3 text-meta text-ink-faint" aria-live="polite">
        {selected === undefined || at === undefined ? (
          <span className="truncate">{caption}</span>
        ) : (
          <>
            <span className="shrink-0 font-medium text-ink">{dayName(selected)}</span>
            <span className="tabular truncate">{details(at)}</span>
          </>
        )}
      </div>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={label}
        aria-describedby={hint}
        tabIndex={0}
        className="mt-1 w-full overflow-visible rounded"
        onKeyDown={onKeyDown}
        onBlur={() => setAt(undefined)}
        onPointerLeave={() => setAt(undefined)}
        onPointerMove={(event) => {
          const left = event.clientX - event.currentTarget.getBoundingClientRect().left - LEFT;
          const index = shape === "bars" ? Math.floor(left / step) : Math.round(left / step);
          setAt(index >= 0 && index < days.length ? index : undefined);
        }}
      >
        {ticks.map(({ value, label: name }) => (
          <g key={value}>
            <line x1={LEFT} x2={width} y1={y(value)} y2={y(value)} stroke="var(--line)" />
            <text
              x={LEFT - 8}
              y={y(value) + 4}
              textAnchor="end"
              fontSize="11"
              fill="var(--ink-faint)"
              className="tabular"
            >
              {name}
            </text>
          </g>
        ))}
        {children({ x, y, step })}
        {at !== undefined && (
          <line
            x1={x(at)}
            x2={x(at)}
            y1={TOP}
            y2={height - BOTTOM}
            stroke="var(--ink)"
            strokeDasharray="2 3"
          />
        )}
        {days.map((day, index) =>
          index % labelled === 0 ? (
            <text
              key={day}
              x={x(index)}
              y={height - 6}
              textAnchor={shape === "points" && index === 0 ? "start" : "middle"}
              fontSize="11"
              fill="var(--ink-faint)"
            >
              {dayName(day)}
            </text>
          ) : null,
        )}
      </svg>
      <p id={hint} className="sr-only">
        Left and right arrows go from day to day.
      </p>
    </div>
  );
}
