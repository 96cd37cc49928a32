//! The client of GitHub: base address, token, timeouts, retries, rate limit.
//!
//! Each document has one function in the files beside this one, and `response.rs` reads the
//! responses. Invariant: a write is retried only if it certainly never arrived.

mod rest;
mod supplement;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use graphql_client::{GraphQLQuery, QueryBody};
use moka::future::Cache;
use rand::Rng as _;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Request, RequestBuilder};
use tokio::sync::watch;
use tokio::time::Instant;
use url::Url;

use self::rest::RestResponse;
use self::supplement::{body_of, is_supplement, lacking_field};
use super::app_tokens::AppCredentials;
use super::bearer::{Bearer, UnusableSettings};
use super::budget::{Budget, BudgetLimits, Report, Shared, Snapshot};
use super::circuit_breaker::CircuitBreaker;
use super::credentials::Credentials;
use super::error::Error;
use super::group_queue::{Groups, Membership};
use super::issue_address::IssueAddress;
use super::response::{GraphqlResponse, Rate, Received};
use super::spans;
use super::text::presentable;
use crate::clock::Clock;
use crate::domain::LabelScheme;
use crate::domain::github_budget::{Feature, Resource};
use crate::net;
use crate::traces::Traces;

/// How many ids GitHub looks up in one request.
pub(super) const IDS_A_REQUEST: usize = 100;

/// Maximal number of attempts of a request.
const TRIES: u32 = 3;

/// The longest delay requested by GitHub that is waited for within a request.
const BRIEF_WAIT: Duration = Duration::from_secs(2);

/// How long a label that was just created is known, so that others that need it do not create it again.
const CREATED_LABELS: Duration = Duration::from_secs(2);

/// Maximal size of a response; a page of a hundred issues with bodies at GitHub's limit has 27 MB.
const LONGEST_ANSWER: usize = 64 << 20;

/// The settings of a client.
#[derive(Clone)]
pub struct Settings {
    /// The address of the REST API, such as `https://api.github.com`; that of GraphQL is derived
    /// from it.
    pub api_url: Url,
    /// A user's token, which is used without an app. Without both, every call returns
    /// [`Error::Unconfigured`].
    pub token: Option<String>,
    /// The GitHub App to act as.
    pub app: Option<AppCredentials>,
    /// The `User-Agent` header, without which GitHub rejects requests.
    pub user_agent: String,
    /// The timeouts.
    pub timeouts: Timeouts,
    /// What is kept for claims and moves, and how fast it may write.
    pub budget: BudgetLimits,
    /// The spans of requests, which continue in GitHub by the header `traceparent`.
    pub traces: Traces,
}

impl Settings {
    /// Dispatch's own name and the default timeouts.
    pub fn new(api_url: Url, token: Option<String>) -> Self {
        let user_agent = concat!("dispatch/", env!("CARGO_PKG_VERSION")).to_owned();
        let (timeouts, budget) = (Timeouts::default(), BudgetLimits::default());
        let traces = Traces::default();
        Self { api_url, token, app: None, user_agent, timeouts, budget, traces }
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("api_url", &self.api_url.as_str())
            .field("token", &self.token.as_ref().map(|_| "[redacted]"))
            .field("app", &self.app)
            .field("user_agent", &self.user_agent)
            .field("timeouts", &self.timeouts)
            .field("budget", &self.budget)
            .field("traces", &self.traces)
            .finish()
    }
}

/// The timeouts of a client.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// To connect.
    pub connect: Duration,
    /// For one request, including its whole response. GitHub itself gives up after ten seconds.
    pub request: Duration,
    /// For a call including retries and delays.
    pub call: Duration,
    /// The first delay between two attempts is random up to this, each further one up to twice the
    /// previous limit.
    pub backoff: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            request: Duration::from_secs(15),
            call: Duration::from_secs(60),
            backoff: Duration::from_millis(500),
        }
    }
}

