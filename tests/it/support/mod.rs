//! The harness: every test gets the real application, a database of its own and a simulated GitHub.
//!
//! A test is a closure that is passed to [`given`], so the harness always checks afterwards: it
//! fails a test whose application logged an error, or wrote to GitHub without an audit entry. Tests
//! do not sleep: they wait for an event with a deadline, or move the clock, which is stopped
//! otherwise.

pub(crate) mod collector;
mod database;
pub(crate) mod github;
mod log;
pub(crate) mod pooler;
pub(crate) mod process;
pub(crate) mod stream;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use chrono::{DateTime, Utc};
use dispatch::bus::Bus;
use dispatch::clock::Clock;
use dispatch::config::{Config, Env};
use dispatch::connections::{self, ConnectionLimits};
use dispatch::domain::actor::TokenKind;
use dispatch::domain::{Actor, FullName};
use dispatch::metrics::Metrics;
use dispatch::service::monitoring::LastReading;
use dispatch::service::name_cache::NameCache;
use dispatch::service::shutdown::Shutdown;
use dispatch::service::tasks::Tasks;
use dispatch::service::wait_queue::WaitQueue;
use dispatch::service::webhooks::Inbox;
use dispatch::service::{self, App};
use dispatch::simulator::{self, NewIssue, Simulator, Write};
use dispatch::store::{self, Issue};
use dispatch::traces::Traces;
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

pub(crate) use database::Database;
use log::Log;

/// The token that agents present.
pub(crate) const AGENT_TOKEN: &str = "the-agents-token-of-the-tests";

/// The repository that [`Given::with_issues`] fills.
pub(crate) const REPOSITORY: &str = "acme/tools";

/// The deadline for anything that must happen, on the machine's clock, long enough for the busiest
/// machine. No test passes because it was reached.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Whether generated files are rewritten instead of compared: `UPDATE_GENERATED=1`.
pub(crate) fn is_rewriting() -> bool {
    Env::from_process().raw("UPDATE_GENERATED").is_some()
}

/// The time at which every test starts.
pub(crate) fn start_of_time() -> DateTime<Utc> {
    "2026-05-20T12:00:00Z".parse().unwrap()
}

/// What a test is given.
pub(crate) struct Given {
    /// The application, with a stopped clock.
    pub app: App,
    /// The simulated GitHub, on the same clock.
    pub github: Simulator,
    /// The test's own database.
    pub database: Database,
    tasks: JoinSet<()>,
    log: Log,
}

/// Runs a test, with settings beside the usual ones.
pub(crate) async fn given_settings(settings: &[(&str, &str)], test: impl AsyncFnOnce(&mut Given)) {
    let (log, _guard) = log::capture();
    let mut given = Box::pin(Given::new(settings, log.clone())).await;
    Box::pin(test(&mut given)).await;
    given.check().await;
    log.check();
}

/// Runs a test.
pub(crate) async fn given(test: impl AsyncFnOnce(&mut Given)) {
    given_settings(&[], test).await;
}

/// The settings of a test, those given on top of the usual ones.
pub(crate) fn config(settings: &[(&str, &str)]) -> Config {
    let usual = [
        ("GITHUB_TOKEN", "token-for-github"),
        ("DISPATCH_AGENT_TOKEN", AGENT_TOKEN),
        ("DISPATCH_SYNC_INTERVAL_MS", "0"),
        // Tests hold the clock, so all that one changes happens within a minute.
        ("GITHUB_POINTS_PER_MINUTE", "1000000"),
        ("GITHUB_WRITES_PER_MINUTE", "100000"),
        ("GITHUB_WRITES_PER_HOUR", "100000"),
        ("DISPATCH_AUTOMATION_INTERVAL_MS", "0"),
        ("DISPATCH_DATA_DIR", "/nonexistent"),
    ];
    let all: BTreeMap<&str, &str> = usual.into_iter().chain(settings.iter().copied()).collect();
    Config::from_env(&Env::from_iter(all)).unwrap()
}

