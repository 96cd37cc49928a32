//! The log of requests to the simulator and of writes through it, for tests.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Simulator, lock};

/// How many requests and writes are retained; a demo runs for days.
const KEPT: usize = 20_000;

/// Whether a request reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OperationKind {
    /// It reads.
    Query,
    /// It writes.
    Mutation,
}

/// A request that reached the simulator, whatever its outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedRequest {
    /// When it came.
    pub at: DateTime<Utc>,
    /// The name of its operation, such as `Issues`; empty when it has none.
    pub operation: String,
    /// Whether it reads or writes.
    pub kind: OperationKind,
    /// Its variables.
    pub variables: Value,
    /// Its header `traceparent`.
    pub traceparent: Option<String>,
    /// When its response was ready; unset until then.
    pub answered_at: Arc<OnceLock<DateTime<Utc>>>,
}

/// A change made through the API, not by a person on GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Labels were added to an issue, without those that it already had.
    Labelled {
        /// The repository's full name.
        repository: String,
        /// The number.
        number: i64,
        /// Names of the labels.
        labels: Vec<String>,
    },
    /// Labels were removed from an issue, without those that it did not have.
    Unlabelled {
        /// The repository's full name.
        repository: String,
        /// The number.
        number: i64,
        /// Names of the labels.
        labels: Vec<String>,
    },
    /// A comment was posted.
    Commented {
        /// The repository's full name.
        repository: String,
        /// The number.
        number: i64,
        /// Its text.
        body: String,
    },
    /// A label was created.
    LabelCreated {
        /// The repository's full name.
        repository: String,
        /// The label's name.
        name: String,
        /// Its colour: six hexadecimal digits.
        color: String,
    },
}

#[derive(Debug, Default)]
pub(super) struct RequestLog {
    requests: VecDeque<LoggedRequest>,
    writes: VecDeque<Write>,
    counts: HashMap<String, u64>,
}

impl Simulator {
    /// The requests since the last [`forget_requests`](Self::forget_requests), oldest first.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        lock(&self.shared.request_log).requests.iter().cloned().collect()
    }

    /// The number of requests of an operation since the last
    /// [`forget_requests`](Self::forget_requests).
    pub fn count(&self, operation: &str) -> u64 {
        lock(&self.shared.request_log).counts.get(operation).copied().unwrap_or_default()
    }

    /// The number of requests since the last [`forget_requests`](Self::forget_requests).
    pub fn total(&self) -> u64 {
        lock(&self.shared.request_log).counts.values().sum()
    }

    /// Resets the counts.
    pub fn forget_requests(&self) {
        let mut request_log = lock(&self.shared.request_log);
        request_log.requests.clear();
        request_log.counts.clear();
    }

    /// Takes the writes through the API since the last call, oldest first.
    pub fn take_writes(&self) -> Vec<Write> {
        lock(&self.shared.request_log).writes.drain(..).collect()
    }

    pub(super) fn log_request(&self, request: LoggedRequest) {
        let mut request_log = lock(&self.shared.request_log);
        *request_log.counts.entry(request.operation.clone()).or_default() += 1;
        keep(&mut request_log.requests, request);
    }

    pub(super) fn log_write(&self, write: Write) {
        keep(&mut lock(&self.shared.request_log).writes, write);
    }
}

fn keep<T>(kept: &mut VecDeque<T>, new: T) {
    if kept.len() == KEPT {
        kept.pop_front();
    }
    kept.push_back(new);
}