/// A client of GitHub. Cheap to clone; clones share connections and the rate limit.
#[derive(Clone)]
pub struct Client {
    shared: Arc<ClientInner>,
    deadline: Option<Instant>,
    /// The owner of the repositories that requests are about, as the installation of an app needs it.
    owner: Option<Arc<str>>,
    /// What requests are for.
    feature: Feature,
    /// The issue whose labels are changed, if it is one.
    pub(super) issue: Option<Arc<IssueAddress>>,
    /// The label scheme of the repository; without one, Dispatch's own names.
    pub(super) labels: Arc<LabelScheme>,
    /// The callers that this one waits for; see [`gathering`](Self::gathering).
    pub(super) membership: Option<Arc<Membership>>,
}

struct ClientInner {
    http: reqwest::Client,
    endpoint: Url,
    /// The address of the REST API.
    rest: Url,
    credentials: Credentials,
    timeouts: Timeouts,
    clock: Clock,
    traces: Traces,
    circuit_breaker: CircuitBreaker,
    budget_changes: watch::Sender<()>,
    /// The fields of the supplement that this server was found to lack.
    lacking: Mutex<BTreeSet<String>>,
    groups: Groups,
    /// The ids of labels that were just created, by the repository's id and the name.
    created_labels: Cache<(String, String), String>,
}

/// Whether a request may be retried.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Yes.
    Freely,
    /// Yes, but after a timeout it is better to request less.
    UnlessOutOfTime,
    /// Only if the first request certainly never arrived.
    IfNeverSent,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("endpoint", &self.shared.endpoint.as_str()).finish()
    }
}

impl Client {
    /// A client of the GitHub at an address.
    ///
    /// # Errors
    ///
    /// When a token or name cannot be sent in a header, or the machine has no root certificates to
    /// verify an `https` address.
    pub fn new(settings: Settings, clock: Clock) -> Result<Self, UnusableSettings> {
        let http = http_client(&settings)?;
        let endpoint = graphql_address(&settings.api_url);
        let credentials =
            Credentials::new(settings.token.as_deref(), settings.app.as_ref(), settings.budget)?;
        let Settings { api_url: rest, timeouts, traces, .. } = settings;
        let (lacking, circuit_breaker) = (Mutex::default(), CircuitBreaker::default());
        let shared = ClientInner {
            http,
            endpoint,
            rest,
            credentials,
            timeouts,
            clock,
            traces,
            circuit_breaker,
            budget_changes: watch::Sender::default(),
            lacking,
            groups: Groups::default(),
            created_labels: Cache::builder().time_to_live(CREATED_LABELS).build(),
        };
        let shared = Arc::new(shared);
        let (deadline, owner, issue, feature) = (None, None, None, Feature::Changes);
        let labels = Arc::default();
        Ok(Self { shared, deadline, owner, feature, issue, labels, membership: None })
    }

    /// The same client, with a deadline `time` from now for all of its calls together.
    pub fn within(&self, time: Duration) -> Self {
        let end = Instant::now() + time;
        let deadline = self.deadline.map_or(end, |earlier| earlier.min(end));
        Self { deadline: Some(deadline), ..self.clone() }
    }

    /// The same client for a whole group, with this deadline alone.
    pub(super) fn until(&self, deadline: Option<Instant>) -> Self {
        Self { deadline, membership: None, ..self.clone() }
    }

    pub(super) fn created_labels(&self) -> &Cache<(String, String), String> {
        &self.shared.created_labels
    }

    pub(super) fn groups(&self) -> &Groups {
        &self.shared.groups
    }

    pub(super) fn traces(&self) -> &Traces {
        &self.shared.traces
    }

    /// The same client for repositories of an owner. An app that is installed for several owners
    /// has a token for each, so every request must be made through such a client.
    pub fn for_owner(&self, owner: &str) -> Self {
        match self.owner.as_deref() == Some(owner) {
            true => self.clone(),
            false => Self { owner: Some(owner.into()), ..self.clone() },
        }
    }

    /// The same client for requests of a feature. By default requests are for changes, which are
    /// given up last.
    pub fn for_feature(&self, feature: Feature) -> Self {
        Self { feature, ..self.clone() }
    }

    /// What requests are for.
    pub fn feature(&self) -> Feature {
        self.feature
    }

