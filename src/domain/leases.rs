//! Leases: progress, endings, and outcomes of the work.

use super::actor::{is_reserved, reserved_reason};
use super::ids::IssueId;
use super::label_names::{is_same, strip_prefix};
use super::labels::{LabelPlan, LabelSet, is_plain};
use super::sql_enum::text_enum;
use super::status::{IssueState, Status};

/// The default term of a lease, in seconds.
pub const USUAL_TERM: i32 = 1800;

/// The shortest and the longest term of a lease, in seconds.
pub const TERMS: std::ops::RangeInclusive<i32> = 60..=86_400;

/// The maximum length of an agent's name, in characters: GitHub's maximum for labels less `agent/`.
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
    /// The stored state of a lease; whether it is live also depends on the time.
    LeaseState,
    /// The claim is being written to GitHub.
    Reserved = "reserved",
    /// An agent holds it.
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

    /// The column for work with this outcome. An agent's report never moves an issue to Done.
    pub fn status(self) -> Status {
        match self {
            Self::Blocked => Status::Blocked,
            Self::Failed => Status::Ready,
            _ => Status::InReview,
        }
    }

    /// Whether the agent's label stays, so that feedback returns to the same agent.
    fn keeps_agent(self) -> bool {
        matches!(self, Self::PrOpened | Self::PrUpdated)
    }

    /// The label changes when work finishes with this outcome. A column that was chosen meanwhile
    /// stays; a closed issue keeps its status label.
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

/// The label changes when an issue is released: the agent's label is removed. An issue in progress,
/// or blocked without a known reason, becomes ready. Every other column stays.
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

/// Why a released issue is in its column, as one sentence.
pub fn resting_note(status: Status, blocked_reason: Option<&str>) -> String {
    match (status, blocked_reason) {
        (Status::Ready, _) => "The issue is ready to be claimed".to_owned(),
        (Status::Blocked, Some(reason)) => format!("The issue stays blocked: {reason}"),
        (status, _) => format!("The issue stays in {}", status.title()),
    }
}

/// The label changes of a claim: the issue is in progress and has the agent's label; with `force`
/// all other agents' labels are removed.
pub fn claim_plan(agent: &str, labels: &LabelSet, force: bool) -> LabelPlan {
    let label = agent_label(agent);
    let mut plan = match force {
        true => LabelPlan::only(labels, "agent/", Some(label)),
        false => LabelPlan { add: vec![label], ..LabelPlan::default() },
    };
    plan.status = Some(Status::InProgress);
    plan
}

/// The label that assigns an issue to an agent.
pub fn agent_label(agent: &str) -> String {
    format!("agent/{agent}")
}

/// The labels to remove from an issue that was closed while an agent held it: the agent's label and
/// In Progress.
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

/// An agent's name, given with or without `agent/` before it.
///
/// # Errors
///
/// What is invalid, as the end of a sentence.
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

/// Parses the fencing token that a caller sent.
///
/// # Errors
///
/// What is invalid, as the end of a sentence.
pub fn fencing_token(given: &str) -> Result<i64, String> {
    given.parse().ok().filter(|token| *token > 0).ok_or_else(|| {
        let given: String = given.chars().take(64).collect();
        format!("`{given}` is not a fencing token; send the `fencingToken` of your lease")
    })
}

/// The lease that a caller expects to have: the agent, if known, and the fencing token.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExpectedHolder {
    /// The agent that acts; none for a person.
    pub agent: Option<String>,
    /// The token that the caller sent.
    pub token: Option<i64>,
}

/// The live lease of an issue, as a write checks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrentHolder<'a> {
    /// The issue.
    pub issue: IssueId,
    /// The agent that holds it.
    pub agent: &'a str,
    /// The fencing token.
    pub token: i64,
}

impl ExpectedHolder {
    /// Whether a write is allowed, given the live lease of the issue.
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
    fn only_the_current_holder_may_write() {
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
