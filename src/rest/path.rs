//! Path parameters with Dispatch's own error responses.

use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::domain::bounds;
use crate::middleware::Problem;

/// The decoded path parameters.
pub(super) struct Path<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let found = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        let axum::extract::Path(found) = found.map_err(|rejection| unread(&rejection))?;
        let texts = RawPathParams::from_request_parts(parts, state).await;
        for (name, text) in texts.iter().flat_map(|texts| texts.iter()) {
            bounds::check_text(name, text)
                .map_err(|reason| Problem::wrong(name, format!("{name} {reason}")))?;
        }
        Ok(Self(found))
    }
}

fn unread(rejection: &PathRejection) -> Problem {
    if let PathRejection::FailedToDeserializePathParams(error) = rejection
        && let ErrorKind::InvalidUtf8InPathParam { key } = error.kind()
    {
        return Problem::wrong(key, format!("{key}: must be UTF-8 in percent-encoding"));
    }
    Problem::bad_request("The path cannot be read")
}
