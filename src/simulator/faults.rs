//! Fault injection for the simulator.
//!
//! A [`Fault`] is what goes wrong, a [`Rule`] on which requests and how often. Every rule that
//! matches a request is applied; if several change the response, the oldest wins.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use super::request_log::{LoggedRequest, OperationKind};
use super::{Simulator, lock};

/// What goes wrong with a request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// An HTTP error with GitHub's JSON body. Nothing is done.
    Refuse {
        /// The HTTP status.
        status: u16,
        /// GitHub's message.
        message: String,
    },
    /// The secondary rate limit: 403, with or without `Retry-After`. Nothing is done.
    SecondaryLimit {
        /// What the header says, in whole seconds.
        retry_after: Option<Duration>,
    },
    /// A page instead of JSON, as gateways send. Nothing is done.
    Page {
        /// The HTTP status.
        status: u16,
    },
    /// HTTP 200 without data and with one error. Nothing is done.
    Error {
        /// GitHub's `type`, such as `FORBIDDEN`; empty for none.
        kind: &'static str,
        /// GitHub's message.
        message: String,
    },
    /// The work is done; in the response this place is null, with an error beside the data.
    Partial {
        /// The path, such as `repository.issues.nodes.3`.
        path: &'static str,
        /// GitHub's `type`; empty for none.
        kind: &'static str,
        /// GitHub's message.
        message: String,
    },
    /// The work is done; in the response's JSON a text is replaced, possibly by invalid JSON.
    Replace {
        /// The text to replace, everywhere.
        text: &'static str,
        /// The replacement.
        by: &'static str,
    },
    /// One mutation of the document is refused; those before and after it are executed.
    RefuseField {
        /// The mutation, such as `removeLabelsFromLabelable`.
        field: &'static str,
        /// GitHub's `type`.
        kind: &'static str,
        /// GitHub's message.
        message: String,
    },
    /// One mutation of the document is refused, by the name that it has in the response.
    RefuseAlias {
        /// The alias, such as `added_3`.
        alias: &'static str,
        /// GitHub's `type`.
        kind: &'static str,
        /// GitHub's message.
        message: String,
    },
    /// The first mutations of the document are executed, the others are refused.
    RefuseAfter {
        /// How many are executed.
        done: usize,
        /// GitHub's `type`.
        kind: &'static str,
        /// GitHub's message.
        message: String,
    },
    /// The work begins only after this time, even if the client disconnects.
    Stall(Duration),
    /// The work is done, the response is delayed by this time.
    StallAnswer(Duration),
    /// The request waits at a gate; the work begins when a test opens it.
    Hold(Gate),
    /// The work is done, the response waits at a gate until a test opens it.
    HoldAnswer(Gate),
    /// The connection is closed. Nothing is done.
    DropBefore,
    /// The work is done, and the connection is closed without a response.
    DropAfter,
    /// The work is done, and the connection is closed in the middle of the response.
    CutShort,
    /// The work is done, and half of the response is sent as if it were complete.
    HalfBody,
}

impl Fault {
    /// An HTTP error; see [`Fault::Refuse`].
    pub fn refuse(status: u16, message: &str) -> Self {
        Self::Refuse { status, message: message.to_owned() }
    }

    /// A GraphQL error without data; see [`Fault::Error`].
    pub fn error(kind: &'static str, message: &str) -> Self {
        Self::Error { kind, message: message.to_owned() }
    }

    /// The next request of an operation of this name, such as `Issues`.
    pub fn on(self, operation: &str) -> Rule {
        Rule::new(self, FaultTarget::Operation(operation.to_owned()))
    }

    /// The next request that reads.
    pub fn on_queries(self) -> Rule {
        Rule::new(self, FaultTarget::Kind(OperationKind::Query))
    }

    /// The next request that writes.
    pub fn on_mutations(self) -> Rule {
        Rule::new(self, FaultTarget::Kind(OperationKind::Mutation))
    }

