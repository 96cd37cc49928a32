//! Error responses: problem documents (RFC 9457) that legacy clients can read too.
//!
//! A transport returns a [`Problem`]. [`requests`](super::requests) encodes it, because only there
//! the request's path and id are known, and logs its cause. Invariant: `error` is a complete
//! sentence for people and reveals nothing internal.

use std::borrow::Cow;

use axum::http::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::domain::Status;
use crate::service::Error;
use crate::service::error_code::{BAD_USER_INPUT, FORBIDDEN, NOT_FOUND};

/// An error response before it is encoded.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    error: Cow<'static, str>,
    /// What the client should do, where `error` is a text that programs compare.
    advice: Option<&'static str>,
    members: Map<String, Value>,
    headers: HeaderMap,
    retry_at: Option<DateTime<Utc>>,
    cause: Option<String>,
}

/// A problem document. Members beside these depend on the route.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// Always `about:blank`: `code` tells problems apart.
    #[serde(rename = "type")]
    kind: &'static str,
    /// What the status is called.
    title: &'static str,
    /// The status of the answer.
    #[schema(example = 400)]
    status: u16,
    /// The same text as `error`, and what to do about it where that does not say so.
    detail: String,
    /// The path that was asked for.
    instance: String,
    /// What programs tell problems apart by; GraphQL uses the same words.
    #[schema(example = "BAD_USER_INPUT")]
    code: &'static str,
    /// What went wrong, for people.
    error: String,
    /// The request in our log.
    request_id: String,
    #[serde(flatten)]
    #[schema(ignore)]
    members: Map<String, Value>,
}

const SHOW_A_TOKEN: &str = "Send one of the server's tokens as `Authorization: Bearer TOKEN`; \
                            without DISPATCH_AGENT_TOKEN there is none for agents";

impl Problem {
    /// A problem with a text for people.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        error: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code,
            error: error.into(),
            advice: None,
            members: Map::new(),
            headers: HeaderMap::new(),
            retry_at: None,
            cause: None,
        }
    }

    /// The request is invalid.
    pub fn bad_request(error: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, BAD_USER_INPUT, error)
    }

    /// One member of the request, `field`, is invalid.
    pub fn wrong(field: &str, error: impl Into<Cow<'static, str>>) -> Self {
        Self::bad_request(error).with("field", field)
    }

    /// Something does not exist.
    pub fn not_found(error: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, NOT_FOUND, error)
    }

    /// The caller is not allowed to do this.
    pub fn forbidden(error: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, FORBIDDEN, error)
    }

    /// The same problem with another status.
    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The same problem with another `error`.
    #[must_use]
    pub fn with_message(self, error: impl Into<Cow<'static, str>>) -> Self {
        Self { error: error.into(), ..self }
    }

    /// The same problem with advice on what to do.
    #[must_use]
    pub fn advising(self, advice: &'static str) -> Self {
        Self { advice: Some(advice), ..self }
    }

    /// The same problem with another member in its document.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }

    /// The same problem with another header in its response.
    #[must_use]
    pub fn with_header(
        mut self,
        name: axum::http::HeaderName,
        value: impl Into<HeaderValue>,
    ) -> Self {
        self.headers.insert(name, value.into());
        self
    }

    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The code by which programs distinguish problems.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The text for people.
    pub fn error(&self) -> &str {
        &self.error
    }

    /// Members besides code and text, such as the invalid field.
    pub fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// When to try again, if known.
    pub fn retry_at(&self) -> Option<DateTime<Utc>> {
        self.retry_at
    }

    /// The cause, which is logged and not sent.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// The whole response to the request with this id, as of `now`.
    pub(super) fn answer(&self, path: &str, request_id: &str, now: DateTime<Utc>) -> Response {
        let document = ProblemDocument {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Unknown"),
            status: self.status.as_u16(),
            detail: match self.advice {
                Some(advice) => format!("{}. {advice}", self.error),
                None => self.error.to_string(),
            },
            instance: path.to_owned(),
            code: self.code,
            error: self.error.to_string(),
            request_id: request_id.to_owned(),
            members: self.members.clone(),
        };
        let body = serde_json::to_vec(&document).expect("texts and numbers become JSON");
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.extend(self.headers.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(at) = self.retry_at {
            let left = (at - now).num_milliseconds().max(0);
            headers.insert(RETRY_AFTER, HeaderValue::from((left + 999).max(1000) / 1000));
        }
        response
    }
}

/// Stores the problem in the extensions of an empty response until it is encoded.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(Box::new(self));
        response
    }
}

/// Takes the problem out of a response that has one.
pub(super) fn take(response: &mut Response) -> Option<Box<Problem>> {
    response.extensions_mut().remove::<Box<Problem>>()
}

/// The status of an error. Legacy addresses have some of their own.
fn status_of(error: &Error) -> StatusCode {
    match error {
        Error::Invalid { .. } => StatusCode::BAD_REQUEST,
        Error::Unauthenticated => StatusCode::UNAUTHORIZED,
        Error::Forbidden { .. } => StatusCode::FORBIDDEN,
        Error::NotFound { .. } => StatusCode::NOT_FOUND,
        Error::Conflict { .. } | Error::LeaseLost { .. } => StatusCode::CONFLICT,
        Error::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::Upstream(_) | Error::UpstreamUnreadable(_) => StatusCode::BAD_GATEWAY,
        Error::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let problem = Self::new(status_of(&error), error.code(), error.to_string());
        match error {
            Error::Invalid { field, .. } => problem.with("field", field),
            Error::Unauthenticated => problem.advising(SHOW_A_TOKEN),
            Error::Conflict { current, pending, .. } => {
                let word = |status: Option<Status>| status.map(Status::as_str);
                problem.with("current", word(current)).with("pending", word(pending))
            }
            Error::LeaseLost { holder } => problem.with("holder", holder),
            Error::RateLimited { retry_at, .. } => Self { retry_at, ..problem },
            Error::Internal(cause) => {
                Self { cause: Some(format!("{cause:#}")), ..problem.with_message("Internal error") }
            }
            _ => problem,
        }
    }
}
