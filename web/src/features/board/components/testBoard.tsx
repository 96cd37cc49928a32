import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import type { WorkLimits } from "@/lib/limits.ts";
import { signal } from "@/lib/signal.ts";
import { Mover } from "../api/moves.ts";
import { BoardSession } from "../api/session.ts";
import type { BoardIssue } from "../api/documents.ts";
import { openCollapseState } from "../model/collapsed.ts";
import { snapshot } from "../model/fixtures.ts";
import { Interaction } from "../model/interaction.ts";
import { BoardContext, type Board } from "./context.ts";

/** A board with these issues, for tests. */
export function boardOf(issues: readonly BoardIssue[], changes: Partial<Board> = {}): Board {
  const session = new BoardSession();
  session.store.load(snapshot(issues));
  return {
    session,
    mover: new Mover(session.store),
    interaction: new Interaction(),
    collapse: openCollapseState(),
    limits: signal<WorkLimits | undefined>(undefined),
    move: () => undefined,
    open: () => undefined,
    ...changes,
  };
}

/** Renders a component inside a board. */
export const renderOn = (board: Board, part: ReactNode) =>
  render(<BoardContext value={board}>{part}</BoardContext>);
