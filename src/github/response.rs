//! What GitHub's answers say beside the data: the rate limit, refusals and errors.
//!
//! Not here: sending and repeating. Everything here is decided from one answer and the time.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::StatusCode;
use reqwest::header::{self, HeaderMap};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use super::error::Error;
use super::text::presentable;

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

/// Data that may say what is left of the rate limit.
pub(super) trait Reports {
    /// What is left, and what this request cost in points.
    fn rate(&self) -> Option<(Rate, i64)> {
        None
    }
}

/// An answer of GraphQL: data, with or without errors beside it.
pub(super) struct Answer<D> {
    /// The data; where an error struck it has null, or ends at the nearest place that may.
    pub data: D,
    /// What went wrong, in GitHub's order.
    pub faults: Vec<Fault>,
}

impl<D> Answer<D> {
    /// The data, provided that nothing is missing from it.
    pub(super) fn whole(self) -> Result<D, Error> {
        match gravest(self.faults) {
            None => Ok(self.data),
            Some(error) => Err(error),
        }
    }

    /// The nodes that were asked for by `ids` ids, in their order; what is gone is none.
    pub(super) fn nodes<N>(
        mut self,
        ids: usize,
        nodes: impl FnOnce(D) -> Vec<Option<N>>,
    ) -> Result<Vec<Option<N>>, Error> {
        self.faults.retain(|fault| {
            let is_gone = matches!(fault.error, Error::NotFound { .. });
            !(is_gone && fault.index_below(&["nodes"]).is_some())
        });
        let found = nodes(self.whole()?);
        if found.len() != ids {
            let reason = format!("{} nodes for {ids} ids", found.len());
            return Err(Error::Unintelligible { reason });
        }
        Ok(found)
    }
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
    let rank = |error: &Error| match error {
        Error::RateLimited { .. } => 0,
        Error::Unreachable { .. } => 1,
        _ => 2,
    };
    faults.into_iter().map(|fault| fault.error).min_by_key(rank)
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
struct RawAnswer<D> {
    data: Option<D>,
    #[serde(default = "Vec::new")]
    errors: Vec<RawFault>,
}

#[derive(Deserialize)]
struct RawFault {
    #[serde(default)]
    message: String,
    /// GitHub's own member beside those of the GraphQL specification.
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    path: Option<Vec<Value>>,
}

impl Received<'_> {
    /// The answer of GraphQL, unless GitHub refused the request as a whole or was unable to answer.
    pub(super) fn answer<D: DeserializeOwned>(&self) -> Result<Answer<D>, Error> {
        if !self.status.is_success() {
            return Err(self.failure());
        }
        let raw: RawAnswer<D> = match serde_json::from_slice(self.body) {
            Ok(raw) => raw,
            Err(error) => return Err(self.unreadable(&error)),
        };
        let faults = raw.errors.into_iter().map(|fault| self.fault(fault)).collect();
        match raw.data {
            Some(data) => Ok(Answer { data, faults }),
            None => Err(gravest(faults).unwrap_or_else(|| Error::Unintelligible {
                reason: "neither data nor errors".into(),
            })),
        }
    }

    fn fault(&self, raw: RawFault) -> Fault {
        let message = presentable(&raw.message, self.token);
        let error = match raw.kind.as_deref() {
            // Both spellings of the type have been seen.
            Some("RATE_LIMITED" | "RATE_LIMIT") => Error::RateLimited { until: self.until() },
            Some("NOT_FOUND") => Error::NotFound { message },
            Some("RESOURCE_LIMITS_EXCEEDED") => timeout(message),
            _ if speaks_of_rate_limit(&raw.message) => Error::RateLimited { until: self.until() },
            // GitHub's own time limit strikes without a type.
            None if speaks_of_time(&raw.message) => timeout(message),
            _ => Error::Refused { status: 422, message },
        };
        Fault { error, path: raw.path.unwrap_or_default() }
    }

    /// The error of a body that is not the promised answer.
    fn unreadable(&self, error: &serde_json::Error) -> Error {
        if error.is_eof() && !self.body.is_empty() {
            let reason = "GitHub could not be reached: its answer was cut short".into();
            return Error::Unreachable { reason, timed_out: false, ambiguous: true };
        }
        // Errors may explain data that lacks what the schema promises.
        if error.is_data()
            && let Ok(RawAnswer::<IgnoredAny> { errors, .. }) = serde_json::from_slice(self.body)
            && let Some(error) =
                gravest(errors.into_iter().map(|fault| self.fault(fault)).collect())
        {
            return error;
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
            Error::Refused { status: self.status.as_u16(), message }
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
