//! The words of leases: how far a holder is, how a holding ends, what comes of the work.

use super::actor::{is_reserved, reserved_reason};
use super::ids::IssueId;
use super::label_names::{is_same, strip_prefix};
use super::labels::{LabelPlan, LabelSet, is_plain};
use super::sql_enum::text_enum;
use super::status::{IssueState, Status};

/// For how long an agent holds an issue when it does not say, in seconds.
pub const USUAL_TERM: i32 = 1800;

/// The shortest and the longest time that an issue can be held without a renewal, in seconds.
pub const TERMS: std::ops::RangeInclusive<i32> = 60..=86_400;

/// The longest name of an agent, in characters: what GitHub leaves of a label behind `agent/`.
pub const LONGEST_AGENT: usize = 44;

text_enum! {
    /// The progress of the work on an issue, as reported by the holder.
    #[derive(async_graphql::Enum)]
    Checkpoint,
    /// The issue was claimed; no progress is reported yet.
    IssueClaimed = "issue_claimed",
    /// A branch for the work exists.
    BranchCreated = "branch_created",
    /// The branch contains changes.
    ChangesMade = "changes_made",
    /// A pull request exists.
    PrOpened = "pr_opened",
    /// The pull request received feedback.
    FeedbackReceived = "feedback_received",
    /// The work is complete, but it is not reported as finished yet.
    WorkComplete = "work_complete",
}

text_enum! {
    /// What a lease's row says of it; whether it is live also depends on the time.
    LeaseState,
    /// GitHub is being asked.
    Reserved = "reserved",
    /// An agent has it.
    Held = "held",
    /// It ended.
    Free = "free",
}

text_enum! {
    /// How a lease ended.
    #[derive(async_graphql::Enum)]
    LeaseEnding,
    /// The holder released the issue, or somebody released it for the holder.
    Released = "released",
    /// The holder finished its work.
    Finished = "finished",
    /// The lease expired.
    Expired = "expired",
    /// A maintainer gave the issue to another agent.
    Taken = "taken",
    /// The lease never started: GitHub rejected the claim, or the labels there did not allow it.
    Refused = "refused",
}

text_enum! {
    /// The outcome of an agent's work on an issue.
    #[derive(async_graphql::Enum)]
    WorkOutcome,
    /// A pull request was opened; the issue waits for a review.
    PrOpened = "pr_opened",
    /// A pull request was updated; the issue waits for a review.
    PrUpdated = "pr_updated",
    /// The issue itself was changed; a person must look at it.
    IssueUpdated = "issue_updated",
    /// The work cannot continue until the problem given in the summary is resolved.
    Blocked = "blocked",
    /// The work failed; the issue is ready for the next attempt.
    Failed = "failed",
    /// No changes are needed; a person must confirm this and close the issue.
    NoChangesNeeded = "no_changes_needed",
    /// The work was done already; a person must confirm this and close the issue.
    AlreadyAddressed = "already_addressed",
}

impl WorkOutcome {
    /// The word that an agent's run is recorded with.
    pub fn run_status(self) -> &'static str {
        match self {
            Self::Failed => "error",
            Self::Blocked => "blocked",
            _ => "success",
        }
    }

    /// The column that work with this outcome belongs in. Nothing is ever Done by an agent's word.
    pub fn status(self) -> Status {
        match self {
            Self::Blocked => Status::Blocked,
            Self::Failed => Status::Ready,
            _ => Status::InReview,
        }
    }

    /// Whether the agent stays the one whose issue it is, so that feedback comes back to it.
    fn keeps_agent(self) -> bool {
        matches!(self, Self::PrOpened | Self::PrUpdated)
    }

    /// What finishing with this outcome makes of an issue's labels. A column that somebody else has
    /// chosen meanwhile stays; a closed issue keeps its status label.
    pub fn plan(self, agent: &str, labels: &LabelSet, state: IssueState) -> LabelPlan {
        let now = labels.effective_status(state);
        let is_ours = matches!(now, Status::InProgress | Status::Ready);
        let moves = state == IssueState::Open && (is_ours || self == Self::Blocked);
        let mut plan = LabelPlan { status: moves.then(|| self.status()), ..LabelPlan::default() };
        if state == IssueState::Closed {
            plan.remove = left_on_closed(agent, labels);
        } else if !self.keeps_agent() {
            plan.remove = own_label(agent, labels);
        }
        plan
    }
}

