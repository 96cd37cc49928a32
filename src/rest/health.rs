//! Health checks.

use axum::Json;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::config::AuthMode;
use crate::middleware::{Problem, ProblemDocument, Public};
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
}

/// Returns the health of Dispatch and its database.
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
    match service::health::check_database(&app).await {
        Ok(()) => {
            let health =
                Health { ok: true, database: "ok", version: VERSION, auth_mode: Some(mode) };
            (StatusCode::OK, Json(health))
        }
        Err(_) => {
            let health = Health { ok: false, database: "error", version: VERSION, auth_mode: None };
            (StatusCode::SERVICE_UNAVAILABLE, Json(health))
        }
    }
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
