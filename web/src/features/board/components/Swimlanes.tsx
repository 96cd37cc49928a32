import { defaultRangeExtractor, useVirtualizer, type Range } from "@tanstack/react-virtual";
import { useCallback, useMemo, useRef, useSyncExternalStore } from "react";
import { classes } from "@/components/classes.ts";
import { useWidth } from "@/components/useWidth.ts";
import { useSignal } from "@/lib/signal.ts";
import { type Status } from "@/lib/statuses.ts";
import { swimlaneKey } from "../model/collapsed.ts";
import { swimlanesOf, type Swimlane } from "../model/swimlanes.ts";
import { firstCard, keyOfRow, rowOf, rowsOf } from "../model/swimlaneRows.ts";
import type { Layout } from "../model/layout.ts";
import { CardRow } from "./CardRow.tsx";
import { ColumnHead, CollapsedHead } from "./ColumnHead.tsx";
import { useBoard } from "./context.ts";
import { useDropTarget } from "./useDropTarget.ts";
import { useFocusRequests } from "./useFocusRequests.ts";
import { SwimlaneHead } from "./SwimlaneHead.tsx";

const HEAD = 40;
/** Height of a row of cards before it has been measured, in pixels. */
const ESTIMATE = 98;

/**
 * A grouped board. The columns in the background are the drop targets. One list of rows scrolls above them, and only
 * its visible rows are in the DOM.
 */
export function Swimlanes({
  columns,
  layout,
}: {
  readonly columns: readonly Status[];
  readonly layout: Layout;
}) {
  const { collapse } = useBoard();
  const collapsed = useSignal(collapse.collapsed);
  const template = columns
    .map((status) => (collapsed.has(status) ? "2.5rem" : "minmax(14rem, 1fr)"))
    .join(" ");
  const open = columns.filter((status) => !collapsed.has(status));
  const backdrops = useRef<HTMLDivElement>(null);
  const width = useWidth(backdrops);
  return (
    <div className="relative h-full overflow-x-auto" data-board>
      <div
        className="relative h-full w-max min-w-full px-4 py-3 [--tracks:var(--columns)] max-sm:px-3"
        style={{ ["--columns" as string]: template }}
      >
        <div ref={backdrops} className="grid h-full grid-cols-(--tracks) gap-2.5">
          {columns.map((status) => (
            <Backdrop key={status} status={status} collapsed={collapsed.has(status)} />
          ))}
        </div>
        <Rows columns={columns} open={open} layout={layout} width={width} />
      </div>
    </div>
  );
}

/** A column behind the rows: its head and its drop target. */
function Backdrop({ status, collapsed }: { readonly status: Status; readonly collapsed: boolean }) {
  const { ref, isOver } = useDropTarget(status);
  const heading = `column-${status}`;
  return (
    <section
      ref={ref}
      aria-labelledby={heading}
      data-column={status}
      className={classes(
        "h-full min-w-0 rounded-lg border bg-column transition-colors",
        // Above the rows, which are empty in this column.
        collapsed && "relative z-20",
        isOver ? "border-accent" : "border-transparent",
      )}
    >
      {collapsed ? (
        <CollapsedHead status={status} id={heading} />
      ) : (
        <ColumnHead status={status} id={heading} />
      )}
    </section>
  );
}

function Rows({
  columns,
  open,
  layout,
  width,
}: {
  readonly columns: readonly Status[];
  /** The expanded ones. */
  readonly open: readonly Status[];
  readonly layout: Layout;
  /** The width of all columns together, which must not depend on a scrollbar. */
  readonly width: number | undefined;
}) {
  const { interaction, collapse } = useBoard();
  const collapsed = useSignal(collapse.collapsed);
  const swimlanes = useSwimlanes(open, layout);
  const scroller = useRef<HTMLDivElement>(null);

  const rows = useMemo(
    () => rowsOf(swimlanes, open, (key) => collapsed.has(swimlaneKey(layout.group, key))),
    [swimlanes, open, collapsed, layout.group],
  );
  const heads = useMemo(
    () => rows.flatMap((row, index) => (row.kind === "head" ? [index] : [])),
    [rows],
  );
  const focusedId = useSignal(interaction.focused);
  const focused = useMemo(() => rowOf(swimlanes, rows, focusedId), [swimlanes, rows, focusedId]);
  const pinned = useRef(0);

  // eslint-disable-next-line react-hooks/incompatible-library -- its functions are not handed on
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (rows[index]?.kind === "head" ? HEAD : ESTIMATE),
    getItemKey: (index) => keyOfRow(rows[index]),
    paddingEnd: 8,
    overscan: 4,
    // The head of the current swimlane stays at the top, and the focused card stays in the DOM.
    rangeExtractor: useCallback(
      (range: Range) => {
        pinned.current = heads.findLast((index) => index <= range.startIndex) ?? 0;
        const shown = new Set([pinned.current, ...defaultRangeExtractor(range)]);
        if (focused >= 0 && focused < range.count) shown.add(focused);
        return [...shown].sort((a, b) => a - b);
      },
      [heads, focused],
    ),
  });
  useFocusRequests(focused, (index) => {
    virtualizer.scrollToIndex(index, { align: "auto" });
  });

  const items = virtualizer.getVirtualItems();
  const stop = focused >= 0 ? focusedId : firstCard(rows, items[0]?.index ?? 0, open);
  return (
    <div
      ref={scroller}
      className="absolute inset-x-0 top-12 bottom-3 overflow-x-hidden overflow-y-auto"
      data-scroller
    >
      <div
        className="relative ml-4 max-sm:ml-3"
        style={{ height: virtualizer.getTotalSize(), width: width ?? "calc(100% - 2rem)" }}
      >
        {items.map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          const stuck = row.kind === "head" && item.index === pinned.current;
          return (
            <div
              key={item.key}
              ref={virtualizer.measureElement}
              data-index={item.index}
              className={classes("inset-x-0 top-0", stuck ? "sticky z-10" : "absolute")}
              style={stuck ? undefined : { transform: `translateY(${item.start}px)` }}
            >
              {row.kind === "head" ? (
                <SwimlaneHead
                  swimlane={row.swimlane}
                  group={layout.group}
                  collapsed={row.collapsed}
                />
              ) : (
                <div className="grid grid-cols-(--tracks) gap-2.5 pb-1.5">
                  {columns.map((status) => (
                    <Cell
                      key={status}
                      status={status}
                      id={
                        open.includes(status) ? row.swimlane.cells.get(status)?.[row.at] : undefined
                      }
                      stop={stop}
                    />
                  ))}
                </div>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Cell({
  status,
  id,
  stop,
}: {
  readonly status: Status;
  readonly id: string | undefined;
  readonly stop: string | undefined;
}) {
  return (
    <div className="min-w-0 px-1.5" data-cell={status}>
      {id !== undefined && <CardRow key={id} id={id} column={status} tabbable={id === stop} />}
    </div>
  );
}

/** The swimlanes of the board, computed again after each change. */
function useSwimlanes(columns: readonly Status[], layout: Layout): readonly Swimlane[] {
  const { store } = useBoard().session;
  const watch = useCallback((listener: () => void) => store.watch("board", listener), [store]);
  const version = useSyncExternalStore(watch, () => store.version);
  const shown = columns.join();
  return useMemo(
    () => swimlanesOf(store, columns, layout),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `version` changes with the store, and `shown` with the columns
    [store, version, shown, layout.group, layout.sort],
  );
}
