//! What agents ask of the board in their own name.

use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::json;
use super::errors::failed;
use super::path::Path;
use crate::app::App;
use crate::domain::Instant;
use crate::domain::leases::agent_name;
use crate::middleware::{Caller, Problem, ProblemDocument, Reader};
use crate::service::{Error, heartbeats};

/// How a heartbeat went.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct HeartbeatRow<'a> {
    /// `ok`, `warning` or `error`.
    #[schema(example = "ok")]
    status: &'static str,
    /// Whose it is.
    #[schema(example = "alpha")]
    agent_name: &'a str,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    started_at: Instant,
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    finished_at: Instant,
    /// What was done.
    summary: &'a str,
    /// What did not matter, such as that somebody else is syncing.
    warnings: &'a [String],
    /// What failed. It stops no work.
    errors: &'a [String],
    /// Always empty.
    touched_issue_urls: [String; 0],
}

/// A sign of life: syncs as far as that is possible, and records a run of type `heartbeat`.
#[utoipa::path(
    post,
    path = "/api/agents/{agentName}/heartbeat",
    tag = "work",
    operation_id = "beat",
    params(("agentName" = String, Path, description = "The agent's name, `/` written `%2F`.")),
    responses(
        (status = 200, description = "It is recorded.", body = HeartbeatRow<'_>),
        (status = 400, description = "That cannot be an agent's name.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 500, description = "`Failed to run heartbeat`.", body = ProblemDocument, content_type = "application/problem+json"),
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
        started_at: Instant(beat.started_at),
        finished_at: Instant(beat.finished_at),
        summary: &beat.summary,
        warnings: &beat.warnings,
        errors: &beat.errors,
        touched_issue_urls: [],
    };
    Ok(json(StatusCode::OK, &row))
}

/// How a request in an agent's name is refused.
pub(super) fn refused(text: &'static str) -> impl Fn(Error) -> Problem {
    move |error| match error {
        Error::Invalid { field: "agent", reason } => misnamed(&reason),
        other => failed(text)(other),
    }
}

/// An agent's name as a path or a body gives it, without `agent/`.
pub(super) fn named(given: &str) -> Result<&str, Problem> {
    agent_name(given).map_err(|reason| misnamed(&reason))
}

/// The refusal of a name that cannot be an agent's.
pub(super) fn misnamed(reason: &str) -> Problem {
    Problem::wrong("agentName", format!("agentName: {reason}"))
}
