//! Reads GitHub's responses, except for the data: rate limit and errors.
//!
//! Everything here depends on one response and the time only; sending and retrying is elsewhere.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::StatusCode;
use reqwest::header::{self, HeaderMap};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::Error;
use super::group_document::name_of;
use super::text::{mended, presentable};

/// The delay when GitHub requests one without a duration: its documentation demands at least a
/// minute.
const UNSAID_WAIT: TimeDelta = TimeDelta::minutes(1);

/// The longest delay that is respected; GitHub's rate limit windows are an hour.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(2);

/// The rate limit according to GitHub's last response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Points in each window, usually an hour.
    pub limit: i64,
    /// Points left in this window.
    pub remaining: i64,
    /// When the window ends and all points are available again, by GitHub's clock.
    pub resets_at: DateTime<Utc>,
}

impl Rate {
    /// Points left at a time: all of them once the window has ended.
    pub fn left(&self, now: DateTime<Utc>) -> i64 {
        if self.resets_at > now { self.remaining } else { self.limit }
    }

    /// Reads the `x-ratelimit-*` headers; none when GitHub has no limit (as Enterprise may).
    pub(super) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let number = |name| headers.get(name)?.to_str().ok()?.parse::<i64>().ok();
        Some(Self {
            limit: number("x-ratelimit-limit")?,
            remaining: number("x-ratelimit-remaining")?,
            resets_at: DateTime::from_timestamp(number("x-ratelimit-reset")?, 0)?,
        })
    }
}

/// A GraphQL response: data, possibly with errors.
///
/// The data is not decoded yet, so that one unreadable part does not affect the others: see
/// [`GraphqlResponse::take_list`].
pub(super) struct GraphqlResponse {
    /// The data, with null propagation at the places of errors.
    data: Value,
    /// The rate limit and the cost of this request in points, if returned.
    pub rate: Option<(Rate, i64)>,
    /// The errors, in GitHub's order.
    pub errors: Vec<ResponseError>,
}

impl GraphqlResponse {
    fn new(mut data: Value, mut errors: Vec<ResponseError>) -> Self {
        let rate = data.get_mut("rateLimit").map(Value::take).and_then(read_rate);
        // A missing rate limit does not invalidate the rest.
        errors.retain(|error| error.path.first().and_then(Value::as_str) != Some("rateLimit"));
        Self { data, rate, errors }
    }

    /// The data, provided that it is complete.
    pub(super) fn whole<D: DeserializeOwned>(self) -> Result<D, Error> {
        match gravest(self.errors) {
            None => read(self.data),
            Some(error) => Err(error),
        }
    }

    /// The data, with the errors about its missing parts.
    ///
    /// # Errors
    ///
    /// The error when the data lacks what the schema requires.
    pub(super) fn partial<D: DeserializeOwned>(self) -> Result<(D, Vec<ResponseError>), Error> {
        match read(self.data) {
            Ok(data) => Ok((data, self.errors)),
            Err(unreadable) => Err(gravest(self.errors).unwrap_or(unreadable)),
        }
    }

    /// The part of each of `many` members of a group, with the names that each one asked for. An
    /// error that belongs to no member concerns all.
    pub(super) fn split(mut self, many: usize) -> Vec<Self> {
        let part = |at| {
            let ending = name_of("", at);
            let own = |name: &str| name.strip_suffix(&*ending).map(str::to_owned);
            let data = match &mut self.data {
                Value::Object(fields) => fields
                    .iter_mut()
                    .filter_map(|(name, value)| Some((own(name)?, value.take())))
                    .collect(),
                _ => Value::Null,
            };
            let errors = self.errors.iter().filter_map(|error| error.for_member(own)).collect();
            Self { data, rate: self.rate, errors }
        };
        (0..many).map(part).collect()
    }

    /// Takes the items of a list out of the data, to decode each on its own; none when the list is
    /// missing.
    pub(super) fn take_list(&mut self, path: &[&str]) -> Vec<Value> {
        let mut place = Some(&mut self.data);
        for name in path {
            place = place.and_then(|value| value.get_mut(name));
        }
        match place {
            Some(Value::Array(items)) => std::mem::take(items),
            _ => Vec::new(),
        }
    }

