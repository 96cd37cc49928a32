import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, type ReactNode } from "react";
import type { Feed } from "@/lib/feed.ts";
import { useSignal } from "@/lib/signal.ts";
import { Button } from "./Button.tsx";
import { Delayed, ErrorState } from "./states.tsx";

/** The next page is requested when fewer rows than this remain below. */
const AHEAD = 20;

type Props<Item extends { readonly id: string }> = {
  readonly label: string;
  readonly feed: Feed<Item>;
  /** Height of a line before it has been measured, in pixels. */
  readonly estimate: number;
  readonly line: (item: Item, fresh: boolean) => ReactNode;
  readonly empty: ReactNode;
};

/** A log that loads older entries while it is scrolled. Only the visible rows are in the DOM. */
export function FeedList<Item extends { readonly id: string }>({
  label,
  feed,
  estimate,
  line,
  empty,
}: Props<Item>) {
  const state = useSignal(feed.state);
  const scroller = useRef<HTMLDivElement>(null);
  useEffect(() => feed.open(), [feed]);

  // eslint-disable-next-line react-hooks/incompatible-library -- its functions are not handed on
  const virtualizer = useVirtualizer({
    count: state.items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => estimate,
    getItemKey: (index) => state.items[index]?.id ?? index,
    overscan: 10,
  });
  const items = virtualizer.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const wantsMore = state.hasMore && state.phase === "ready" && last > state.items.length - AHEAD;
  useEffect(() => {
    if (wantsMore) void feed.readMore();
  }, [wantsMore, feed, state.items.length]);

  if (state.phase === "loading" && state.items.length === 0) {
    return (
      <Delayed>
        <Lines label={label} />
      </Delayed>
    );
  }
  if (state.phase === "failed" && state.items.length === 0) {
    return (
      <ErrorState
        title={`The ${label.toLowerCase()} could not be read`}
        message={state.failure?.message ?? ""}
        onRetry={() => feed.retry()}
      />
    );
  }
  if (state.items.length === 0) return empty;
  return (
    <div
      ref={scroller}
      className="h-full overflow-y-auto"
      tabIndex={0}
      role="group"
      aria-label={label}
    >
      <ol className="relative" style={{ height: virtualizer.getTotalSize() }}>
        {items.map((row) => {
          const item = state.items[row.index];
          return (
            item && (
              <li
                key={row.key}
                ref={virtualizer.measureElement}
                data-index={row.index}
                className="absolute inset-x-0 top-0 border-b border-line"
                style={{ transform: `translateY(${row.start}px)` }}
              >
                {line(item, feed.fresh.has(item.id))}
              </li>
            )
          );
        })}
      </ol>
      {state.phase === "failed" && (
        <div role="alert" className="flex items-center justify-center gap-3 p-4 text-warning">
          {state.failure?.message}
          <Button onClick={() => feed.retry()}>Try again</Button>
        </div>
      )}
      {!state.hasMore && state.phase === "ready" && (
        <p className="p-4 text-center text-meta text-ink-faint">This is where it begins.</p>
      )}
    </div>
  );
}

function Lines({ label }: { readonly label: string }) {
  return (
    <div role="status" aria-label={`Loading the ${label.toLowerCase()}`}>
      {Array.from({ length: 12 }, (_, line) => (
        <div key={line} className="flex h-11 items-center gap-4 border-b border-line px-4">
          <div className="h-2.5 w-10 animate-pulse rounded bg-line" />
          <div className="h-2.5 w-24 animate-pulse rounded bg-line" />
          <div className="h-2.5 w-1/3 animate-pulse rounded bg-line" />
        </div>
      ))}
    </div>
  );
}
