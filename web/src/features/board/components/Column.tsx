import {
  defaultRangeExtractor,
  measureElement,
  useVirtualizer,
  type Range,
  type Virtualizer,
} from "@tanstack/react-virtual";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { classes } from "@/components/classes.ts";
import { StatusGlyph } from "@/components/StatusGlyph.tsx";
import { useSignal } from "@/lib/signal.ts";
import { statusTitle, type Status } from "@/lib/statuses.ts";
import { sorted } from "../model/swimlanes.ts";
import type { Sort } from "../model/layout.ts";
import { CardRow } from "./CardRow.tsx";
import { ColumnHead, CollapsedHead } from "./ColumnHead.tsx";
import { useBoard, useColumn, useSelected } from "./context.ts";
import { useDropTarget } from "./useDropTarget.ts";
import { useFocusRequests } from "./useFocusRequests.ts";

/** Height of a card before it has been measured, in pixels. */
const ESTIMATE = 98;
const GAP = 6;
/** The next page is asked for when fewer cards than this remain below. */
const AHEAD = 30;
/** A list that has not changed for this long is at rest. */
const CALM_MS = 200;
/** Cards slide no longer than this after the first of several changes. */
const SLIDES_MS = 200;

const EMPTY: Readonly<Record<Status, string>> = {
  BACKLOG: "Open issues without a status label appear here.",
  READY: "Issues that an agent may take appear here.",
  IN_PROGRESS: "What somebody works on appears here.",
  IN_REVIEW: "Work that waits for a review appears here.",
  BLOCKED: "Issues that cannot go on appear here, with the reason.",
  DONE: "Finished and closed issues appear here.",
};

type Props = {
  readonly status: Status;
  readonly sort: Sort;
  /** Whether the board is narrowed down, so that an empty column says so. */
  readonly filtered: boolean;
  readonly collapsed: boolean;
};

export function Column({ status, sort, filtered, collapsed }: Props) {
  const { session } = useBoard();
  const view = useColumn(status);
  // Of the whole view: an event may change where a card stands in a list that stays the same.
  const ids = useMemo(() => sorted(session.store, view.ids, sort), [session.store, view, sort]);
  const { ref, isOver } = useDropTarget(status);
  const heading = `column-${status}`;
  return (
    <section
      ref={ref}
      aria-labelledby={heading}
      data-column={status}
      data-over={isOver || undefined}
      className={classes(
        "relative flex h-full flex-col rounded-lg border bg-column transition-colors max-sm:pt-1.5",
        collapsed
          ? "w-10 shrink-0"
          : "w-72 max-w-96 min-w-56 grow max-sm:w-[calc(100vw-1.5rem)] max-sm:max-w-none max-sm:shrink-0 max-sm:snap-center",
        isOver ? "border-accent" : "border-transparent",
      )}
    >
      {collapsed ? (
        <CollapsedHead status={status} id={heading} />
      ) : (
        <>
          {/* On a phone the tabs say all of this. */}
          <div className="max-sm:sr-only">
            <ColumnHead status={status} id={heading} />
          </div>
          {view.totalCount === 0 && ids.length === 0 ? (
            <p className="px-3 py-2 text-meta text-ink-faint">
              {filtered ? "Nothing here matches the filters." : EMPTY[status]}
            </p>
          ) : (
            <Cards
              status={status}
              ids={ids}
              rows={view.hasMore ? Math.max(view.totalCount, ids.length) : ids.length}
            />
          )}
        </>
      )}
    </section>
  );
}

/**
 * Blocked while nothing is in it: a narrow place to drop on, laid over the gap beside its neighbour, so that no column
 * moves while a card is dragged.
 */
export function BlockedTarget() {
  const { ref, isOver } = useDropTarget("BLOCKED");
  return (
    <div className="relative z-10 -mx-[5px] w-0 shrink-0">
      <section
        ref={ref}
        aria-label="Blocked"
        data-column="BLOCKED"
        className={classes(
          "absolute inset-y-0 -left-9 flex w-18 flex-col items-center gap-2 rounded-lg border border-dashed bg-raised pt-3 shadow-lifted transition-colors",
          isOver ? "border-accent" : "border-line-strong",
        )}
      >
        <StatusGlyph status="BLOCKED" />
        <span className="text-meta font-semibold">Blocked</span>
      </section>
    </div>
  );
}

