//! Answers in JSON that borrow what they show.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::middleware::json;

/// An answer whose body is JSON already.
pub(super) fn raw_json(status: StatusCode, body: String) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}

/// An answer with this body.
pub(super) fn json<T: Serialize + ?Sized>(status: StatusCode, body: &T) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], json::bytes(body)).into_response()
}
