//! Moving issues to another column: by labels (`move`), as the earlier board did, and by status
//! (`status`), as agents do.

use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::label_names::has_prefix;
use crate::domain::{IssueId, LabelSet, Status};
use crate::middleware::{Caller, Problem, ProblemDocument, Reader, acting_as};
use crate::rest::answer::{Done, json};
use crate::rest::body::Body;
use crate::rest::errors::failed;
use crate::rest::fields::label_names;
use crate::rest::issue_ref::{IssueRef, RouteTexts, known_issue};
use crate::rest::responses::{IssueWriteResponses, LabelWriteResponses};
use crate::rest::schemas::StatusWord;
use crate::service::board::moves::{MoveIssue, UNKNOWN_ISSUE};
use crate::service::{self, App, ConflictKind, Error};

const MOVE: RouteTexts<'_> =
    RouteTexts { action: "move_issue", missing: UNKNOWN_ISSUE, failure: "Failed to move issue" };

const SET_STATUS: RouteTexts<'_> = RouteTexts {
    action: "set_status",
    missing: UNKNOWN_ISSUE,
    failure: "Failed to set issue status",
};

/// The reason for a move to Blocked that gives none.
const DEFAULT_REASON: &str = "moved on the board";

/// An issue to move.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MoveBody {
    #[serde(flatten)]
    issue: IssueRef,
    /// The labels that the caller believes the issue has. Only the first status label is checked.
    #[serde(deserialize_with = "label_names")]
    old_labels: Vec<String>,
    /// The labels that the issue should have: the first status label determines the column; without
    /// one, it is Backlog. Other labels are not changed.
    #[serde(deserialize_with = "label_names")]
    #[schema(example = json!(["status/ready"]))]
    new_labels: Vec<String>,
    /// The reason for a move to Blocked.
    reason: Option<String>,
    /// The caller's name for the audit log; only for callers with a token.
    actor: Option<String>,
}

/// Moves an issue to another column: changes its labels on GitHub.
#[utoipa::path(
    post,
    path = "/api/issues/move",
    tag = "issues",
    operation_id = "moveIssue",
    request_body = MoveBody,
    responses(
        IssueWriteResponses,
        (status = 200, description = "The labels on GitHub are as requested.", body = Done),
        (status = 409, description = "Another change of the issue is in progress.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn move_issue(
    Reader { state: app, actor }: Reader<App>,
    body: Body,
) -> Result<Response, Problem> {
    let members = body.members("Invalid JSON body")?;
    let required = ["issueId", "repoFullName", "issueNumber", "oldLabels", "newLabels"];
    members.require_strictly(&required, "Missing required fields")?;
    let body: MoveBody = members.read()?;
    first_status("oldLabels", &body.old_labels)?;
    let to = first_status("newLabels", &body.new_labels)?.unwrap_or(Status::Backlog);
    let actor = acting_as(actor, body.actor.as_deref())?;

    let issue = known_issue(&app, &actor, &body.issue, &MOVE).await?;
    let reason = body.reason.unwrap_or_else(|| DEFAULT_REASON.to_owned());
    let command = MoveIssue { reason: Some(reason), ..to_column(issue.id, to) };
    let moved = service::board::moves::move_issue(&app, &actor, command).await;
    moved.map_err(|error| refused(error, MOVE.failure))?;
    Ok(json(StatusCode::OK, &Done::DONE))
}

/// Returns the column of the first status label; an unknown status label is rejected.
fn first_status(field: &str, labels: &[String]) -> Result<Option<Status>, Problem> {
    let Some(label) = labels.iter().find(|label| has_prefix(label, "status/")) else {
        return Ok(None);
    };
    Status::from_label(label).map(Some).ok_or_else(|| unknown_status(field, label))
}

fn unknown_status(field: &str, given: &str) -> Problem {
    let allowed = Status::ALL.map(Status::label).join(", ");
    Problem::wrong(field, format!("Invalid status label: {given}. Allowed: {allowed}"))
}

fn to_column(issue_id: IssueId, to: Status) -> MoveIssue {
    MoveIssue { issue_id, to, expected_from: None, reason: None, fencing_token: None }
}

/// Converts an error of a move to the problem that existing REST clients expect.
pub(super) fn refused(error: Error, text: &'static str) -> Problem {
    match &error {
        Error::Conflict { kind: ConflictKind::Closed, .. } => {
            Problem::from(error).with_status(StatusCode::BAD_REQUEST)
        }
        Error::UpstreamUnreadable(cause) => {
            let text = cause.to_string();
            Problem::from(error).with_status(StatusCode::INTERNAL_SERVER_ERROR).with_message(text)
        }
        Error::Upstream(_) | Error::RateLimited { .. } => {
            Problem::from(error).with_status(StatusCode::INTERNAL_SERVER_ERROR)
        }
        Error::NotFound { .. } => Problem::not_found(UNKNOWN_ISSUE),
        _ => failed(text)(error),
    }
}

/// The same for routes that return 503 when labels could not be read.
pub(crate) fn refused_or_unread(error: Error, text: &'static str) -> Problem {
    match &error {
        Error::UpstreamUnreadable(_) | Error::RateLimited { .. } => {
            Problem::from(error).with_status(StatusCode::SERVICE_UNAVAILABLE)
        }
        _ => refused(error, text),
    }
}

/// A status to set.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StatusBody {
    #[serde(flatten)]
    issue: IssueRef,
    /// The status, without the `status/` prefix.
    #[schema(value_type = StatusWord)]
    status: String,
    /// The reason; required for `blocked`.
    blocked_reason: Option<String>,
    /// The caller's name for the audit log; only for callers with a token.
    actor: Option<String>,
    /// Used as `actor` when `actor` is absent.
    agent_name: Option<String>,
}