impl Given {
    async fn new(settings: &[(&str, &str)], log: Log) -> Self {
        let clock = Clock::held_at(start_of_time());
        let github = Simulator::new(clock.clone());
        let mut tasks = JoinSet::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let simulator = github.clone();
        tasks.spawn(async move { simulator::serve(simulator, listener).await.unwrap() });
        let database = Database::new().await;
        let mut config = config(settings);
        config.github.api_url = address.parse().unwrap();
        let mut given =
            Self { app: app(config, database.url(), clock).await, github, database, tasks, log };
        given.pump(given.app.clone());
        given
    }

    /// Expects an error with this text in the log, which then does not fail the test.
    pub(crate) fn expect_error(&self, text: &str) {
        self.log.expect(text);
    }

    /// Starts the event pump of an application.
    fn pump(&mut self, app: App) {
        let (bus, pool, url) =
            (app.bus.clone(), self.app.pool.clone(), self.database.url().to_owned());
        self.tasks.spawn(async move { bus.pump(pool, &url).await });
        self.tasks.spawn(async move { app.wait_queue.follow(&app.bus).await });
    }

    /// Another replica of the application, on the same database, GitHub and clock.
    pub(crate) async fn replica(&mut self) -> App {
        let config = Config::clone(&self.app.config);
        let replica = app(config, self.database.url(), self.app.clock.clone()).await;
        self.pump(replica.clone());
        replica
    }

    /// A replica on a runtime of its own, which can be killed.
    pub(crate) async fn mortal_replica(&self) -> MortalReplica {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (config, clock) = (Config::clone(&self.app.config), self.app.clock.clone());
        let url = self.database.url().to_owned();
        let made = runtime.spawn(async move { app(config, &url, clock).await });
        MortalReplica { app: made.await.unwrap(), runtime }
    }

    /// Tracks [`REPOSITORY`] with these issues, by title and labels, and syncs it. The first issue
    /// is number 1.
    pub(crate) async fn with_issues(&mut self, issues: &[(&str, &[&str])]) {
        self.github.add_repository(REPOSITORY);
        for (title, labels) in issues {
            self.github.open_issue(REPOSITORY, NewIssue::titled(title, labels)).unwrap();
        }
        self.track(REPOSITORY).await;
        self.sync().await;
    }

    /// Tracks a repository.
    pub(crate) async fn track(&self, name: &str) {
        service::repositories::tracking::track_repository(
            &self.app,
            &person(),
            &name.parse().unwrap(),
        )
        .await
        .unwrap();
    }

    /// Syncs every tracked repository; each must succeed.
    pub(crate) async fn sync(&self) {
        for result in service::repositories::sync::sync_issues(&self.app, None).await.unwrap() {
            assert!(result.error.is_none(), "{:?}", result.error);
        }
    }

    /// The cached issue of [`REPOSITORY`] with this number.
    pub(crate) async fn issue(&self, number: i32) -> Issue {
        let name: FullName = REPOSITORY.parse().unwrap();
        service::board::find_issue_by_number(&self.app, &name, number).await.unwrap().0
    }