/// What giving an issue back makes of its labels: the agent's goes, work in progress is ready again,
/// and so is what is blocked without a reason that anybody knows. Every other column stays.
pub fn release_plan(
    agent: &str,
    labels: &LabelSet,
    state: IssueState,
    blocked_reason: Option<&str>,
) -> LabelPlan {
    let status = match labels.effective_status(state) {
        Status::InProgress => Some(Status::Ready),
        Status::Blocked if blocked_reason.is_none() => Some(Status::Ready),
        _ => None,
    };
    let remove = match state {
        IssueState::Open => own_label(agent, labels),
        IssueState::Closed => left_on_closed(agent, labels),
    };
    LabelPlan { status, add: vec![], remove }
}

/// Why an issue rests where it does after it was given back, as one sentence.
pub fn resting_note(status: Status, blocked_reason: Option<&str>) -> String {
    match (status, blocked_reason) {
        (Status::Ready, _) => "The issue is ready to be claimed".to_owned(),
        (Status::Blocked, Some(reason)) => format!("The issue stays blocked: {reason}"),
        (status, _) => format!("The issue stays in {}", status.title()),
    }
}

/// What claiming makes of an issue's labels: it is in progress and has the agent's label; with
/// `force` nobody else's.
pub fn claim_plan(agent: &str, labels: &LabelSet, force: bool) -> LabelPlan {
    let label = agent_label(agent);
    let mut plan = match force {
        true => LabelPlan::only(labels, "agent/", Some(label)),
        false => LabelPlan { add: vec![label], ..LabelPlan::default() },
    };
    plan.status = Some(Status::InProgress);
    plan
}

/// The label that says whose an issue is.
pub fn agent_label(agent: &str) -> String {
    format!("agent/{agent}")
}

/// What is taken off an issue that was closed while an agent held it: the agent's label, and that it is
/// in progress.
fn left_on_closed(agent: &str, labels: &LabelSet) -> Vec<String> {
    let in_progress = Status::InProgress.label();
    let mut left = own_label(agent, labels);
    left.extend(labels.contains(in_progress).then(|| in_progress.to_owned()));
    left
}

fn own_label(agent: &str, labels: &LabelSet) -> Vec<String> {
    let label = agent_label(agent);
    if labels.contains(&label) { vec![label] } else { vec![] }
}

/// An agent's name as it stands behind `agent/`, given with or without that.
///
/// # Errors
///
/// What is wrong with it, as the end of a sentence.
pub fn agent_name(given: &str) -> Result<&str, String> {
    let given = given.trim();
    let name = strip_prefix(given, "agent/").unwrap_or(given);
    if is_reserved(name) {
        return Err(reserved_reason());
    }
    if is_plain(name) && name.trim() == name && name.chars().count() <= LONGEST_AGENT {
        return Ok(name);
    }
    Err(format!(
        "must have 1 to {LONGEST_AGENT} characters, no comma and no control character, \
         because it stands in a label behind `agent/`"
    ))
}

/// A fencing token as a caller sends it back.
///
/// # Errors
///
/// What is wrong with it, as the end of a sentence.
pub fn fencing_token(given: &str) -> Result<i64, String> {
    given.parse().ok().filter(|token| *token > 0).ok_or_else(|| {
        let given: String = given.chars().take(64).collect();
        format!("`{given}` is not a fencing token; send the `fencingToken` of your lease")
    })
}

/// What somebody who writes says of their hold: who they are, where that is known, and the token
/// that they were given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExpectedHolder {
    /// The agent that acts; none for a person.
    pub agent: Option<String>,
    /// The token that the caller sent.
    pub token: Option<i64>,
}

/// The live lease of an issue, as far as a write asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrentHolder<'a> {
    /// The issue.
    pub issue: IssueId,
    /// Who has it.
    pub agent: &'a str,
    /// The token of the holding.
    pub token: i64,
}

