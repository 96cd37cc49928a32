//! Answers in JSON that borrow what they show.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// An answer with this body.
pub(super) fn json<T: Serialize + ?Sized>(status: StatusCode, body: &T) -> Response {
    let bytes = serde_json::to_vec(body).expect("rows become JSON: they have no maps");
    (status, [(CONTENT_TYPE, "application/json")], bytes).into_response()
}
