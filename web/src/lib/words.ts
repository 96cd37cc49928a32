/** Actions whose name is not what people call it. */
const WORDS: Readonly<Record<string, string>> = {
  add_comment: "commented",
  // So older entries call it.
  comment_issue: "commented",
  move_issue: "moved",
  set_status: "set the status",
  undo_move: "took a move back",
  claim_issue: "claimed",
  claim_next: "claimed",
  release_lease: "gave back",
  release_abandoned_claim: "gave back after leaving",
  unclaim_issue: "gave back",
  unclaim_issue_by_operator: "took from its agent",
  finish_work: "finished work on",
  expire_lease: "ended the lease, its time was up",
  repair_work: "repaired",
  retry_issue: "had tried again",
  escalate_issue: "handed on after failed attempts",
  request_stop: "asked the agent to stop",
  withdraw_stop: "let the agent go on",
  send_message: "wrote to the agent",
  release_stopped_lease: "took back, not stopped in time",
  pause_work: "paused work",
  resume_work: "resumed work",
  set_serves_peoples_work: "changed what agents are served in",
  unassign_agent: "took the agent off",
  unassign_owner: "took the owner off",
  assign_agent: "set the agent",
  assign_owner: "set the owner",
  set_priority: "set the priority",
  add_tracked_repo: "tracked the repository",
  remove_tracked_repo: "stopped tracking",
  sign_in: "signed in",
  sign_out: "signed out",
};

/** An action of the audit log in words: `move_issue` is `moved`; one that is not known is spelled out. */
export const actionWords = (action: string): string =>
  Object.hasOwn(WORDS, action) ? (WORDS[action] ?? action) : action.replaceAll("_", " ");
