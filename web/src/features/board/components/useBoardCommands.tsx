import {
  Bookmark,
  Bot,
  LayoutList,
  ListFilter,
  RefreshCw,
  Search,
  SignalHigh,
  Undo2,
  User,
} from "lucide-react";
import { syncAndNotify } from "@/components/SyncStatus.tsx";
import { StatusGlyph } from "@/components/StatusGlyph.tsx";
import { useCommands, type Command } from "@/lib/commands.ts";
import { STATUSES, statusTitle } from "@/lib/statuses.ts";
import { whyDenied, type Action } from "@/lib/viewer.ts";
import { layoutChoices } from "./Display.tsx";
import { acting, ask, undo, type BoardKeys } from "./useBoardKeys.ts";

/** The commands of the board. */
export function useBoardCommands(keys: BoardKeys): void {
  useCommands(() => commandsOf(keys));
}

function commandsOf(keys: BoardKeys): readonly Command[] {
  const { interaction, move, session } = keys.board;
  const ids = acting(keys);
  const [first] = ids;
  const subject =
    ids.length === 1 && first !== undefined
      ? `#${session.store.card(first)?.issue.number ?? ""}`
      : `${ids.length} cards`;
  return [
    ...(ids.length > 0 ? allowed("move", STATUSES) : []).map((status, index) => ({
      key: `move:${status}`,
      group: `Move ${subject} to`,
      text: statusTitle(status),
      mark: <StatusGlyph status={status} />,
      hint: `m ${index + 1}`,
      run: () => {
        move(ids, status);
        if (first !== undefined) interaction.focus(first);
      },
    })),
    ...(ids.length > 0
      ? allowed("edit", [
          command(
            "agent",
            "Assign an agent",
            <Bot size={14} aria-hidden />,
            () => ask(keys, "agent"),
            "a",
          ),
          command(
            "owner",
            "Set the owner",
            <User size={14} aria-hidden />,
            () => ask(keys, "owner"),
            "o",
          ),
          command(
            "priority",
            "Set the priority",
            <SignalHigh size={14} aria-hidden />,
            () => ask(keys, "priority"),
            "p",
          ),
        ])
      : []),
    command("search", "Search", <Search size={14} aria-hidden />, keys.search, "/"),
    command("filter", "Filter", <ListFilter size={14} aria-hidden />, keys.filter, "f"),
    command(
      "display",
      "Group and order cards",
      <LayoutList size={14} aria-hidden />,
      keys.display,
      "d",
    ),
    command("views", "Saved views", <Bookmark size={14} aria-hidden />, keys.views, "v"),
    ...allowed("undo", [
      command(
        "undo",
        "Undo the last move",
        <Undo2 size={14} aria-hidden />,
        () => void undo(keys),
        "z",
      ),
    ]),
    ...allowed("sync", [
      command(
        "sync",
        "Sync with GitHub",
        <RefreshCw size={14} aria-hidden />,
        () => void syncAndNotify(),
      ),
    ]),
    ...layoutChoices(keys.layout)
      .filter(({ chosen }) => !chosen)
      .map(({ key, group, text, layout }) => ({
        key,
        group,
        text,
        mark: <LayoutList size={14} aria-hidden />,
        run: () => keys.arrange(layout),
      })),
    ...STATUSES.map((status) => ({
      key: `collapse:${status}`,
      group: "Board",
      text: `${keys.board.collapse.collapsed.get().has(status) ? "Expand" : "Collapse"} ${statusTitle(status)}`,
      mark: <StatusGlyph status={status} />,
      run: () => keys.board.collapse.toggle(status),
    })),
  ];
}

/** The commands if the viewer may use them, otherwise none. */
const allowed = <Item,>(action: Action, items: readonly Item[]): readonly Item[] =>
  whyDenied(action) === undefined ? items : [];

const command = (
  key: string,
  text: string,
  mark: Command["mark"],
  run: () => void,
  hint?: string,
): Command => ({ key, group: "Board", text, mark, run, ...(hint !== undefined && { hint }) });
