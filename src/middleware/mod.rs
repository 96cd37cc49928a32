//! What every request passes before it reaches a door, whichever door that is.
//!
//! ```text
//! requests    an id, one line in the log, problem documents, time, no request given up half-way
//! headers     what browsers and caches may do with an answer
//! compression of what is text and not a stream
//! origins     other sites can't make people's browsers act here
//! callers     who is asking, whether the route's tier lets them, and how often they did
//! ```
//!
//! This room lies below the doors and above the use cases: doors import it, it imports no door. It
//! says who is asking and never decides a rule of the board. Invariants: an undeclared route needs
//! the highest tier and an undeclared method is not served; a credential is compared in constant
//! time; an answer that is not a success says why in a [`Problem`].

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
pub use requests::RequestId;

use crate::app::App;

/// How long a body may be, in bytes.
pub const BODY_LIMIT: usize = 1024 * 1024;

/// Answers shorter than this, in bytes, are not worth compressing.
const COMPRESS_FROM: u64 = 1024;

/// The relative way from an address to the root, which a proxy may serve below a path of its own.
pub fn relative_root(path: &str) -> String {
    "../".repeat(path.bytes().filter(|byte| *byte == b'/').count().saturating_sub(1))
}

/// Puts the doors behind everything that stands before them.
///
/// A door finds the [`Actor`](crate::domain::Actor), the [`Caller`] and the [`RequestId`] among the
/// request's extensions.
pub fn guard(app: &App, doors: Router) -> Router {
    let is_worth_it = SizeAbove::new(COMPRESS_FROM)
        .and(NotForContentType::const_new("image/"))
        .and(NotForContentType::const_new("font/"))
        .and(NotForContentType::const_new("text/event-stream"));
    let compression =
        CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(is_worth_it);
    doors
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(requests::DetachedMutations::default(), requests::run_to_the_end))
        .layer(from_fn_with_state(requests::TIME_LIMIT, requests::limit_time))
        .layer(from_fn_with_state(requests::BODY_TIME, requests::limit_body_time))
        .layer(from_fn_with_state(Callers::new(app), auth::admit))
        .layer(from_fn_with_state(csrf::Site::of(&app.config), csrf::check))
        .layer(compression)
        .layer(from_fn_with_state(headers::Headers::of(&app.config.server), headers::add))
        .layer(from_fn_with_state(app.clock.clone(), requests::attend))
}
