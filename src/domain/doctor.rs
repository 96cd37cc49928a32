//! Inconsistencies of the queue, and their repair.

use super::label_names::has_prefix;
use super::labels::{LabelPlan, LabelSet};
use super::sql_enum::text_enum;
use super::status::{IssueState, Status};

text_enum! {
    /// An inconsistency between an issue and its lease.
    #[derive(PartialOrd, Ord, async_graphql::Enum)]
    #[graphql(name = "Ailment")]
    Inconsistency,
    /// It is ready and has an agent's label, but no lease. Other agents are not served it.
    AssignedWithoutLease = "assigned_without_lease",
    /// It has been in progress for a long time without a lease. No agent works on it.
    InProgressWithoutLease = "in_progress_without_lease",
    /// It has more than one status label.
    SeveralStatuses = "several_statuses",
    /// It is closed, but its labels show it as in progress.
    ClosedInProgress = "closed_in_progress",
    /// It is held, but it no longer exists on GitHub, or its repository is no longer tracked.
    LeaseOnVanishedIssue = "lease_on_vanished_issue",
    /// An agent holds it, but it is open and not in In Progress.
    LeaseOutsideInProgress = "lease_outside_in_progress",
    /// GitHub rejects changes to it or does not respond, so it is retried with increasing delays.
    RefusedByGithub = "refused_by_github",
    /// Agents failed on it the maximum number of times, or it has the label `needs-human`.
    NeedsHuman = "needs_human",
    /// It is part of a dependency cycle: it blocks itself, directly or through other issues.
    BlockedInCircle = "blocked_in_circle",
}

impl Inconsistency {
    /// The inconsistency and its repair, as sentences.
    pub fn summary(self) -> &'static str {
        match self {
            Self::AssignedWithoutLease => {
                "The issue is ready and has an agent's label, but no agent holds it. The repair \
                 takes the label off, so that every agent may be served it."
            }
            Self::InProgressWithoutLease => {
                "The issue is in progress, but no agent has held it for long. The repair makes it \
                 ready again and takes agents' labels off."
            }
            Self::SeveralStatuses => {
                "The issue has more than one status label. The repair keeps the one that decides \
                 its column."
            }
            Self::ClosedInProgress => {
                "The issue is closed, but its labels say that it is in progress. The repair gives \
                 it the label of Done and takes agents' labels off."
            }
            Self::LeaseOnVanishedIssue => {
                "An agent holds the issue, which is gone from GitHub or no longer tracked. The \
                 repair ends the lease."
            }
            Self::LeaseOutsideInProgress => {
                "An agent holds the issue, which somebody has moved out of In Progress. The repair \
                 ends the lease and takes the agent's label off."
            }
            Self::RefusedByGithub => {
                "GitHub refuses to change the issue, so agents are not given it until a pause is \
                 over. The repair has it, and its repository, tried again at once."
            }
            Self::NeedsHuman => {
                "Agents failed on the issue, so they are not given it until a person has looked at \
                 it. The repair takes the label needs-human off and has it given out again."
            }
            Self::BlockedInCircle => {
                "The issue waits for others that wait for it, so none of them is ever given out. \
                 There is no repair but to edit one of them on GitHub."
            }
        }
    }

    /// Whether Dispatch can repair it.
    pub fn is_repairable(self) -> bool {
        self != Self::BlockedInCircle
    }

    /// The label changes that repair an issue; `None` if nothing is left to repair.
    pub fn plan(self, labels: &LabelSet, state: IssueState) -> Option<LabelPlan> {
        let agents =
            labels.names().iter().filter(|label| has_prefix(label, "agent/")).cloned().collect();
        let current = labels.effective_status(state);
        let plan = |status| LabelPlan { status, add: vec![], remove: agents };
        match self {
            Self::AssignedWithoutLease => (current == Status::Ready).then(|| plan(None)),
            Self::InProgressWithoutLease => {
                (current == Status::InProgress).then(|| plan(Some(Status::Ready)))
            }
            Self::SeveralStatuses => {
                (state == IssueState::Open).then(|| LabelPlan::to_status(current))
            }
            Self::ClosedInProgress => {
                (state == IssueState::Closed).then(|| plan(Some(Status::Done)))
            }
            Self::LeaseOnVanishedIssue
            | Self::LeaseOutsideInProgress
            | Self::RefusedByGithub
            | Self::NeedsHuman
            | Self::BlockedInCircle => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use IssueState::{Closed, Open};

    #[test]
    fn a_repair_leaves_an_issue_that_is_whole() {
        let after = |kind: Inconsistency, labels: &LabelSet, state| {
            let plan = kind.plan(labels, state)?;
            Some(labels.after(&plan.change(labels)).names().to_vec())
        };
        let ready = LabelSet::from(["bug", "status/ready", "agent/alpha"]);
        let both = LabelSet::from(["status/ready", "status/in-progress", "agent/alpha"]);
        let working = LabelSet::from(["status/in-progress", "agent/alpha"]);
        let is = |found: Option<Vec<String>>, labels: &[&str]| {
            assert_eq!(found.as_deref().unwrap_or_default(), labels);
        };
        is(after(Inconsistency::AssignedWithoutLease, &ready, Open), &["bug", "status/ready"]);
        is(after(Inconsistency::InProgressWithoutLease, &working, Open), &["status/ready"]);
        is(after(Inconsistency::SeveralStatuses, &both, Open), &["status/ready", "agent/alpha"]);
        is(after(Inconsistency::ClosedInProgress, &working, Closed), &["status/done"]);
        assert_eq!(after(Inconsistency::InProgressWithoutLease, &ready, Open), None, "it is well");
    }
}
