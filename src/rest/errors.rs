//! What old addresses answer to failures, where that is not what new ones would.

use axum::http::StatusCode;

use crate::middleware::Problem;
use crate::service::Error;

/// A failure that is nobody's fault but ours leaves with the address's own text and status 500.
pub(super) fn failed(text: &'static str) -> impl Fn(Error) -> Problem {
    move |error| match error {
        Error::Internal(_) | Error::Unavailable { .. } => {
            Problem::from(error).with_status(StatusCode::INTERNAL_SERVER_ERROR).saying(text)
        }
        other => Problem::from(other),
    }
}

/// A repository that is not tracked.
pub(super) fn untracked(name: &str) -> Problem {
    Problem::not_found(format!(
        "Repo {name} is not tracked. Track it first via /api/repos or the UI."
    ))
}