    /// The same client for a repository with a label scheme: labels of issues are converted from
    /// and to our names. Only [`labels`](Self::labels) returns the repository's own names.
    pub fn with_labels(&self, scheme: &LabelScheme) -> Self {
        match scheme.is_empty() && self.labels.is_empty() {
            true => self.clone(),
            false => Self { labels: Arc::new(scheme.clone()), ..self.clone() },
        }
    }

    /// The label scheme by which labels of issues are converted.
    pub fn label_scheme(&self) -> &Arc<LabelScheme> {
        &self.labels
    }

    /// Whether it has a token, or an app to get one.
    pub fn is_configured(&self) -> bool {
        self.shared.credentials.is_some()
    }

    /// Whether requests about repositories of different owners need different tokens.
    pub(super) fn has_token_for_each_owner(&self) -> bool {
        matches!(&self.shared.credentials, Credentials::App(app) if app.is_one_for_each_owner())
    }

    /// Whether it is an app that has a token of this owner's installation.
    pub(super) fn has_token_of(&self, owner: &str) -> bool {
        matches!(&self.shared.credentials, Credentials::App(app) if app.has_token_of(owner))
    }

    pub(super) fn credentials(&self) -> &Credentials {
        &self.shared.credentials
    }

    pub(super) fn owner(&self) -> Option<&str> {
        self.owner.as_deref()
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.shared.clock.now()
    }

    /// The rate limit according to GitHub's last response; none before the first one.
    pub fn rate(&self) -> Option<Rate> {
        self.budget()?.rate(Resource::Graphql)
    }

    /// What each principal has spent, as far as it is known here.
    pub fn budget_snapshots(&self) -> Vec<Snapshot> {
        self.budgets().iter().map(|budget| budget.snapshot(self.now())).collect()
    }

    /// Takes what is new since the last call, for each principal that is known.
    pub fn take_reports(&self) -> Vec<(String, Report)> {
        let report = |budget: Arc<Budget>| {
            Some((budget.principal()?.to_string(), budget.report(self.now())))
        };
        self.budgets().into_iter().filter_map(report).collect()
    }

    /// Changes whenever budgets were exchanged with other replicas.
    pub fn budget_changes(&self) -> watch::Receiver<()> {
        self.shared.budget_changes.subscribe()
    }

    /// Why requests of this client's feature are not sent now; none when they may be.
    pub fn refusal(&self) -> Option<Error> {
        let budget = self.budget()?;
        budget.check(self.feature, (Resource::Graphql, false), self.now()).err()
    }

    /// Takes back a report that could not be stored.
    pub fn take_back(&self, principal: &str, report: Report) {
        if let Some(budget) = self.budget_of(principal) {
            budget.take_back(report);
        }
    }

    /// Takes over what all replicas know of a principal.
    pub fn adopt(&self, principal: &str, shared: Shared) {
        if let Some(budget) = self.budget_of(principal) {
            budget.adopt(shared, self.now());
            self.shared.budget_changes.send_replace(());
        }
    }

    fn budget_of(&self, principal: &str) -> Option<Arc<Budget>> {
        let budgets = self.budgets();
        budgets.into_iter().find(|budget| budget.principal().as_deref() == Some(principal))
    }

    /// Since when GitHub has not answered, and changes of that; none while it answers.
    pub fn unanswered_since(&self) -> watch::Receiver<Option<DateTime<Utc>>> {
        self.shared.circuit_breaker.open_since()
    }

    /// Sends a document and reads the response, with retries where these are allowed.
    pub(super) async fn ask<Q: GraphQLQuery>(
        &self,
        variables: Q::Variables,
        repeat: Repeat,
    ) -> Result<GraphqlResponse, Error> {
        let QueryBody { variables, query, operation_name } = Q::build_query(variables);
        self.ask_text(operation_name, query, &variables, repeat).await
    }