    /// Takes the errors about items of a list, each with the index of its item.
    pub(super) fn take_errors_below(&mut self, path: &[&str]) -> Vec<(usize, Error)> {
        let mut below = Vec::new();
        self.errors.retain(|error| match error.index_below(path) {
            Some(at) => {
                below.push((at, error.error.clone()));
                false
            }
            None => true,
        });
        below
    }

    /// Takes the errors about one nullable field.
    pub(super) fn take_faults_of(&mut self, path: &[&str]) {
        self.errors.retain(|error| !error.path.iter().eq(path.iter()));
    }

    /// Takes the errors of the permission, or of something that does not exist, about any of these
    /// fields and what is below them.
    pub(super) fn take_refusals_of(&mut self, fields: &[&str]) {
        self.errors.retain(|error| {
            let is_refusal = matches!(error.error, Error::Refused { .. } | Error::NotFound { .. });
            let mut path = error.path.iter().filter_map(Value::as_str);
            !is_refusal || !path.any(|name| fields.contains(&name))
        });
    }

    /// The nodes for `ids` requested ids, each decoded on its own, in their order. None for a node
    /// that is gone.
    ///
    /// # Errors
    ///
    /// When GitHub could not look up all of them, or one failed by a timeout or the rate limit.
    pub(super) fn nodes(mut self, ids: usize) -> Result<Vec<Result<Option<Value>, Error>>, Error> {
        let items = self.take_list(&["nodes"]);
        let errors = self.take_errors_below(&["nodes"]);
        if let Some(error) = gravest(self.errors) {
            return Err(error);
        }
        if let Some(error) = first_temporary(&errors) {
            return Err(error);
        }
        if items.len() != ids {
            let reason = format!("{} nodes for {ids} ids", items.len());
            return Err(Error::Unintelligible { reason });
        }
        let node = |(at, item): (usize, Value)| {
            let error = errors.iter().find(|(own, _)| *own == at).map(|(_, error)| error.clone());
            match error {
                Some(Error::NotFound { .. }) if item.is_null() => Ok(None),
                Some(error) => Err(error),
                None => Ok(Some(item).filter(|item| !item.is_null())),
            }
        };
        Ok(items.into_iter().enumerate().map(node).collect())
    }
}

/// Decodes a part of the data.
pub(super) fn read<D: DeserializeOwned>(data: Value) -> Result<D, Error> {
    serde_json::from_value(data)
        .map_err(|error| Error::Unintelligible { reason: error.to_string() })
}

/// The temporary error among those of a list's items, such as a timeout or a rate limit: leaving
/// out the item because of it would lose it permanently.
pub(super) fn first_temporary(errors: &[(usize, Error)]) -> Option<Error> {
    let errors = errors.iter().map(|(_, error)| error);
    errors.filter(|error| error.is_temporary()).min_by_key(|error| error.rank()).cloned()
}

fn read_rate(given: Value) -> Option<(Rate, i64)> {
    let number = |name| given.get(name).and_then(Value::as_i64);
    let resets_at = given.get("resetAt")?.as_str()?.parse().ok()?;
    let rate = Rate { limit: number("limit")?, remaining: number("remaining")?, resets_at };
    Some((rate, number("cost")?))
}

/// One GraphQL error.
#[derive(Debug, Clone)]
pub(super) struct ResponseError {
    /// What it means.
    pub error: Error,
    path: Vec<Value>,
}

impl ResponseError {
    /// The same for a member of a group, which knows its own names; none if it is another one's.
    fn for_member(&self, own: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let Some(field) = self.path.first().and_then(Value::as_str) else {
            return Some(self.clone());
        };
        let mut path = self.path.clone();
        path[0] = own(field)?.into();
        Some(Self { error: self.error.clone(), path })
    }

    /// The index directly below `path` that the error refers to, if any.
    pub(super) fn index_below(&self, path: &[&str]) -> Option<usize> {
        let (above, below) = self.path.split_at_checked(path.len())?;
        let is_below = above.iter().zip(path).all(|(own, wanted)| own.as_str() == Some(wanted));
        usize::try_from(below.first()?.as_u64()?).ok().filter(|_| is_below)
    }
}

