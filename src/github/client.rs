//! The client of GitHub: base address, token, timeouts, retries, rate limit.
//!
//! Each document has one function in the files beside this one, and `response.rs` reads the
//! responses. Invariant: a write is retried only if it certainly never arrived.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use graphql_client::{GraphQLQuery, QueryBody};
use rand::Rng as _;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, StatusCode};
use tokio::sync::watch;
use tokio::time::Instant;
use url::Url;

use super::app_tokens::AppCredentials;
use super::bearer::{Bearer, UnusableSettings};
use super::circuit_breaker::CircuitBreaker;
use super::credentials::Credentials;
use super::error::Error;
use super::response::{GraphqlResponse, Rate, Received};
use super::text::presentable;
use crate::clock::Clock;
use crate::domain::LabelScheme;
use crate::net;

/// How many ids GitHub looks up in one request.
pub(super) const IDS_A_REQUEST: usize = 100;

/// Maximal number of attempts of a request.
const TRIES: u32 = 3;

/// The longest delay requested by GitHub that is waited for within a request.
const BRIEF_WAIT: Duration = Duration::from_secs(2);

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
}

impl Settings {
    /// Dispatch's own name and the default timeouts.
    pub fn new(api_url: Url, token: Option<String>) -> Self {
        let user_agent = concat!("dispatch/", env!("CARGO_PKG_VERSION")).to_owned();
        Self { api_url, token, app: None, user_agent, timeouts: Timeouts::default() }
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
    /// The label scheme of the repository; without one, Dispatch's own names.
    pub(super) labels: Arc<LabelScheme>,
}

struct ClientInner {
    http: reqwest::Client,
    endpoint: Url,
    /// The address of the REST API.
    rest: Url,
    credentials: Credentials,
    timeouts: Timeouts,
    clock: Clock,
    limits: Mutex<RateLimitState>,
    circuit_breaker: CircuitBreaker,
    /// The fields of the supplement that this server was found to lack.
    lacking: Mutex<BTreeSet<String>>,
}

#[derive(Default)]
struct RateLimitState {
    rate: Option<Rate>,
    /// GitHub refuses requests until this time, by our own clock.
    until: Option<DateTime<Utc>>,
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
        let credentials = Credentials::new(settings.token.as_deref(), settings.app.as_ref())?;
        let Settings { api_url: rest, timeouts, .. } = settings;
        let (limits, lacking) = (Mutex::default(), Mutex::default());
        let circuit_breaker = CircuitBreaker::default();
        let shared = ClientInner {
            http,
            endpoint,
            rest,
            credentials,
            timeouts,
            clock,
            limits,
            circuit_breaker,
            lacking,
        };
        let shared = Arc::new(shared);
        Ok(Self { shared, deadline: None, owner: None, labels: Arc::default() })
    }

    /// The same client, with a deadline `time` from now for all of its calls together.
    pub fn within(&self, time: Duration) -> Self {
        let end = Instant::now() + time;
        let deadline = self.deadline.map_or(end, |earlier| earlier.min(end));
        Self { deadline: Some(deadline), ..self.clone() }
    }

    /// The same client for repositories of an owner. An app that is installed for several owners
    /// has a token for each, so every request must be made through such a client.
    pub fn for_owner(&self, owner: &str) -> Self {
        match self.owner.as_deref() == Some(owner) {
            true => self.clone(),
            false => Self { owner: Some(owner.into()), ..self.clone() },
        }
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
        self.limits(|limits| limits.rate)
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
        if !self.is_configured() {
            return Err(Error::Unconfigured);
        }
        self.check_gate()?;
        let query = Q::build_query(variables);
        let operation = query.operation_name;
        let mut lacking = self.lacking(|lacking| lacking.clone());
        let mut body = body_of(&query, &lacking);
        let timeouts = self.shared.timeouts;
        let call_end = Instant::now() + timeouts.call;
        let deadline = self.deadline.map_or(call_end, |own| own.min(call_end));

        let mut tries = 1;
        loop {
            let error = match self.send(body.clone(), deadline).await {
                Ok(answer) => {
                    self.shared.circuit_breaker.record_answer();
                    self.record_success(operation, answer.rate);
                    return Ok(answer);
                }
                Err(error) => error,
            };
            if let Some(field) = lacking_field(&error)
                && query.query.lines().any(|line| is_supplement(line, field))
                && lacking.insert(field.to_owned())
            {
                tracing::info!(operation, field, "asking this GitHub without a newer field");
                self.lacking(|shared| shared.insert(field.to_owned()));
                body = body_of(&query, &lacking);
                continue;
            }
            let wait = match self.wait_before_repeat(&error, repeat, tries) {
                Some(wait) if tries < TRIES && Instant::now() + wait < deadline => wait,
                _ => {
                    self.record_failure(&error);
                    self.record_health(&error, repeat);
                    return Err(error);
                }
            };
            tracing::debug!(operation, tries, ?wait, %error, "asking GitHub again");
            tokio::time::sleep(wait).await;
            tries += 1;
        }
    }