    /// [`ask`](Self::ask) with the text of a document.
    pub(super) async fn ask_text(
        &self,
        operation: &str,
        query: &str,
        variables: &impl serde::Serialize,
        repeat: Repeat,
    ) -> Result<GraphqlResponse, Error> {
        if !self.is_configured() {
            return Err(Error::Unconfigured);
        }
        let use_of = (Resource::Graphql, repeat == Repeat::IfNeverSent);
        self.gate(use_of)?;
        let mut lacking = self.lacking(|lacking| lacking.clone());
        let mut body = body_of(operation, query, variables, &lacking);
        let deadline = self.deadline();

        let mut tries = 1;
        loop {
            let error = match self.send(operation, body.clone(), use_of, deadline).await {
                Ok(answer) => {
                    self.shared.circuit_breaker.record_answer();
                    let cost = answer.rate.map(|(_, cost)| cost);
                    let remaining = self.rate().map(|rate| rate.remaining);
                    tracing::debug!(operation, cost, remaining, "GitHub answered");
                    return Ok(answer);
                }
                Err(error) => error,
            };
            if let Some(field) = lacking_field(&error)
                && query.lines().any(|line| is_supplement(line, field))
                && lacking.insert(field.to_owned())
            {
                tracing::info!(operation, field, "asking this GitHub without a newer field");
                self.lacking(|shared| shared.insert(field.to_owned()));
                body = body_of(operation, query, variables, &lacking);
                continue;
            }
            let wait = match self.wait_before_repeat(&error, repeat, tries) {
                Some(wait) if tries < TRIES && Instant::now() + wait < deadline => wait,
                _ => {
                    self.record_health(&error, repeat);
                    return Err(error);
                }
            };
            tracing::debug!(operation, tries, ?wait, %error, "asking GitHub again");
            tokio::time::sleep(wait).await;
            tries += 1;
        }
    }

    /// When a call that begins now must have ended.
    pub(super) fn deadline(&self) -> Instant {
        let call_end = Instant::now() + self.shared.timeouts.call;
        self.deadline.map_or(call_end, |own| own.min(call_end))
    }

    /// Sends a document once; again if GitHub does not accept the token of an installation.
    async fn send(
        &self,
        operation: &str,
        body: bytes::Bytes,
        use_of: (Resource, bool),
        deadline: Instant,
    ) -> Result<GraphqlResponse, Error> {
        let (mut bearer, mut tries) = (self.authorize(deadline).await?, 1);
        loop {
            let error =
                match self.send_as((&bearer, operation), body.clone(), use_of, deadline).await {
                    Ok(answer) => return Ok(answer),
                    Err(error) => error,
                };
            match Box::pin(self.another(&bearer, &error, (tries, deadline))).await? {
                Some(other) => bearer = other,
                None => return Err(error),
            }
            tries += 1;
        }
    }

