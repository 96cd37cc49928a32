//! JSON responses that borrow their data.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::middleware::json;

/// The result of a successful request.
#[derive(Serialize, ToSchema)]
pub(super) struct Done {
    /// Always true.
    success: bool,
}

impl Done {
    pub(super) const DONE: Self = Self { success: true };
}

/// A response with a body that is already JSON.
pub(super) fn raw_json(status: StatusCode, body: String) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}

/// A response with this body, serialized as JSON.
pub(super) fn json<T: Serialize + ?Sized>(status: StatusCode, body: &T) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], json::bytes(body)).into_response()
}
