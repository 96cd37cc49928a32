//! Sends requests of GitHub's REST API, within the budget and with retries.

use std::time::Duration;

use reqwest::header::{ACCEPT, HeaderMap};
use reqwest::{Method, RequestBuilder, StatusCode};
use tokio::time::Instant;
use url::Url;

use super::{Client, Repeat, TRIES};
use crate::domain::github_budget::Resource;
use crate::github::bearer::Bearer;
use crate::github::error::Error;
use crate::github::response::Received;

/// A response: its status, its headers and its whole body.
pub(in crate::github) type RestResponse = (StatusCode, HeaderMap, Vec<u8>);

/// The header that names the version of the REST API.
const VERSION: &str = "x-github-api-version";

/// The version that responses of GitHub itself are read by. Of what it removed, nothing is read.
const CURRENT: &str = "2026-03-10";

/// The version for GitHub Enterprise Server, which does not have the current one before 3.21.
const ENTERPRISE: &str = "2022-11-28";

/// The media type of GitHub's JSON.
const MEDIA_TYPE: &str = "application/vnd.github+json";

impl Client {
    /// The address of the REST API, without a slash at its end.
    pub(in crate::github) fn rest_address(&self) -> &str {
        self.shared.rest.as_str().trim_end_matches('/')
    }

    /// Whether GitHub is an Enterprise Server, which has its REST API below a path.
    pub(in crate::github) fn is_enterprise(&self) -> bool {
        self.rest_address().ends_with("/api/v3")
    }

    /// A request to a path of the REST API, without a token.
    pub(in crate::github) fn rest_request(&self, method: Method, path: &str) -> RequestBuilder {
        let address = format!("{}/{path}", self.rest_address());
        let version = if self.is_enterprise() { ENTERPRISE } else { CURRENT };
        let request = self.shared.http.request(method, address);
        let request = request.header(ACCEPT, MEDIA_TYPE).header(VERSION, version);
        request.timeout(self.shared.timeouts.request)
    }

    /// A request to another address that GitHub redirected to, without the token.
    pub(in crate::github) fn foreign_request(&self, address: Url) -> RequestBuilder {
        self.shared.http.get(address).timeout(self.shared.timeouts.request)
    }

    /// Sends JSON to a path of the REST API, once, and returns the status and the body.
    pub(in crate::github) async fn post(
        &self,
        path: &str,
        body: &serde_json::Value,
        time: Duration,
    ) -> Result<(StatusCode, Vec<u8>), Error> {
        let request = self.rest_request(Method::POST, path).body(body.to_string());
        let (status, _, body) = self.send_rest(request, true, Instant::now() + time).await?;
        Ok((status, body))
    }

    /// Sends a request of the REST API, with retries where these are allowed, and returns a response of
    /// any status that is neither a refusal nor a failure.
    pub(in crate::github) async fn ask_rest(
        &self,
        request: impl Fn() -> RequestBuilder,
        repeat: Repeat,
    ) -> Result<RestResponse, Error> {
        let deadline = self.deadline();
        let mut tries = 1;
        loop {
            let error = match self.ask_rest_once(request(), repeat, deadline).await {
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
        repeat: Repeat,
        deadline: Instant,
    ) -> Result<RestResponse, Error> {
        let is_write = repeat == Repeat::IfNeverSent;
        match self.exchange(request, is_write, deadline).await? {
            (_, Some(failure)) => Err(failure),
            (response, None) => Ok(response),
        }
    }

    /// Sends a request of the REST API once, as this client's owner and feature, and returns the
    /// response, whatever its status.
    ///
    /// # Errors
    ///
    /// When GitHub does not respond, asks to wait, or is not asked because of the budget.
    pub(in crate::github) async fn send_rest(
        &self,
        request: RequestBuilder,
        is_write: bool,
        deadline: Instant,
    ) -> Result<RestResponse, Error> {
        Ok(self.exchange(request, is_write, deadline).await?.0)
    }

    /// [`send_rest`](Self::send_rest), and the error that a status of a failure stands for.
    async fn exchange(
        &self,
        mut request: RequestBuilder,
        is_write: bool,
        deadline: Instant,
    ) -> Result<(RestResponse, Option<Error>), Error> {
        let use_of = (Resource::Core, is_write);
        self.gate(use_of)?;
        let (mut bearer, mut tries) = (self.authorize(deadline).await?, 1);
        loop {
            // A request whose body is a text can be cloned.
            let again = request.try_clone();
            let sent = self.exchange_as(&bearer, request, use_of, deadline).await?;
            let (_, Some(failure)) = &sent else { return Ok(sent) };
            let other = Box::pin(self.another(&bearer, failure, (tries, deadline))).await?;
            let (Some(other), Some(again)) = (other, again) else { return Ok(sent) };
            (bearer, request) = (other, again);
            tries += 1;
        }
    }

    async fn exchange_as(
        &self,
        bearer: &Bearer,
        request: RequestBuilder,
        use_of: (Resource, bool),
        deadline: Instant,
    ) -> Result<(RestResponse, Option<Error>), Error> {
        let left = deadline.saturating_duration_since(Instant::now());
        let time = left.clamp(Duration::from_millis(1), self.shared.timeouts.request);
        let request = bearer.authorize(request).timeout(time);
        let now = self.now();
        let sent = self.transmit(request, bearer, (use_of.0, None)).await;
        // A response that says that nothing changed is free.
        let is_free = |status| status == StatusCode::NOT_MODIFIED;
        let points = sent.as_ref().map_or(0, |(status, ..)| i64::from(!is_free(*status)));
        bearer.budget().record(self.feature, use_of, points, now);
        let (status, headers, body) = sent?;
        if !status.is_client_error() && !status.is_server_error() {
            return Ok(((status, headers, body), None));
        }
        let (now, token) = (self.now(), bearer.secret());
        let received = Received { status, headers: &headers, body: &body, now, token };
        let failure = received.failure();
        if matches!(failure, Error::RateLimited { .. }) {
            self.note_limit(bearer, &received, Resource::Core, &failure);
            return Err(failure);
        }
        Ok(((status, headers, body), Some(failure)))
    }
}
