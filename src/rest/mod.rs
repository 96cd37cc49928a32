//! The REST transport.
//!
//! A handler parses the request, calls one use case and formats the result. Each response is a
//! borrowing struct beside its handler; it is independent of the tables and does not change with
//! them. Existing clients compare error texts and statuses, so these are constants here. The
//! OpenAPI description is generated from the same handlers. Every route that changes something
//! supports `Idempotency-Key`, except signing in and out.
//!
//! Invariants: a member without a value is present as `null`; times have milliseconds and end in
//! `Z`; a body is parsed as JSON regardless of its content type; every 2xx has a body.

mod agents;
mod answer;
mod audit;
mod automation;
mod board;
mod body;
mod claims;
mod enforced;
mod errors;
mod fields;
mod health;
mod idempotency;
mod issue_ref;
mod metrics;
mod openapi;
mod path;
mod preferences;
mod query;
mod repositories;
mod responses;
mod schemas;
mod sessions;
mod webhooks;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use utoipa::openapi::Server;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use metrics::metrics_router;
pub use openapi::describe as openapi;

use crate::middleware::Protected;
use crate::service::App;

/// All REST routes.
pub fn router(app: App) -> Router {
    let (router, mut description) = routes().split_for_parts();
    // Without a server URL, paths are relative to the root of the host, which is wrong behind a
    // proxy that adds a path prefix.
    let public = app.config.server.public_url.as_ref();
    description.servers = public.map(|url| vec![Server::new(url.as_str().trim_end_matches('/'))]);
    let mut description = openapi::finish(description);
    enforced::name_lanes(&mut description, &app.config.lanes);
    let description = openapi::OpenApiDocument::new(&description);
    router
        .route("/api/openapi.json", get(openapi::serve).with_state(Protected::new(description)))
        .layer(from_fn_with_state(app.clone(), idempotency::once))
        .with_state(Protected::new(app))
}

#[expect(deprecated, reason = "an old address is served until its last client is gone")]
fn routes() -> OpenApiRouter<Protected<App>> {
    OpenApiRouter::with_openapi(openapi::head())
        .routes(routes!(health::health))
        .routes(routes!(health::livez))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics::metrics))
        .routes(routes!(board::issues::list))
        .routes(routes!(board::issues::state))
        .routes(routes!(board::moves::move_issue))
        .routes(routes!(board::moves::set_status))
        .routes(routes!(board::comments::comment))
        .routes(routes!(board::labelling::label))
        .routes(routes!(board::labelling::unlabel))
        .routes(routes!(board::labelling::assign))
        .routes(routes!(board::labelling::unassign))
        .routes(routes!(board::labelling::agents))
        .routes(routes!(claims::decompositions::decompose))
        .routes(routes!(claims::judgements::get, claims::judgements::classify))
        .routes(routes!(claims::claimed))
        .routes(routes!(claims::claim))
        .routes(routes!(claims::unclaim))
        .routes(routes!(claims::tasks::next_task))
        .routes(routes!(claims::tasks::list))
        .routes(routes!(claims::tasks::active_work))
        .routes(routes!(claims::tasks::work_summary))
        .routes(routes!(claims::lanes::list))
        .routes(routes!(agents::reports::report))
        .routes(routes!(agents::heartbeat))
        .routes(routes!(claims::agent_work::list, claims::agent_work::act))
        .routes(routes!(claims::agent_work::start))
        .routes(routes!(claims::agent_work::checkpoint))
        .routes(routes!(claims::agent_work::finish))
        .routes(routes!(claims::agent_work::sweep))
        .routes(routes!(repositories::syncs::refresh))
        .routes(routes!(repositories::syncs::sync))
        .routes(routes!(repositories::syncs::sync_scheduled))
        .routes(routes!(board::issues::untriaged))
        .routes(routes!(board::issues::prune_closed))
        .routes(routes!(repositories::list, repositories::add))
        .routes(routes!(automation::repositories::list, repositories::track))
        .routes(routes!(repositories::list_names))
        .routes(routes!(automation::repositories::get, repositories::untrack))
        .routes(routes!(automation::repositories::get_encoded, repositories::untrack_encoded))
        .routes(routes!(automation::syncs::list, automation::syncs::sync))
        .routes(routes!(automation::runs::control))
        .routes(routes!(automation::workflows::list))
        .routes(routes!(automation::workflows::get))
        .routes(routes!(automation::events::list))
        .routes(routes!(automation::cctray::feed))
        .routes(routes!(agents::agent_runs::list, agents::agent_runs::record))
        .routes(routes!(audit::list))
        .routes(routes!(sessions::sign_in, sessions::sign_out))
        .merge(webhooks::routes())
}
