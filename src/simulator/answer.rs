//! Responses in GitHub's format.

use async_graphql::{PathSegment, Value};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

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
