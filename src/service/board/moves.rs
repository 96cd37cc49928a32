//! Moving a card to another column.

use chrono::TimeDelta;
use futures_util::{StreamExt, stream};

use crate::domain::bounds::has_repeats;
use crate::domain::labels::LabelPlan;
use crate::domain::leases::{ExpectedHolder, fencing_token};
use crate::domain::{Actor, AuditEntryId, FullName, IssueId, LabelSet, Status};
use crate::github;
use crate::service::audit::append_settled;
use crate::service::audit::find_audit_entry;
use crate::service::change::{
    ChangeOptions, ChangeOutcome, Intent, Precondition, change_labels_on,
};
use crate::service::{App, Error, Result, board};
use crate::store::audit::{self, NewEntry};
use crate::store::repositories;

/// The error in the audit entry for a change of an issue that is not in the cache.
pub const UNKNOWN_ISSUE: &str = "Issue not found in local cache";

/// A move of an issue to another column.
#[derive(Debug, Clone, async_graphql::InputObject)]
#[graphql(name = "MoveIssueInput")]
pub struct MoveIssue {
    /// The issue.
    pub issue_id: IssueId,
    /// The new column.
    pub to: Status,
    /// The expected current column. If the issue is in another one, the move fails with `CONFLICT`.
    pub expected_from: Option<Status>,
    /// The reason. Required for a move to BLOCKED.
    pub reason: Option<String>,
    /// The fencing token of the caller's lease. A stale token fails with `LEASE_LOST`.
    pub fencing_token: Option<String>,
}

/// Moves a card; the audit log calls it `move_issue`.
///
/// # Errors
///
/// [`Error::Invalid`] without a reason for Blocked, [`Error::NotFound`], [`Error::Conflict`] when
/// the issue is closed, in another column than expected, or has an unsettled change;
/// [`Error::LeaseLost`] for an agent while another one has the lease, and for a stale fencing
/// token; [`Error::UpstreamUnreadable`], [`Error::Upstream`] or [`Error::RateLimited`] when GitHub
/// refused, which is audited too.
pub async fn move_issue(app: &App, actor: &Actor, command: MoveIssue) -> Result<ChangeOutcome> {
    change_status(app, actor, "move_issue", command).await
}

/// [`move_issue`] as agents call it; the audit log calls it `set_status`.
///
/// # Errors
///
/// As [`move_issue`].
pub async fn set_status(app: &App, actor: &Actor, command: MoveIssue) -> Result<ChangeOutcome> {
    change_status(app, actor, "set_status", command).await
}

/// How many issues one call may move.
pub const MOST_AT_ONCE: usize = 100;

/// Several issues to move to one column.
#[derive(Debug, Clone, async_graphql::InputObject)]
#[graphql(name = "MoveIssuesInput")]
pub struct MoveIssues {
    /// The issues, 100 at most.
    pub issue_ids: Vec<IssueId>,
    /// The new column.
    pub to: Status,
    /// The expected current column. Moves of issues in another one fail with `CONFLICT`.
    pub expected_from: Option<Status>,
    /// The reason. Required for a move to BLOCKED.
    pub reason: Option<String>,
}

/// Moves several issues to one column, each independently. The results are in the order of the
/// request.
///
/// # Errors
///
/// [`Error::Invalid`] for more than [`MOST_AT_ONCE`], for an issue that is given twice, or without a
/// reason for Blocked.
pub async fn move_issues(
    app: &App,
    actor: &Actor,
    command: MoveIssues,
) -> Result<Vec<(IssueId, Result<ChangeOutcome>)>> {
    let MoveIssues { issue_ids, to, expected_from, reason } = command;
    if issue_ids.len() > MOST_AT_ONCE {
        let reason = format!("{} issues are too many; {MOST_AT_ONCE} at most", issue_ids.len());
        return Err(Error::Invalid { field: "issueIds", reason });
    }
    if has_repeats(&issue_ids) {
        let reason = "must not have the same issue twice".to_owned();
        return Err(Error::Invalid { field: "issueIds", reason });
    }
    reason_for(to, reason.as_deref())?;
    // All of them run at once, so that their requests to GitHub share documents.
    let clients = app.github.gathering(issue_ids.len());
    let move_one = async |(issue_id, github): (IssueId, github::Client)| {
        let app = &App { github, ..app.clone() };
        let command =
            MoveIssue { issue_id, to, expected_from, reason: reason.clone(), fencing_token: None };
        (issue_id, move_issue(app, actor, command).await)
    };
    Ok(stream::iter(issue_ids.into_iter().zip(clients))
        .map(move_one)
        .buffered(MOST_AT_ONCE)
        .collect()
        .await)
}

