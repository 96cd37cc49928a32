import { notify } from "@/components/Notices.tsx";
import type { WorkLimits } from "@/lib/limits.ts";
import { signal } from "@/lib/signal.ts";
import { Mover } from "../api/moves.ts";
import { BoardSession } from "../api/session.ts";
import { whyUnchangeable } from "../model/changeable.ts";
import { openCollapseState } from "../model/collapsed.ts";
import { Interaction } from "../model/interaction.ts";
import { browserStorage, UndoHistory } from "../model/undoHistory.ts";
import type { Board } from "./context.ts";

/** Creates the shared objects of a board, with nothing loaded. The page adds how a card is opened. */
export function createBoard(): Omit<Board, "open"> {
  const session = new BoardSession();
  const mover = new Mover(
    session.store,
    new UndoHistory(browserStorage()),
    ({ number }, { message }) => {
      notify(`#${number} was not moved back: ${message}`, "danger");
    },
  );
  const interaction = new Interaction();
  return {
    session,
    mover,
    interaction,
    collapse: openCollapseState(),
    limits: signal<WorkLimits | undefined>(undefined),
    move: (ids, to) => {
      const due = ids.filter((id) => {
        const card = session.store.card(id);
        return (
          card !== undefined &&
          card.status !== to &&
          whyUnchangeable(card.issue, "move") === undefined
        );
      });
      interaction.clear();
      if (due.length === 0) return;
      if (to !== "BLOCKED") return void mover.move(due, to);
      for (const id of due) session.store.begin(id, to);
      interaction.prompt.set({ kind: "reason", ids: due });
    },
  };
}
