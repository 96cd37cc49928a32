//! GraphQL over HTTP, according to the specification of that name: methods, media types and status
//! codes.
//!
//! Event streams are sent by `sse`. Batches and uploads are deliberately not supported, and neither
//! is any content type but JSON: a page of another site cannot send JSON without a CORS preflight
//! request.

use async_graphql::parser::types::OperationType;
use async_graphql::{Request as Query, Variables};
use axum::body::Body;
use axum::extract::OriginalUri;
use axum::http::header::{ACCEPT, ALLOW, CONTENT_TYPE, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::{Map, Value};

use super::answer::OperationResponse;
use super::negotiation::{Media, accepted, is_json};
use super::request::{Call, Requester};
use super::server::Server;
use super::sse;
use crate::domain::EventCursor;
use crate::middleware::{json, relative_root};
use crate::service::error_code::BAD_USER_INPUT;

/// How large a request may be, in bytes.
pub(super) const REQUEST_SIZE: usize = 256 * 1024;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Handles a request.
///
/// # Errors
///
/// The error response to a request that could not be read.
pub(super) async fn answer(
    server: &Server,
    parts: &Parts,
    body: Body,
) -> Result<Response, HttpError> {
    let is_get = parts.method == Method::GET;
    if !is_get && parts.method != Method::POST {
        let allow = (ALLOW, HeaderValue::from_static("GET, POST"));
        return Err(HttpError::new(StatusCode::METHOD_NOT_ALLOWED, "use GET or POST").with(allow));
    }
    if is_get && parts.uri.query().is_none() && wants_page(&parts.headers) {
        // Relative, so that it also works below a path that a proxy removes.
        let asked = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |asked| &asked.0);
        let page = format!("{}graphiql", relative_root(asked.path()));
        return Ok((StatusCode::SEE_OTHER, [(LOCATION, page)]).into_response());
    }
    let media = accepted(&parts.headers).ok_or_else(|| {
        let types = "application/graphql-response+json, application/json or text/event-stream";
        HttpError::new(StatusCode::NOT_ACCEPTABLE, format!("accept {types}"))
    })?;
    let members = match is_get {
        true => members_of_query(parts.uri.query().unwrap_or_default()),
        false => members_of_body(&parts.headers, body).await,
    };
    let query = members.and_then(query).map_err(|refusal| refusal.in_media(media))?;
    let call = Call::new(Requester::from_request(parts), query);
    if media != Media::EventStream
        && let Some(answer) = server.cached(&call).await
    {
        return Ok(shown(answer, media));
    }
    let admitted = match server.admit(call) {
        Ok(admitted) => admitted,
        Err(answer) if media == Media::EventStream => return Ok(sse::refusal(answer)),
        Err(answer) => return Ok(shown(Err(answer), media)),
    };
    if is_get && admitted.kind == OperationType::Mutation {
        let allow = (ALLOW, HeaderValue::from_static("POST"));
        let refusal = HttpError::new(StatusCode::METHOD_NOT_ALLOWED, "send a mutation with POST");
        return Err(refusal.with(allow).in_media(media));
    }
    if media == Media::EventStream && admitted.kind == OperationType::Mutation {
        let sentence = "a mutation is not answered as an event stream: accept application/json";
        return Err(HttpError::new(StatusCode::NOT_ACCEPTABLE, sentence));
    }
    if media == Media::EventStream {
        return Ok(match last_event_id(&parts.headers) {
            Ok(resume) => sse::stream(server, admitted, resume).await,
            Err(refusal) => sse::refusal(refusal.answer()),
        });
    }
    Ok(shown(server.execute(admitted).await, media))
}

/// A response in a media type: the bytes of one without errors, or any other. Under the older media
/// type every well-formed response has the status 200, except those whose status a proxy or a
/// client needs.
fn shown(answer: Result<Bytes, OperationResponse>, media: Media) -> Response {
    let media_type = [(CONTENT_TYPE, media.content_type())];
    let answer = match answer {
        Ok(bytes) => return (StatusCode::OK, media_type, bytes).into_response(),
        Err(answer) => answer,
    };
    let status = match (answer.is_executed(), answer.refusal_status(), media) {
        (true, ..) | (false, StatusCode::BAD_REQUEST, Media::Json) => StatusCode::OK,
        (false, status, _) => status,
    };
    (status, media_type, answer.to_bytes()).into_response()
}

/// Whether a person opened the address in a browser.
fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    let is_page = |range: &str| range.trim().eq_ignore_ascii_case("text/html");
    accept.is_some_and(|accept| accept.split([',', ';']).any(is_page))
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<EventCursor>, HttpError> {
    let Some(value) = headers.get(LAST_EVENT_ID) else { return Ok(None) };
    match value.to_str().unwrap_or_default() {
        // A stream that has not sent a position yet has none to send back.
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|problem| HttpError::for_field("Last-Event-ID", &format!("{problem}"))),
    }
}

