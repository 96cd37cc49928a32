//! Claims: claiming an issue, releasing it, and listing the issues of an agent.

pub(super) mod agent_work;
pub(super) mod decompositions;
pub(super) mod judgements;
pub(super) mod lanes;
pub(super) mod tasks;

use axum::Extension;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::agents::{misnamed, named};
use super::answer::json;
use super::board::moves::refused_or_unread;
use super::body::Body;
use super::errors::failed;
use super::fields::is_given;
use super::issue_ref::{IssueRef, RouteTexts, known_issue};
use super::preferences::{preferred_wait, with_applied};
use super::query::QueryString;
use super::responses::LabelWriteResponses;
use super::schemas::{AgentName, Anything, ClaimedStatus};
use crate::domain::label_names::key;
use crate::domain::leases::agent_label;
use crate::domain::{Actor, IssueId, IssueState, LabelSet, Status};
use crate::middleware::{Caller, Problem, ProblemDocument, Reader, acting_as};
use crate::service::board::moves::UNKNOWN_ISSUE;
use crate::service::claims::ClaimIssue;
use crate::service::claims::assignments::release_issue;
use crate::service::claims::long_poll::wait_to_claim;
use crate::service::{App, ConflictKind, Error, board};

const CLAIM: RouteTexts<'_> =
    RouteTexts { action: "claim_issue", missing: UNKNOWN_ISSUE, failure: "Failed to claim issue" };

const UNCLAIM: RouteTexts<'_> = RouteTexts {
    action: "unclaim_issue",
    missing: UNKNOWN_ISSUE,
    failure: "Failed to unclaim issue",
};

/// A filter for claimed issues.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct ClaimedQuery {
    /// The agent's name.
    #[param(inline, value_type = AgentName)]
    agent_name: String,
    /// The status of the issues; `in-progress` when absent.
    #[param(inline, value_type = Option<ClaimedStatus>)]
    status: Option<String>,
}

/// An issue with the agent's label.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClaimedRow<'a> {
    /// Opaque; pass it as `issueId`.
    #[schema(value_type = String, example = "iss_00001c")]
    issue_id: IssueId,
    /// Its number in the repository.
    number: i32,
    /// The full name of the repository, spelled as on GitHub.
    #[schema(example = "octo-org/hello-world")]
    repo_full_name: &'a str,
    /// The lane that the issue is in.
    #[schema(required)]
    current_lane: Option<&'a str>,
    /// Label names in GitHub's order.
    #[schema(value_type = Vec<String>)]
    labels: &'a LabelSet,
    /// Whether an open pull request for the issue is known.
    has_open_pr: bool,
}

/// Lists the open issues with an agent's label in one column, most recently updated first. It
/// considers labels only, not leases.
#[utoipa::path(
    get,
    path = "/api/issues/claimed",
    tag = "work",
    operation_id = "listClaimedIssues",
    params(ClaimedQuery),
    responses(
        (status = 200, description = "All matching issues.", body = Vec<ClaimedRow<'_>>),
        (status = 400, description = "The agent is missing, or the status is unknown.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn claimed(
    Reader { state: app, .. }: Reader<App>,
    query: QueryString,
) -> Result<Response, Problem> {
    query.require(&["agentName"], "Missing required query parameter: agentName")?;
    let query: ClaimedQuery = query.read();
    let agent = named(&query.agent_name)?;
    let status = match query.status.as_deref() {
        None | Some("in-progress") => Status::InProgress,
        Some("ready") => Status::Ready,
        Some(other) => {
            let text = format!("Invalid status: {other}. Allowed: in-progress, ready");
            return Err(Problem::wrong("status", text));
        }
    };
    let mut filter = board::normalized_filter(&app, None);
    // Issues that the board hides are included.
    filter.excluded_labels.clear();
    filter.label_groups = vec![vec![key(&agent_label(agent))], vec![status.label().to_owned()]];
    let whole = board::all_issues(&app, &filter).await;
    let whole = whole.map_err(failed("Failed to fetch claimed issues"))?;
    let open = whole.issues.iter().filter(|(issue, _)| issue.state == IssueState::Open);
    let rows = open.filter_map(|(issue, _)| {
        Some(ClaimedRow {
            issue_id: issue.id,
            number: issue.number,
            repo_full_name: whole.repositories.get(&issue.repository_id)?.full_name.as_str(),
            current_lane: Some(&issue.lane),
            labels: &issue.labels,
            has_open_pr: issue.pull_request_url.is_some(),
        })
    });
    Ok(json(StatusCode::OK, &rows.collect::<Vec<_>>()))
}

/// An issue to claim or to release.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClaimBody {
    #[serde(flatten)]
    issue: IssueRef,
    /// The agent that claims or releases the issue.
    #[schema(example = "alpha")]
    agent_name: String,
    /// Whether to take the issue over from another holder. Only for a claim, and only with a
    /// maintainer token. Any value that does not count as absent is true.
    #[serde(default, deserialize_with = "is_given")]
    #[schema(value_type = Anything)]
    force: bool,
}

/// The result of a claim.
#[derive(Serialize, ToSchema)]
pub(super) struct ClaimDone<'a> {
    /// Always true.
    success: bool,
    /// The current labels of the issue on GitHub.
    #[schema(value_type = Vec<String>)]
    labels: &'a LabelSet,
}