impl ExpectedHolder {
    /// Whether a write may go on, given the live lease of the issue.
    pub fn admits(&self, live: Option<CurrentHolder<'_>>) -> bool {
        match live {
            None => self.token.is_none(),
            Some(held) => {
                let is_holder =
                    self.agent.as_deref().is_none_or(|agent| is_same(agent, held.agent));
                is_holder && self.token.is_none_or(|token| token == held.token)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use IssueState::{Closed, Open};

    fn after(plan: &LabelPlan, labels: &LabelSet) -> Vec<String> {
        labels.after(&plan.change(labels)).names().to_vec()
    }

    #[test]
    fn a_claim_puts_the_issue_in_progress_under_one_name() {
        let labels = LabelSet::from(["status/ready", "bug", "agent/beta"]);
        let plan = claim_plan("alpha", &labels, true);
        assert_eq!(after(&plan, &labels), ["bug", "status/in-progress", "agent/alpha"]);
        let free = LabelSet::from(["status/ready", "bug"]);
        let plan = claim_plan("alpha", &free, false);
        assert_eq!(after(&plan, &free), ["bug", "status/in-progress", "agent/alpha"]);
    }

    #[test]
    fn a_release_leaves_what_people_decided() {
        let of = |status: &str, reason| {
            let labels = LabelSet::from([status, "agent/alpha", "agent/beta"]);
            after(&release_plan("alpha", &labels, Open, reason), &labels)
        };
        assert_eq!(of("status/in-progress", None), ["agent/beta", "status/ready"]);
        assert_eq!(of("status/blocked", None), ["agent/beta", "status/ready"]);
        assert_eq!(of("status/blocked", Some("a key")), ["status/blocked", "agent/beta"]);
        assert_eq!(of("status/in-review", None), ["status/in-review", "agent/beta"]);
        assert_eq!(of("status/ready", None), ["status/ready", "agent/beta"]);
        let closed = LabelSet::from(["status/in-progress", "agent/alpha"]);
        let plan = release_plan("alpha", &closed, Closed, None);
        assert_eq!(after(&plan, &closed), [""; 0], "closed: nobody is at work on it");
        let done = LabelSet::from(["status/done", "agent/alpha"]);
        let plan = release_plan("alpha", &done, Closed, None);
        assert_eq!(after(&plan, &done), ["status/done"]);
    }

    #[test]
    fn finishing_never_ends_in_done_and_respects_a_move_of_somebody_else() {
        for outcome in WorkOutcome::ALL {
            assert_ne!(outcome.status(), Status::Done, "{outcome:?}");
        }
        let of = |outcome: WorkOutcome, status: &str, state| {
            let labels = LabelSet::from([status, "agent/alpha"]);
            after(&outcome.plan("alpha", &labels, state), &labels)
        };
        let working = "status/in-progress";
        assert_eq!(of(WorkOutcome::PrOpened, working, Open), ["agent/alpha", "status/in-review"]);
        assert_eq!(of(WorkOutcome::Failed, working, Open), ["status/ready"]);
        assert_eq!(of(WorkOutcome::Blocked, "status/in-review", Open), ["status/blocked"]);
        assert_eq!(of(WorkOutcome::Failed, "status/backlog", Open), ["status/backlog"]);
        for outcome in WorkOutcome::ALL {
            assert_eq!(of(outcome, working, Closed), [""; 0], "{outcome:?}: nobody is at work");
            assert_eq!(of(outcome, "status/done", Closed), ["status/done"], "{outcome:?}");
        }
    }

    #[test]
    fn names_of_agents() {
        for (given, name) in [
            ("alpha", "alpha"),
            (" agent/a/b ", "a/b"),
            ("Agent/Alpha", "Alpha"),
            ("two words", "two words"),
            ("ж", "ж"),
        ] {
            assert_eq!(agent_name(given), Ok(name));
        }
        for given in ["", "  ", "agent/", "a,b", "a\nb", "a\0", "agent/ a", &"x".repeat(45)] {
            assert!(agent_name(given).is_err(), "{given:?} passed");
        }
    }

    #[test]
    fn tokens_are_plain_numbers() {
        assert_eq!(fencing_token("17"), Ok(17));
        for given in ["", "0", "-1", "x", "1.0", "99999999999999999999"] {
            assert!(fencing_token(given).is_err(), "{given:?} passed");
        }
    }

    #[test]
    fn whoever_holds_may_write_and_an_old_token_may_not() {
        let live = CurrentHolder { issue: IssueId(1), agent: "alpha", token: 5 };
        let expected =
            |agent: Option<&str>, token| ExpectedHolder { agent: agent.map(str::to_owned), token };
        assert!(expected(Some("alpha"), Some(5)).admits(Some(live)));
        assert!(expected(Some("alpha"), None).admits(Some(live)));
        assert!(expected(Some("Alpha"), Some(5)).admits(Some(live)), "the same agent");
        assert!(expected(None, None).admits(Some(live)), "a person may");
        assert!(!expected(Some("alpha"), Some(4)).admits(Some(live)));
        assert!(!expected(Some("beta"), None).admits(Some(live)));
        assert!(!expected(None, Some(4)).admits(Some(live)));
        assert!(expected(Some("beta"), None).admits(None));
        assert!(!expected(Some("alpha"), Some(5)).admits(None), "the lease is over");
    }
}
