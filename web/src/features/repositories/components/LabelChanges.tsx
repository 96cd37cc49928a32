import type { Preview } from "../api/labels.ts";

/** The issues whose column, priority or agent would change. */
export function LabelChanges({ preview: { changes, changeCount } }: { readonly preview: Preview }) {
  const unlisted = changeCount - changes.length;
  return (
    <>
      <p role="status" className="tabular text-board font-medium">
        {changeCount === 0
          ? "No issue changes."
          : `${changeCount === 1 ? "1 issue changes" : `${changeCount} issues change`}:`}
      </p>
      {changeCount > 0 && (
        <div
          role="group"
          aria-label="Issues that change"
          // Focusable, so that keys can scroll it.
          tabIndex={0}
          className="mt-1 max-h-40 overflow-y-auto text-board text-ink-soft"
        >
          <ul className="space-y-1">
            {changes.map(({ issueId, number, title, before, after }) => (
              <li key={issueId} className="wrap-anywhere">
                <span className="tabular text-ink-faint">#{number}</span>{" "}
                <bdi className="text-ink">{title}</bdi>: {before} → {after}
              </li>
            ))}
            {unlisted > 0 && <li className="tabular text-ink-faint">and {unlisted} more</li>}
          </ul>
        </div>
      )}
    </>
  );
}
