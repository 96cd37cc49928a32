//! Labels: adding and removing one label, and assigning agents and owners.

use axum::http::StatusCode;
use axum::response::Response;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::moves::refused_or_unread;
use crate::domain::label_names::{has_prefix, strip_prefix};
use crate::domain::{Actor, IssueId, LabelSet};
use crate::middleware::{Problem, ProblemDocument, Reader, acting_as};
use crate::rest::answer::json;
use crate::rest::body::Body;
use crate::rest::issue_ref::{IssueRef, RouteTexts, known_issue};
use crate::rest::responses::LabelWriteResponses;
use crate::rest::schemas::{AssignAction, LabelAction, UnassignAction};
use crate::service::board::moves::UNKNOWN_ISSUE;
use crate::service::change::ChangeOutcome;
use crate::service::claims::assignments::{add_label, assign_agent, assign_owner, remove_label};
use crate::service::{App, ConflictKind, Error};
use crate::store::Issue;

/// A label to add to an issue or to remove from it.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LabelBody {
    #[serde(flatten)]
    label: UnlabelBody,
    /// `add` or `remove`; `add` when absent.
    #[schema(value_type = Option<LabelAction>)]
    action: Option<String>,
}

/// A label to remove from an issue.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UnlabelBody {
    #[serde(flatten)]
    issue: IssueRef,
    /// The exact name of the label.
    #[schema(example = "needs-human")]
    label: String,
    /// The caller's name for the audit log; only for callers with a token.
    actor: Option<String>,
    /// Used as `actor` when `actor` is absent.
    agent_name: Option<String>,
}

fn read_label<T: DeserializeOwned>(body: &Body) -> Result<T, Problem> {
    let members = body.members("Invalid JSON body")?;
    members.require(
        &["issueId", "repoFullName", "issueNumber", "label"],
        "Missing required fields: issueId, repoFullName, issueNumber, label",
    )?;
    members.read()
}

/// The result of adding or removing a label.
#[derive(Serialize, ToSchema)]
pub(super) struct Labelled<'a> {
    /// Always true.
    success: bool,
    /// `add` or `remove`.
    #[schema(example = "add")]
    action: &'static str,
    /// The label.
    label: &'a str,
    /// The current labels of the issue on GitHub.
    #[schema(value_type = Vec<String>)]
    labels: &'a LabelSet,
}

/// Adds a label to an issue or removes it. Repeating the request changes nothing.
#[utoipa::path(
    post,
    path = "/api/issues/label",
    tag = "issues",
    operation_id = "labelIssue",
    request_body = LabelBody,
    responses(
        LabelWriteResponses,
        (status = 200, description = "The labels on GitHub are as requested.", body = Labelled<'_>),
    )
)]
pub(crate) async fn label(
    Reader { state: app, actor }: Reader<App>,
    body: Body,
) -> Result<Response, Problem> {
    let body: LabelBody = read_label(&body)?;
    let action = match body.action.as_deref() {
        None | Some("add") => "add",
        Some("remove") => "remove",
        Some(_) => {
            let text = "Invalid action. Must be one of: add, remove";
            return Err(Problem::wrong("action", text));
        }
    };
    let (label, changed) = change(&app, actor, body.label, action).await?;
    let labels = &changed.issue.labels;
    Ok(json(StatusCode::OK, &Labelled { success: true, action, label: &label, labels }))
}

/// The result of removing a label.
#[derive(Serialize, ToSchema)]
pub(super) struct Unlabelled<'a> {
    /// Always true.
    success: bool,
    /// The label.
    label: &'a str,
    /// The current labels of the issue on GitHub.
    #[schema(value_type = Vec<String>)]
    labels: &'a LabelSet,
}

/// Removes a label from an issue. Removing a label that the issue does not have succeeds.
#[utoipa::path(
    post,
    path = "/api/issues/unlabel",
    tag = "issues",
    operation_id = "unlabelIssue",
    request_body = UnlabelBody,
    responses(
        LabelWriteResponses,
        (status = 200, description = "The labels on GitHub are as requested.", body = Unlabelled<'_>),
    )
)]
pub(crate) async fn unlabel(
    Reader { state: app, actor }: Reader<App>,
    body: Body,
) -> Result<Response, Problem> {
    let (label, changed) = change(&app, actor, read_label(&body)?, "remove").await?;
    let labels = &changed.issue.labels;
    Ok(json(StatusCode::OK, &Unlabelled { success: true, label: &label, labels }))
}

