import { announce, notify } from "@/components/Notices.tsx";
import { useKeys } from "@/lib/keys.ts";
import { statusTitle, type Status } from "@/lib/statuses.ts";
import { whyDenied } from "@/lib/viewer.ts";
import { whyUnchangeable } from "../model/changeable.ts";
import { swimlaneKey } from "../model/collapsed.ts";
import { swimlanesOf } from "../model/swimlanes.ts";
import type { Layout } from "../model/layout.ts";
import { neighbour, neighbourColumn, type Direction } from "../model/keyboardNavigation.ts";
import type { Board } from "./context.ts";

const DIRECTIONS: Readonly<Record<string, Direction>> = {
  h: "left",
  j: "down",
  k: "up",
  l: "right",
  ArrowLeft: "left",
  ArrowDown: "down",
  ArrowUp: "up",
  ArrowRight: "right",
};

export type BoardKeys = {
  readonly board: Board;
  readonly columns: readonly Status[];
  readonly layout: Layout;
  readonly arrange: (layout: Layout) => void;
  /** The card in the side panel, if it is open. */
  readonly opened: string | undefined;
  readonly close: () => void;
  readonly search: () => void;
  readonly filter: () => void;
  readonly views: () => void;
  readonly display: () => void;
};

/** The keyboard shortcuts of the board: navigate, open, drag, move, undo. */
export function useBoardKeys(keys: BoardKeys): void {
  useKeys((event) =>
    keys.board.interaction.lifted.get() ? carry(keys, event.key) : press(keys, event),
  );
}

/** Handles a key while no card is dragged. Returns whether the board used it. */
function press(keys: BoardKeys, event: KeyboardEvent): boolean {
  const { interaction, open, session } = keys.board;
  const onCard = event.target instanceof Element && event.target.closest("[data-card]") !== null;
  const id = interaction.focused.get();
  const direction =
    DIRECTIONS[event.shiftKey ? event.key.toLowerCase() : event.key] ?? DIRECTIONS[event.key];
  // If another element has the focus, the arrow keys are left to it, for example for scrolling.
  const navigates = onCard || event.target === document.body || event.key.length === 1;
  if (direction) return navigates && navigate(keys, direction, event.shiftKey);

  switch (event.key) {
    case "Enter":
      if (!onCard || id === undefined) return false;
      open(id);
      return true;
    case " ":
      if (!onCard || id === undefined) return false;
      lift(keys, id);
      return true;
    case "Escape":
      if (keys.opened !== undefined) {
        keys.close();
        interaction.focus(keys.opened);
        return true;
      }
      interaction.clear();
      return false;
    case "x":
      if (id === undefined || !session.store.card(id)) return false;
      interaction.toggle(id);
      return true;
    case "m":
      return ask(keys, "move");
    case "a":
      return ask(keys, "agent");
    case "o":
      return ask(keys, "owner");
    case "p":
      return ask(keys, "priority");
    case "z":
      void undo(keys);
      return true;
    case "/":
      keys.search();
      return true;
    case "f":
      keys.filter();
      return true;
    case "d":
      keys.display();
      return true;
    case "v":
      keys.views();
      return true;
    default:
      return false;
  }
}

/** Opens a prompt for the cards that keys act on. */
export function ask(keys: BoardKeys, kind: "move" | "agent" | "owner" | "priority"): boolean {
  const ids = acting(keys);
  const why = (id: string) => whyFixed(keys, id, kind === "move" ? "move" : "edit");
  const changeable = ids.filter((id) => why(id) === undefined);
  const [first] = ids;
  if (changeable.length > 0) keys.board.interaction.prompt.set({ kind, ids: changeable });
  else if (first !== undefined) notify(why(first) ?? "");
  return ids.length > 0;
}

/** Why a card cannot be changed; undefined if it can. */
function whyFixed(
  { board: { session } }: BoardKeys,
  id: string,
  change: "move" | "edit",
): string | undefined {
  const card = session.store.card(id);
  return card && whyUnchangeable(card.issue, change);
}

/** The cards that a key acts on: the selection, otherwise the focused card. */
export function acting({ board: { interaction, session } }: BoardKeys): readonly string[] {
  const selected = [...interaction.selected.get()].filter((id) => session.store.card(id));
  if (selected.length > 0) return selected;
  const id = interaction.focused.get();
  return id !== undefined && session.store.card(id) ? [id] : [];
}

function navigate(
  { board, columns, layout, opened }: BoardKeys,
  direction: Direction,
  extend: boolean,
): boolean {
  const { collapse, interaction, open, session } = board;
  // Collapsed columns and rows are skipped.
  const collapsed = collapse.collapsed.get();
  const shown = columns.filter((status) => !collapsed.has(status));
  const swimlanes = swimlanesOf(session.store, shown, layout).filter(
    ({ key }) => layout.group === "none" || !collapsed.has(swimlaneKey(layout.group, key)),
  );
  const from = interaction.focused.get();
  const next = neighbour({ columns: shown, swimlanes }, from, direction);
  if (next === undefined) return false;
  if (extend && from !== undefined) interaction.select([from, next]);
  interaction.focus(next);
  if (opened !== undefined) open(next);
  return true;
}

function lift(keys: BoardKeys, id: string): void {
  const { interaction, session } = keys.board;
  const card = session.store.card(id);
  if (!card) return;
  const why = whyFixed(keys, id, "move");
  if (why !== undefined) {
    notify(why);
    return;
  }
  interaction.lifted.set({ id, over: card.status });
  announce(
    `Picked up, in ${statusTitle(card.status)}. Arrows choose a column, Space drops, Escape puts it back.`,
  );
}

/** Handles a key while a card is dragged with the keyboard. All other shortcuts are off meanwhile. */
function carry({ board: { interaction, move }, columns }: BoardKeys, key: string): boolean {
  const lifted = interaction.lifted.get();
  if (!lifted) return false;
  const direction = DIRECTIONS[key];
  if (direction === "left" || direction === "right") {
    const over = neighbourColumn(columns, lifted.over, direction);
    interaction.lifted.set({ ...lifted, over });
    document
      .querySelector(`[data-column=${over}]`)
      ?.scrollIntoView({ block: "nearest", inline: "nearest" });
    announce(`Over ${statusTitle(over)}.`);
  } else if (key === " " || key === "Enter") {
    interaction.lifted.set(undefined);
    announce(`Dropped in ${statusTitle(lifted.over)}.`);
    move(interaction.with(lifted.id), lifted.over);
    interaction.focus(lifted.id);
  } else if (key === "Escape" || key === "Tab") {
    interaction.lifted.set(undefined);
    announce("Put back.");
  }
  return true;
}

/** Undoes the last step and shows a notice. */
export async function undo({ board: { interaction, mover, session } }: BoardKeys): Promise<void> {
  const why = whyDenied("undo");
  if (why !== undefined) {
    notify(why);
    return;
  }
  const undone = await mover.undo();
  const [first] = undone;
  if (!first) {
    notify("There is no move to undo.");
    return;
  }
  if (session.store.card(first.id)) interaction.focus(first.id);
  notify(
    undone.length === 1
      ? `Moved #${first.number} back to ${statusTitle(first.from)}.`
      : `Moved ${undone.length} cards back.`,
  );
}
