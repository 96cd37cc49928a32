//! Whose an issue is: what agents have.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::answer::json;
use super::errors::failed;
use super::query::Query;
use crate::app::App;
use crate::domain::{IssueId, IssueState, LabelSet, Status};
use crate::gate::{Problem, ProblemDocument};
use crate::service::board;

/// Which issues are asked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `claimed` reads from the query")]
pub(super) struct ClaimedQuery {
    /// The agent's name.
    agent_name: String,
    /// `in-progress` or `ready`.
    #[param(default = "in-progress")]
    status: Option<String>,
}

/// An issue that an agent has, by its labels.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClaimedRow<'a> {
    /// Opaque; hand it back as `issueId`.
    #[schema(value_type = String, example = "iss_00001c")]
    issue_id: IssueId,
    /// Its number in the repository.
    number: i32,
    /// The repository as GitHub spells it.
    #[schema(example = "octo-org/hello-world")]
    repo_full_name: &'a str,
    /// The lane it waits in.
    #[schema(required)]
    current_lane: Option<&'a str>,
    /// Label names in GitHub's order.
    #[schema(value_type = Vec<String>)]
    labels: &'a LabelSet,
    /// Whether an open pull request is known to be for it.
    has_open_pr: bool,
}

/// Lists the open issues that carry an agent's label in one column, last updated first. Labels
/// count here, not leases.
#[utoipa::path(
    get,
    path = "/api/issues/claimed",
    tag = "work",
    operation_id = "listClaimedIssues",
    params(ClaimedQuery),
    responses(
        (status = 200, description = "All that match.", body = Vec<ClaimedRow<'_>>),
        (status = 400, description = "No agent, or no such status.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 500, description = "`Failed to fetch claimed issues`.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn claimed(State(app): State<App>, query: Query) -> Result<Response, Problem> {
    let Some(agent) = query.get("agentName") else {
        return Err(Problem::bad_request("Missing required query parameter: agentName"));
    };
    let status = match query.get("status") {
        None | Some("in-progress") => Status::InProgress,
        Some("ready") => Status::Ready,
        Some(other) => {
            let text = format!("Invalid status: {other}. Allowed: in-progress, ready");
            return Err(Problem::bad_request(text));
        }
    };
    let mut wanted = board::wanted(&app, None);
    // What is hidden on the board is an agent's all the same.
    wanted.excluded_labels.clear();
    wanted.label_groups = vec![vec![format!("agent/{agent}")], vec![status.label().to_owned()]];
    let whole = board::all_issues(&app, &wanted).await;
    let whole = whole.map_err(failed("Failed to fetch claimed issues"))?;
    let open = whole.issues.iter().filter(|(issue, _)| issue.state == IssueState::Open);
    let rows = open.filter_map(|(issue, _)| {
        Some(ClaimedRow {
            issue_id: issue.id,
            number: issue.number,
            repo_full_name: whole.repositories.get(&issue.repository_id)?.full_name.as_str(),
            current_lane: Some(&issue.lane),
            labels: &issue.labels,
            has_open_pr: false,
        })
    });
    Ok(json(StatusCode::OK, &rows.collect::<Vec<_>>()))
}
