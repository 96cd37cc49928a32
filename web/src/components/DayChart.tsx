import { dayName, DayPlot } from "./DayPlot.tsx";

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

/** The next round number, for the upper end of an axis. */
export function roundUp(value: number): number {
  if (value <= 4) return 4;
  const magnitude = 10 ** Math.floor(Math.log10(value));
  const tops = [1, 2, 4, 5, 8, 10].map((factor) => factor * magnitude);
  // The middle is labelled as well, so it must be a whole number.
  return tops.find((top) => top >= value && top % 2 === 0) ?? 10 * magnitude;
}

/** Stacked amounts by day, as bars or as areas. A table has the same data for screen readers. */
export function DayChart<Kind extends string>({ title, unit, days, series, shape }: Props<Kind>) {
  // An area needs at least two days.
  const isArea = shape === "area" && days.length > 1;
  const totals = days.map((day) => series.reduce((sum, { kind }) => sum + day.values[kind], 0));
  const top = roundUp(Math.max(...totals, 0));
  return (
    <figure className="min-w-0">
      <DayPlot
        label={`${title}, ${unit} per day`}
        days={days.map(({ day }) => day)}
        ticks={[0, top / 2, top].map((value) => ({ value, label: value.toLocaleString() }))}
        shape={isArea ? "points" : "bars"}
        caption={`${unit} · ${days.length === 1 ? "today" : `last ${days.length} days`}`}
        details={(index) => valuesOf(days[index], series, unit)}
      >
        {({ x, y, step }) =>
          isArea
            ? series.map((each, index) => (
                <path
                  key={each.kind}
                  d={areaOf(days, series.slice(0, index), each, x, y)}
                  fill={each.color}
                  fillOpacity="0.8"
                  stroke="var(--card)"
                  strokeWidth="1"
                />
              ))
            : days.map((each, index) => (
                <Stack
                  key={each.day}
                  day={each}
                  series={series}
                  x={x(index)}
                  width={Math.min(step * 0.66, 26)}
                  y={y}
                />
              ))
        }
      </DayPlot>
      {series.length > 1 && <Legend series={series} />}
      <div className="sr-only">
        <table>
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
                <th scope="row">{dayName(each.day)}</th>
                {series.map(({ kind }) => (
                  <td key={kind}>{each.values[kind]}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}

/** The values of a day in words, without zeros; the top of the stack first. */
function valuesOf<Kind extends string>(
  day: Day<Kind> | undefined,
  series: readonly Series<Kind>[],
  unit: string,
): string {
  if (!day) return "";
  const [only] = series;
  if (series.length === 1 && only) return `${day.values[only.kind]} ${unit}`;
  const words = [...series]
    .reverse()
    .filter(({ kind }) => day.values[kind] > 0)
    .map(({ kind, title }) => `${title} ${day.values[kind]}`);
  return words.length > 0 ? words.join(" · ") : `no ${unit}`;
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