/// The members of a request in a query string, where objects are JSON texts.
fn members_of_query(query: &str) -> Result<Map<String, Value>, HttpError> {
    let mut members = Map::new();
    for (name, text) in url::form_urlencoded::parse(query.as_bytes()) {
        let value = match name.as_ref() {
            "variables" | "extensions" if text.is_empty() => Value::Null,
            "variables" | "extensions" => serde_json::from_str(&text).map_err(|problem| {
                HttpError::for_field(&name, &format!("is not JSON: {problem}"))
            })?,
            _ => Value::String(text.into_owned()),
        };
        members.insert(name.into_owned(), value);
    }
    Ok(members)
}

async fn members_of_body(headers: &HeaderMap, body: Body) -> Result<Map<String, Value>, HttpError> {
    if !is_json(headers) {
        let sentence = "send the request as application/json, in UTF-8";
        return Err(HttpError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, sentence));
    }
    let body = Limited::new(body, REQUEST_SIZE).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            let sentence = format!("the request is larger than {REQUEST_SIZE} bytes");
            HttpError::new(StatusCode::PAYLOAD_TOO_LARGE, sentence)
        } else {
            HttpError::new(StatusCode::BAD_REQUEST, "the request was cut short")
        }
    })?;
    members_of_json(&body.to_bytes())
}

/// The members of a request in a JSON text.
pub(super) fn members_of_json(text: &[u8]) -> Result<Map<String, Value>, HttpError> {
    match serde_json::from_slice(json::without_mark(text)) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(Value::Array(_)) => {
            let sentence = "batches are not served: send one request at a time";
            Err(HttpError::new(StatusCode::BAD_REQUEST, sentence))
        }
        Ok(_) => Err(HttpError::new(StatusCode::BAD_REQUEST, "the request is not a JSON object")),
        Err(problem) => {
            let sentence = format!("the request is not JSON: {problem}");
            Err(HttpError::new(StatusCode::BAD_REQUEST, sentence))
        }
    }
}

/// Builds the request from its members.
pub(super) fn query(mut members: Map<String, Value>) -> Result<Query, HttpError> {
    let mut text = |name: &str| match members.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(HttpError::for_field(name, "must be a string")),
    };
    let document = text("query")?;
    let operation_name = text("operationName")?;
    let mut object = |name: &str| match members.remove(name) {
        None | Some(Value::Null) => Ok(Value::Object(Map::new())),
        Some(object @ Value::Object(_)) => Ok(object),
        Some(_) => Err(HttpError::for_field(name, "must be an object")),
    };
    let mut variables = object("variables")?;
    json::make_whole(&mut variables);
    let extensions = object("extensions")?;
    let document = match document {
        Some(document) => document,
        None if extensions.get("persistedQuery").is_some() => return Err(HttpError::not_stored()),
        None => return Err(HttpError::for_field("query", "is missing")),
    };
    let mut query = Query::new(document).variables(Variables::from_json(variables));
    query.operation_name = operation_name;
    Ok(query)
}

/// Why a request could not be read.
#[derive(Debug)]
pub(super) struct HttpError {
    status: StatusCode,
    code: &'static str,
    sentence: String,
    field: Option<String>,
    header: Option<(HeaderName, HeaderValue)>,
    media: Media,
}

impl HttpError {
    fn new(status: StatusCode, sentence: impl Into<String>) -> Self {
        let code = BAD_USER_INPUT;
        let sentence = sentence.into();
        Self { status, code, sentence, field: None, header: None, media: Media::Json }
    }

    /// The error for an invalid member of the request.
    fn for_field(field: &str, reason: &str) -> Self {
        let sentence = format!("{field}: {reason}");
        Self { field: Some(field.to_owned()), ..Self::new(StatusCode::BAD_REQUEST, sentence) }
    }

    /// The error for a document that is named by its hash alone. Clients recognise the message and
    /// then send the whole document, which is always accepted.
    fn not_stored() -> Self {
        let code = "PERSISTED_QUERY_NOT_FOUND";
        Self { code, ..Self::new(StatusCode::OK, "PersistedQueryNotFound") }
    }

    fn with(self, header: (HeaderName, HeaderValue)) -> Self {
        Self { header: Some(header), ..self }
    }

    fn in_media(self, media: Media) -> Self {
        Self { media, ..self }
    }

    /// The error as a response.
    pub(super) fn answer(&self) -> OperationResponse {
        let mut error = async_graphql::ServerError::new(&self.sentence, None);
        let extensions = error.extensions.get_or_insert_default();
        extensions.set("code", self.code);
        if let Some(field) = &self.field {
            extensions.set("field", field.as_str());
        }
        OperationResponse::new(async_graphql::Response::from_errors(vec![error]))
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let body: Bytes = self.answer().to_bytes();
        let media = match self.media {
            Media::EventStream => Media::Json,
            media => media,
        };
        let mut response =
            (self.status, [(CONTENT_TYPE, media.content_type())], body).into_response();
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