/// The error that decides what to do next: rate limits first, then timeouts, then the first of the
/// others.
pub(super) fn gravest(errors: Vec<ResponseError>) -> Option<Error> {
    errors.into_iter().map(|error| error.error).min_by_key(Error::rank)
}

/// A response as received.
pub(super) struct Received<'a> {
    pub status: StatusCode,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    /// The current time of our clock.
    pub now: DateTime<Utc>,
    /// The token, to be removed from errors.
    pub token: &'a str,
}

#[derive(Deserialize)]
struct RawAnswer {
    #[serde(default)]
    data: Value,
    #[serde(default)]
    errors: Value,
}

impl Received<'_> {
    /// The GraphQL response, unless GitHub refused the whole request or failed.
    pub(super) fn answer(&self) -> Result<GraphqlResponse, Error> {
        if !self.status.is_success() {
            return Err(self.failure());
        }
        let raw: RawAnswer = match serde_json::from_slice(self.body) {
            Ok(raw) => raw,
            Err(error) => {
                // An invalid character in one issue must not affect the others.
                let mended = mended(self.body).map(|body| serde_json::from_slice(&body));
                mended.and_then(Result::ok).ok_or_else(|| self.unreadable(&error))?
            }
        };
        let errors = raw.errors.as_array().map(Vec::as_slice).unwrap_or_default();
        let errors: Vec<ResponseError> =
            errors.iter().map(|raw| self.response_error(raw)).collect();
        match raw.data {
            Value::Null => Err(gravest(errors).unwrap_or_else(|| Error::Unintelligible {
                reason: "neither data nor errors".into(),
            })),
            data => Ok(GraphqlResponse::new(data, errors)),
        }
    }

    fn response_error(&self, raw: &Value) -> ResponseError {
        let text = |name| raw.get(name).and_then(Value::as_str);
        let raw_message = text("message").unwrap_or_default();
        let message = presentable(raw_message, self.token);
        // GitHub's own member, besides those of the GraphQL specification.
        let error = match text("type") {
            // GitHub uses both spellings.
            Some("RATE_LIMITED" | "RATE_LIMIT") => Error::RateLimited { until: self.until() },
            Some("NOT_FOUND") => Error::NotFound { message },
            Some("RESOURCE_LIMITS_EXCEEDED") => timeout(message),
            _ if mentions_rate_limit(raw_message) => Error::RateLimited { until: self.until() },
            // GitHub's own timeout has no type.
            None if mentions_timeout(raw_message) => timeout(message),
            kind => {
                let is_forbidden = kind == Some("FORBIDDEN");
                Error::Refused { status: 422, message, is_forbidden }
            }
        };
        let path = raw.get("path").and_then(Value::as_array).cloned();
        ResponseError { error, path: path.unwrap_or_default() }
    }

    /// The error for a body that is not JSON with the expected members.
    fn unreadable(&self, error: &serde_json::Error) -> Error {
        if error.is_eof() && !self.body.is_empty() {
            let reason = "GitHub could not be reached: its answer was cut short".into();
            return Error::Unreachable { reason, timed_out: false, ambiguous: true };
        }
        let reason = if error.is_data() {
            presentable(&error.to_string(), self.token)
        } else {
            format!("not JSON, but {}", self.content_type())
        };
        Error::Unintelligible { reason }
    }

    /// The error for a status that is not a success.
    pub(super) fn failure(&self) -> Error {
        let message = self.message();
        if self.status.is_server_error() {
            return Error::Unreachable {
                reason: format!("GitHub API error: {} {message}", self.status.as_u16()),
                // Gateways return these when the server behind them timed out.
                timed_out: matches!(
                    self.status,
                    StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT
                ),
                ambiguous: true,
            };
        }
        let asks_to_wait = self.status == StatusCode::TOO_MANY_REQUESTS
            || self.status == StatusCode::FORBIDDEN
                && (self.retry_after().is_some()
                    || self.spent().is_some()
                    || mentions_rate_limit(&message));
        if asks_to_wait {
            Error::RateLimited { until: self.until() }
        } else {
            let is_forbidden = self.status == StatusCode::FORBIDDEN;
            Error::Refused { status: self.status.as_u16(), message, is_forbidden }
        }
    }

    /// GitHub's message; the status's reason when there is none, or the body is an HTML page.
    fn message(&self) -> String {
        #[derive(Deserialize)]
        struct ErrorMessage {
            message: String,
        }
        match serde_json::from_slice::<ErrorMessage>(self.body) {
            Ok(problem) if !problem.message.is_empty() => presentable(&problem.message, self.token),
            _ => self.status.canonical_reason().unwrap_or("without a reason").to_owned(),
        }
    }

    /// A time of GitHub by our own clock.
    pub(super) fn here(&self, theirs: DateTime<Utc>) -> DateTime<Utc> {
        self.now + (theirs - self.date())
    }

    /// When to try again, by our own clock: the clocks may differ, so GitHub's times are taken
    /// relative to the time of its response.
    fn until(&self) -> DateTime<Utc> {
        let here = |theirs: DateTime<Utc>| self.here(theirs).max(self.now);
        match (self.retry_after(), self.spent()) {
            (Some(wait), _) => self.now + wait,
            (None, Some(rate)) => here(rate.resets_at),
            (None, None) => self.now + UNSAID_WAIT,
        }
    }

    /// The first pause after a refusal of all requests that does not say until when.
    pub(super) fn unstated_pause(&self) -> Option<TimeDelta> {
        let is_stated = self.retry_after().is_some() || self.is_of_resource();
        (!is_stated).then_some(UNSAID_WAIT)
    }

    fn retry_after(&self) -> Option<TimeDelta> {
        let value = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?;
        match value.parse() {
            Ok(secs) => TimeDelta::try_seconds(secs),
            Err(_) => Some(DateTime::parse_from_rfc2822(value).ok()?.to_utc() - self.date()),
        }
        .map(|wait| wait.clamp(TimeDelta::zero(), LONGEST_WAIT))
    }

    /// Whether a refusal is because the points of one resource are used up, and not because of
    /// requests in general.
    pub(super) fn is_of_resource(&self) -> bool {
        let is_secondary = || mentions(SECONDARY_LIMITS, &String::from_utf8_lossy(self.body));
        let is_used_up = self.spent().is_some() || self.status.is_success() && !is_secondary();
        is_used_up && self.retry_after().is_none()
    }

    /// The rate limit, if it is used up.
    fn spent(&self) -> Option<Rate> {
        Rate::from_headers(self.headers).filter(|rate| rate.remaining <= 0)
    }

    /// The time of GitHub's response; ours when it has none.
    pub(super) fn date(&self) -> DateTime<Utc> {
        let value = self.headers.get(header::DATE).and_then(|date| date.to_str().ok());
        let date = value.and_then(|date| DateTime::parse_from_rfc2822(date).ok());
        date.map_or(self.now, |date| date.to_utc())
    }

    fn content_type(&self) -> String {
        let value = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        presentable(value.unwrap_or("something without a type"), self.token)
    }
}

fn timeout(message: String) -> Error {
    Error::Unreachable {
        reason: format!("GitHub API error: 504 {message}"),
        timed_out: true,
        ambiguous: true,
    }
}

/// What GitHub says of the limits that hold for all its APIs together.
const SECONDARY_LIMITS: &[&str] = &[
    "secondary rate limit",
    "abuse detection",
    "submitted too quickly",
    "login attempts exceeded",
];

fn mentions_rate_limit(message: &str) -> bool {
    mentions(&["api rate limit"], message) || mentions(SECONDARY_LIMITS, message)
}

fn mentions(texts: &[&str], message: &str) -> bool {
    let message = message.to_lowercase();
    texts.iter().any(|text| message.contains(text))
}

fn mentions_timeout(message: &str) -> bool {
    message.contains("Something went wrong while executing your query")
        || message.to_lowercase().contains("timeout")
        || message.to_lowercase().contains("timed out")
}
