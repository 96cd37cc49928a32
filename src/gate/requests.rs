//! What is done for every request, whoever asks for what: an id, one line in the log, a bound on
//! its time, and a whole answer when something breaks.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use super::problem::{self, Problem};
use crate::clock::Clock;
use crate::domain::Actor;
use crate::telemetry::field;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How long a request may take until its answer begins. A stream may then go on.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Requests that take as long as GitHub does, or whose door bounds them one by one.
const UNBOUNDED: [&str; 2] = ["/api/sync", "/graphql"];

/// What a request is called in our log and in its answer: the caller's own id where it is usable.
#[derive(Debug, Clone)]
pub struct RequestId(Arc<str>);

impl RequestId {
    fn of(headers: &HeaderMap, clock: &Clock) -> Self {
        let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
        match given.filter(|id| is_usable(id)) {
            Some(id) => Self(id.into()),
            None => Self(clock.fresh_uuid().to_string().into()),
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Short, and of characters that no log and no shell takes for something else.
fn is_usable(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    (1..=128).contains(&id.len()) && id.bytes().all(is_plain)
}

/// Gives a request its id and its line in the log, and writes out the problem it ended with.
pub(super) async fn attend(
    State(clock): State<Clock>,
    mut request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let id = RequestId::of(request.headers(), &clock);
    request.extensions_mut().insert(id.clone());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let span = tracing::info_span!("request", { field::REQUEST_ID } = %id);

    let running = AssertUnwindSafe(next.run(request)).catch_unwind();
    let mut response = running.instrument(span.clone()).await.unwrap_or_else(|_| broken());
    let _in_span = span.enter();
    if let Some(problem) = problem::take(&mut response) {
        if let Some(cause) = problem.cause() {
            tracing::error!({ field::ERROR } = cause, %method, path, "a request failed");
        }
        let answer = problem.answer(&path, &id.0, clock.now());
        let (parts, body) = answer.into_parts();
        response.headers_mut().extend(parts.headers);
        *response.body_mut() = body;
    }
    let header = HeaderValue::from_str(&id.0).expect("an id is of plain characters");
    response.headers_mut().insert(REQUEST_ID, header);
    log(&method, &path, &response, began.elapsed());
    response
}

fn log(method: &Method, path: &str, response: &Response, took: Duration) {
    let actor = response.extensions().get::<Actor>().map_or("", Actor::name);
    let elapsed_ms = took.as_secs_f64() * 1000.0;
    let status = response.status().as_u16();
    let is_routine =
        path.starts_with("/assets/") || ["/livez", "/readyz", "/api/health"].contains(&path);
    if is_routine && status < 500 {
        tracing::debug!(%method, path, status, actor, elapsed_ms, "answered");
    } else {
        tracing::info!(%method, path, status, actor, elapsed_ms, "answered");
    }
}

/// The answer of a handler that panicked; the panic itself is in the log already.
fn broken() -> Response {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    Problem::new(status, "INTERNAL_SERVER_ERROR", "Internal error").into_response()
}

/// Answers for a request whose own answer does not begin in time.
pub(super) async fn limit_time(request: Request, next: Next) -> Response {
    if UNBOUNDED.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    tokio::time::timeout(TIME_LIMIT, next.run(request)).await.unwrap_or_else(|_| {
        let text = "This took too long; what was begun may still be done";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "TIMEOUT", text).into_response()
    })
}

/// Where requests that change something are run.
#[derive(Debug, Clone, Default)]
pub(super) struct Shelter(TaskTracker);

/// Runs what may change something to its end, even when whoever asked goes away meanwhile: half a
/// sync would hold its lock until somebody finds it dead.
pub(super) async fn run_to_the_end(
    State(shelter): State<Shelter>,
    request: Request,
    next: Next,
) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return next.run(request).await;
    }
    let running = next.run(request).in_current_span();
    shelter.0.spawn(running).await.unwrap_or_else(|_| broken())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_could_be_mistaken_for_something_else_are_replaced() {
        for id in ["a", "0198c1f2-7000-7000-8000-000000000000", "trace:1.2_3"] {
            assert!(is_usable(id), "{id}");
        }
        for id in ["", "a b", "a\nb", "<script>", "ä", &"x".repeat(129)] {
            assert!(!is_usable(id), "{id}");
        }
    }
}
