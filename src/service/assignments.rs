//! Who works on an issue, whose it is and how urgent it is: labels with one of a kind each.

use super::labels::{Changed, Intent, change_labels};
use super::{Error, Result, board};
use crate::app::App;
use crate::domain::actor::{is_reserved, reserved_reason};
use crate::domain::labels::{LabelPlan, behind, has_prefix, is_plain};
use crate::domain::{Actor, IssueId, LabelSet, Priority, Status};

/// The longest name GitHub takes for a label, in characters.
const LONGEST_LABEL: usize = 50;

/// What labels begin with that programs count by, which nobody sets by hand.
const KEPT_BY_PROGRAMS: [&str; 2] = ["blocked/infra-attempt/", "blocked/infra-model/"];

/// Gives an issue to an agent, or to none. It has at most one afterwards, whoever it was before.
///
/// # Errors
///
/// [`Error::Invalid`] for a name that cannot be a label's; else as
/// [`move_issue`](super::moves::move_issue).
pub async fn assign_agent(
    app: &App,
    actor: &Actor,
    issue: IssueId,
    agent: Option<&str>,
) -> Result<Changed> {
    let label = label_of("agent", agent)?;
    let action = if label.is_some() { "assign_agent" } else { "unassign_agent" };
    have_only(app, actor, action, issue, "agent/", label).await
}

/// Makes an issue somebody's, or nobody's. It has at most one owner afterwards.
///
/// # Errors
///
/// As [`assign_agent`].
pub async fn assign_owner(
    app: &App,
    actor: &Actor,
    issue: IssueId,
    owner: Option<&str>,
) -> Result<Changed> {
    let label = label_of("owner", owner)?;
    let action = if label.is_some() { "assign_owner" } else { "unassign_owner" };
    have_only(app, actor, action, issue, "owner/", label).await
}

/// Says how urgent an issue is, or that nobody knows.
///
/// # Errors
///
/// As [`move_issue`](super::moves::move_issue).
pub async fn set_priority(
    app: &App,
    actor: &Actor,
    issue: IssueId,
    priority: Option<Priority>,
) -> Result<Changed> {
    let label = priority.map(|priority| priority.label().to_owned());
    have_only(app, actor, "set_priority", issue, "priority/", label).await
}

/// Puts a label on an issue; one that is there already is fine. A status label is a move, so that
/// the issue keeps exactly one.
///
/// # Errors
///
/// [`Error::Invalid`] for what cannot be a label, or is none that anybody sets by hand; else as
/// [`move_issue`](super::moves::move_issue).
pub async fn add_label(app: &App, actor: &Actor, issue: IssueId, label: &str) -> Result<Changed> {
    let label = plain_label(label)?;
    if let Some(prefix) = KEPT_BY_PROGRAMS.iter().find(|prefix| has_prefix(&label, prefix)) {
        let reason = format!("must not start with {prefix}, which programs keep for themselves");
        return Err(Error::Invalid { field: "label", reason });
    }
    let plan = match Status::from_label(&label) {
        Some(status) => LabelPlan::to_status(status),
        None if has_prefix(&label, "status/") => {
            let reason = format!("Invalid status label: {label}");
            return Err(Error::Invalid { field: "label", reason });
        }
        None => LabelPlan { add: vec![label], ..LabelPlan::default() },
    };
    relabel(app, actor, "add_label", issue, plan.status, |_| plan).await
}

/// Takes a label off an issue; one that is not there is fine.
///
/// # Errors
///
/// As [`add_label`].
pub async fn remove_label(
    app: &App,
    actor: &Actor,
    issue: IssueId,
    label: &str,
) -> Result<Changed> {
    let plan = LabelPlan { remove: vec![plain_label(label)?], ..LabelPlan::default() };
    relabel(app, actor, "remove_label", issue, None, |_| plan).await
}

async fn relabel(
    app: &App,
    actor: &Actor,
    action: &str,
    issue: IssueId,
    target: Option<Status>,
    plan: impl FnOnce(&LabelSet) -> LabelPlan,
) -> Result<Changed> {
    let (issue, repository) = board::find_issue(app, issue).await?;
    let intent = Intent {
        actor,
        action,
        issue: &issue,
        repository: &repository,
        target,
        expected_from: None,
        reason: None,
    };
    change_labels(app, &intent, plan).await
}

/// A label as GitHub takes it.
fn plain_label(label: &str) -> Result<String> {
    let label = label.trim();
    // Emoji of several parts are common in labels, and hold characters that no name may.
    let is_odd = |c: char| c.is_control() || c == ',';
    if (1..=LONGEST_LABEL).contains(&label.chars().count()) && !label.contains(is_odd) {
        return Ok(label.to_owned());
    }
    let reason = format!("must have 1 to {LONGEST_LABEL} characters and no comma");
    Err(Error::Invalid { field: "label", reason })
}

async fn have_only(
    app: &App,
    actor: &Actor,
    action: &str,
    issue: IssueId,
    prefix: &str,
    label: Option<String>,
) -> Result<Changed> {
    let plan = |labels: &LabelSet| LabelPlan::only(labels, prefix, label);
    relabel(app, actor, action, issue, None, plan).await
}

/// The label for a name, given with or without its prefix.
fn label_of(kind: &'static str, name: Option<&str>) -> Result<Option<String>> {
    let Some(name) = name else { return Ok(None) };
    let prefix = format!("{kind}/");
    let bare = behind(name.trim(), &prefix).unwrap_or(name.trim());
    let label = format!("{prefix}{bare}");
    if kind == "agent" && is_reserved(bare) {
        return Err(Error::Invalid { field: kind, reason: reserved_reason() });
    }
    if is_plain(bare) && label.chars().count() <= LONGEST_LABEL {
        return Ok(Some(label));
    }
    let longest = LONGEST_LABEL - prefix.len();
    let reason = format!("must have 1 to {longest} characters and no comma, to be a label");
    Err(Error::Invalid { field: kind, reason })
}
