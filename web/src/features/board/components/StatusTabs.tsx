import { useDroppable } from "@dnd-kit/react";
import { useEffect, useRef, useState, type RefObject } from "react";
import { classes } from "@/components/classes.ts";
import { StatusGlyph } from "@/components/StatusGlyph.tsx";
import { STATUSES, statusTitle, type Status } from "@/lib/statuses.ts";
import { LimitBadge } from "./LimitBadge.tsx";
import { useColumn } from "./context.ts";

const PREFIX = "tab:";

/** The column of a tab, given the id of the tab as a drop target. */
export const tabStatus = (id: unknown): Status | undefined =>
  STATUSES.find((status) => id === `${PREFIX}${status}`);

type Props = {
  readonly columns: readonly Status[];
  /** The element that scrolls horizontally through the columns. */
  readonly board: RefObject<HTMLElement | null>;
};

/** A tab for each column, shown if only one column fits on the screen. Each tab is a drop target. */
export function StatusTabs({ columns, board }: Props) {
  const shown = useShownColumn(board);
  return (
    <nav
      aria-label="Columns"
      className="relative flex shrink-0 [scrollbar-width:none] gap-1 overflow-x-auto border-b border-line px-3 py-1.5"
    >
      {columns.map((status) => (
        <Tab
          key={status}
          status={status}
          current={status === (shown ?? columns[0])}
          onChoose={() =>
            board.current
              ?.querySelector(`[data-column=${status}]`)
              ?.scrollIntoView({ block: "nearest", inline: "center", behavior: "smooth" })
          }
        />
      ))}
    </nav>
  );
}

function Tab({
  status,
  current,
  onChoose,
}: {
  readonly status: Status;
  readonly current: boolean;
  readonly onChoose: () => void;
}) {
  const { totalCount } = useColumn(status);
  const { ref, isDropTarget } = useDroppable({ id: PREFIX + status, collisionPriority: 3 });
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (current) button.current?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [current]);
  return (
    <span ref={ref} className="shrink-0">
      <button
        ref={button}
        type="button"
        aria-current={current || undefined}
        onClick={onChoose}
        className={classes(
          "flex h-9 items-center gap-1.5 rounded border px-2.5 text-board transition-colors",
          isDropTarget ? "border-accent" : "border-transparent",
          current ? "bg-line/70 font-semibold text-ink" : "text-ink-soft",
        )}
      >
        <StatusGlyph status={status} />
        {statusTitle(status)}
        <span className="tabular text-meta font-normal text-ink-faint">
          {totalCount.toLocaleString()}
          <span className="sr-only"> issues</span>
        </span>
        <LimitBadge status={status} />
      </button>
    </span>
  );
}

/** The column that is visible for the largest part. */
function useShownColumn(board: RefObject<HTMLElement | null>): Status | undefined {
  const [shown, setShown] = useState<Status>();
  useEffect(() => {
    const node = board.current;
    if (!node) return;
    const look = () => {
      const middle = node.getBoundingClientRect().left + node.clientWidth / 2;
      const columns = [...node.querySelectorAll<HTMLElement>("[data-column]")];
      const found = columns.find((column) => {
        const { left, right } = column.getBoundingClientRect();
        return left <= middle && middle <= right;
      });
      if (found) setShown(STATUSES.find((status) => status === found.dataset.column));
    };
    node.addEventListener("scroll", look, { passive: true });
    look();
    return () => node.removeEventListener("scroll", look);
  }, [board]);
  return shown;
}