    /// The next request.
    pub fn on_anything(self) -> Rule {
        Rule::new(self, FaultTarget::Anything)
    }
}

#[derive(Debug, Clone)]
enum FaultTarget {
    Anything,
    Kind(OperationKind),
    Operation(String),
}

/// A fault, the matching requests, and how often it is applied: once by default.
#[derive(Debug, Clone)]
pub struct Rule {
    fault: Fault,
    on: FaultTarget,
    repository: Option<String>,
    spared: u32,
    left: Option<u32>,
}

impl Rule {
    fn new(fault: Fault, on: FaultTarget) -> Self {
        Self { fault, on, repository: None, spared: 0, left: Some(1) }
    }

    /// Applies to this many requests.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { left: Some(times), ..self }
    }

    /// Applies until [`Simulator::clear_faults`].
    #[must_use]
    pub fn always(self) -> Self {
        Self { left: None, ..self }
    }

    /// Skips this many matching requests first.
    #[must_use]
    pub fn after(self, spared: u32) -> Self {
        Self { spared, ..self }
    }

    /// Only matches requests with this repository in their variables.
    #[must_use]
    pub fn in_repository(self, full_name: &str) -> Self {
        Self { repository: Some(full_name.to_lowercase()), ..self }
    }

    fn matches(&self, request: &LoggedRequest) -> bool {
        let is_meant = match &self.on {
            FaultTarget::Anything => true,
            FaultTarget::Kind(kind) => *kind == request.kind,
            FaultTarget::Operation(name) => *name == request.operation,
        };
        let variable = |name| request.variables.get(name).and_then(Value::as_str);
        let full_name =
            || Some(format!("{}/{}", variable("owner")?, variable("name")?).to_lowercase());
        is_meant
            && self.left != Some(0)
            && (self.repository.is_none() || self.repository == full_name())
    }

    /// Whether it applies to this request, which counts as one application.
    fn strikes(&mut self, request: &LoggedRequest) -> bool {
        if !self.matches(request) {
            return false;
        }
        if self.spared > 0 {
            self.spared -= 1;
            return false;
        }
        if let Some(left) = &mut self.left {
            *left -= 1;
        }
        true
    }
}

/// Blocks requests until a test lets them continue. Clones share one gate.
#[derive(Debug, Clone)]
pub struct Gate {
    arrived: Arc<watch::Sender<usize>>,
    open: Arc<watch::Sender<bool>>,
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self { arrived: Arc::new(watch::Sender::new(0)), open: Arc::new(watch::Sender::new(false)) }
    }

    /// Waits until a request has reached the gate.
    pub async fn arrived(&self) {
        self.arrivals(1).await;
    }

    /// Waits until this many requests have reached the gate.
    pub async fn arrivals(&self, many: usize) {
        let met = self.arrived.subscribe().wait_for(|arrived| *arrived >= many).await.is_ok();
        assert!(met, "`self` holds the sender");
    }

    /// Lets all requests through from now on.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    pub(super) async fn pass(&self) {
        self.arrived.send_modify(|arrived| *arrived += 1);
        let met = self.open.subscribe().wait_for(|open| *open).await.is_ok();
        assert!(met, "`self` holds the sender");
    }
}

impl Simulator {
    /// Adds a rule.
    pub fn inject(&self, rule: Rule) {
        lock(&self.shared.rules).push(rule);
    }

    /// Removes all rules. Requests at a gate still wait.
    pub fn clear_faults(&self) {
        lock(&self.shared.rules).clear();
    }

    /// The faults for a request, oldest rule first.
    pub(super) fn faults_for(&self, request: &LoggedRequest) -> Vec<Fault> {
        let mut rules = lock(&self.shared.rules);
        let struck =
            rules.iter_mut().filter_map(|rule| rule.strikes(request).then(|| rule.fault.clone()));
        let struck = struck.collect();
        rules.retain(|rule| rule.left != Some(0));
        struck
    }
}