/// Moves an issue back to where it was before a move. The audit log calls it `undo_move`. Rejected
/// if the issue has been moved again since.
///
/// # Errors
///
/// [`Error::NotFound`], [`Error::Invalid`] for an entry that is not a successful move; otherwise as
/// [`move_issue`].
pub async fn undo_move(app: &App, actor: &Actor, entry: AuditEntryId) -> Result<ChangeOutcome> {
    let entry = find_audit_entry(app, entry).await?;
    let (Some(issue_id), Some(moved_to), Some(true)) =
        (entry.issue_id, entry.target_status, entry.success)
    else {
        let reason = "is not a move that succeeded".to_owned();
        return Err(Error::Invalid { field: "auditEntryId", reason });
    };
    let to = entry.before_labels.status().unwrap_or(Status::Backlog);
    // What it waited for then is not known any more; only that it waits.
    let reason = (to == Status::Blocked).then(|| "blocked again by an undo".to_owned());
    let command =
        MoveIssue { issue_id, to, expected_from: Some(moved_to), reason, fencing_token: None };
    change_status(app, actor, "undo_move", command).await
}

async fn change_status(
    app: &App,
    actor: &Actor,
    action: &str,
    command: MoveIssue,
) -> Result<ChangeOutcome> {
    let reason = reason_for(command.to, command.reason.as_deref())?;
    let token = command.fencing_token.as_deref().map(fencing_token).transpose();
    let token = token.map_err(|reason| Error::Invalid { field: "fencingToken", reason })?;
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
    let precondition = Precondition::Holds(ExpectedHolder { agent: actor.agent(), token });
    let options = ChangeOptions { precondition, ..ChangeOptions::default() };
    let plan = |_: &LabelSet, _| Ok(LabelPlan::to_status(command.to));
    Box::pin(change_labels_on(app, &intent, options, plan)).await
}

/// The reason for a move to Blocked.
fn reason_for(to: Status, given: Option<&str>) -> Result<Option<String>> {
    if to != Status::Blocked {
        return Ok(None);
    }
    let given = given.map(|reason| reason.replace('\0', ""));
    let given = given.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    given.map(|reason| Some(reason.to_owned())).ok_or_else(|| Error::Invalid {
        field: "reason",
        reason: "a move to Blocked needs a reason that tells what it waits for".to_owned(),
    })
}

/// How many errors about uncached issues are audited per minute, in total.
const UNKNOWN_A_MINUTE: i64 = 10;

/// Audits an attempt to change an issue that is not in the cache, up to [`UNKNOWN_A_MINUTE`].
///
/// # Errors
///
/// When the database fails.
pub async fn record_unknown_issue(
    app: &App,
    actor: &Actor,
    action: &str,
    repository: &FullName,
    number: i32,
) -> Result<()> {
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    let known = repositories::by_name(&mut connection, repository).await?;
    let Some(known) = known.filter(|known| known.enabled) else { return Ok(()) };
    let since = now - TimeDelta::minutes(1);
    if audit::count_unknown(&mut connection, UNKNOWN_ISSUE, since).await? >= UNKNOWN_A_MINUTE {
        return Ok(());
    }
    drop(connection);
    let none = LabelSet::default();
    let entry = NewEntry {
        repository_full_name: known.full_name.as_str(),
        issue_number: Some(number),
        success: Some(false),
        error_message: Some(UNKNOWN_ISSUE),
        ..NewEntry::done(actor.actor_ref(), action, &none, now)
    };
    append_settled(app, &entry).await
}
