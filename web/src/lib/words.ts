/** Actions whose name is not what people call it. */
const WORDS: Readonly<Record<string, string>> = {
  comment_issue: "commented",
  move_issue: "moved",
  set_status: "set the status",
  undo_move: "took a move back",
  assign_agent: "set the agent",
  assign_owner: "set the owner",
  set_priority: "set the priority",
  add_tracked_repo: "tracked the repository",
  remove_tracked_repo: "stopped tracking",
};

/** An action of the audit log in words: `move_issue` is `moved`; one that is not known is spelled out. */
export const actionWords = (action: string): string =>
  Object.hasOwn(WORDS, action) ? (WORDS[action] ?? action) : action.replaceAll("_", " ");
