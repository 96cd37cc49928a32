/** A current amount and its limit: a bar that is amber at the limit and red above. Without a limit, only the number. */
export function Meter({
  name,
  amount,
  limit,
}: {
  readonly name: string;
  readonly amount: number;
  readonly limit: number | null;
}) {
  const color =
    limit === null || amount < limit
      ? "var(--accent)"
      : amount === limit
        ? "var(--ready)"
        : "var(--blocked)";
  return (
    <div className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-3">
      <dt className="truncate text-ink-soft">{name}</dt>
      <dd className="tabular">
        {amount.toLocaleString()}
        {limit !== null && (
          <span className="text-ink-faint">
            <span className="sr-only"> of</span>
            <span aria-hidden> /</span> {limit.toLocaleString()}
          </span>
        )}
        {limit !== null && amount >= limit && (
          <span className="sr-only">, {amount === limit ? "the limit" : "above the limit"}</span>
        )}
      </dd>
      {limit !== null && (
        <span className="col-span-2 mt-1 h-1 overflow-hidden rounded-full bg-line" aria-hidden>
          <span
            className="block h-full rounded-full bg-(--mark) transition-[width] duration-300"
            style={{
              ["--mark" as string]: color,
              width: `${Math.min(100, (amount / Math.max(limit, 1)) * 100)}%`,
            }}
          />
        </span>
      )}
    </div>
  );
}
