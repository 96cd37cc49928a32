//! Whether Dispatch is there.

use axum::Json;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::config::AuthMode;
use crate::middleware::{Problem, ProblemDocument, Public};
use crate::service;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How Dispatch is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Health {
    /// Whether everything works.
    ok: bool,
    /// `ok` or `error`.
    #[schema(example = "ok")]
    database: &'static str,
    /// This version, without a leading `v`.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// How people prove who they are: `legacy` (not at all), `read-only`, `basic` or `disabled`.
    /// Absent while the database does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_mode: Option<&'static str>,
}

/// Tells how Dispatch and its database are.
#[utoipa::path(
    get,
    path = "/api/health",
    tag = "service",
    operation_id = "getHealth",
    responses(
        (status = 200, description = "All is well.", body = Health),
        (status = 503, description = "The database does not answer.", body = Health),
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

/// A sign of life.
#[derive(Serialize, ToSchema)]
pub(super) struct Alive {
    /// Always true.
    ok: bool,
}

/// Tells that the process answers. Looks at nothing else, so that a database's failure does not get
/// the process restarted.
#[utoipa::path(
    get,
    path = "/livez",
    tag = "service",
    operation_id = "getLiveness",
    responses((status = 200, description = "The process answers.", body = Alive))
)]
pub(super) async fn livez() -> Json<Alive> {
    Json(Alive { ok: true })
}

/// Tells whether requests should be sent here.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "service",
    operation_id = "getReadiness",
    responses(
        (status = 200, description = "Requests can be answered.", body = Alive),
        (status = 503, description = "The database does not answer.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn readyz(Public(app): Public<App>) -> Result<Json<Alive>, Problem> {
    service::health::check_database(&app).await?;
    Ok(Json(Alive { ok: true }))
}
