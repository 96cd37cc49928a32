//! What applies to every request: request id, access log, span, timeouts, and a complete response
//! after a panic.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::body::{Body, HttpBody as _};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONNECTION;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::problem::{self, Problem};
use crate::clock::Clock;
use crate::domain::Actor;
use crate::metrics::{self, Metrics};
use crate::service::claims::presence;
use crate::service::error_code::{INTERNAL_SERVER_ERROR, TIMEOUT};
use crate::service::shutdown::Shutdown;
use crate::service::{App, cancellable};
use crate::telemetry::field;
use crate::traces::{self, Context, FutureExt as _, Span, SpanKind, Traces, attribute};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How long a request may take until its response begins. A stream may continue after that.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Paths without that timeout: they wait for GitHub, or have timeouts for each operation.
const UNBOUNDED: [&str; 4] = ["/api/sync", "/api/sync/scheduled", "/graphql", "/mcp"];

/// Paths whose transport distinguishes reads from changes itself, and runs changes to their end.
const TELLS_ITSELF: [&str; 2] = ["/graphql", "/mcp"];

/// The request's id in the log and in the response: the caller's own id if it is usable.
#[derive(Debug, Clone)]
pub struct RequestId(Arc<str>);

impl RequestId {
    fn from_headers(headers: &HeaderMap, clock: &Clock) -> Self {
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

/// Whether an id is short and safe for logs and shells.
fn is_usable(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    (1..=128).contains(&id.len()) && id.bytes().all(is_plain)
}

/// Where a request belongs among traces.
#[derive(Debug, Clone, Default)]
pub struct RequestTrace {
    /// The caller's span, if the request names one.
    pub caller: Context,
    /// The request's own span.
    pub request: Context,
}

/// Routes that are asked all the time and tell nothing: they have no span.
const UNTRACED: [&str; 3] = ["/livez", "/metrics", "/readyz"];

/// What the attendance of requests needs.
#[derive(Debug, Clone)]
pub(super) struct Attendance {
    clock: Clock,
    metrics: Metrics,
    traces: Traces,
}

impl Attendance {
    pub(super) fn new(app: &App) -> Self {
        let (clock, metrics) = (app.clock.clone(), app.metrics.clone());
        Self { clock, metrics, traces: app.traces.clone() }
    }

    /// Starts the span of a request, as the caller's child if the request names the caller's span.
    fn span(&self, caller: &Context, method: &Method, route: Option<&MatchedPath>) -> Span {
        let route = route.map(MatchedPath::as_str);
        if route.is_some_and(|route| UNTRACED.contains(&route)) {
            return Traces::default().span(caller, SpanKind::Server, || "".into());
        }
        let span = self.traces.span(caller, SpanKind::Server, || {
            let method = usual(method).unwrap_or("HTTP");
            route.map_or(method.into(), |route| format!("{method} {route}").into())
        });
        span.set(attribute::HTTP_METHOD, usual(method).unwrap_or("_OTHER"));
        if let Some(route) = route {
            span.set(attribute::HTTP_ROUTE, route.to_owned());
        }
        span
    }
}

/// Gives a request its id and its line in the access log (at level `debug`, unless the server
/// failed), counts it, gives it a span, and encodes the problem it ended with.
pub(super) async fn attend(
    State(attendance): State<Attendance>,
    mut request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let id = RequestId::from_headers(request.headers(), &attendance.clock);
    let route = request.extensions().get::<MatchedPath>().cloned();
    request.extensions_mut().insert(id.clone());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let caller = traces::caller_context(request.headers());
    let trace = attendance.span(&caller, &method, route.as_ref());
    trace.set(attribute::REQUEST_ID, id.to_string());
    request.extensions_mut().insert(RequestTrace { caller, request: trace.context() });
    let trace_id = traces::trace_id(&trace.context());
    let span = tracing::info_span!(
        "request",
        { field::REQUEST_ID } = %id,
        { field::TRACE_ID } = trace_id
    );

    let running = AssertUnwindSafe(next.run(request).with_context(trace.context())).catch_unwind();
    let mut response = running.instrument(span.clone()).await.unwrap_or_else(|_| broken());
    let _in_span = span.enter();
    if let Some(problem) = problem::take(&mut response) {
        if let Some(cause) = problem.cause() {
            tracing::error!({ field::ERROR } = cause, %method, path, "a request failed");
        }
        let answer = problem.answer(&path, &id.0, attendance.clock.now());
        let (parts, body) = answer.into_parts();
        response.headers_mut().extend(parts.headers);
        *response.body_mut() = body;
    }
    let header = HeaderValue::from_str(&id.0).expect("an id is of plain characters");
    response.headers_mut().insert(REQUEST_ID, header);
    let took = began.elapsed();
    let status = response.status();
    count(&attendance.metrics, &method, route.as_ref(), status, took);
    trace.set(attribute::HTTP_STATUS, i64::from(status.as_u16()));
    if status.is_server_error() {
        trace.fail(status.as_str().to_owned());
    }
    log(&method, &path, &response, took);
    response
}

/// The name of a method, unless it is an unusual one, of which there could be any number.
fn usual(method: &Method) -> Option<&'static str> {
    Some(match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => return None,
    })
}

