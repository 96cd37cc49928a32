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
/** The next page is loaded when fewer cards than this remain below. */
const AHEAD = 30;
/** Changes of a list are animated only if it has not changed for this long before. */
const CALM_MS = 200;
/** The maximum time of the animation after the first of several changes. */
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
  /** Whether a filter is active, for the text of an empty column. */
  readonly filtered: boolean;
  readonly collapsed: boolean;
};

export function Column({ status, sort, filtered, collapsed }: Props) {
  const { session } = useBoard();
  const view = useColumn(status);
  // Depends on the whole view, because an event may change the order although `view.ids` is the same.
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
          {/* On a phone the tabs show this. */}
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
 * The drop target for an empty Blocked column. It is narrow and placed over the gap between two columns, so that no
 * column moves while a card is dragged.
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
 * The height of a newly rendered card. While scrolling, new cards are outside the visible area, so the estimate is
 * enough until the observer measures all of them at once. Measuring each here would force a layout for each.
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

/** The cards of a column. Only the visible ones are in the DOM. Cards that are not loaded yet have a placeholder. */
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
    // The focused or dragged card stays in the DOM even if it is scrolled out of view.
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

/** The placeholder of a card that is not loaded yet. */
function Blank() {
  return <div className="h-24 rounded border border-line bg-card/60" aria-hidden />;
}

/**
 * True for a short time after a change of a list, so that the cards slide to their new positions. Frequent changes are
 * not animated, because every sliding card is painted on its own. Cards that are appended to the end do not count as a
 * change.
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

/** Whether a list has only grown at its end. */
const continues = (before: readonly string[], now: readonly string[]): boolean =>
  now.length >= before.length && now[0] === before[0] && now[before.length - 1] === before.at(-1);