async fn change(
    app: &App,
    actor: Actor,
    body: UnlabelBody,
    action: &'static str,
) -> Result<(String, ChangeOutcome), Problem> {
    let which = body.issue;
    let label = body.label.trim().to_owned();
    let actor = acting_as(actor, body.actor.or(body.agent_name).as_deref())?;
    let (word, text) = match action {
        "add" => ("add_label", "Failed to add label"),
        _ => ("remove_label", "Failed to remove label"),
    };
    let missing = format!("{UNKNOWN_ISSUE}: {}#{}", which.repo_full_name, which.issue_number);
    let texts = RouteTexts { action: word, missing: &missing, failure: text };
    let issue = known_issue(app, &actor, &which, &texts).await?;
    let changed = match action {
        "add" => add_label(app, &actor, issue.id, &label).await,
        _ => remove_label(app, &actor, issue.id, &label).await,
    };
    Ok((label, changed.map_err(|error| not_changed(error, text))?))
}

/// Converts an error of a label change to the problem that existing REST clients expect.
pub(super) fn not_changed(error: Error, text: &'static str) -> Problem {
    match &error {
        Error::Invalid { field, reason } if reason.starts_with("Invalid ") => {
            Problem::bad_request(reason.clone()).with("field", *field)
        }
        Error::Conflict { kind: ConflictKind::Closed, .. } => {
            let text = "Cannot change the labels of a closed issue";
            Problem::from(error).with_status(StatusCode::BAD_REQUEST).with_message(text)
        }
        _ => refused_or_unread(error, text),
    }
}

/// The agent or owner to assign.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AssignBody {
    /// What to assign.
    #[schema(value_type = AssignAction)]
    action: String,
    /// The label: `agent/<name>` or `owner/<name>`.
    #[schema(example = "agent/alpha")]
    value: String,
    #[serde(flatten)]
    issue: IssueRef,
    /// The caller's name for the audit log; only for callers with a token.
    actor: Option<String>,
    /// Used as `actor` when `actor` is absent.
    agent_name: Option<String>,
}

/// The result of an assignment.
#[derive(Serialize, ToSchema)]
pub(super) struct Assigned<'a> {
    /// Always true.
    success: bool,
    /// The current labels of the issue on GitHub.
    #[schema(value_type = Vec<String>)]
    labels: &'a LabelSet,
}

/// The two kinds of assignment labels.
#[derive(Clone, Copy)]
enum AssignmentKind {
    Agent,
    Owner,
}

impl AssignmentKind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Agent => "agent/",
            Self::Owner => "owner/",
        }
    }

    async fn assign(
        self,
        app: &App,
        actor: &Actor,
        issue: IssueId,
        name: Option<&str>,
    ) -> Result<ChangeOutcome, Error> {
        match self {
            Self::Agent => assign_agent(app, actor, issue, name).await,
            Self::Owner => assign_owner(app, actor, issue, name).await,
        }
    }
}

/// Returns the issue of an assignment by its id; repository and number must match.
async fn assigned_issue(
    app: &App,
    actor: &Actor,
    which: &IssueRef,
    action: &'static str,
    failure: &'static str,
) -> Result<Issue, Problem> {
    let missing = format!("Issue not found: {}", which.issue_id);
    known_issue(app, actor, which, &RouteTexts { action, missing: &missing, failure }).await
}

