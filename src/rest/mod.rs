//! Door 2: the addresses and shapes that REST clients know.
//!
//! Thin: a handler parses, calls one use case and shapes what comes back. Shapes are borrowing
//! structs beside the handlers that answer them; they are contracts of their own and grow by
//! nothing that the tables gain. Texts and statuses are those that clients of old compare against,
//! so they stand here word by word. The OpenAPI description is made of the same handlers.
//! What changes something and names itself (`Idempotency-Key`) is carried out once, at every address.
//! Invariants: a member without a value is `null` and present; times have milliseconds and end in
//! `Z`; a body is read as JSON whatever its content type says; every 2xx has a body.

mod agent_runs;
mod agent_work;
mod agents;
mod answer;
mod audit;
mod body;
mod claims;
mod comments;
mod decompositions;
mod errors;
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

/// Every REST address.
pub fn router(app: App) -> Router {
    let (router, mut description) = routes().split_for_parts();
    // Without one, paths count from the root of the host, which is wrong below a path of a proxy.
    let public = app.config.server.public_url.as_ref();
    description.servers = public.map(|url| vec![Server::new(url.as_str().trim_end_matches('/'))]);
    let description = openapi::Served::of(&openapi::finish(description));
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
