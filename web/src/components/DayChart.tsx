import { useId, useState, type KeyboardEvent } from "react";

/** One day of a chart with the amount of each series. */
export type Day<Kind extends string> = {
  /** Such as `2026-05-25`. */
  readonly day: string;
  readonly values: Readonly<Record<Kind, number>>;
};

/** A series of a chart, with its name and colour. */
export type Series<Kind extends string> = {
  readonly kind: Kind;
  readonly title: string;
  readonly color: string;
};

type Props<Kind extends string> = {
  readonly title: string;
  /** The plural noun of what is counted, such as `issues`. */
  readonly unit: string;
  readonly days: readonly Day<Kind>[];
  /** Stacked from the bottom to the top. */
  readonly series: readonly Series<Kind>[];
  readonly shape: "bars" | "area";
};

const WIDTH = 560;
const HEIGHT = 170;
const LEFT = 34;
const BOTTOM = 22;
const TOP = 8;

const dayName = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "short",
  timeZone: "UTC",
});
const nameOf = (day: string): string => dayName.format(new Date(`${day}T00:00:00Z`));

/** The next round number, for the upper end of an axis. */
export function roundUp(value: number): number {
  if (value <= 4) return 4;
  const magnitude = 10 ** Math.floor(Math.log10(value));
  const tops = [1, 2, 4, 5, 8, 10].map((factor) => factor * magnitude);
  // The middle is labelled as well, so it must be a whole number.
  return tops.find((top) => top >= value && top % 2 === 0) ?? 10 * magnitude;
}

/**
 * Stacked amounts by day. The values of the day under the pointer are shown, or of the day that was selected with the
 * arrow keys. A table has the same data for screen readers.
 */
