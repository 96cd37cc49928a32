//! What GitHub's answers say beside the data: the rate limit, refusals and errors.
//!
//! Not here: sending and repeating. Everything here is decided from one answer and the time.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::StatusCode;
use reqwest::header::{self, HeaderMap};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::Error;
use super::text::{mended, presentable};

/// How long to stay away when GitHub asks for it without saying how long: its documentation asks for
/// at least a minute.
const UNSAID_WAIT: TimeDelta = TimeDelta::minutes(1);

/// No wait is believed to be longer than this; GitHub's windows are an hour.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(2);

/// What is left of the rate limit, as GitHub last told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Points in a whole window, usually an hour.
    pub limit: i64,
    /// Points left in this window.
    pub remaining: i64,
    /// When the window ends and all points are back, by GitHub's clock.
    pub resets_at: DateTime<Utc>,
}

impl Rate {
    /// Reads the `x-ratelimit-*` headers; none when GitHub does not limit (Enterprise may not).
    pub(super) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let number = |name| headers.get(name)?.to_str().ok()?.parse::<i64>().ok();
        Some(Self {
            limit: number("x-ratelimit-limit")?,
            remaining: number("x-ratelimit-remaining")?,
            resets_at: DateTime::from_timestamp(number("x-ratelimit-reset")?, 0)?,
        })
    }
}

/// An answer of GraphQL: data, with or without errors beside it.
///
/// The data is not yet read, so that one part of it that cannot be read does not cost the others:
/// see [`Answer::take_list`].
pub(super) struct Answer {
    /// The data; where an error struck it has null, or ends at the nearest place that may.
    data: Value,
    /// What is left of the rate limit and what this request cost in points, if GitHub said.
    pub rate: Option<(Rate, i64)>,
    /// What went wrong, in GitHub's order.
    pub faults: Vec<Fault>,
}

impl Answer {
    fn new(mut data: Value, mut faults: Vec<Fault>) -> Self {
        let rate = data.get_mut("rateLimit").map(Value::take).and_then(read_rate);
        // That it is not known is no reason to do without the rest.
        faults.retain(|fault| fault.path.first().and_then(Value::as_str) != Some("rateLimit"));
        Self { data, rate, faults }
    }

    /// The data, provided that nothing is missing from it.
    pub(super) fn whole<D: DeserializeOwned>(self) -> Result<D, Error> {
        match gravest(self.faults) {
            None => read(self.data),
            Some(error) => Err(error),
        }
    }

    /// The data, and what is missing from it.
    ///
    /// # Errors
    ///
    /// What went wrong when the data lacks what the schema promises.
    pub(super) fn partial<D: DeserializeOwned>(self) -> Result<(D, Vec<Fault>), Error> {
        match read(self.data) {
            Ok(data) => Ok((data, self.faults)),
            Err(unreadable) => Err(gravest(self.faults).unwrap_or(unreadable)),
        }
    }

    /// Takes the items of a list out of the data, so that each can be read by itself; none when
    /// there is no such list.
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

    /// Takes the errors about items of a list, each with the place of its item.
    pub(super) fn take_faults_below(&mut self, path: &[&str]) -> Vec<(usize, Error)> {
        let mut below = Vec::new();
        self.faults.retain(|fault| match fault.index_below(path) {
            Some(at) => {
                below.push((at, fault.error.clone()));
                false
            }
            None => true,
        });
        below
    }

    /// Takes the errors about one field that may be null.
    pub(super) fn take_faults_of(&mut self, path: &[&str]) {
        self.faults.retain(|fault| !fault.path.iter().eq(path.iter()));
    }

    /// The nodes that were asked for by `ids` ids, each read by itself, in their order. What is gone
    /// is none.
    ///
    /// # Errors
    ///
    /// When GitHub could not look for all of them, or ran out of time or limit over one.
    pub(super) fn nodes(mut self, ids: usize) -> Result<Vec<Result<Option<Value>, Error>>, Error> {
        let items = self.take_list(&["nodes"]);
        let faults = self.take_faults_below(&["nodes"]);
        if let Some(error) = gravest(self.faults) {
            return Err(error);
        }
        if let Some(error) = passing(&faults) {
            return Err(error);
        }
        if items.len() != ids {
            let reason = format!("{} nodes for {ids} ids", items.len());
            return Err(Error::Unintelligible { reason });
        }
        let node = |(at, item): (usize, Value)| {
            let error = faults.iter().find(|(own, _)| *own == at).map(|(_, error)| error.clone());
            match error {
                Some(Error::NotFound { .. }) if item.is_null() => Ok(None),
                Some(error) => Err(error),
                None => Ok(Some(item).filter(|item| !item.is_null())),
            }
        };
        Ok(items.into_iter().enumerate().map(node).collect())
    }
}

/// Reads a part of the data as what the schema promises.
pub(super) fn read<D: DeserializeOwned>(data: Value) -> Result<D, Error> {
    serde_json::from_value(data)
        .map_err(|error| Error::Unintelligible { reason: error.to_string() })
}

/// The error among those of a list's items that says nothing about its item: time and limits come
/// to an end, and what was left out for them would be missed for good.
pub(super) fn passing(faults: &[(usize, Error)]) -> Option<Error> {
    let errors = faults.iter().map(|(_, error)| error);
    errors.filter(|error| error.is_passing()).min_by_key(|error| error.rank()).cloned()
}

fn read_rate(given: Value) -> Option<(Rate, i64)> {
    let number = |name| given.get(name).and_then(Value::as_i64);
    let resets_at = given.get("resetAt")?.as_str()?.parse().ok()?;
    let rate = Rate { limit: number("limit")?, remaining: number("remaining")?, resets_at };
    Some((rate, number("cost")?))
}