    async fn send_as(
        &self,
        (bearer, operation): (&Bearer, &str),
        body: bytes::Bytes,
        use_of: (Resource, bool),
        deadline: Instant,
    ) -> Result<GraphqlResponse, Error> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Error::Unreachable {
                reason: "GitHub was not asked: the time for it was up".into(),
                timed_out: true,
                ambiguous: false,
            });
        }
        let request = self.shared.http.post(self.shared.endpoint.clone());
        let request = request.timeout(left.min(self.shared.timeouts.request)).body(body);
        let (token, now) = (bearer.secret(), self.now());
        let sent =
            self.transmit(bearer.authorize(request), bearer, (use_of.0, Some(operation))).await;
        let (status, headers, body) = sent.inspect_err(|_| {
            bearer.budget().record(self.feature, use_of, 0, now);
        })?;
        let received = Received { status, headers: &headers, body: &body, now: self.now(), token };
        let answer = received.answer();
        let reported = answer.as_ref().ok().and_then(|answer| answer.rate);
        // Only queries report their cost; a mutation costs a point.
        let points = reported.map_or(i64::from(answer.is_ok()), |(_, cost)| cost);
        bearer.budget().record(self.feature, use_of, points, now);
        if let Some((rate, _)) = reported {
            bearer.budget().record_rate(use_of.0, rate);
        }
        match &answer {
            Err(error) => self.note_limit(bearer, &received, use_of.0, error),
            // A limit in the middle of a document stops what comes after it, too.
            Ok(answer) => {
                for part in &answer.errors {
                    self.note_limit(bearer, &received, use_of.0, &part.error);
                }
            }
        }
        answer
    }

    /// Remembers that GitHub asked to wait, so that nothing is sent meanwhile.
    pub(super) fn note_limit(
        &self,
        bearer: &Bearer,
        received: &Received<'_>,
        resource: Resource,
        error: &Error,
    ) {
        let Error::RateLimited { until } = error else { return };
        match received.unstated_pause() {
            Some(first) => bearer.budget().pause(received.now, first),
            None => {
                let what = received.is_of_resource().then_some(resource);
                bearer.budget().block(what, *until);
            }
        }
    }

    /// Sends a request once and reads the whole response, whatever its status. Requests of one
    /// principal wait for each other beyond a number. The rate limit of the response is recorded;
    /// the caller records what was spent. `operation` is that of a document.
    pub(super) async fn transmit(
        &self,
        request: RequestBuilder,
        bearer: &Bearer,
        (resource, operation): (Resource, Option<&str>),
    ) -> Result<RestResponse, Error> {
        let _permit = bearer.budget().permit().await;
        let mut request = request.build().map_err(|error| unreachable(error, bearer.secret()))?;
        let span = spans::start(&self.shared.traces, &request, operation);
        if let Some(parent) = span.traceparent() {
            request.headers_mut().insert("traceparent", parent);
        }
        let sent = self.receive(request, bearer).await;
        match &sent {
            Ok((status, headers, _)) => {
                spans::end(&span, Ok(*status));
                if let Some(rate) = Rate::from_headers(headers) {
                    bearer.budget().record_rate(resource, rate);
                }
            }
            Err(error) => spans::end(&span, Err(error)),
        }
        sent
    }

    async fn receive(&self, request: Request, bearer: &Bearer) -> Result<RestResponse, Error> {
        let unreachable = |error| unreachable(error, bearer.secret());
        let mut response = self.shared.http.execute(request).await.map_err(unreachable)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                return Err(Error::Unintelligible { reason: "it is too long".into() });
            }
            body.extend_from_slice(&chunk);
        }
        Ok((response.status(), std::mem::take(response.headers_mut()), body))
    }

    /// The delay before a retry; none when a retry would not help or may do harm.
    fn wait_before_repeat(&self, error: &Error, repeat: Repeat, tries: u32) -> Option<Duration> {
        match (error, repeat) {
            (Error::Unreachable { ambiguous: true, .. }, Repeat::IfNeverSent) => None,
            (Error::Unreachable { timed_out: true, .. }, Repeat::UnlessOutOfTime) => None,
            (Error::Unreachable { .. }, _) if self.unanswered_since().borrow().is_some() => None,
            (Error::Unreachable { .. }, _) => {
                let most = self.shared.timeouts.backoff * 2_u32.pow(tries - 1);
                Some(rand::rng().random_range(Duration::ZERO..=most))
            }
            // A refused request changed nothing, so even a write may be retried.
            (Error::RateLimited { until }, _) => {
                let wait = (*until - self.shared.clock.now()).to_std().unwrap_or_default();
                (wait <= BRIEF_WAIT).then_some(wait)
            }
            _ => None,
        }
    }

    /// Whether a request may be sent now, for this client's feature: not while GitHub does not answer
    /// or refuses requests, because ignoring that can get a token banned, nor when the rest of the
    /// budget is kept for others.
    pub(super) fn gate(&self, use_of: (Resource, bool)) -> Result<(), Error> {
        let now = self.now();
        if let Some(budget) = self.budget() {
            budget.check(self.feature, use_of, now)?;
        }
        self.shared.circuit_breaker.check(now)
    }

    /// Records whether GitHub answered a call that failed. Not answering a large request in time says
    /// little: a smaller one follows.
    fn record_health(&self, error: &Error, repeat: Repeat) {
        let breaker = &self.shared.circuit_breaker;
        match error {
            Error::Unreachable { timed_out: true, .. } if repeat == Repeat::UnlessOutOfTime => {}
            Error::Unreachable { timed_out: true, ambiguous: false, .. } => {}
            Error::Unreachable { .. } => breaker.record_silence(self.shared.clock.now()),
            // Nothing was sent.
            Error::NoInstallation { .. } => {}
            _ => breaker.record_answer(),
        }
    }

    fn lacking<T>(&self, look: impl FnOnce(&mut BTreeSet<String>) -> T) -> T {
        look(&mut self.shared.lacking.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// GitHub Enterprise has its REST API under `/api/v3` and GraphQL at `/api/graphql`.
fn graphql_address(api_url: &Url) -> Url {
    let path = api_url.path().trim_end_matches('/');
    let path = match path.strip_suffix("/api/v3") {
        Some(root) => format!("{root}/api/graphql"),
        None => format!("{path}/graphql"),
    };
    let mut address = api_url.clone();
    address.set_path(&path);
    address
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that builds the client")]
fn http_client(settings: &Settings) -> Result<reqwest::Client, UnusableSettings> {
    let unusable = |error: &dyn std::error::Error| UnusableSettings::new(error.to_string());
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // Without a token nothing is ever sent, and an `http` address needs no root certificates; so
    // the service and the demo start where there are none.
    let needs_roots = settings.api_url.scheme() == "https"
        && (settings.token.is_some() || settings.app.is_some());
    let mut tls = net::tls(needs_roots).map_err(|error| unusable(&error))?;
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut builder = reqwest::Client::builder()
        .user_agent(&settings.user_agent)
        .default_headers(headers)
        .connect_timeout(settings.timeouts.connect)
        // The token must not be sent to any other address.
        .redirect(Policy::none())
        .tls_backend_preconfigured(tls);
    if net::is_this_machine(&settings.api_url) {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| unusable(&error))
}

/// The error for a missing or incomplete response.
fn unreachable(error: reqwest::Error, token: &str) -> Error {
    let ambiguous = !(error.is_connect() || error.is_builder());
    // If the connection failed, requesting less does not help.
    let timed_out = error.is_timeout() && ambiguous;
    let reason = if timed_out {
        "no answer in time".to_owned()
    } else if error.is_timeout() {
        "no connection in time".to_owned()
    } else {
        // The innermost cause is the shortest, and the outer ones contain the address.
        let error = error.without_url();
        let mut cause: &dyn std::error::Error = &error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        presentable(&cause.to_string(), token)
    };
    let reason = format!("GitHub could not be reached: {reason}");
    Error::Unreachable { reason, timed_out, ambiguous }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Url {
        text.parse().expect("a valid address")
    }

    #[test]
    fn graphql_has_its_address_beside_rest() {
        let of = |text| graphql_address(&address(text)).to_string();
        assert_eq!(of("https://api.github.com"), "https://api.github.com/graphql");
        assert_eq!(of("https://api.github.com/"), "https://api.github.com/graphql");
        assert_eq!(of("https://ghe.example/api/v3"), "https://ghe.example/api/graphql");
        assert_eq!(of("https://ghe.example/api/v3/"), "https://ghe.example/api/graphql");
        assert_eq!(of("http://127.0.0.1:4000"), "http://127.0.0.1:4000/graphql");
    }

    #[test]
    fn nothing_prints_the_token() {
        let settings = Settings::new(address("http://localhost:1"), Some("hunter2".into()));
        assert!(!format!("{settings:?}").contains("hunter2"));
        let client = Client::new(settings, Clock::system()).expect("usable settings");
        assert!(!format!("{client:?}").contains("hunter2"));
    }

    #[test]
    fn without_a_token_no_certificates_are_needed() {
        let settings = Settings::new(address("https://api.github.com"), None);
        assert!(Client::new(settings, Clock::system()).is_ok_and(|client| !client.is_configured()));
    }

    #[test]
    fn a_token_that_no_header_can_carry_is_refused_without_being_shown() {
        let settings = Settings::new(address("http://localhost:1"), Some("hunter\n2".into()));
        let error = Client::new(settings, Clock::system()).expect_err("unusable").to_string();
        assert!(error.contains("the token has characters"), "{error}");
        assert!(!error.contains("hunter"), "{error}");
    }
}