/**
 * The height of a card that has come into the page. One that comes in by scrolling lies beyond the edge, so it may wait
 * for the observer, which measures all new ones at once: asking for it here would lay out the page for each alone.
 */
function measureCard(
  element: Element,
  entry: ResizeObserverEntry | undefined,
  instance: Virtualizer<HTMLDivElement, Element>,
): number {
  if (entry || !instance.isScrolling) return measureElement(element, entry, instance);
  const index = instance.indexFromElement(element);
  return instance.measurementsCache[index]?.size ?? instance.options.estimateSize(index);
}

/** The cards of a column. Only those in sight are in the page; those not loaded yet keep their place. */
function Cards({
  status,
  ids,
  rows,
}: {
  readonly status: Status;
  readonly ids: readonly string[];
  readonly rows: number;
}) {
  const { session, interaction } = useBoard();
  const scroller = useRef<HTMLDivElement>(null);
  const focused = useSelected(interaction.focused, (id) =>
    id === undefined ? -1 : ids.indexOf(id),
  );
  const dragging = useSignal(interaction.dragging);
  const settling = useSettling(ids);

  // eslint-disable-next-line react-hooks/incompatible-library -- its functions are not handed on
  const virtualizer = useVirtualizer({
    count: rows,
    getScrollElement: () => scroller.current,
    estimateSize: () => ESTIMATE,
    getItemKey: (index) => ids[index] ?? index,
    measureElement: measureCard,
    gap: GAP,
    paddingStart: 2,
    paddingEnd: 8,
    overscan: 5,
    // A card that holds the focus, or is being dragged, stays in the page however far it is scrolled away.
    rangeExtractor: useCallback(
      (range: Range) => {
        const shown = defaultRangeExtractor(range);
        if (focused >= 0 && focused < range.count && !shown.includes(focused)) {
          return [...shown, focused].sort((a, b) => a - b);
        }
        return shown;
      },
      [focused],
    ),
  });

  const items = virtualizer.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const wantsMore = rows > ids.length && last > ids.length - AHEAD;
  useEffect(() => {
    if (wantsMore) void session.loadMore(status);
  }, [wantsMore, session, status, ids.length]);

  useFocusRequests(focused, (index) => {
    virtualizer.scrollToIndex(index, { align: "auto" });
  });

  const first = items[0]?.index ?? 0;
  const stop = focused >= 0 ? focused : first;
  return (
    <div ref={scroller} className="min-h-0 grow overflow-y-auto px-1.5" data-scroller>
      <ul
        className="relative"
        style={{ height: virtualizer.getTotalSize() }}
        aria-label={`${statusTitle(status)} issues`}
      >
        {items.map((item) => {
          const id = ids[item.index];
          return (
            <li
              key={item.key}
              ref={virtualizer.measureElement}
              data-index={item.index}
              aria-setsize={rows}
              aria-posinset={item.index + 1}
              className={classes(
                "absolute inset-x-0 top-0",
                settling && !dragging && "transition-transform duration-150",
              )}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              {id === undefined ? (
                <Blank />
              ) : (
                <CardRow id={id} column={status} tabbable={item.index === stop} />
              )}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** A card that is still on its way from the server. */
function Blank() {
  return <div className="h-24 rounded border border-line bg-card/60" aria-hidden />;
}

/**
 * True for a moment after a list that was at rest has changed, so that cards slide to make room. When changes come
 * faster than cards can slide, they jump until it is calm again: each card that slides is drawn on its own. More cards
 * at the end of a list make no room for anything.
 */
function useSettling(ids: readonly string[]): boolean {
  const [settled, setSettled] = useState(ids);
  const [slid, setSlid] = useState<readonly string[]>();
  const moving = settled !== ids && !continues(settled, ids);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(ids), CALM_MS);
    return () => clearTimeout(timer);
  }, [ids]);
  useEffect(() => {
    if (!moving) return;
    const timer = setTimeout(() => setSlid(settled), SLIDES_MS);
    return () => clearTimeout(timer);
  }, [moving, settled]);
  return moving && slid !== settled;
}

/** Whether a list begins as it did and has only grown longer. */
const continues = (before: readonly string[], now: readonly string[]): boolean =>
  now.length >= before.length && now[0] === before[0] && now[before.length - 1] === before.at(-1);