    /// Sends a document once. If GitHub does not accept the token of an installation, it is sent once
    /// more with another one: a refused request changed nothing.
    async fn send(&self, body: bytes::Bytes, deadline: Instant) -> Result<GraphqlResponse, Error> {
        let bearer = self.authorize(deadline).await?;
        match self.send_as(&bearer, body.clone(), deadline).await {
            Err(error) if self.discard(&bearer, &error) => {
                let bearer = self.authorize(deadline).await?;
                self.send_as(&bearer, body, deadline).await
            }
            answer => answer,
        }
    }

    async fn send_as(
        &self,
        bearer: &Bearer,
        body: bytes::Bytes,
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
        let token = bearer.secret();
        let (status, headers, body) = self.transmit(bearer.authorize(request), token).await?;
        if let Some(rate) = Rate::from_headers(&headers) {
            self.limits(|limits| limits.rate = Some(rate));
        }
        Received { status, headers: &headers, body: &body, now: self.now(), token }.answer()
    }

    /// A request to a path of the REST API, without a token.
    pub(super) fn rest_request(&self, method: Method, path: &str) -> RequestBuilder {
        let address = format!("{}/{path}", self.shared.rest.as_str().trim_end_matches('/'));
        self.shared.http.request(method, address).timeout(self.shared.timeouts.request)
    }

