import { localTimes } from "./time.ts";

/** Actions whose text cannot be derived from their name. */
const WORDS: Readonly<Record<string, string>> = {
  add_comment: "commented",
  // The name in older entries.
  comment_issue: "commented",
  move_issue: "moved",
  set_status: "set the status",
  undo_move: "took a move back",
  claim_issue: "claimed",
  claim_next: "claimed",
  release_lease: "gave back",
  lease_released: "ended the lease",
  // For an issue that is deleted or cannot be changed any more.
  orphan_lease_released: "ended a lost lease",
  orphan_lease_released_during_checkpoint: "ended a lost lease",
  orphan_lease_released_during_finish: "ended a lost lease",
  release_abandoned_claim: "gave back after leaving",
  unclaim_issue: "gave back",
  unclaim_issue_by_operator: "took from its agent",
  finish_work: "finished work on",
  expire_lease: "ended the lease, its time was up",
  repair_work: "repaired",
  retry_issue: "let agents try again",
  escalate_issue: "handed on after failed attempts",
  request_stop: "asked the agent to stop",
  withdraw_stop: "let the agent go on",
  send_message: "wrote to the agent",
  release_stopped_lease: "took back, not stopped in time",
  pause_work: "paused work",
  resume_work: "resumed work",
  set_serves_peoples_work: "changed what agents are served in",
  set_label_scheme: "changed what labels mean",
  unassign_agent: "took the agent off",
  unassign_owner: "took the owner off",
  assign_agent: "set the agent",
  assign_owner: "set the owner",
  set_priority: "set the priority",
  add_label: "added a label",
  remove_label: "took a label off",
  classify_lane: "changed the lane",
  issue_decomposed: "split into others",
  issue_reactivated: "took the split back",
  task_report: "reported a result",
  agent_work_started: "started work on",
  agent_work_checkpoint: "reported progress",
  agent_work_finished: "finished work on",
  agent_work_released: "gave back",
  agent_work_reassigned: "gave to another agent",
  orphan_work_released: "gave back lost work",
  released_by_new_claim: "gave back for other work",
  stale_agentwork_released: "ended stale work",
  auth_tier_denied: "was denied access",
  worker_scope_denied: "was denied another's work",
  add_tracked_repo: "tracked the repository",
  remove_tracked_repo: "stopped tracking",
  replay_webhook: "replayed a delivery",
  workflow_rerun: "ran a workflow again",
  workflow_rerun_failed: "ran failed jobs again",
  workflow_cancel: "cancelled a run",
  workflow_force_cancel: "cancelled a run by force",
  workflow_dispatch: "started a workflow",
  sign_in: "signed in",
  sign_out: "signed out",
};

/** An action of the audit log in words, such as `moved` for `move_issue`. The words of an unknown one are its name. */
export const actionWords = (action: string): string =>
  Object.hasOwn(WORDS, action) ? (WORDS[action] ?? action) : action.replaceAll("_", " ");

type Entry = {
  readonly action: string;
  readonly comment: string | null;
  readonly notes: string | null;
};

/** The details of an audit entry; undefined if it has none, or if its comment says the same. */
export function notesOf({ action, comment, notes }: Entry, now: number): string | undefined {
  const own = notes?.trim() ?? "";
  if (own === "" || own === comment?.trim()) return undefined;
  // Only times in a sentence of the server are formatted, not those in texts of people.
  return action === "pause_work" ? localTimes(own, now) : own;
}
