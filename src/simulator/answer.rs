//! Responses in GitHub's format.

use async_graphql::{PathSegment, Value};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::limits::SimulatedRateLimit;
use super::world::Refusal;

/// An HTTP response without GraphQL.
pub(super) fn problem(status: StatusCode, message: &str) -> Response {
    #[derive(Serialize)]
    struct RestError<'a> {
        message: &'a str,
        documentation_url: &'static str,
    }
    let documentation_url = "https://docs.github.com/graphql";
    (status, axum::Json(RestError { message, documentation_url })).into_response()
}

/// A response with the simulator's time, not that of this machine.
pub(super) fn dated(mut response: Response, now: DateTime<Utc>) -> Response {
    let date = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let date = HeaderValue::try_from(date).expect("a date is plain text");
    response.headers_mut().insert(header::DATE, date);
    response
}

/// A response with the headers of the rate limit of a resource.
pub(super) fn limited(
    response: Response,
    now: DateTime<Utc>,
    resource: &'static str,
    limits: SimulatedRateLimit,
) -> Response {
    let mut response = dated(response, now);
    let used = (limits.limit - limits.remaining).max(0);
    let headers = response.headers_mut();
    for (name, value) in [
        ("x-ratelimit-limit", limits.limit),
        ("x-ratelimit-remaining", limits.remaining),
        ("x-ratelimit-used", used),
        ("x-ratelimit-reset", limits.resets_at.timestamp()),
    ] {
        headers.insert(name, value.into());
    }
    headers.insert("x-ratelimit-resource", HeaderValue::from_static(resource));
    response
}

/// A response in GitHub's format: its errors have GitHub's `type` member.
#[derive(Serialize)]
pub(super) struct GitHubResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<AnsweredError>,
}

#[derive(Serialize)]
struct AnsweredError {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    path: Vec<PathSegment>,
    message: String,
}

impl GitHubResponse {
    pub(super) fn error(kind: &str, message: &str) -> Self {
        let mut answered = Self { data: None, errors: Vec::new() };
        answered.push_error(kind, Vec::new(), message);
        answered
    }

    fn push_error(&mut self, kind: &str, path: Vec<PathSegment>, message: &str) {
        let kind = (!kind.is_empty()).then(|| kind.to_owned());
        self.errors.push(AnsweredError { kind, path, message: message.to_owned() });
    }

    /// Sets a place of the data to null, and adds an error for it.
    pub(super) fn strike(&mut self, path: &str, kind: &str, message: &str) {
        let segment = |part: &str| match part.parse() {
            Ok(index) => PathSegment::Index(index),
            Err(_) => PathSegment::Field(part.to_owned()),
        };
        let path: Vec<_> = path.split('.').map(segment).collect();
        let mut place = self.data.as_mut();
        for part in &path {
            place = match (place, part) {
                (Some(Value::Object(fields)), PathSegment::Field(name)) => {
                    fields.get_mut(name.as_str())
                }
                (Some(Value::List(items)), PathSegment::Index(at)) => items.get_mut(*at),
                _ => None,
            };
        }
        if let Some(place) = place {
            *place = Value::Null;
        }
        self.push_error(kind, path, message);
    }

    pub(super) fn into_response(self) -> Response {
        axum::Json(self).into_response()
    }
}

impl From<async_graphql::Response> for GitHubResponse {
    fn from(response: async_graphql::Response) -> Self {
        let error = |error: async_graphql::ServerError| {
            let kind = error.source::<Refusal>().map(|refusal| refusal.kind.to_owned());
            let kind = kind.filter(|kind| !kind.is_empty());
            AnsweredError { kind, path: error.path, message: error.message }
        };
        // A document that fails before execution has no data at all.
        let was_executed = response.errors.is_empty() || response.data != Value::Null;
        Self {
            data: was_executed.then_some(response.data),
            errors: response.errors.into_iter().map(error).collect(),
        }
    }
}
