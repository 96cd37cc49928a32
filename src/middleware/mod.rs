//! The middleware: what every request passes before it reaches a transport.
//!
//! ```text
//! requests        request id, access log, span, problem documents, timeouts; runs changes to their end
//! headers         security and cache headers of responses
//! compression     of text, except streams
//! csrf            origin check against cross-site requests and DNS rebinding
//! access          tables of permissions: the tier of every route, root field and tool
//! auth            authentication, the route's tier, rate limits
//! ```
//!
//! The middleware lies between the transports and the use cases: transports import it, and it
//! imports no transport. It authenticates and never decides a rule of the board. Invariants: an
//! undeclared route needs the highest tier and an undeclared method is rejected; credentials are
//! compared in constant time; a response that is not a success carries a [`Problem`].

pub mod access;
mod auth;
mod cookies;
mod csrf;
mod denials;
mod handshake;
mod headers;
pub(crate) mod json;
mod login_throttle;
mod problem;
mod rate_limit;
mod readers;
mod requests;
mod sources;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate as _, SizeAbove};

pub use auth::{Caller, Callers, acting_as};
pub use cookies::keep as keep_session;
pub use handshake::is_handshake;
pub use problem::{Problem, ProblemDocument};
pub use readers::{Protected, Public, Reader};
use requests::Attendance;
pub use requests::{RequestId, RequestTrace};

use crate::service::App;

/// The maximal size of a request's body, in bytes.
pub const BODY_LIMIT: usize = 1024 * 1024;

/// Responses shorter than this, in bytes, are not compressed.
const COMPRESS_FROM: u64 = 1024;

/// The relative path from an address to the root, which may lie below a path of a proxy.
pub fn relative_root(path: &str) -> String {
    "../".repeat(path.bytes().filter(|byte| *byte == b'/').count().saturating_sub(1))
}

/// Wraps the transports in the middleware.
///
/// A transport finds the [`Actor`](crate::domain::Actor), the [`Caller`] and the [`RequestId`] in
/// the request's extensions.
pub fn guard(app: &App, transports: Router) -> Router {
    let is_worth_it = SizeAbove::new(COMPRESS_FROM)
        .and(NotForContentType::const_new("image/"))
        .and(NotForContentType::const_new("font/"))
        .and(NotForContentType::const_new("text/event-stream"));
    let compression =
        CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(is_worth_it);
    transports
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(app.shutdown.clone(), requests::run_to_the_end))
        .layer(from_fn_with_state(requests::TIME_LIMIT, requests::limit_time))
        .layer(from_fn_with_state(requests::BODY_TIME, requests::limit_body_time))
        .layer(from_fn_with_state(Callers::new(app), auth::admit))
        .layer(from_fn_with_state(csrf::AllowedOrigin::from_config(&app.config), csrf::check))
        .layer(compression)
        .layer(from_fn_with_state(headers::Headers::new(&app.config.server), headers::add))
        .layer(from_fn_with_state(Attendance::new(app), requests::attend))
}

/// Wraps the listener of metrics, which needs no credentials: host names are checked in every mode.
pub fn guard_metrics(app: &App, routes: Router) -> Router {
    let allowed = csrf::AllowedOrigin::from_config(&app.config).checking_hosts();
    routes
        .layer(from_fn_with_state(requests::TIME_LIMIT, requests::limit_time))
        .layer(from_fn_with_state(allowed, csrf::check))
        .layer(from_fn_with_state(headers::Headers::new(&app.config.server), headers::add))
        .layer(from_fn_with_state(Attendance::new(app), requests::attend))
}
