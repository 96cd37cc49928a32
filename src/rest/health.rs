//! Health checks.

use axum::Json;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::config::AuthMode;
use crate::domain::Timestamp;
use crate::middleware::{Problem, ProblemDocument, Public};
use crate::service::tasks::background_tasks;
use crate::service::{self, App};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The health of Dispatch.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Health {
    /// Whether Dispatch and its database work.
    ok: bool,
    /// `ok` or `error`.
    #[schema(example = "ok")]
    database: &'static str,
    /// The version of Dispatch, without a leading `v`.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// The authentication mode: `legacy` (people need no credentials), `read-only`, `basic` or
    /// `disabled`. Absent when the database does not respond.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_mode: Option<&'static str>,
    /// The background tasks of this process.
    scheduler: SchedulerState,
}

/// The background tasks of a process.
#[derive(Serialize, ToSchema)]
pub(super) struct SchedulerState {
    /// Each task, by name; empty before they are started.
    jobs: Vec<Job>,
}

/// A background task of a process.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ScheduledJob)]
pub(super) struct Job {
    /// Its name.
    #[schema(example = "sync")]
    name: &'static str,
    /// When its last run in this process ended; null before the first.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    last_run_at: Option<Timestamp>,
    /// The time between two runs, in milliseconds.
    interval_ms: u64,
    /// Whether it is stuck: no run has ended for more than twice the interval and the time that a run
    /// may take.
    overdue: bool,
    /// Whether its last runs, three or more for a minute or longer, failed.
    failing: bool,
}

impl SchedulerState {
    fn new(app: &App) -> Self {
        let jobs = background_tasks(app)
            .into_iter()
            .map(|task| Job {
                name: task.name,
                last_run_at: task.last_run_at.map(Timestamp),
                interval_ms: task.interval.as_millis().try_into().unwrap_or(u64::MAX),
                overdue: task.is_overdue,
                failing: task.is_failing,
            })
            .collect();
        Self { jobs }
    }
}

/// Returns the health of Dispatch, its database and its background tasks. A task that is stuck or
/// keeps failing is reported and does not change the status, because a restart seldom helps it.
#[utoipa::path(
    get,
    path = "/api/health",
    tag = "service",
    operation_id = "getHealth",
    responses(
        (status = 200, description = "Dispatch and its database work.", body = Health),
        (status = 503, description = "The database does not respond.", body = Health),
    )
)]
pub(super) async fn health(Public(app): Public<App>) -> (StatusCode, Json<Health>) {
    let mode = match app.config.auth.mode {
        AuthMode::Open => "legacy",
        AuthMode::ReadOnly => "read-only",
        AuthMode::Basic { .. } => "basic",
        AuthMode::Disabled => "disabled",
    };
    let ok = service::health::check_database(&app).await.is_ok();
    let health = Health {
        ok,
        database: if ok { "ok" } else { "error" },
        version: VERSION,
        auth_mode: ok.then_some(mode),
        scheduler: SchedulerState::new(&app),
    };
    (if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(health))
}

/// The result of a successful health check.
#[derive(Serialize, ToSchema)]
#[schema(as = Alive)]
pub(super) struct Liveness {
    /// Always true.
    ok: bool,
}

/// Liveness check: reports that the process responds. It checks nothing else, so a database failure
/// does not cause a restart of the process.
#[utoipa::path(
    get,
    path = "/livez",
    tag = "service",
    operation_id = "getLiveness",
    responses((status = 200, description = "The process responds.", body = Liveness))
)]
pub(super) async fn livez() -> Json<Liveness> {
    Json(Liveness { ok: true })
}

/// Readiness check: reports whether this process can handle requests. A process that is about to end
/// reports 503 while it still handles requests, so that a load balancer stops sending new ones.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "service",
    operation_id = "getReadiness",
    responses(
        (status = 200, description = "The process can handle requests.", body = Liveness),
        (status = 503, description = "The database does not respond, or Dispatch is stopping.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn readyz(Public(app): Public<App>) -> Result<Json<Liveness>, Problem> {
    service::health::check_readiness(&app).await?;
    Ok(Json(Liveness { ok: true }))
}