impl ClaimBody {
    /// Reads the body, and returns who acts. Fails if the caller may not act for the agent.
    async fn read(body: &Body, actor: Actor, caller: &Caller) -> Result<(Self, Actor), Problem> {
        let members = body.members("Invalid JSON body")?;
        members.require_strictly(
            &["issueId", "repoFullName", "issueNumber", "agentName"],
            "Missing required fields: issueId, repoFullName, issueNumber, agentName",
        )?;
        let agent = members.text("agentName")?;
        let actor = acting_as(actor, agent)?;
        caller.check_acts_for(&actor, agent.unwrap_or_default()).await?;
        Ok((members.read()?, actor))
    }
}

/// Claims an issue for an agent: sets the agent's label on GitHub, moves the issue to In Progress,
/// and gives the agent a lease of 30 minutes. Claiming an issue that the agent already holds
/// succeeds. With `Prefer: wait=N`, it waits up to N seconds, at most 25, for another holder to
/// release the issue.
#[utoipa::path(
    post,
    path = "/api/issues/claim",
    tag = "work",
    operation_id = "claimIssue",
    params(("Prefer" = Option<String>, Header, description = "`wait=N` waits up to N seconds, at most 25.")),
    request_body = ClaimBody,
    responses(
        LabelWriteResponses,
        (status = 200, description = "The agent holds the issue.", body = ClaimDone<'_>),
    )
)]
pub(super) async fn claim(
    Reader { state: app, actor }: Reader<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let (body, actor) = ClaimBody::read(&body, actor, &caller).await?;
    let issue = known_issue(&app, &actor, &body.issue, &CLAIM).await?;
    let command = ClaimIssue {
        agent: body.agent_name,
        issue_id: issue.id,
        lease_seconds: None,
        force: Some(body.force),
        request_id: None,
    };
    let wait = preferred_wait(&headers);
    let claimed = wait_to_claim(&app, &actor, &command, wait).await;
    let claimed = claimed.map_err(|error| not_claimed(error, CLAIM.failure))?;
    let row = ClaimDone { success: true, labels: &claimed.issue.labels };
    Ok(with_applied(json(StatusCode::OK, &row), wait))
}

/// Converts an error of a claim or a release to the problem that existing REST clients expect.
fn not_claimed(error: Error, text: &'static str) -> Problem {
    match &error {
        Error::Conflict { kind: ConflictKind::Closed | ConflictKind::Permanent, .. } => {
            Problem::from(error).with_status(StatusCode::BAD_REQUEST)
        }
        Error::Invalid { field: "agent", reason } => misnamed(reason),
        Error::LeaseLost { holder: Some(holder) } => {
            let text = format!("Issue is actively leased to {holder}. Use force=true to override.");
            Problem::from(error).with_message(text)
        }
        _ => refused_or_unread(error, text),
    }
}

/// The result of releasing an issue.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UnclaimDone<'a> {
    /// Always true.
    success: bool,
    /// The current labels of the issue on GitHub.
    #[schema(value_type = Vec<String>)]
    labels: &'a LabelSet,
    /// The status label of the issue's column.
    #[schema(example = "status/ready")]
    status: &'static str,
    /// Why the issue is in that column.
    status_note: &'a str,
}

/// Releases an issue: removes the agent's label, ends its lease, and moves an issue in progress
/// back to Ready.
#[utoipa::path(
    post,
    path = "/api/issues/unclaim",
    tag = "work",
    operation_id = "unclaimIssue",
    request_body = ClaimBody,
    responses(
        LabelWriteResponses,
        (status = 200, description = "The issue is released.", body = UnclaimDone<'_>),
    )
)]
pub(super) async fn unclaim(
    Reader { state: app, actor }: Reader<App>,
    Extension(caller): Extension<Caller>,
    body: Body,
) -> Result<Response, Problem> {
    let (body, actor) = ClaimBody::read(&body, actor, &caller).await?;
    let issue = known_issue(&app, &actor, &body.issue, &UNCLAIM).await?;
    let agent = body.agent_name.as_str();
    let released = release_issue(&app, &actor, issue.id, agent).await;
    let released = released.map_err(|error| match &error {
        Error::Conflict { kind: ConflictKind::Closed, .. } => {
            let text = "Cannot unclaim a closed issue";
            Problem::from(error).with_status(StatusCode::BAD_REQUEST).with_message(text)
        }
        // A repeated request that already succeeded must not get the advice to use `force`.
        Error::LeaseLost { .. } => {
            let text = format!("Issue is not assigned to {}", named(agent).unwrap_or(agent));
            Problem::from(error).with_status(StatusCode::BAD_REQUEST).with_message(text)
        }
        _ => not_claimed(error, UNCLAIM.failure),
    })?;
    let row = UnclaimDone {
        success: true,
        labels: &released.issue.labels,
        status: released.issue.status.label(),
        status_note: &released.note,
    };
    Ok(json(StatusCode::OK, &row))
}
