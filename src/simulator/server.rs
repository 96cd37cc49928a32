//! Serves the simulated GitHub over HTTP: `/graphql` and the REST API; as on GitHub Enterprise Server also
//! as `/api/graphql` and below `/api/v3`.
//!
//! The state is in `world`. Invariant: started work is finished even if the client disconnects, as
//! on GitHub.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use async_graphql::Variables;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationType};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{OriginalUri, Request, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, stream};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use super::Simulator;
use super::answer::{GitHubResponse, limited, problem};
use super::automation::{self, RestRequest};
use super::cost::points_of;
use super::faults::Fault;
use super::github_app;
use super::request_log::{LoggedRequest, OperationKind};
use super::rest as issues_rest;
use super::schema::{self, GitHubSchema, RequestContext};

/// Serves requests until the future is dropped, which ends all connections and all work.
///
/// # Errors
///
/// When the listener cannot accept any more.
pub async fn serve(simulator: Simulator, listener: TcpListener) -> io::Result<()> {
    let (jobs, mut incoming_jobs) = mpsc::unbounded_channel();
    let rest_api = issues_rest::routes()
        .fallback(automation_api)
        .layer(middleware::from_fn_with_state(simulator.clone(), rest))
        .with_state(simulator.clone());
    let app_api = github_app::routes().with_state(simulator.clone());
    let service = GitHubServer { schema: schema::build(simulator.clone()), simulator, jobs };
    let router = Router::new()
        .route("/graphql", post(answer))
        .route("/api/graphql", post(answer))
        .with_state(service)
        .merge(app_api)
        .nest(ENTERPRISE, rest_api.clone())
        .merge(rest_api);
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted?;
                stream.set_nodelay(true)?;
                tasks.spawn(serve_connection(router.clone(), stream).boxed());
            }
            Some(job) = incoming_jobs.recv() => { tasks.spawn(job); }
            Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
        }
    }
}

/// The path of the REST API of GitHub Enterprise Server.
const ENTERPRISE: &str = "/api/v3";

/// Work that continues when the client disconnects.
type Job = BoxFuture<'static, ()>;

#[derive(Clone)]
struct GitHubServer {
    simulator: Simulator,
    schema: GitHubSchema,
    jobs: mpsc::UnboundedSender<Job>,
}

/// Marks a response that is never sent.
#[derive(Debug, Clone, Copy)]
struct DroppedResponse;

impl fmt::Display for DroppedResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the simulator ends the connection")
    }
}

impl std::error::Error for DroppedResponse {}

async fn serve_connection(router: Router, stream: TcpStream) {
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let router = router.clone();
        async move {
            let answer = router.oneshot(request.map(Body::new)).await;
            let answer = answer.unwrap_or_else(|never: Infallible| match never {});
            match answer.extensions().get::<DroppedResponse>() {
                Some(hang_up) => Err(*hang_up),
                None => Ok(answer),
            }
        }
    });
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection to the simulator ended");
    }
}

#[derive(Deserialize)]
struct GraphqlRequest {
    query: String,
    #[serde(default)]
    variables: serde_json::Value,
    #[serde(default, rename = "operationName")]
    operation_name: Option<String>,
}

async fn answer(State(service): State<GitHubServer>, headers: HeaderMap, body: Bytes) -> Response {
    let has_name = headers.get(header::USER_AGENT).is_some_and(|name| !name.is_empty());
    if !has_name {
        let message = "Request forbidden by administrative rules. Please make sure your request \
                       has a User-Agent header.";
        return problem(StatusCode::FORBIDDEN, message);
    }
    let owner = match service.simulator.check_token(&headers) {
        Ok(owner) => owner,
        Err(refused) => return refused,
    };
    let Ok(posted) = serde_json::from_slice::<GraphqlRequest>(&body) else {
        return problem(StatusCode::BAD_REQUEST, "Problems parsing JSON");
    };
    let document = match parse_query(&posted.query) {
        Ok(document) => document,
        Err(error) => return GitHubResponse::error("", &error.to_string()).into_response(),
    };
    let request = LoggedRequest {
        at: service.simulator.now(),
        operation: posted.operation_name.clone().unwrap_or_else(|| only_name(&document)),
        kind: kind(&document),
        variables: posted.variables.clone(),
        traceparent: traceparent(&headers),
        answered_at: Arc::default(),
    };
    service.simulator.log_request(request.clone());
    let manners = service.simulator.manners();
    let code = posted.query.lines().map(|line| line.split('#').next().unwrap_or_default());
    let code = code.collect::<Vec<_>>().join("\n");
    if let Some(field) = manners.lacking.iter().find(|field| code.contains(**field)) {
        let message = format!("Field '{field}' doesn't exist on type 'Issue'");
        let _ = request.answered_at.set(service.simulator.now());
        return GitHubResponse::error("", &message).into_response();
    }
    let faults = service.simulator.faults_for(&request);

    let (send, receive) = oneshot::channel();
    let worker = service.clone();
    let job = async move {
        // The client may be gone; its work is done anyway.
        let _ = send.send(worker.work((posted, document), owner, faults).await);
    };
    if service.jobs.send(job.boxed()).is_err() {
        return hang_up();
    }
    let answer = receive.await.unwrap_or_else(|_| hang_up());
    // It is only set once.
    let _ = request.answered_at.set(service.simulator.now());
    answer
}

