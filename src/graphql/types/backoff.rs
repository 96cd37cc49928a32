//! Backoffs of issues and repositories, and which issues are served although people work on them.

use async_graphql::{Context, Object, SimpleObject};

use crate::domain::Timestamp;
use crate::domain::backoff::{Backoff, BackoffCause};
use crate::graphql::loaders::app;

/// The stored back-off of an issue.
#[derive(Debug)]
pub(in crate::graphql) struct IssueBackoff(pub(super) Backoff);

/// The back-off of an issue after failures. Agents are not served the issue before `retryAt`, or
/// while a person is needed.
#[Object]
impl IssueBackoff {
    /// The number of consecutive failed attempts by agents.
    async fn failed_attempts(&self) -> i32 {
        self.0.failed_attempts
    }

    /// The number of consecutive times that GitHub rejected a change to the issue or did not
    /// respond.
    async fn refusals(&self) -> i32 {
        self.0.refusals
    }

    /// The kind of the last failure.
    async fn cause(&self) -> BackoffCause {
        self.0.cause
    }

    /// Why the issue is, or last was, withheld from agents, as one sentence.
    async fn summary(&self, context: &Context<'_>) -> String {
        format!("The issue {}.", self.0.summary(app(context).clock.now()))
    }

    /// When the first of these failures happened.
    async fn since(&self) -> Timestamp {
        Timestamp(self.0.first_at)
    }

    /// When the last failure happened.
    async fn last_at(&self) -> Timestamp {
        Timestamp(self.0.last_at)
    }

    /// When the issue may be served again, which may be in the past; null when a person is needed.
    async fn retry_at(&self) -> Option<Timestamp> {
        (!self.0.needs_human).then_some(Timestamp(self.0.retry_at))
    }

    /// Whether the maximum number of failed attempts is reached, so a person must act: retry the
    /// issue, or remove the label `needs-human` if it has it.
    async fn needs_human(&self) -> bool {
        self.0.needs_human
    }
}

/// The back-off of a repository after GitHub rejected changes to its issues.
#[derive(Debug, SimpleObject)]
pub(super) struct RepositoryBackoff {
    /// The number of consecutive times that GitHub rejected a change to one of its issues.
    pub(super) refusals: i32,
    /// What GitHub returned the last time.
    pub(super) reason: String,
    /// When one of its issues is tried again; this may be in the past.
    pub(super) retry_at: Timestamp,
}

/// Which issues of a repository agents are served although people work on them. An issue with an
/// agent's label always belongs to that agent.
#[derive(Debug, SimpleObject)]
pub(super) struct ServesPeoplesWork {
    /// Whether agents are served issues that are In Progress without an agent.
    pub(super) in_progress: bool,
    /// Whether agents are served issues that are assigned to somebody on GitHub.
    pub(super) assigned: bool,
    /// Whether agents are served issues that have an `owner/` label.
    pub(super) owned: bool,
}