/// The result of setting a status.
#[derive(Serialize, ToSchema)]
pub(super) struct StatusSet<'a> {
    /// Always true.
    success: bool,
    /// The label of the status.
    #[schema(example = "status/in-review")]
    status: &'static str,
    /// The current labels of the issue on GitHub.
    #[schema(value_type = Vec<String>)]
    labels: &'a LabelSet,
}

/// Sets an issue's status: changes its labels on GitHub. Every status transition is allowed. The
/// issue is never closed.
#[utoipa::path(
    post,
    path = "/api/issues/status",
    tag = "issues",
    operation_id = "setIssueStatus",
    request_body = StatusBody,
    responses(
        LabelWriteResponses,
        (status = 200, description = "The labels on GitHub are as requested.", body = StatusSet<'_>),
    )
)]
pub(crate) async fn set_status(
    Reader { state: app, actor }: Reader<App>,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Result<Response, Problem> {
    let members = body.members("Invalid JSON body")?;
    members.require_strictly(
        &["issueId", "repoFullName", "issueNumber", "status"],
        "Missing required fields: issueId, repoFullName, issueNumber, status",
    )?;
    let body: StatusBody = members.read()?;
    let word = &body.status;
    let to: Status = word.parse().map_err(|_| unknown_status("status", word))?;
    let actor = acting_as(actor, body.actor.or(body.agent_name).as_deref())?;

    let issue = known_issue(&app, &actor, &body.issue, &SET_STATUS).await?;
    caller.check_changes(&actor, &issue.labels).await?;
    let command = MoveIssue { reason: body.blocked_reason, ..to_column(issue.id, to) };
    let moved = service::board::moves::set_status(&app, &actor, command).await;
    let moved = moved.map_err(status_refused)?;
    let body = StatusSet { success: true, status: to.label(), labels: &moved.issue.labels };
    Ok(json(StatusCode::OK, &body))
}

fn status_refused(error: Error) -> Problem {
    match &error {
        Error::Invalid { field: "reason", reason } => {
            Problem::bad_request(format!("blockedReason: {reason}")).with("field", "blockedReason")
        }
        _ => refused_or_unread(error, SET_STATUS.failure),
    }
}