    /// Sends a request as a browser on the same machine would.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = Request::builder().method(method).uri(path).header("host", "localhost:3000");
        self.send(request.header("content-type", "application/json").body(body).unwrap()).await
    }

    /// Sends a request as an agent with the token would.
    pub(crate) async fn ask_as_agent(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost:3000")
            .header("authorization", format!("Bearer {AGENT_TOKEN}"))
            .header("content-type", "application/json");
        self.send(request.body(body).unwrap()).await
    }

    /// Sends a request to the router.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = dispatch::router(self.app.clone()).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, bytes: bytes.to_vec() }
    }

    /// Sends a GraphQL request, which must succeed; returns its data.
    pub(crate) async fn graphql(&self, query: &str, variables: Value) -> Value {
        let answer = self.try_graphql(query, variables).await;
        assert!(answer.get("errors").is_none(), "{answer:#}");
        answer["data"].clone()
    }

    /// Sends a GraphQL request with the agents' token, which must succeed; returns its data.
    pub(crate) async fn graphql_as_agent(&self, query: &str, variables: Value) -> Value {
        let body = serde_json::json!({ "query": query, "variables": variables });
        let answer = self.ask_as_agent("POST", "/graphql", Some(body)).await.json();
        assert!(answer.get("errors").is_none(), "{answer:#}");
        answer["data"].clone()
    }

    /// Sends a GraphQL request with the agents' token, which must fail; returns the first error.
    pub(crate) async fn refused_by_graphql(&self, query: &str, variables: Value) -> Value {
        let body = serde_json::json!({ "query": query, "variables": variables });
        let answer = self.ask_as_agent("POST", "/graphql", Some(body)).await.json();
        assert!(answer["errors"][0].is_object(), "{answer:#}");
        answer["errors"][0].clone()
    }

    /// Sends a GraphQL request and returns the whole body.
    pub(crate) async fn try_graphql(&self, query: &str, variables: Value) -> Value {
        let body = serde_json::json!({ "query": query, "variables": variables });
        self.ask("POST", "/graphql", Some(body)).await.json()
    }

    /// Serves the application on an address of this machine, for clients that need a socket.
    pub(crate) async fn serve(&mut self) -> String {
        self.serve_app(self.app.clone()).await
    }

    /// Serves a replica; see [`Given::serve`].
    pub(crate) async fn serve_app(&mut self, app: App) -> String {
        self.serve_router(dispatch::router(app)).await
    }

    /// Serves some routes only; see [`Given::serve`].
    pub(crate) async fn serve_router(&mut self, router: axum::Router) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let limits = ConnectionLimits {
            connections: usize::MAX,
            per_peer: usize::MAX,
            proxies: Vec::new(),
            header: PATIENCE,
            idle: PATIENCE,
        };
        self.tasks.spawn(connections::serve(listener, router, limits, CancellationToken::new()));
        address
    }

    /// Moves the clock, for the application and for GitHub.
    pub(crate) fn advance(&self, seconds: u64) {
        self.app.clock.advance(Duration::from_secs(seconds));
    }

    async fn check(mut self) {
        self.tasks.shutdown().await;
        self.app.traces.close().await;
        let mut connection = self.app.pool.get().await.unwrap();
        for write in self.github.take_writes() {
            let (Write::Labelled { repository, number, .. }
            | Write::Unlabelled { repository, number, .. }
            | Write::Commented { repository, number, .. }) = &write
            else {
                continue;
            };
            assert!(
                database::is_audited(&mut connection, repository, *number).await,
                "{write:?} reached GitHub and is not in the audit log"
            );
        }
    }
}

/// A replica that can be killed.
pub(crate) struct MortalReplica {
    /// What runs in it.
    pub app: App,
    runtime: tokio::runtime::Runtime,
}

impl MortalReplica {
    /// Runs a task in it.
    pub(crate) fn spawn(&self, what: impl Future<Output: Send> + Send + 'static) {
        self.runtime.spawn(async move { drop(what.await) });
    }

    /// Stops everything in it at once, as the death of a process does: its connections break
    /// without cleanup.
    pub(crate) fn kill(self) {
        self.runtime.shutdown_background();
    }
}

async fn app(config: Config, url: &str, clock: Clock) -> App {
    let pool = store::connect(url, 6, config.database.timeouts).unwrap();
    let mut settings = service::github_settings(&config.github);
    let traces = config.traces.as_ref();
    let traces = traces.map(|to| Traces::start(to, Handle::current()).unwrap()).unwrap_or_default();
    settings.traces = traces.clone();
    let position = {
        let mut connection = pool.get().await.unwrap();
        store::event_log::position(&mut connection).await.unwrap()
    };
    App {
        github: dispatch::github::Client::new(settings, clock.clone()).unwrap(),
        config: Arc::new(config),
        pool,
        bus: Bus::new(position),
        wait_queue: WaitQueue::default(),
        inbox: Inbox::default(),
        agent_names: NameCache::default(),
        clock,
        metrics: Metrics::default(),
        traces,
        last_reading: LastReading::default(),
        tasks: Tasks::default(),
        shutdown: Shutdown::default(),
        simulated: false,
    }
}

/// The person of open mode.
pub(crate) fn person() -> Actor {
    Actor::Person { name: "user".to_owned() }
}

/// A program with the agents' token.
pub(crate) fn agent(name: &str) -> Actor {
    Actor::Agent { name: name.to_owned(), token: TokenKind::Agent }
}

/// Waits for a condition.
pub(crate) async fn eventually(mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("it never came to hold");
}

/// A response of the router.
pub(crate) struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.bytes)))
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).unwrap()
    }
}
