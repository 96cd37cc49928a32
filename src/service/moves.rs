//! Moving a card to another column.

use super::labels::{Changed, Intent, change_labels};
use super::{Error, Result, board};
use crate::app::App;
use crate::domain::labels::LabelPlan;
use crate::domain::{Actor, IssueId, Status};

/// Moves an issue to another column.
#[derive(Debug, Clone, async_graphql::InputObject)]
#[graphql(name = "MoveIssueInput")]
pub struct MoveIssue {
    /// The issue.
    pub issue_id: IssueId,
    /// The column it shall stand in.
    pub to: Status,
    /// When given and the issue is elsewhere by now: refused with `CONFLICT`.
    pub expected_from: Option<Status>,
    /// Required to move to BLOCKED.
    pub reason: Option<String>,
    /// The caller's own hold; an older token than the issue's is refused with `LEASE_LOST`.
    pub fencing_token: Option<String>,
}

/// Moves a card; the audit log calls it `move_issue`.
///
/// # Errors
///
/// [`Error::Invalid`] without a reason for Blocked, [`Error::NotFound`], [`Error::Conflict`] when
/// the issue is closed, elsewhere than expected, or has an unsettled change; [`Error::Upstream`] or
/// [`Error::Busy`] when GitHub refused, which the audit log then says too.
pub async fn move_issue(app: &App, actor: &Actor, command: MoveIssue) -> Result<Changed> {
    change_status(app, actor, "move_issue", command).await
}

/// [`move_issue`] as agents ask for it; the audit log calls it `set_status`.
///
/// # Errors
///
/// As [`move_issue`].
pub async fn set_status(app: &App, actor: &Actor, command: MoveIssue) -> Result<Changed> {
    change_status(app, actor, "set_status", command).await
}

async fn change_status(
    app: &App,
    actor: &Actor,
    action: &str,
    command: MoveIssue,
) -> Result<Changed> {
    let reason = reason_for(&command)?;
    if command.fencing_token.is_some() {
        return Err(Error::LeaseLost { holder: None });
    }
    let (issue, repository) = board::find_issue(app, command.issue_id).await?;
    let intent = Intent {
        actor,
        action,
        issue: &issue,
        repository: &repository,
        target: Some(command.to),
        expected_from: command.expected_from,
        reason: reason.as_deref(),
    };
    change_labels(app, &intent, |_| LabelPlan::to_status(command.to)).await
}

/// Why an issue is blocked, where that is the move.
fn reason_for(command: &MoveIssue) -> Result<Option<String>> {
    if command.to != Status::Blocked {
        return Ok(None);
    }
    let given = command.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    given.map(|reason| Some(reason.to_owned())).ok_or_else(|| Error::Invalid {
        field: "reason",
        reason: "a move to Blocked needs a reason that tells what it waits for".to_owned(),
    })
}