/// Counts a request by its route. Neither its path nor an unusual method becomes a label.
fn count(
    metrics: &Metrics,
    method: &Method,
    route: Option<&MatchedPath>,
    status: StatusCode,
    took: Duration,
) {
    let method = usual(method).unwrap_or("other");
    let route = route.map_or("unmatched", MatchedPath::as_str);
    metrics.add(&metrics::HTTP_REQUESTS, &[method, route, status.as_str()], 1);
    metrics.observe(&metrics::HTTP_DURATION, &[method, route], took.as_secs_f64());
}

fn log(method: &Method, path: &str, response: &Response, took: Duration) {
    let actor = response.extensions().get::<Actor>().map_or("", Actor::name);
    let status = response.status().as_u16();
    let elapsed_ms = (took.as_secs_f64() * 1e6).round() / 1e3;
    macro_rules! answered {
        ($level:ident) => {
            tracing::$level!(
                %method,
                path,
                status,
                { field::ACTOR } = actor,
                { field::ELAPSED_MS } = elapsed_ms,
                "answered"
            )
        };
    }
    if status < 500 { answered!(debug) } else { answered!(info) }
}

/// The response when a handler panicked; the panic itself is already logged.
fn broken() -> Response {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    Problem::new(status, INTERNAL_SERVER_ERROR, "Internal error").into_response()
}

/// Responds with a timeout if the response does not begin in time.
pub(super) async fn limit_time(
    State(limit): State<Duration>,
    request: Request,
    next: Next,
) -> Response {
    if UNBOUNDED.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    tokio::time::timeout(limit, next.run(request)).await.unwrap_or_else(|_| {
        let text = "This took too long; what was begun may still be done";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, TIMEOUT, text).into_response()
    })
}

/// How long a request's body may take to arrive.
pub(super) const BODY_TIME: Duration = Duration::from_secs(20);

/// Responds with a timeout if the request's body does not arrive in time, for every route.
pub(super) async fn limit_body_time(
    State(limit): State<Duration>,
    request: Request,
    next: Next,
) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let deadline = tokio::time::Instant::now() + limit;
    let is_late = Arc::new(AtomicBool::new(false));
    let noted = is_late.clone();
    let request = request.map(|body| {
        let rest = stream::unfold(Some(body.into_data_stream()), move |rest| {
            let noted = noted.clone();
            async move {
                let mut rest = rest?;
                if let Ok(next) = tokio::time::timeout_at(deadline, rest.next()).await {
                    return Some((next?, Some(rest)));
                }
                noted.store(true, Ordering::Relaxed);
                Some((Err(axum::Error::new("the body did not arrive in time")), None))
            }
        });
        Body::from_stream(rest)
    });
    let response = next.run(request).await;
    if !is_late.load(Ordering::Relaxed) {
        return response;
    }
    let text = "The request's body did not arrive in time";
    Problem::new(StatusCode::REQUEST_TIMEOUT, TIMEOUT, text)
        .with_header(CONNECTION, HeaderValue::from_static("close"))
        .into_response()
}

