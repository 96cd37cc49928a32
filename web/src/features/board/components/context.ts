import { createContext, useCallback, useContext, useSyncExternalStore } from "react";
import type { Signal } from "@/lib/signal.ts";
import type { Status } from "@/lib/statuses.ts";
import type { WorkLimits } from "@/lib/limits.ts";
import type { Mover } from "../api/moves.ts";
import type { BoardSession } from "../api/session.ts";
import type { CollapseState } from "../model/collapsed.ts";
import type { Interaction } from "../model/interaction.ts";
import type { CardView, ColumnView } from "../model/cardViews.ts";

/**
 * The objects that all components of a board share. They stay the same while the page is open; components watch them.
 */
export type Board = {
  readonly session: BoardSession;
  readonly mover: Mover;
  readonly interaction: Interaction;
  readonly collapse: CollapseState;
  /** The work in progress and its limits; undefined until they are loaded. */
  readonly limits: Signal<WorkLimits | undefined>;
  /** Moves cards. A move to Blocked asks for a reason first. */
  readonly move: (ids: readonly string[], to: Status) => void;
  /** Opens a card in the side panel. */
  readonly open: (id: string) => void;
};

export const BoardContext = createContext<Board | undefined>(undefined);

export function useBoard(): Board {
  const board = useContext(BoardContext);
  if (!board) throw new Error("Only parts of a board ask for it.");
  return board;
}

/** A card of the store. Rerenders only when this card changes. */
export function useCard(id: string): CardView | undefined {
  const { store } = useBoard().session;
  const watch = useCallback(
    (listener: () => void) => store.watch(`card:${id}`, listener),
    [store, id],
  );
  return useSyncExternalStore(watch, () => store.card(id));
}

/** A column of the store. Rerenders only when its list or its count changes. */
export function useColumn(status: Status): ColumnView {
  const { store } = useBoard().session;
  const watch = useCallback(
    (listener: () => void) => store.watch(`column:${status}`, listener),
    [store, status],
  );
  return useSyncExternalStore(watch, () => store.column(status));
}

/** A value that is derived from a signal. Rerenders only when the derived value changes. */
export const useSelected = <Value, Part>(
  source: Signal<Value>,
  select: (value: Value) => Part,
): Part => useSyncExternalStore(source.watch, () => select(source.get()));
