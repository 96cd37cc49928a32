/** The labels that a change added and removed, without those that stayed. */
export function LabelChange({
  before,
  after,
}: {
  readonly before: readonly string[];
  readonly after: readonly string[];
}) {
  const added = after.filter((label) => !before.includes(label));
  const removed = before.filter((label) => !after.includes(label));
  if (added.length === 0 && removed.length === 0) return null;
  return (
    <span className="inline-flex flex-wrap gap-1 text-meta">
      {removed.map((label) => (
        <del
          key={`-${label}`}
          className="rounded-full border border-dashed border-line px-1.5 leading-4 text-ink-faint decoration-from-font"
        >
          <span className="sr-only">removed </span>
          {label}
        </del>
      ))}
      {added.map((label) => (
        <ins
          key={`+${label}`}
          className="rounded-full border border-line-strong px-1.5 leading-4 text-ink no-underline"
        >
          <span className="sr-only">added </span>
          {label}
        </ins>
      ))}
    </span>
  );
}
