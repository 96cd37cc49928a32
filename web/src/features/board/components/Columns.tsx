import {
  AutoScroller,
  Cursor,
  Feedback,
  PointerActivationConstraints,
  PointerSensor,
  PreventSelection,
} from "@dnd-kit/dom";
import { DragDropProvider, DragOverlay } from "@dnd-kit/react";
import { useRef, useSyncExternalStore } from "react";
import { announce } from "@/components/Notices.tsx";
import { useSignal } from "@/lib/signal.ts";
import { STATUSES, statusTitle, type Status } from "@/lib/statuses.ts";
import { recordPosition } from "../model/flipAnimation.ts";
import { Card } from "./Card.tsx";
import type { Layout } from "../model/layout.ts";
import { BlockedTarget, Column } from "./Column.tsx";
import { useBoard, useCard, useColumn } from "./context.ts";
import { Swimlanes } from "./Swimlanes.tsx";
import { StatusTabs, tabStatus } from "./StatusTabs.tsx";

/** A drag begins when the mouse has moved this far, or a finger has rested this long. */
const MOUSE_PX = 8;
const FINGER_MS = 250;

const sensors = [
  PointerSensor.configure({
    activationConstraints: (event) =>
      event.pointerType === "touch"
        ? [new PointerActivationConstraints.Delay({ value: FINGER_MS, tolerance: 8 })]
        : [new PointerActivationConstraints.Distance({ value: MOUSE_PX })],
  }),
];

// Dragging with the keyboard and its announcements are implemented in `useBoardKeys`.
const plugins = [AutoScroller, Cursor, Feedback, PreventSelection];

/** The column of a drop target, which is the column itself or, on a phone, its tab. */
const statusOf = (id: unknown): Status | undefined =>
  STATUSES.find((status) => status === id) ?? tabStatus(id);

/** The shown columns: the chosen ones, otherwise all. An empty Blocked is shown only while a card is dragged. */
export function useShownColumns(chosen: readonly Status[]): readonly Status[] {
  const { interaction } = useBoard();
  const blocked = useColumn("BLOCKED");
  const dragging = useSignal(interaction.dragging);
  const lifted = useSignal(interaction.lifted);
  if (chosen.length > 0) return STATUSES.filter((status) => chosen.includes(status));
  const withBlocked = blocked.totalCount > 0 || dragging || lifted !== undefined;
  return withBlocked ? STATUSES : STATUSES.filter((status) => status !== "BLOCKED");
}

type Props = {
  readonly columns: readonly Status[];
  readonly layout: Layout;
  readonly filtered: boolean;
};

export function Columns({ columns, layout, filtered }: Props) {
  const { interaction, move, session, collapse } = useBoard();
  const collapsed = useSignal(collapse.collapsed);
  const narrow = useNarrow();
  const board = useRef<HTMLDivElement>(null);
  const blockedUsed = useColumn("BLOCKED").totalCount > 0;
  return (
    <DragDropProvider
      sensors={sensors}
      plugins={plugins}
      onDragStart={({ operation }) => {
        interaction.dragging.set(true);
        if (operation.source) interaction.focused.set(String(operation.source.id));
      }}
      onDragEnd={({ operation, canceled }) => {
        interaction.dragging.set(false);
        const id = String(operation.source?.id ?? "");
        const to = statusOf(operation.target?.id);
        if (canceled || !to || session.store.card(id)?.status === to) return;
        const held = document.querySelector("[data-held]");
        if (held) recordPosition(id, held);
        const ids = interaction.with(id);
        move(ids, to);
        interaction.focus(id);
        announce(`Moved ${ids.length === 1 ? "" : `${ids.length} cards `}to ${statusTitle(to)}.`);
      }}
    >
      {layout.group !== "none" ? (
        <Swimlanes columns={columns} layout={layout} />
      ) : (
        <div className="flex h-full min-h-0 flex-col">
          {narrow && <StatusTabs columns={columns} board={board} />}
          <div
            ref={board}
            className="relative flex min-h-0 grow gap-2.5 overflow-x-auto px-4 py-3 max-sm:snap-x max-sm:snap-mandatory max-sm:px-3 max-sm:py-2"
            data-board
          >
            {columns.map((status) =>
              status === "BLOCKED" &&
              columns.length === STATUSES.length &&
              !blockedUsed &&
              !narrow ? (
                <BlockedTarget key={status} />
              ) : (
                <Column
                  key={status}
                  status={status}
                  sort={layout.sort}
                  filtered={filtered}
                  collapsed={!narrow && collapsed.has(status)}
                />
              ),
            )}
          </div>
        </div>
      )}
      <DragOverlay dropAnimation={null}>{(source) => <Held id={String(source.id)} />}</DragOverlay>
    </DragDropProvider>
  );
}

const PHONE = window.matchMedia("(max-width: 639.98px)");

/** Whether only one column fits on the screen. */
const useNarrow = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      PHONE.addEventListener("change", listener);
      return () => PHONE.removeEventListener("change", listener);
    },
    () => PHONE.matches,
  );

/** The image of a card that is dragged. */
function Held({ id }: { readonly id: string }) {
  const { interaction } = useBoard();
  const view = useCard(id);
  const many = interaction.with(id).length;
  if (!view) return null;
  return (
    <div
      data-held
      className="relative h-full rotate-1 rounded border border-line-strong bg-card px-2.5 py-2 shadow-lifted"
    >
      <Card view={view} />
      {many > 1 && (
        <span className="tabular absolute -top-2 -right-2 flex h-5 min-w-5 items-center justify-center rounded-full bg-accent px-1.5 text-meta font-semibold text-accent-ink">
          {many}
        </span>
      )}
    </div>
  );
}
