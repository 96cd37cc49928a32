//! Metrics for monitoring.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::middleware::{Problem, ProblemDocument, Protected, Public, Reader};
use crate::service::{App, monitoring};

/// The version of the text format.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Returns metrics in the text format of Prometheus. With `DISPATCH_METRICS_ADDR`, they are served
/// on that address only, and this route answers 404.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "service",
    operation_id = "getMetrics",
    responses(
        (status = 200, description = "Every metric.", body = String, content_type = "text/plain"),
        (status = 404, description = "Metrics are served on another address.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn metrics(Reader { state: app, .. }: Reader<App>) -> Result<Response, Problem> {
    if app.config.server.metrics_address.is_some() {
        return Err(Problem::not_found("Metrics are served on another address"));
    }
    Ok(respond(&app).await)
}

/// The route of the listener that serves metrics only. Whoever reaches it may read them.
pub fn metrics_router(app: App) -> Router {
    let serve = async |Public(app): Public<App>| respond(&app).await;
    Router::new().route("/metrics", get(serve)).with_state(Protected::new(app))
}

async fn respond(app: &App) -> Response {
    ([(CONTENT_TYPE, TEXT_FORMAT)], monitoring::render(app).await).into_response()
}