/// One GraphQL error.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    /// What it means.
    pub error: Error,
    path: Vec<Value>,
}

impl Fault {
    /// The index directly below `path` that the error is about, if it is about one.
    pub(super) fn index_below(&self, path: &[&str]) -> Option<usize> {
        let (above, below) = self.path.split_at_checked(path.len())?;
        let is_below = above.iter().zip(path).all(|(own, wanted)| own.as_str() == Some(wanted));
        usize::try_from(below.first()?.as_u64()?).ok().filter(|_| is_below)
    }
}

/// The error that decides what to do next: waiting comes before asking for less, and that before
/// the first of the others.
pub(super) fn gravest(faults: Vec<Fault>) -> Option<Error> {
    faults.into_iter().map(|fault| fault.error).min_by_key(Error::rank)
}

/// An answer as it came from the network.
pub(super) struct Received<'a> {
    pub status: StatusCode,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    /// Our own present.
    pub now: DateTime<Utc>,
    /// Never to be shown.
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
    /// The answer of GraphQL, unless GitHub refused the request as a whole or was unable to answer.
    pub(super) fn answer(&self) -> Result<Answer, Error> {
        if !self.status.is_success() {
            return Err(self.failure());
        }
        let raw: RawAnswer = match serde_json::from_slice(self.body) {
            Ok(raw) => raw,
            Err(error) => {
                // Half a character in one issue is no reason to do without the others.
                let mended = mended(self.body).map(|body| serde_json::from_slice(&body));
                mended.and_then(Result::ok).ok_or_else(|| self.unreadable(&error))?
            }
        };
        let errors = raw.errors.as_array().map(Vec::as_slice).unwrap_or_default();
        let faults: Vec<Fault> = errors.iter().map(|raw| self.fault(raw)).collect();
        match raw.data {
            Value::Null => Err(gravest(faults).unwrap_or_else(|| Error::Unintelligible {
                reason: "neither data nor errors".into(),
            })),
            data => Ok(Answer::new(data, faults)),
        }
    }

    fn fault(&self, raw: &Value) -> Fault {
        let text = |name| raw.get(name).and_then(Value::as_str);
        let said = text("message").unwrap_or_default();
        let message = presentable(said, self.token);
        // GitHub's own member beside those of the GraphQL specification.
        let error = match text("type") {
            // Both spellings of the type have been seen.
            Some("RATE_LIMITED" | "RATE_LIMIT") => Error::RateLimited { until: self.until() },
            Some("NOT_FOUND") => Error::NotFound { message },
            Some("RESOURCE_LIMITS_EXCEEDED") => timeout(message),
            _ if speaks_of_rate_limit(said) => Error::RateLimited { until: self.until() },
            // GitHub's own time limit strikes without a type.
            None if speaks_of_time(said) => timeout(message),
            kind => {
                let is_forbidden = kind == Some("FORBIDDEN");
                Error::Refused { status: 422, message, is_forbidden }
            }
        };
        let path = raw.get("path").and_then(Value::as_array).cloned();
        Fault { error, path: path.unwrap_or_default() }
    }

    /// The error of a body that is not JSON of the promised shape.
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

    /// The error of an answer whose status is not one of success.
    fn failure(&self) -> Error {
        let message = self.message();
        if self.status.is_server_error() {
            return Error::Unreachable {
                reason: format!("GitHub API error: {} {message}", self.status.as_u16()),
                // Gateways answer with these when the server behind them took too long.
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
                    || speaks_of_rate_limit(&message));
        if asks_to_wait {
            Error::RateLimited { until: self.until() }
        } else {
            let is_forbidden = self.status == StatusCode::FORBIDDEN;
            Error::Refused { status: self.status.as_u16(), message, is_forbidden }
        }
    }

    /// GitHub's words for people; the status's own when it has none, or sent a page.
    fn message(&self) -> String {
        #[derive(Deserialize)]
        struct Problem {
            message: String,
        }
        match serde_json::from_slice::<Problem>(self.body) {
            Ok(problem) if !problem.message.is_empty() => presentable(&problem.message, self.token),
            _ => self.status.canonical_reason().unwrap_or("without a reason").to_owned(),
        }
    }

    /// When to ask again, by our own clock: GitHub's and ours may differ, so its times are taken
    /// relative to the moment it says it answered.
    fn until(&self) -> DateTime<Utc> {
        let here = |theirs: DateTime<Utc>| self.now + (theirs - self.date()).max(TimeDelta::zero());
        match (self.retry_after(), self.spent()) {
            (Some(wait), _) => self.now + wait,
            (None, Some(rate)) => here(rate.resets_at),
            (None, None) => self.now + UNSAID_WAIT,
        }
    }

    fn retry_after(&self) -> Option<TimeDelta> {
        let value = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?;
        match value.parse() {
            Ok(secs) => TimeDelta::try_seconds(secs),
            Err(_) => Some(DateTime::parse_from_rfc2822(value).ok()?.to_utc() - self.date()),
        }
        .map(|wait| wait.clamp(TimeDelta::zero(), LONGEST_WAIT))
    }

    /// The rate limit, if it is used up.
    fn spent(&self) -> Option<Rate> {
        Rate::from_headers(self.headers).filter(|rate| rate.remaining <= 0)
    }

    /// GitHub's own present; ours when it does not say.
    fn date(&self) -> DateTime<Utc> {
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

fn speaks_of_rate_limit(message: &str) -> bool {
    let message = message.to_lowercase();
    ["secondary rate limit", "api rate limit", "abuse detection", "submitted too quickly"]
        .iter()
        .any(|words| message.contains(words))
}

fn speaks_of_time(message: &str) -> bool {
    message.contains("Something went wrong while executing your query")
        || message.to_lowercase().contains("timeout")
        || message.to_lowercase().contains("timed out")
}