    /// Sends a request once and reads the whole response, whatever its status. `secret` is removed
    /// from the text of an error.
    pub(super) async fn transmit(
        &self,
        request: RequestBuilder,
        secret: &str,
    ) -> Result<(StatusCode, HeaderMap, Vec<u8>), Error> {
        let unreachable = |error| unreachable(error, secret);
        let mut response = request.send().await.map_err(unreachable)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                return Err(Error::Unintelligible { reason: "it is too long".into() });
            }
            body.extend_from_slice(&chunk);
        }
        Ok((response.status(), std::mem::take(response.headers_mut()), body))
    }

    /// Sends JSON to a path of the REST API, once, and returns the status and the body.
    pub(super) async fn post(
        &self,
        path: &str,
        body: &serde_json::Value,
        time: Duration,
    ) -> Result<(StatusCode, Vec<u8>), Error> {
        let bearer = self.authorize(Instant::now() + time).await?;
        let request = self.rest_request(Method::POST, path).timeout(time).body(body.to_string());
        let request = bearer.authorize(request);
        let (status, _, body) = self.transmit(request, bearer.secret()).await?;
        Ok((status, body))
    }

    /// Sends a request of the REST API, with retries where these are allowed, and returns a response of
    /// any status that is neither a refusal nor a failure.
    pub(super) async fn ask_rest(
        &self,
        request: impl Fn() -> RequestBuilder,
        repeat: Repeat,
    ) -> Result<(StatusCode, HeaderMap, Vec<u8>), Error> {
        if !self.is_configured() {
            return Err(Error::Unconfigured);
        }
        self.check_gate()?;
        let call_end = Instant::now() + self.shared.timeouts.call;
        let deadline = self.deadline.map_or(call_end, |own| own.min(call_end));
        let mut tries = 1;
        loop {
            let error = match self.ask_rest_once(request(), deadline).await {
                Ok(answer) => {
                    self.shared.circuit_breaker.record_answer();
                    return Ok(answer);
                }
                Err(error) => error,
            };
            match self.wait_before_repeat(&error, repeat, tries) {
                Some(wait) if tries < TRIES && Instant::now() + wait < deadline => {
                    tokio::time::sleep(wait).await;
                }
                _ => {
                    self.record_failure(&error);
                    self.record_health(&error, repeat);
                    return Err(error);
                }
            }
            tries += 1;
        }
    }

    async fn ask_rest_once(
        &self,
        request: RequestBuilder,
        deadline: Instant,
    ) -> Result<(StatusCode, HeaderMap, Vec<u8>), Error> {
        let left = deadline.saturating_duration_since(Instant::now());
        let bearer = self.authorize(deadline).await?;
        let request = request.timeout(left.min(self.shared.timeouts.request));
        let token = bearer.secret();
        let (status, headers, body) = self.transmit(bearer.authorize(request), token).await?;
        if status.is_client_error() || status.is_server_error() {
            let now = self.now();
            let received = Received { status, headers: &headers, body: &body, now, token };
            let error = received.failure();
            self.discard(&bearer, &error);
            return Err(error);
        }
        Ok((status, headers, body))
    }

    /// A request to another address that GitHub redirected to, without the token.
    pub(super) fn foreign_request(&self, address: Url) -> RequestBuilder {
        self.shared.http.get(address).timeout(self.shared.timeouts.request)
    }

    /// The address of the REST API, without a slash at its end.
    pub(super) fn rest_address(&self) -> &str {
        self.shared.rest.as_str().trim_end_matches('/')
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

    /// Sends nothing while GitHub's rate limit lasts, because ignoring it can get a token banned, or
    /// while GitHub does not answer.
    fn check_gate(&self) -> Result<(), Error> {
        let now = self.shared.clock.now();
        match self.limits(|limits| limits.until) {
            Some(until) if until > now => Err(Error::RateLimited { until }),
            _ => self.shared.circuit_breaker.check(now),
        }
    }

    /// Records whether GitHub answered a call that failed. Not answering a large request in time says
    /// little: a smaller one follows.
    fn record_health(&self, error: &Error, repeat: Repeat) {
        let breaker = &self.shared.circuit_breaker;
        match error {
            Error::Unreachable { timed_out: true, .. } if repeat == Repeat::UnlessOutOfTime => {}
            Error::Unreachable { timed_out: true, ambiguous: false, .. } => {}
            Error::Unreachable { .. } => breaker.record_silence(self.shared.clock.now()),
            _ => breaker.record_answer(),
        }
    }

    fn record_success(&self, operation: &str, reported: Option<(Rate, i64)>) {
        let cost = reported.map(|(_, cost)| cost);
        self.limits(|limits| {
            limits.until = None;
            limits.rate = reported.map(|(rate, _)| rate).or(limits.rate);
            let remaining = limits.rate.map(|rate| rate.remaining);
            tracing::debug!(operation, cost, remaining, "GitHub answered");
        });
    }

    fn record_failure(&self, error: &Error) {
        if let Error::RateLimited { until } = error {
            self.limits(|limits| limits.until = Some(*until));
        }
    }

    fn lacking<T>(&self, look: impl FnOnce(&mut BTreeSet<String>) -> T) -> T {
        look(&mut self.shared.lacking.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn limits<T>(&self, look: impl FnOnce(&mut RateLimitState) -> T) -> T {
        look(&mut self.shared.limits.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The comment at the end of lines of a document with a field of the supplement.
const SUPPLEMENT: &str = "# supplement";

/// The comment at the end of lines that replace a field of the supplement, before its name.
const WITHOUT: &str = "# without ";

/// The body of a request for a GitHub that lacks some fields of the supplement.
fn body_of<V: serde::Serialize>(query: &QueryBody<V>, lacking: &BTreeSet<String>) -> bytes::Bytes {
    #[derive(serde::Serialize)]
    #[serde(rename_all = "camelCase")]
    struct RequestBody<'a, V> {
        variables: &'a V,
        query: Cow<'a, str>,
        operation_name: &'a str,
    }
    let text = if query.query.contains(SUPPLEMENT) {
        as_sent(query.query, lacking).into()
    } else {
        query.query.into()
    };
    let operation_name = query.operation_name;
    let body = RequestBody { variables: &query.variables, query: text, operation_name };
    let body = serde_json::to_vec(&body).expect("variables are strings, numbers and lists");
    bytes::Bytes::from(body)
}

/// A document without the fields that a GitHub lacks, and with their replacements.
fn as_sent(document: &str, lacking: &BTreeSet<String>) -> String {
    let is_sent = |line: &&str| match line.split_once(WITHOUT) {
        Some((_, field)) => lacking.contains(field),
        None => !lacking.iter().any(|field| is_supplement(line, field)),
    };
    document.lines().filter(is_sent).collect::<Vec<_>>().join("\n")
}

/// Whether a line of a document has this field of the supplement.
fn is_supplement(line: &str, field: &str) -> bool {
    let is_part_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    line.ends_with(SUPPLEMENT) && line.split(|c| !is_part_of_name(c)).any(|word| word == field)
}

/// The field or type because of which GitHub rejected a document, since it does not have it, or does
/// not have its argument.
fn lacking_field(error: &Error) -> Option<&str> {
    let Error::Refused { message, .. } = error else { return None };
    if let Some(rest) = message.strip_prefix("No such type ") {
        return rest.split_once(',').map(|(name, _)| name);
    }
    let (field, what) = message.strip_prefix("Field '")?.split_once("' doesn't ")?;
    (what.starts_with("exist on type") || what.starts_with("accept argument")).then_some(field)
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
    fn a_document_is_sent_without_what_a_server_lacks_and_with_what_stands_in_for_it() {
        let document = "a\n  b: newer(first: 1) { c } # supplement\n  d # without newer\n  newest # supplement";
        let body = |lacking: &[&str]| {
            as_sent(document, &lacking.iter().map(|field| (*field).to_owned()).collect())
        };
        assert_eq!(body(&[]), "a\n  b: newer(first: 1) { c } # supplement\n  newest # supplement");
        assert_eq!(body(&["newer"]), "a\n  d # without newer\n  newest # supplement");
        assert_eq!(body(&["newest"]), "a\n  b: newer(first: 1) { c } # supplement");
        assert_eq!(body(&["newer", "newest"]), "a\n  d # without newer");
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