export function DayChart<Kind extends string>({
  title,
  unit,
  days,
  series,
  shape: wished,
}: Props<Kind>) {
  // An area needs at least two days.
  const shape = days.length > 1 ? wished : "bars";
  const [at, setAt] = useState<number>();
  const hint = useId();
  const totals = days.map((day) => series.reduce((sum, { kind }) => sum + day.values[kind], 0));
  const top = roundUp(Math.max(...totals, 0));
  const plot = WIDTH - LEFT;
  const step =
    shape === "bars" ? plot / Math.max(days.length, 1) : plot / Math.max(days.length - 1, 1);
  const x = (index: number): number =>
    LEFT + (shape === "bars" ? (index + 0.5) * step : index * step);
  const y = (value: number): number => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const day = at === undefined ? undefined : days[at];

  const onKeyDown = (event: KeyboardEvent) => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (move === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    setAt(Math.min(Math.max((at ?? days.length) + move, 0), days.length - 1));
  };

  return (
    <figure className="min-w-0">
      <div className="flex h-5 items-baseline gap-3 text-meta text-ink-faint" aria-live="polite">
        {day ? (
          <>
            <span className="font-medium text-ink">{nameOf(day.day)}</span>
            <span className="tabular truncate">
              {series.length > 1
                ? [...series]
                    .reverse()
                    .filter(({ kind }) => day.values[kind] > 0)
                    .map(({ kind, title: name }) => `${name} ${day.values[kind]}`)
                    .join(" · ")
                : `${totals[at ?? 0] ?? 0} ${unit}`}
            </span>
          </>
        ) : (
          <span>
            {unit} · {days.length === 1 ? "today" : `last ${days.length} days`}
          </span>
        )}
      </div>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${title}, ${unit} per day`}
        aria-describedby={hint}
        tabIndex={0}
        className="mt-1 w-full overflow-visible rounded"
        onKeyDown={onKeyDown}
        onBlur={() => setAt(undefined)}
        onPointerLeave={() => setAt(undefined)}
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          const left = ((event.clientX - box.left) / box.width) * WIDTH - LEFT;
          const index = shape === "bars" ? Math.floor(left / step) : Math.round(left / step);
          setAt(index >= 0 && index < days.length ? index : undefined);
        }}
      >
        {[0, top / 2, top].map((value) => (
          <g key={value}>
            <line x1={LEFT} x2={WIDTH} y1={y(value)} y2={y(value)} stroke="var(--line)" />
            <text
              x={LEFT - 8}
              y={y(value) + 4}
              textAnchor="end"
              fontSize="11"
              fill="var(--ink-faint)"
              className="tabular"
            >
              {value}
            </text>
          </g>
        ))}
        {shape === "bars"
          ? days.map((each, index) => (
              <Stack
                key={each.day}
                day={each}
                series={series}
                x={x(index)}
                width={Math.min(step * 0.66, 26)}
                y={y}
              />
            ))
          : series.map((each, index) => (
              <path
                key={each.kind}
                d={areaOf(days, series.slice(0, index), each, x, y)}
                fill={each.color}
                fillOpacity="0.8"
                stroke="var(--card)"
                strokeWidth="1"
              />
            ))}
        {at !== undefined && (
          <line
            x1={x(at)}
            x2={x(at)}
            y1={TOP}
            y2={HEIGHT - BOTTOM}
            stroke="var(--ink)"
            strokeDasharray="2 3"
          />
        )}
        {days.map((each, index) =>
          index % Math.ceil(days.length / 5) === 0 ? (
            <text
              key={each.day}
              x={x(index)}
              y={HEIGHT - 6}
              textAnchor={shape === "area" && index === 0 ? "start" : "middle"}
              fontSize="11"
              fill="var(--ink-faint)"
            >
              {nameOf(each.day)}
            </text>
          ) : null,
        )}
      </svg>
      <p id={hint} className="sr-only">
        Left and right arrows go from day to day.
      </p>
      {series.length > 1 && <Legend series={series} />}
      <table className="sr-only">
        <caption>{title}</caption>
        <thead>
          <tr>
            <th scope="col">Day</th>
            {series.map(({ kind, title: name }) => (
              <th key={kind} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {days.map((each) => (
            <tr key={each.day}>
              <th scope="row">{nameOf(each.day)}</th>
              {series.map(({ kind }) => (
                <td key={kind}>{each.values[kind]}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}

function Stack<Kind extends string>({
  day,
  series,
  x,
  width,
  y,
}: {
  readonly day: Day<Kind>;
  readonly series: readonly Series<Kind>[];
  readonly x: number;
  readonly width: number;
  readonly y: (value: number) => number;
}) {
  let below = 0;
  return series.map(({ kind, color }) => {
    const value = day.values[kind];
    const bottom = y(below);
    below += value;
    return value > 0 ? (
      <rect
        key={kind}
        x={x - width / 2}
        y={y(below)}
        width={width}
        height={bottom - y(below)}
        rx="2"
        fill={color}
      />
    ) : null;
  });
}

function areaOf<Kind extends string>(
  days: readonly Day<Kind>[],
  under: readonly Series<Kind>[],
  own: Series<Kind>,
  x: (index: number) => number,
  y: (value: number) => number,
): string {
  const floor = (day: Day<Kind>): number =>
    under.reduce((sum, { kind }) => sum + day.values[kind], 0);
  const upper = days.map((day, index) => `${x(index)},${y(floor(day) + day.values[own.kind])}`);
  const lower = days.map((day, index) => `${x(index)},${y(floor(day))}`).reverse();
  return `M${[...upper, ...lower].join("L")}Z`;
}

function Legend<Kind extends string>({ series }: { readonly series: readonly Series<Kind>[] }) {
  return (
    <ul className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-meta text-ink-soft" aria-hidden>
      {series.map(({ kind, title, color }) => (
        <li key={kind} className="flex items-center gap-1.5">
          <span className="size-2 rounded-xs bg-(--mark)" style={{ ["--mark" as string]: color }} />
          {title}
        </li>
      ))}
    </ul>
  );
}