/// Assigns an issue to an agent or an owner, and replaces any previous one.
#[utoipa::path(
    post,
    path = "/api/issues/actions",
    tag = "issues",
    operation_id = "assignIssue",
    request_body = AssignBody,
    responses(
        LabelWriteResponses,
        (status = 200, description = "The labels on GitHub are as requested.", body = Assigned<'_>),
        (status = 404, description = "`Issue not found: <id>`.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn assign(
    Reader { state: app, actor }: Reader<App>,
    body: Body,
) -> Result<Response, Problem> {
    let members = body.members("Invalid JSON body")?;
    members.require(
        &["action", "value", "issueId", "repoFullName", "issueNumber"],
        "Missing required fields: action, value, issueId, repoFullName, issueNumber",
    )?;
    let body: AssignBody = members.read()?;
    let (kind, word) = match body.action.as_str() {
        "assign_agent" => (AssignmentKind::Agent, "assign_agent"),
        "assign_owner" => (AssignmentKind::Owner, "assign_owner"),
        other => {
            let words = "assign_agent, assign_owner";
            let text = format!("Invalid action: {other}. Must be one of: {words}");
            return Err(Problem::wrong("action", text));
        }
    };
    let value = &body.value;
    let prefix = kind.prefix();
    let Some(name) = strip_prefix(value, prefix).filter(|name| !name.trim().is_empty()) else {
        let text = format!("value must start with \"{prefix}\" and name somebody, not \"{value}\"");
        return Err(Problem::bad_request(text).with("field", "value"));
    };
    let actor = acting_as(actor, body.actor.or(body.agent_name).as_deref())?;
    let failure = "Failed to assign issue";
    let issue = assigned_issue(&app, &actor, &body.issue, word, failure).await?;
    let changed = kind.assign(&app, &actor, issue.id, Some(name)).await;
    let changed = changed.map_err(|error| not_assigned(error, failure))?;
    Ok(json(StatusCode::OK, &Assigned { success: true, labels: &changed.issue.labels }))
}

fn not_assigned(error: Error, text: &'static str) -> Problem {
    match &error {
        Error::Conflict { kind: ConflictKind::Closed, .. } => {
            let text = "Cannot assign a closed issue";
            Problem::from(error).with_status(StatusCode::BAD_REQUEST).with_message(text)
        }
        Error::Invalid { field: "agent" | "owner", reason } => {
            Problem::wrong("value", format!("value {reason}"))
        }
        _ => not_changed(error, text),
    }
}

/// The kind of assignment to remove.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UnassignBody {
    /// What to remove.
    #[schema(value_type = UnassignAction)]
    action: String,
    #[serde(flatten)]
    issue: IssueRef,
    /// The caller's name for the audit log; only for callers with a token.
    actor: Option<String>,
    /// Used as `actor` when `actor` is absent.
    agent_name: Option<String>,
}

/// The result of removing an assignment.
#[derive(Serialize, ToSchema)]
pub(super) struct Unassigned<'a> {
    /// Always true.
    success: bool,
    /// The current labels of the issue on GitHub.
    #[schema(value_type = Vec<String>)]
    labels: &'a LabelSet,
    /// The labels that were removed.
    removed: Vec<&'a String>,
}

/// Removes all agents, or all owners, from an issue.
#[utoipa::path(
    post,
    path = "/api/issues/unassign",
    tag = "issues",
    operation_id = "unassignIssue",
    request_body = UnassignBody,
    responses(
        LabelWriteResponses,
        (status = 200, description = "The labels on GitHub are as requested.", body = Unassigned<'_>),
        (status = 404, description = "`Issue not found: <id>`.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn unassign(
    Reader { state: app, actor }: Reader<App>,
    body: Body,
) -> Result<Response, Problem> {
    let members = body.members("Invalid JSON body")?;
    members.require(
        &["action", "issueId", "repoFullName", "issueNumber"],
        "Missing required fields: action, issueId, repoFullName, issueNumber",
    )?;
    let body: UnassignBody = members.read()?;
    let (kind, word) = match body.action.as_str() {
        "unassign_agent" => (AssignmentKind::Agent, "unassign_agent"),
        "unassign_owner" => (AssignmentKind::Owner, "unassign_owner"),
        other => {
            let words = "unassign_agent, unassign_owner";
            let text = format!("Invalid action: {other}. Must be one of: {words}");
            return Err(Problem::wrong("action", text));
        }
    };
    let actor = acting_as(actor, body.actor.or(body.agent_name).as_deref())?;
    let failure = "Failed to unassign issue";
    let issue = assigned_issue(&app, &actor, &body.issue, word, failure).await?;
    let changed = kind.assign(&app, &actor, issue.id, None).await;
    let changed = changed.map_err(|error| not_assigned(error, failure))?;
    let labels = &changed.issue.labels;
    let before = changed.audit_entry.before_labels.names().iter();
    let is_gone = |name: &&String| has_prefix(name, kind.prefix()) && !labels.contains(name);
    let removed: Vec<_> = before.filter(is_gone).collect();
    if removed.is_empty() {
        let text = format!("Issue has no {}* label to remove", kind.prefix());
        return Err(Problem::bad_request(text));
    }
    Ok(json(StatusCode::OK, &Unassigned { success: true, labels, removed }))
}

/// Lists the agents that are configured.
#[utoipa::path(
    get,
    path = "/api/issues/actions/agents",
    tag = "issues",
    operation_id = "listAssignableAgents",
    responses((status = 200, description = "The names in the setting `AGENTS`, in that order.", body = Vec<String>))
)]
pub(crate) async fn agents(Reader { state: app, .. }: Reader<App>) -> Response {
    json(StatusCode::OK, &app.config.agents)
}
