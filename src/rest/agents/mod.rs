//! Heartbeats of agents, and the names of agents in requests.

pub(super) mod agent_runs;
pub(super) mod reports;

use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::json;
use super::errors::failed;
use super::path::Path;
use super::schemas::AgentName;
use crate::domain::Timestamp;
use crate::domain::leases::agent_name;
use crate::middleware::{Caller, Problem, ProblemDocument, Reader};
use crate::service::agents::heartbeats;
use crate::service::{App, Error};

/// The result of a heartbeat.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct HeartbeatRow<'a> {
    /// `ok`, `warning` or `error`.
    #[schema(example = "ok")]
    status: &'static str,
    /// The agent's name.
    #[schema(example = "alpha")]
    agent_name: &'a str,
    /// When the heartbeat started.
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    /// When the heartbeat ended.
    #[schema(value_type = String, format = DateTime)]
    finished_at: Timestamp,
    /// What the heartbeat did.
    summary: &'a str,
    /// Minor problems, for example that another sync is running.
    warnings: &'a [String],
    /// The failures. They do not stop the agent's work.
    errors: &'a [String],
    /// Always empty.
    touched_issue_urls: [String; 0],
}

/// Sends a heartbeat: syncs if possible, and records an agent run of type `heartbeat`.
#[utoipa::path(
    post,
    path = "/api/agents/{agentName}/heartbeat",
    tag = "work",
    operation_id = "beat",
    params(("agentName" = inline(AgentName), Path, description = "The agent's name, with `/` encoded as `%2F`.")),
    responses(
        (status = 200, description = "The record is stored.", body = HeartbeatRow<'_>),
        (status = 400, description = "The name is not a valid agent name.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn heartbeat(
    Reader { state: app, actor }: Reader<App>,
    Extension(caller): Extension<Caller>,
    Path(agent): Path<String>,
) -> Result<Response, Problem> {
    let agent = named(&agent)?;
    caller.check_acts_for(&actor, agent).await?;
    let beat =
        heartbeats::beat(&app, &actor, agent).await.map_err(refused("Failed to run heartbeat"))?;
    let row = HeartbeatRow {
        status: beat.status(),
        agent_name: agent,
        started_at: Timestamp(beat.started_at),
        finished_at: Timestamp(beat.finished_at),
        summary: &beat.summary,
        warnings: &beat.warnings,
        errors: &beat.errors,
        touched_issue_urls: [],
    };
    Ok(json(StatusCode::OK, &row))
}

/// Converts an error of a request in an agent's name to a problem.
pub(super) fn refused(text: &'static str) -> impl Fn(Error) -> Problem {
    move |error| match error {
        Error::Invalid { field: "agent", reason } => misnamed(&reason),
        other => failed(text)(other),
    }
}

/// Returns the agent's name from a path or a body, without the `agent/` prefix.
pub(super) fn named(given: &str) -> Result<&str, Problem> {
    agent_name(given).map_err(|reason| misnamed(&reason))
}

/// The problem for an invalid agent name.
pub(super) fn misnamed(reason: &str) -> Problem {
    Problem::wrong("agentName", format!("agentName: {reason}"))
}
