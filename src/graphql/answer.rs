//! A response, serialized to bytes that any transport can send.

use async_graphql::{Response, ServerError, Value};
use axum::http::StatusCode;
use bytes::Bytes;

use super::feed::Feed;
use crate::domain::EventCursor;
use crate::middleware::json;
use crate::service::error_code::{
    FORBIDDEN, INTERNAL_SERVER_ERROR, TIMEOUT, UNAUTHENTICATED, UNAVAILABLE,
};

/// The response to a request. Its errors have codes.
#[derive(Debug)]
pub(super) struct OperationResponse(Response);

#[derive(serde::Serialize)]
struct ResponseBody<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
}

impl OperationResponse {
    /// Wraps a response whose errors have codes.
    pub(super) fn new(response: Response) -> Self {
        Self(response)
    }

    /// Whether anything was executed. If not, the response has no `data`, not even null.
    pub(super) fn is_executed(&self) -> bool {
        let is_about_the_request = |error: &ServerError| error.path.is_empty();
        self.0.data != Value::Null
            || self.0.errors.is_empty()
            || !self.0.errors.iter().all(is_about_the_request)
    }

    /// The JSON text of a response without errors; otherwise the response itself.
    pub(super) fn into_clean_bytes(self) -> Result<Bytes, Self> {
        if self.0.errors.is_empty() { Ok(self.to_bytes()) } else { Err(self) }
    }

    /// The JSON text.
    pub(super) fn to_bytes(&self) -> Bytes {
        let data = self.is_executed().then_some(&self.0.data);
        let body = ResponseBody { errors: &self.0.errors, data };
        json::bytes(&body)
    }

    /// The HTTP status of a request that was not executed.
    pub(super) fn refusal_status(&self) -> StatusCode {
        let code = self.0.errors.first().and_then(|error| error.extensions.as_ref()?.get("code"));
        match code {
            Some(Value::String(code)) => match code.as_str() {
                UNAUTHENTICATED => StatusCode::UNAUTHORIZED,
                FORBIDDEN => StatusCode::FORBIDDEN,
                UNAVAILABLE | TIMEOUT => StatusCode::SERVICE_UNAVAILABLE,
                INTERNAL_SERVER_ERROR => StatusCode::INTERNAL_SERVER_ERROR,
                _ => StatusCode::BAD_REQUEST,
            },
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The response as the only item of a stream.
    pub(super) fn into_only_item(self) -> StreamItem {
        StreamItem { position: None, is_last: true, ..self.item() }
    }

    /// The response as an item of a subscription, at the current position of its feed. A response
    /// without data is the last one, because a later item would hide the gap.
    pub(super) fn into_item(self, feed: &Feed) -> StreamItem {
        let failed = self.0.data == Value::Null;
        let position = feed.position().filter(|_| !failed);
        StreamItem { position, is_last: failed || feed.is_last(), ..self.item() }
    }

    fn item(&self) -> StreamItem {
        let refusal = (!self.is_executed()).then(|| json::bytes(&self.0.errors));
        StreamItem { position: None, is_last: false, refusal, answer: self.to_bytes() }
    }
}

/// One response of a stream. Clones share the bytes.
#[derive(Debug, Clone)]
pub(super) struct StreamItem {
    /// Its position in the event log; `None` if it has none.
    pub(super) position: Option<EventCursor>,
    /// Whether the stream ends after it.
    pub(super) is_last: bool,
    /// The errors alone, if nothing was executed.
    pub(super) refusal: Option<Bytes>,
    /// The whole response.
    pub(super) answer: Bytes,
}