fn traceparent(headers: &HeaderMap) -> Option<String> {
    headers.get("traceparent").and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// What all requests of the REST API have in common: the token, the log, faults and the limit. The
/// operation in the log is the method and the path with ids left out, such as
/// `GET /repos/{owner}/{repo}/actions/runs/{id}/jobs`.
async fn rest(State(simulator): State<Simulator>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    if path.starts_with("/_logs/") {
        return match request.headers().contains_key(header::AUTHORIZATION) {
            true => problem(StatusCode::BAD_REQUEST, "The storage accepts no token"),
            false => next.run(request).await,
        };
    }
    let owner = match simulator.check_token(request.headers()) {
        Ok(owner) => owner,
        Err(refused) => return refused,
    };
    let is_read = request.method() == Method::GET;
    let logged = LoggedRequest {
        at: simulator.now(),
        operation: format!("{} {}", request.method(), pattern(&path)),
        kind: if is_read { OperationKind::Query } else { OperationKind::Mutation },
        variables: serde_json::json!({ "path": path }),
        traceparent: traceparent(request.headers()),
        answered_at: Arc::default(),
    };
    simulator.log_request(logged.clone());
    let faults = simulator.faults_for(&logged);
    for fault in &faults {
        match fault {
            Fault::Stall(time) => tokio::time::sleep(*time).await,
            Fault::Hold(gate) => gate.pass().await,
            _ => {}
        }
    }
    let answer = if let Some(spoilt) = faults.iter().find_map(without_work) {
        spoilt
    } else if !simulator.spend_core() {
        problem(StatusCode::FORBIDDEN, "API rate limit exceeded for user ID 1.")
    } else if owner.is_some_and(|owner| !is_of(&path, &owner)) {
        problem(StatusCode::NOT_FOUND, "Not Found")
    } else if has_moved(&simulator, &path) {
        moved(&request)
    } else {
        next.run(request).await
    };
    if answer.status() == StatusCode::NOT_MODIFIED {
        simulator.give_back_core();
    }
    if faults.iter().any(|fault| matches!(fault, Fault::DropAfter)) {
        return hang_up();
    }
    let _ = logged.answered_at.set(simulator.now());
    let (now, limits) = (simulator.now(), simulator.core_limits());
    limited(answer, now, "core", limits)
}

/// Whether a path has the former name of a repository.
fn has_moved(simulator: &Simulator, path: &str) -> bool {
    let mut parts = path.trim_start_matches('/').split('/');
    let (Some("repos"), Some(owner), Some(name)) = (parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let name = format!("{owner}/{name}");
    let world = simulator.world();
    world.named(&name).is_ok_and(|known| !known.full_name.eq_ignore_ascii_case(&name))
}

/// GitHub's redirect to the id of a repository, whatever its name.
fn moved(request: &Request) -> Response {
    // What follows `/repos/{owner}/{name}`.
    let rest: Vec<&str> = request.uri().path().split('/').skip(4).collect();
    let address = address_of(request.headers(), request.extensions());
    let location = format!("{address}/repositories/1/{}", rest.join("/"));
    let mut answer = problem(StatusCode::MOVED_PERMANENTLY, "Moved Permanently");
    let location = HeaderValue::try_from(location).expect("an address is plain text");
    answer.headers_mut().insert(header::LOCATION, location);
    answer
}

/// The address of the REST API that the client used.
fn address_of(headers: &HeaderMap, extensions: &Extensions) -> String {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let original = extensions.get::<OriginalUri>();
    let is_enterprise = original.is_some_and(|uri| uri.path().starts_with(ENTERPRISE));
    let path = if is_enterprise { ENTERPRISE } else { "" };
    format!("http://{}{path}", host.unwrap_or_default())
}

/// Answers a request of the REST API about automation.
async fn automation_api(State(simulator): State<Simulator>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LONGEST_REQUEST).await else {
        return problem(StatusCode::BAD_REQUEST, "Problems parsing JSON");
    };
    let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let address = address_of(&parts.headers, &parts.extensions);
    let answer = automation::answer(
        &simulator,
        &RestRequest {
            method: parts.method.as_str(),
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or_default(),
            body: &body,
            etag: header(header::IF_NONE_MATCH),
            version: parts.headers.get(VERSION).and_then(|value| value.to_str().ok()),
            address: &address,
        },
    );
    let mut response = (code(answer.status), answer.body).into_response();
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    for (name, value) in answer.headers {
        let value = HeaderValue::try_from(value).expect("a header of plain text");
        response.headers_mut().insert(name, value);
    }
    response
}

/// The header that names the version of the REST API.
const VERSION: &str = "x-github-api-version";

/// The largest body of a request of the REST API, in bytes.
const LONGEST_REQUEST: usize = 1 << 20;

/// A path as GitHub documents it.
fn pattern(path: &str) -> String {
    let mut parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    if let ["repos", owner, name, ..] = parts.as_mut_slice() {
        (*owner, *name) = ("{owner}", "{repo}");
    }
    for part in &mut parts {
        if part.parse::<i64>().is_ok() {
            *part = "{id}";
        }
    }
    format!("/{}", parts.join("/"))
}

/// Whether a path is that of a repository or of packages of an owner.
fn is_of(path: &str, owner: &str) -> bool {
    let mut parts = path.trim_start_matches('/').split('/');
    matches!(parts.next(), Some("repos" | "users" | "orgs"))
        && parts.next().is_some_and(|of| of.eq_ignore_ascii_case(owner))
}

impl GitHubServer {
    /// Executes the request, and applies the faults to the response.
    async fn work(
        self,
        (posted, document): (GraphqlRequest, ExecutableDocument),
        owner: Option<String>,
        faults: Vec<Fault>,
    ) -> Response {
        for fault in &faults {
            match fault {
                Fault::Stall(time) => tokio::time::sleep(*time).await,
                Fault::Hold(gate) => gate.pass().await,
                _ => {}
            }
        }
        if let Some(spoilt) = faults.iter().find_map(without_work) {
            return self.with_headers(spoilt);
        }
        let delay = self.simulator.manners().answer_delay;
        if delay > Duration::ZERO {
            tokio::time::sleep(delay).await;
        }
        let variables = Variables::from_json(posted.variables);
        let cost = points_of(&document, &variables);
        if !self.simulator.spend(cost) {
            let limited = GitHubResponse::error(
                "RATE_LIMIT",
                "API rate limit already exceeded for user ID 1.",
            );
            return self.with_headers(limited.into_response());
        }
        let mut request = async_graphql::Request::new(posted.query).variables(variables);
        if let Some(name) = posted.operation_name {
            request = request.operation_name(name);
        }
        request.set_parsed_query(document);
        let (faults_of_request, mutations) = (faults.clone(), AtomicUsize::default());
        let context = RequestContext { cost, owner, faults: faults_of_request, mutations };
        let mut response = GitHubResponse::from(self.schema.execute(request.data(context)).await);

        for fault in &faults {
            match fault {
                Fault::StallAnswer(time) => tokio::time::sleep(*time).await,
                Fault::HoldAnswer(gate) => gate.pass().await,
                Fault::Partial { path, kind, message } => response.strike(path, kind, message),
                _ => {}
            }
        }
        let spoilt = faults.iter().find_map(|fault| after_work(fault, &response));
        self.with_headers(spoilt.unwrap_or_else(|| response.into_response()))
    }

    fn with_headers(&self, response: Response) -> Response {
        limited(response, self.simulator.now(), "graphql", self.simulator.limits())
    }
}

/// The response for a fault that prevents the work.
fn without_work(fault: &Fault) -> Option<Response> {
    match fault {
        Fault::Refuse { status, message } => Some(problem(code(*status), message)),
        Fault::SecondaryLimit { retry_after } => {
            let message = "You have exceeded a secondary rate limit. Please wait a few minutes \
                           before you try again.";
            let mut response = problem(StatusCode::FORBIDDEN, message);
            if let Some(time) = retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, time.as_secs().into());
            }
            Some(response)
        }
        Fault::Page { status } => {
            let page = axum::response::Html("<html><body><h1>Unicorn!</h1></body></html>");
            Some((code(*status), page).into_response())
        }
        Fault::Error { kind, message } => {
            Some(GitHubResponse::error(kind, message).into_response())
        }
        Fault::DropBefore => Some(hang_up()),
        _ => None,
    }
}

