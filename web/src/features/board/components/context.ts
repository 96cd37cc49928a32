import { createContext, useCallback, useContext, useSyncExternalStore } from "react";
import type { Signal } from "@/lib/signal.ts";
import type { Status } from "@/lib/statuses.ts";
import type { WorkLimits } from "@/lib/limits.ts";
import type { Mover } from "../api/moves.ts";
import type { BoardSession } from "../api/session.ts";
import type { CollapseState } from "../model/collapsed.ts";
import type { Interaction } from "../model/interaction.ts";
import type { CardView, ColumnView } from "../model/store.ts";

/** What every part of one board shares. None of it changes while the page is open; the parts watch it. */
export type Board = {
  readonly session: BoardSession;
  readonly mover: Mover;
  readonly interaction: Interaction;
  readonly collapse: CollapseState;
  /** How much is being worked on, and how much may be; undefined until the server has said. */
  readonly limits: Signal<WorkLimits | undefined>;
  /** Moves cards, asking for a reason first where the server wants one. */
  readonly move: (ids: readonly string[], to: Status) => void;
  /** Shows a card in the side panel. */
  readonly open: (id: string) => void;
};

export const BoardContext = createContext<Board | undefined>(undefined);

export function useBoard(): Board {
  const board = useContext(BoardContext);
  if (!board) throw new Error("Only parts of a board ask for it.");
  return board;
}

/** A card, drawn again only when this one changes. */
export function useCard(id: string): CardView | undefined {
  const { store } = useBoard().session;
  const watch = useCallback(
    (listener: () => void) => store.watch(`card:${id}`, listener),
    [store, id],
  );
  return useSyncExternalStore(watch, () => store.card(id));
}

/** A column, drawn again only when its list or its count changes. */
export function useColumn(status: Status): ColumnView {
  const { store } = useBoard().session;
  const watch = useCallback(
    (listener: () => void) => store.watch(`column:${status}`, listener),
    [store, status],
  );
  return useSyncExternalStore(watch, () => store.column(status));
}

/** Something small that is made of a signal; drawn again only when it comes out differently. */
export const useSelected = <Value, Part>(
  source: Signal<Value>,
  select: (value: Value) => Part,
): Part => useSyncExternalStore(source.watch, () => select(source.get()));
