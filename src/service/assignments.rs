//! Who works on an issue, whose it is and how urgent it is: labels with one of a kind each.

use super::labels::{Changed, Intent, change_labels};
use super::{Error, Result, board};
use crate::app::App;
use crate::domain::labels::LabelPlan;
use crate::domain::{Actor, IssueId, Priority};

/// The longest name GitHub takes for a label, in characters.
const LONGEST_LABEL: usize = 50;

/// Gives an issue to an agent, or to none. It had at most one afterwards, whoever it was before.
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

async fn have_only(
    app: &App,
    actor: &Actor,
    action: &str,
    issue: IssueId,
    prefix: &str,
    label: Option<String>,
) -> Result<Changed> {
    let (issue, repository) = board::find_issue(app, issue).await?;
    let intent = Intent {
        actor,
        action,
        issue: &issue,
        repository: &repository,
        target: None,
        expected_from: None,
        reason: None,
    };
    change_labels(app, &intent, |labels| LabelPlan::only(labels, prefix, label)).await
}

/// The label for a name, given with or without its prefix.
fn label_of(kind: &'static str, name: Option<&str>) -> Result<Option<String>> {
    let Some(name) = name else { return Ok(None) };
    let prefix = format!("{kind}/");
    let bare = name.trim().strip_prefix(&prefix).unwrap_or(name.trim());
    let label = format!("{prefix}{bare}");
    let is_plain = !bare.is_empty() && !bare.contains(|c: char| c.is_control() || c == ',');
    if is_plain && label.chars().count() <= LONGEST_LABEL {
        return Ok(Some(label));
    }
    let longest = LONGEST_LABEL - prefix.len();
    let reason = format!("must have 1 to {longest} characters and no comma, to be a label");
    Err(Error::Invalid { field: kind, reason })
}