/// The response for a fault after the work.
fn after_work(fault: &Fault, response: &GitHubResponse) -> Option<Response> {
    let body = || serde_json::to_vec(response).expect("an answer is plain JSON");
    let json = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    match fault {
        Fault::DropAfter => Some(hang_up()),
        Fault::Replace { text, by } => {
            let body = String::from_utf8_lossy(&body()).replace(text, by);
            Some((json, body).into_response())
        }
        Fault::HalfBody => {
            let mut body = body();
            body.truncate(body.len() / 2);
            Some((json, body).into_response())
        }
        Fault::CutShort => {
            let mut body = body();
            let length =
                [(header::CONTENT_LENGTH, body.len())].map(|(name, n)| (name, n.to_string()));
            body.truncate(body.len() / 2);
            let parts = [Ok(Bytes::from(body)), Err(DroppedResponse)];
            Some((json, length, Body::from_stream(stream::iter(parts))).into_response())
        }
        _ => None,
    }
}

fn hang_up() -> Response {
    let mut response = Response::default();
    response.extensions_mut().insert(DroppedResponse);
    response
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn only_name(document: &ExecutableDocument) -> String {
    document
        .operations
        .iter()
        .find_map(|(name, _)| name)
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn kind(document: &ExecutableDocument) -> OperationKind {
    let first = match &document.operations {
        DocumentOperations::Single(operation) => Some(operation),
        DocumentOperations::Multiple(operations) => operations.values().next(),
    };
    match first {
        Some(operation) if operation.node.ty == OperationType::Mutation => OperationKind::Mutation,
        _ => OperationKind::Query,
    }
}
