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

mod agent_runs;
mod agent_work;
mod agents;
mod answer;
mod audit;
mod body;
mod claims;
mod comments;
mod decompositions;
mod enforced;
mod errors;
mod fields;
mod health;
mod idempotency;
mod issue_ref;
mod issues;
mod judgements;
mod labelling;
mod lanes;
mod moves;
mod openapi;
mod path;
mod preferences;
mod query;
mod reports;
mod repositories;
mod responses;
mod schemas;
mod sessions;
mod syncs;
mod tasks;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use utoipa::openapi::Server;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use openapi::describe as openapi;

use crate::app::App;
use crate::middleware::Protected;

/// All REST routes.
pub fn router(app: App) -> Router {
    let (router, mut description) = routes().split_for_parts();
    // Without a server URL, paths are relative to the root of the host, which is wrong behind a
    // proxy that adds a path prefix.
    let public = app.config.server.public_url.as_ref();
    description.servers = public.map(|url| vec![Server::new(url.as_str().trim_end_matches('/'))]);
    let mut description = openapi::finish(description);
    enforced::name_lanes(&mut description, &app.config.lanes);
    let description = openapi::Served::of(&description);
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
        .routes(routes!(issues::list))
        .routes(routes!(issues::state))
        .routes(routes!(moves::move_issue))
        .routes(routes!(moves::set_status))
        .routes(routes!(comments::comment))
        .routes(routes!(labelling::label))
        .routes(routes!(labelling::unlabel))
        .routes(routes!(labelling::assign))
        .routes(routes!(labelling::unassign))
        .routes(routes!(labelling::agents))
        .routes(routes!(decompositions::decompose))
        .routes(routes!(judgements::get, judgements::classify))
        .routes(routes!(claims::claimed))
        .routes(routes!(claims::claim))
        .routes(routes!(claims::unclaim))
        .routes(routes!(tasks::next_task))
        .routes(routes!(tasks::list))
        .routes(routes!(tasks::active_work))
        .routes(routes!(tasks::work_summary))
        .routes(routes!(lanes::list))
        .routes(routes!(reports::report))
        .routes(routes!(agents::heartbeat))
        .routes(routes!(agent_work::list, agent_work::act))
        .routes(routes!(agent_work::start))
        .routes(routes!(agent_work::checkpoint))
        .routes(routes!(agent_work::finish))
        .routes(routes!(agent_work::sweep))
        .routes(routes!(syncs::refresh))
        .routes(routes!(syncs::sync))
        .routes(routes!(repositories::list, repositories::add))
        .routes(routes!(repositories::list_tracked, repositories::track))
        .routes(routes!(repositories::list_names))
        .routes(routes!(repositories::untrack))
        .routes(routes!(repositories::untrack_encoded))
        .routes(routes!(agent_runs::list, agent_runs::record))
        .routes(routes!(audit::list))
        .routes(routes!(sessions::sign_in, sessions::sign_out))
}
