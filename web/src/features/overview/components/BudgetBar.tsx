import {
  featureTitle,
  resourceTitle,
  sentenceOf,
  type BudgetView,
  type Spent,
} from "../model/budgets.ts";

const COLORS: Readonly<Record<Spent["kind"], string>> = {
  CHANGES: "var(--accent)",
  REFRESH: "var(--ready)",
  FULL_SYNC: "var(--in-review)",
  SWEEP: "var(--in-progress)",
  AUTOMATION: "var(--done)",
  OTHERS: "var(--backlog)",
};

/**
 * One budget: a bar with the points of each feature against the limit, the reserve at its end and the forecast as a
 * line. The sentence and the list below have the same data as text.
 */
export function BudgetBar({ view }: { readonly view: BudgetView }) {
  const { owner, resource, limit, spent, reserve, forecast, problem } = view;
  const part = (points: number): string =>
    `${Math.min(100, Math.max(0, (points / Math.max(limit, 1)) * 100))}%`;
  return (
    <li>
      <h3 className="flex flex-wrap items-baseline gap-x-2 text-board font-medium">
        {resourceTitle(resource)}
        {owner !== undefined && <span className="font-normal text-ink-faint">of {owner}</span>}
      </h3>
      <div className="relative mt-1.5" aria-hidden>
        <div className="flex h-3 gap-px overflow-hidden rounded-full bg-line">
          {spent.map(({ kind, points }) => (
            <span
              key={kind}
              data-spent={kind}
              title={`${featureTitle(kind)}: ${points.toLocaleString()}`}
              className="h-full shrink-0 bg-(--mark)"
              style={{ ["--mark" as string]: COLORS[kind], width: part(points) }}
            />
          ))}
        </div>
        {reserve > 0 && (
          <span
            data-reserve
            title={`Reserve for claims and moves: ${reserve.toLocaleString()}`}
            className="absolute inset-y-0 right-0 rounded-r-full border-l border-ink-faint bg-[repeating-linear-gradient(135deg,var(--ink-faint)_0_1px,transparent_1px_5px)]"
            style={{ width: part(reserve) }}
          />
        )}
        {forecast !== undefined && (
          <span
            data-forecast
            title={`Forecast: ${forecast.toLocaleString()}`}
            className="absolute -inset-y-1 w-0.5 -translate-x-1/2 bg-ink"
            style={{ left: part(forecast) }}
          />
        )}
      </div>
      <p className="tabular mt-1.5 text-ink-soft">{sentenceOf(view)}</p>
      {problem !== undefined && (
        <p role="status" className="mt-0.5 font-medium text-warning">
          {problem}
        </p>
      )}
      {spent.length > 0 && (
        <ul
          aria-label="Spent in the last hour"
          className="tabular mt-1 flex flex-wrap gap-x-4 gap-y-1 text-meta text-ink-soft"
        >
          {spent.map(({ kind, points }) => (
            <li key={kind} className="flex items-center gap-1.5">
              <span
                className="size-2 rounded-xs bg-(--mark)"
                style={{ ["--mark" as string]: COLORS[kind] }}
                aria-hidden
              />
              {featureTitle(kind)} {points.toLocaleString()}
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}
