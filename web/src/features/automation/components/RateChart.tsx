import { dayName, DayPlot, type Scale } from "@/components/DayPlot.tsx";
import { RATE_DAYS, ratesOf, stretchesOf, type RateDay, type RunDay } from "../model/rates.ts";
import { rateWords } from "../model/strip.ts";

const TICKS = [
  { value: 0, label: "0 %" },
  { value: 0.5, label: "50 %" },
  { value: 1, label: "100 %" },
];

/**
 * The success rate over time as a line. Each point is the rate of seven days. A table has the same data for screen
 * readers.
 */
export function RateChart({
  name,
  days,
}: {
  readonly name: string;
  readonly days: readonly RunDay[];
}) {
  const rates = ratesOf(days);
  const label = `Success rate of ${name}, over ${RATE_DAYS} days each`;
  return (
    <figure className="min-w-0">
      <DayPlot
        label={label}
        days={rates.map(({ day }) => day)}
        ticks={TICKS}
        shape="points"
        height={120}
        caption={`success rate of ${RATE_DAYS} days each · last ${rates.length} days`}
        details={(index) => detailsOf(rates[index])}
      >
        {(scale) =>
          stretchesOf(rates).map((points) => (
            <Stretch key={points[0]?.[0]} {...{ points, scale }} />
          ))
        }
      </DayPlot>
      <div className="sr-only">
        <table>
          <caption>{label}</caption>
          <thead>
            <tr>
              <th scope="col">Day</th>
              <th scope="col">Success rate</th>
              <th scope="col">Runs</th>
            </tr>
          </thead>
          <tbody>
            {rates.map(({ day, rate, runs }) => (
              <tr key={day}>
                <th scope="row">{dayName(day)}</th>
                <td>{rateWords(rate)}</td>
                <td>{runs}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}

function detailsOf(day: RateDay | undefined): string {
  if (!day) return "";
  const { rate, succeeded, runs } = day;
  return rate === null
    ? `no run in these ${RATE_DAYS} days`
    : `${rateWords(rate)} · ${succeeded} of ${runs} runs in ${RATE_DAYS} days`;
}

/** Consecutive days with a rate: a line with the area below it, or a dot for a single day. */
function Stretch({
  points,
  scale: { x, y },
}: {
  readonly points: readonly (readonly [index: number, rate: number])[];
  readonly scale: Scale;
}) {
  const [first] = points;
  if (!first) return null;
  const last = points.at(-1) ?? first;
  if (points.length === 1) {
    return <circle cx={x(first[0])} cy={y(first[1])} r="2.5" fill="var(--success)" />;
  }
  const line = points.map(([index, rate]) => `${x(index)},${y(rate)}`).join("L");
  return (
    <>
      <path
        d={`M${x(first[0])},${y(0)}L${line}L${x(last[0])},${y(0)}Z`}
        fill="var(--success)"
        fillOpacity="0.12"
      />
      <path
        d={`M${line}`}
        fill="none"
        stroke="var(--success)"
        strokeWidth="2"
        strokeLinejoin="round"
        strokeLinecap="round"
        data-rate
      />
    </>
  );
}