/// Runs a request that may change something to its end even if the client disconnects: an
/// interrupted sync would keep its lock until the lock expires.
pub(super) async fn run_to_the_end(
    State(shutdown): State<Shutdown>,
    request: Request,
    next: Next,
) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return cancellable(next.run(request)).await;
    }
    if TELLS_ITSELF.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    let gone = CancellationToken::new();
    let running = presence::scope(gone.clone(), next.run(request)).in_current_span();
    let running = running.with_current_context();
    let _told_when_dropped = gone.drop_guard();
    shutdown.changes().spawn(running).await.unwrap_or_else(|_| broken())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Mutex;

    use axum::Router;
    use axum::middleware::{from_fn, from_fn_with_state};
    use axum::routing::{get, post};
    use http_body_util::BodyExt as _;
    use serde_json::Value;
    use tokio::sync::Notify;
    use tower::ServiceExt as _;

    use super::*;

    fn clock() -> Clock {
        Clock::held_at("2026-11-24T12:00:00Z".parse().expect("a valid time"))
    }

    fn attendance() -> Attendance {
        Attendance { clock: clock(), metrics: Metrics::default(), traces: Traces::default() }
    }

    async fn ask(router: Router, request: Request) -> (StatusCode, Value) {
        let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (parts.status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    fn to(method: &str, path: &str) -> Request {
        Request::builder().method(method).uri(path).body(Body::empty()).unwrap()
    }

    #[test]
    fn ids_that_could_be_mistaken_for_something_else_are_replaced() {
        for id in ["a", "0198c1f2-7000-7000-8000-000000000000", "trace:1.2_3"] {
            assert!(is_usable(id), "{id}");
        }
        for id in ["", "a b", "a\nb", "<script>", "ä", &"x".repeat(129)] {
            assert!(!is_usable(id), "{id}");
        }
    }

    #[tokio::test]
    async fn what_takes_too_long_is_answered_for() {
        let never = || async { std::future::pending::<()>().await };
        let router = Router::new()
            .route("/slow", get(never))
            .route(
                "/api/sync",
                get(|| async { tokio::time::sleep(Duration::from_millis(20)).await }),
            )
            .layer(from_fn_with_state(Duration::from_millis(1), limit_time))
            .layer(from_fn_with_state(attendance(), attend));
        let (status, body) = ask(router.clone(), to("GET", "/slow")).await;
        assert_eq!((status.as_u16(), &body["code"]), (503, &Value::from("TIMEOUT")));
        assert_eq!(ask(router, to("GET", "/api/sync")).await.0, StatusCode::OK);
    }

    #[tokio::test]
    async fn a_body_that_does_not_arrive_is_answered_for_on_every_route() {
        let read = async |body: axum::body::Bytes| body;
        let paths = ["/api/sync", "/graphql", "/mcp", "/api/issues/move"];
        let mut router = Router::new();
        for path in paths {
            router = router.route(path, post(read));
        }
        let router = router
            .layer(from_fn_with_state(Shutdown::default(), run_to_the_end))
            .layer(from_fn_with_state(Duration::from_secs(60), limit_time))
            .layer(from_fn_with_state(Duration::from_millis(1), limit_body_time))
            .layer(from_fn_with_state(attendance(), attend));
        for path in paths {
            let begun = stream::iter([Ok::<_, std::io::Error>("{")]).chain(stream::pending());
            let request = Request::post(path).body(Body::from_stream(begun)).unwrap();
            let (status, body) = ask(router.clone(), request).await;
            assert_eq!((status.as_u16(), &body["code"]), (408, &Value::from("TIMEOUT")), "{path}");
            let whole = Request::post(path).body(Body::from("{}")).unwrap();
            assert_eq!(ask(router.clone(), whole).await.0, StatusCode::OK, "{path}");
        }
    }

    #[tokio::test]
    async fn a_handler_that_breaks_leaves_a_whole_answer() {
        async fn breaks() {
            panic!("a secret of our insides")
        }
        let router = Router::new()
            .route("/", get(breaks).post(breaks))
            .layer(from_fn_with_state(Shutdown::default(), run_to_the_end))
            .layer(from_fn_with_state(attendance(), attend));
        for method in ["GET", "POST"] {
            let (status, body) = ask(router.clone(), to(method, "/")).await;
            assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{method}");
            assert_eq!(body["code"], "INTERNAL_SERVER_ERROR");
            assert_eq!(body["error"], "Internal error");
        }
    }

    #[tokio::test]
    async fn a_change_is_finished_when_nobody_waits_for_it_any_more() {
        let (begun, may_end, ended) =
            (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::new(Notify::new()));
        let work = {
            let (begun, may_end, ended) = (begun.clone(), may_end.clone(), ended.clone());
            move || async move {
                begun.notify_one();
                may_end.notified().await;
                ended.notify_one();
            }
        };
        let router = Router::new()
            .route("/", post(work))
            .layer(from_fn_with_state(Shutdown::default(), run_to_the_end));
        let mut asking = Box::pin(router.oneshot(to("POST", "/")));
        tokio::select! {
            _ = &mut asking => panic!("it cannot have ended"),
            () = begun.notified() => {}
        }
        drop(asking);
        may_end.notify_one();
        ended.notified().await;
    }

    #[derive(Clone, Default)]
    struct LogBuffer(Arc<Mutex<Vec<u8>>>);

    impl Write for LogBuffer {
        fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(line)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn the_log_says_who_asked_what_and_nothing_that_is_theirs() {
        let named = |request: Request, next: Next| async move {
            let mut response = next.run(request).await;
            response.extensions_mut().insert(Actor::System);
            response
        };
        let router = Router::new()
            .route("/api/repos", post(|| async { Problem::bad_request("fullName is required") }))
            .layer(from_fn(named))
            .layer(from_fn_with_state(attendance(), attend));
        let buffer = LogBuffer::default();
        let out = buffer.clone();
        let lines = tracing_subscriber::fmt().json().flatten_event(true);
        let lines = lines.with_max_level(tracing::Level::DEBUG);
        let subscriber = lines.with_writer(move || out.clone()).finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let request = Request::post("/api/repos?token=s3cret")
            .header("authorization", "Bearer s3cret")
            .header("x-request-id", "trace-1")
            .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
            .body(Body::from("s3cret"));
        ask(router, request.unwrap()).await;

        let log = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
        assert!(!log.contains("s3cret"), "{log}");
        let line: Value = serde_json::from_str(log.trim()).expect("one line");
        assert_eq!(line["message"], "answered");
        assert_eq!(line["level"], "DEBUG");
        assert_eq!(line["method"], "POST");
        assert_eq!(line["path"], "/api/repos");
        assert_eq!(line["status"], 400);
        assert_eq!(line["actor"], "system");
        assert_eq!(line["span"]["request_id"], "trace-1");
        assert_eq!(line["span"]["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
        assert!(line["elapsed_ms"].is_number());
    }
}
