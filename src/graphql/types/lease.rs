//! An agent's hold on an issue.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::page::cost;
use super::{Issue, LeaseMessage};
use crate::domain::leases::{Checkpoint, LeaseEnding, LeaseState, WorkOutcome};
use crate::domain::{Instant, LeaseId};
use crate::graphql::loaders::{self, Related};
use crate::{service, store};

/// A lease with the issue that its page brought along.
#[derive(Debug, Clone)]
pub(in crate::graphql) struct Lease {
    pub(in crate::graphql) row: Arc<store::Lease>,
    pub(in crate::graphql) issue: Related<Arc<Issue>>,
}

/// An agent's exclusive, timed hold on an issue. `fencingToken` only ever grows for an issue; a
/// write that carries an older one is refused with `LEASE_LOST`.
#[Object]
impl Lease {
    /// Opaque. It names this holding alone: the issue's next one has another.
    pub(super) async fn id(&self) -> LeaseId {
        self.row.id()
    }

    /// The issue that is or was held. Also one that is no longer shown, as it was last read: its
    /// `removedAt` or its repository's `enabled` tells.
    async fn issue(&self, context: &Context<'_>) -> async_graphql::Result<Arc<Issue>> {
        Ok(self.issue.resolve_any(context, self.row.issue_id).await?)
    }

    /// Who holds it, without the `agent/` prefix.
    async fn agent(&self) -> &str {
        &self.row.agent
    }

    /// The queue the issue waited in when it was claimed.
    async fn lane(&self) -> Option<&str> {
        Some(&self.row.lane)
    }

    /// Proves the hold; send it back with every write.
    async fn fencing_token(&self) -> String {
        self.row.fencing_token.to_string()
    }

    /// How far the holder is, by its own account.
    async fn checkpoint(&self) -> Checkpoint {
        self.row.checkpoint
    }

    /// When the issue was claimed.
    async fn acquired_at(&self) -> Instant {
        Instant(self.row.acquired_at)
    }

    /// When the holder last gave a sign of life.
    async fn renewed_at(&self) -> Instant {
        Instant(self.row.renewed_at)
    }

    /// When the hold is over, unless it is renewed.
    async fn expires_at(&self) -> Instant {
        Instant(self.row.expires_at)
    }

    /// When it was over; null while it is not, and for a moment after its time is up.
    async fn ended_at(&self) -> Option<Instant> {
        self.row.ended_at.map(Instant)
    }

    /// How it ended.
    async fn ending(&self) -> Option<LeaseEnding> {
        self.row.ending
    }

    /// What came of the work, when it was finished.
    async fn outcome(&self) -> Option<WorkOutcome> {
        self.row.outcome
    }

    /// Whether an agent has it, its time left aside.
    async fn is_held(&self) -> bool {
        self.row.state == LeaseState::Held
    }

    /// When somebody asked the holder to stop; its next renewal says so.
    async fn stop_requested_at(&self) -> Option<Instant> {
        self.row.stop_requested_at.map(Instant)
    }

    /// Who asked it to stop.
    async fn stop_requested_by(&self) -> Option<&str> {
        self.row.stop_requested_by.as_deref()
    }

    /// Why it is to stop, in the words of who asked.
    async fn stop_reason(&self) -> Option<&str> {
        self.row.stop_reason.as_deref()
    }

    /// When the issue is taken from the holder if it has not stopped.
    async fn release_at(&self) -> Option<Instant> {
        self.row.release_at.map(Instant)
    }

    /// The question whose answer the holder waits for, which makes it wait for a person. Text of the
    /// agent.
    async fn awaiting_input(&self) -> Option<&str> {
        self.row.awaiting_input.as_deref()
    }

    /// Since when it waits for the answer.
    async fn awaiting_input_since(&self) -> Option<Instant> {
        self.row.awaiting_input_since.map(Instant)
    }

    /// What the holder was sent, the first sent first; the last 100.
    #[graphql(complexity = "cost(Some(10), None, child_complexity)")]
    async fn messages(&self, context: &Context<'_>) -> async_graphql::Result<Vec<LeaseMessage>> {
        let rows = service::holders::messages(loaders::app(context), &[self.row.id()]).await?;
        Ok(rows.into_iter().map(LeaseMessage).collect())
    }
}

impl Lease {
    /// A lease by itself.
    pub(in crate::graphql) fn alone(row: store::Lease) -> Self {
        Self { row: Arc::new(row), issue: Related::Left }
    }
}
