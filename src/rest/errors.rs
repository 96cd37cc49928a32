//! Errors of REST routes that differ from those of the other transports.

use axum::http::StatusCode;

use crate::middleware::Problem;
use crate::service::Error;

/// Converts an error; an internal error becomes status 500 with the route's own text.
pub(super) fn failed(text: &'static str) -> impl Fn(Error) -> Problem {
    move |error| match error {
        Error::Internal(_) | Error::Unavailable { .. } => {
            Problem::from(error).with_status(StatusCode::INTERNAL_SERVER_ERROR).with_message(text)
        }
        other => Problem::from(other),
    }
}

/// The problem for a repository that is not tracked.
pub(super) fn untracked(name: &str) -> Problem {
    Problem::not_found(format!(
        "Repo {name} is not tracked. Track it first via /api/repos or the UI."
    ))
}
