//! What was asked of the simulator and what was written through it, for tests to look at.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Simulator, lock};

/// How many requests and writes are kept; a demo runs for days.
const KEPT: usize = 20_000;

/// Whether a request reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It reads.
    Query,
    /// It writes.
    Mutation,
}

/// A request that reached the simulator, whatever became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// When it came.
    pub at: DateTime<Utc>,
    /// The name of its operation, such as `Issues`; empty when it has none.
    pub operation: String,
    /// Whether it reads or writes.
    pub kind: Kind,
    /// The variables it came with.
    pub variables: Value,
    /// When its answer was ready, once it was.
    pub answered_at: Arc<OnceLock<DateTime<Utc>>>,
}

/// A change made through the API, not by a person on GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Labels were added to an issue; none that it had already.
    Labelled {
        /// The repository's full name.
        repository: String,
        /// The number.
        number: i64,
        /// Names of the labels.
        labels: Vec<String>,
    },
    /// Labels were removed from an issue; none that it did not have.
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
    requests: VecDeque<Request>,
    writes: VecDeque<Write>,
    counts: HashMap<String, u64>,
}

impl Simulator {
    /// The requests since the last [`forget_requests`](Self::forget_requests), oldest first.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.request_log).requests.iter().cloned().collect()
    }

    /// How many requests of an operation came since the last
    /// [`forget_requests`](Self::forget_requests).
    pub fn count(&self, operation: &str) -> u64 {
        lock(&self.shared.request_log).counts.get(operation).copied().unwrap_or_default()
    }

    /// How many requests came since the last [`forget_requests`](Self::forget_requests).
    pub fn total(&self) -> u64 {
        lock(&self.shared.request_log).counts.values().sum()
    }

    /// Begins to count anew.
    pub fn forget_requests(&self) {
        let mut request_log = lock(&self.shared.request_log);
        request_log.requests.clear();
        request_log.counts.clear();
    }

    /// Takes what was written through the API since this was last asked, oldest first.
    pub fn take_writes(&self) -> Vec<Write> {
        lock(&self.shared.request_log).writes.drain(..).collect()
    }

    pub(super) fn note_request(&self, request: Request) {
        let mut request_log = lock(&self.shared.request_log);
        *request_log.counts.entry(request.operation.clone()).or_default() += 1;
        keep(&mut request_log.requests, request);
    }

    pub(super) fn note_write(&self, write: Write) {
        keep(&mut lock(&self.shared.request_log).writes, write);
    }
}

fn keep<T>(kept: &mut VecDeque<T>, new: T) {
    if kept.len() == KEPT {
        kept.pop_front();
    }
    kept.push_back(new);
}
