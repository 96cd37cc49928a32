//! What is left alone for a while, and what people work on.

use async_graphql::{Context, Object, SimpleObject};

use crate::domain::Instant;
use crate::domain::backoff::{Backoff, BackoffCause};
use crate::graphql::loaders::app;

/// What went wrong with an issue, as it is noted.
#[derive(Debug)]
pub(in crate::graphql) struct IssueBackoff(pub(super) Backoff);

/// What went wrong with an issue. While the time of `retryAt` is to come, or a person is needed, no
/// agent is served it.
#[Object]
impl IssueBackoff {
    /// How many attempts of agents failed in a row.
    async fn failed_attempts(&self) -> i32 {
        self.0.failed_attempts
    }

    /// How often GitHub refused to change it, or did not answer, in a row.
    async fn refusals(&self) -> i32 {
        self.0.refusals
    }

    /// What kind of thing happened last.
    async fn cause(&self) -> BackoffCause {
        self.0.cause
    }

    /// What keeps it from agents, or last did, as one sentence.
    async fn summary(&self, context: &Context<'_>) -> String {
        format!("The issue {}.", self.0.summary(app(context).clock.now()))
    }

    /// When the first of this happened.
    async fn since(&self) -> Instant {
        Instant(self.0.first_at)
    }

    /// When something last went wrong.
    async fn last_at(&self) -> Instant {
        Instant(self.0.last_at)
    }

    /// When it is served again, which may be in the past; null when a person is needed.
    async fn retry_at(&self) -> Option<Instant> {
        (!self.0.needs_human).then_some(Instant(self.0.retry_at))
    }

    /// Whether its attempts are used up, so that a person has to look at it: to take the label
    /// `needs-human` off, to edit it, or to retry it.
    async fn needs_human(&self) -> bool {
        self.0.needs_human
    }
}

/// Why the issues of a repository are left alone.
#[derive(Debug, SimpleObject)]
pub(super) struct RepositoryBackoff {
    /// How often GitHub refused to change its issues in a row.
    pub(super) refusals: i32,
    /// What GitHub said the last time.
    pub(super) reason: String,
    /// When one of its issues is tried again, which may be in the past.
    pub(super) retry_at: Instant,
}

/// What people do to an issue of a repository that does not keep agents from it. An issue with an
/// agent's label is that agent's in any case.
#[derive(Debug, SimpleObject)]
pub(super) struct ServesPeoplesWork {
    /// Whether agents are served what is In Progress without an agent.
    pub(super) in_progress: bool,
    /// Whether agents are served what is assigned to somebody on GitHub.
    pub(super) assigned: bool,
    /// Whether agents are served what has an `owner/` label.
    pub(super) owned: bool,
}
