//! `Idempotency-Key`: a retry gets the first response again and does nothing.
//!
//! This middleware covers every handler that changes something.

use axum::body::to_bytes;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::answer::raw_json;
use super::body::Body;
use super::errors::failed;
use crate::domain::Actor;
use crate::domain::keys::OwnedKey;
use crate::middleware::Problem;
use crate::service::App;
use crate::service::idempotency::{self, IdempotencyState};
use crate::store::idempotency_keys::IdempotencyKey;

/// The header with the idempotency key.
pub(super) const HEADER: &str = "Idempotency-Key";

/// The header of a repeated response.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Routes that store the key permanently, with their record.
const WITH_KEYS_OF_THEIR_OWN: [&str; 1] = ["/api/agent-runs"];

/// Routes without idempotency keys: the caller is not authenticated yet, or the request has an id of its
/// own.
const WITHOUT_KEYS: [&str; 4] =
    ["/api/session", "/api/webhooks/github", "/api/issues/webhook", "/api/pr-followup/webhook"];

/// The maximum length of a key, in characters.
const LONGEST_KEY: usize = 200;

/// The maximum length of a URL that is stored unhashed, in bytes.
const LONGEST_ADDRESS: usize = 500;

/// Runs a request, unless a request with the same key succeeded before.
pub(super) async fn once(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_reading = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let path = request.uri().path();
    if is_reading || WITH_KEYS_OF_THEIR_OWN.contains(&path) || !takes_keys(path) {
        return next.run(request).await;
    }
    match key_of(request.headers()) {
        Ok(None) => next.run(request).await,
        Ok(Some(key)) => {
            carry_out(&app, &key, request, next).await.unwrap_or_else(Problem::into_response)
        }
        Err(problem) => problem.into_response(),
    }
}

/// Whether a route accepts idempotency keys.
pub(super) fn takes_keys(path: &str) -> bool {
    !WITHOUT_KEYS.contains(&path)
}

fn key_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(given) = headers.get(HEADER) else { return Ok(None) };
    let key = given.to_str().unwrap_or_default().trim().trim_matches('"');
    let is_good =
        (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
    if is_good {
        return Ok(Some(key.to_owned()));
    }
    let text = format!("{HEADER} must have 1 to {LONGEST_KEY} visible ASCII characters");
    Err(Problem::bad_request(text).with("field", HEADER))
}

async fn carry_out(
    app: &App,
    key: &str,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let body = Body::from_request(Request::from_parts(parts.clone(), body), &()).await?;
    let actor = parts.extensions.get::<Actor>().unwrap_or(&Actor::Anonymous);
    let caller = actor.credential();
    let asked = address(&parts.method, &parts.uri);
    let key = OwnedKey::new(actor, actor.name(), key).stored;
    let key = IdempotencyKey { caller: &caller, request: &asked, key: &key };
    let hash: String =
        Sha256::digest(body.bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let begun = idempotency::begin(app, key, &hash).await;
    match begun.map_err(failed("Failed to look up the Idempotency-Key"))? {
        IdempotencyState::Repeated(status, answer) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
            let mut response = raw_json(status, answer);
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            Ok(response)
        }
        IdempotencyState::First(run) => {
            let request = Request::from_parts(parts, body.into_bytes().into());
            Ok(store_response(app, key, run, next.run(request).await).await)
        }
    }
}

/// The method and URL of a request, hashed if they are too long for a table's key.
fn address(method: &Method, uri: &Uri) -> String {
    let whole = format!("{method} {uri}");
    if whole.len() <= LONGEST_ADDRESS { whole } else { format!("{:x}", Sha256::digest(whole)) }
}

/// Stores a successful response for retries, and returns it. A request that failed can be retried.
async fn store_response(
    app: &App,
    key: IdempotencyKey<'_>,
    run: Uuid,
    response: Response,
) -> Response {
    if !response.status().is_success() {
        if let Err(error) = idempotency::release(app, key, run).await {
            tracing::warn!(
                error = error.with_causes(),
                "a key is taken until it is given up for dead"
            );
        }
        return response;
    }
    let (parts, body) = response.into_parts();
    let bytes = match to_bytes(body, usize::MAX).await {
        Ok(bytes) => bytes,
        Err(error) => {
            tracing::warn!(%error, "an answer was not whole");
            return Response::from_parts(parts, axum::body::Body::empty());
        }
    };
    let text = String::from_utf8_lossy(&bytes);
    let completed = idempotency::complete(app, key, run, parts.status.as_u16(), &text).await;
    if let Err(error) = completed {
        tracing::warn!(error = error.with_causes(), "an answer is not kept for retries");
    }
    Response::from_parts(parts, bytes.into())
}
