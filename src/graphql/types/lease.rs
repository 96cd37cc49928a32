//! A lease: an agent's hold of an issue.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::page::cost;
use super::{Issue, LeaseMessage};
use crate::domain::leases::{Checkpoint, LeaseEnding, LeaseState, WorkOutcome};
use crate::domain::{LeaseId, Timestamp};
use crate::graphql::loaders::{self, Related};
use crate::{service, store};

/// A lease with the issue that was loaded with its page.
#[derive(Debug, Clone)]
pub(in crate::graphql) struct Lease {
    pub(in crate::graphql) row: Arc<store::Lease>,
    pub(in crate::graphql) issue: Related<Arc<Issue>>,
}

/// An agent's exclusive, time-limited hold of an issue. `fencingToken` grows with each lease of the
/// issue; a write with an older token fails with `LEASE_LOST`.
#[Object]
impl Lease {
    /// Opaque. Each lease of an issue has its own id.
    pub(super) async fn id(&self) -> LeaseId {
        self.row.id()
    }

    /// The issue that is or was held. An issue that is no longer shown is returned as it was last
    /// read; its `removedAt` or its repository's `enabled` shows the cause.
    async fn issue(&self, context: &Context<'_>) -> async_graphql::Result<Arc<Issue>> {
        Ok(self.issue.resolve_any(context, self.row.issue_id).await?)
    }

    /// The name of the holder, without the `agent/` prefix.
    async fn agent(&self) -> &str {
        &self.row.agent
    }

    /// The lane that the issue was in when it was claimed.
    async fn lane(&self) -> Option<&str> {
        Some(&self.row.lane)
    }

    /// Proves that the caller holds the lease. Send it with every write.
    async fn fencing_token(&self) -> String {
        self.row.fencing_token.to_string()
    }

    /// The progress of the work, as reported by the holder.
    async fn checkpoint(&self) -> Checkpoint {
        self.row.checkpoint
    }

    /// When the issue was claimed.
    async fn acquired_at(&self) -> Timestamp {
        Timestamp(self.row.acquired_at)
    }

    /// When the holder last sent a heartbeat: its claim, a repeated claim, or a renewal.
    async fn renewed_at(&self) -> Timestamp {
        Timestamp(self.row.renewed_at)
    }

    /// When the lease expires, unless it is renewed.
    async fn expires_at(&self) -> Timestamp {
        Timestamp(self.row.expires_at)
    }

    /// When the lease ended; null while it lasts, and for a short time after it expires.
    async fn ended_at(&self) -> Option<Timestamp> {
        self.row.ended_at.map(Timestamp)
    }

    /// How the lease ended; null while it lasts.
    async fn ending(&self) -> Option<LeaseEnding> {
        self.row.ending
    }

    /// The outcome of the work, if it was finished.
    async fn outcome(&self) -> Option<WorkOutcome> {
        self.row.outcome
    }

    /// Whether the lease is recorded as held, even if `expiresAt` has passed.
    async fn is_held(&self) -> bool {
        self.row.state == LeaseState::Held
    }

    /// When somebody asked the holder to stop. The holder's next renewal returns this request.
    async fn stop_requested_at(&self) -> Option<Timestamp> {
        self.row.stop_requested_at.map(Timestamp)
    }

    /// Who asked the holder to stop.
    async fn stop_requested_by(&self) -> Option<&str> {
        self.row.stop_requested_by.as_deref()
    }

    /// Why the holder must stop, as given in the request.
    async fn stop_reason(&self) -> Option<&str> {
        self.row.stop_reason.as_deref()
    }

    /// When the issue is taken from the holder, if it has not stopped by then.
    async fn release_at(&self) -> Option<Timestamp> {
        self.row.release_at.map(Timestamp)
    }

    /// The question that the holder wants a person to answer; the work waits for that person. The
    /// agent wrote this text.
    async fn awaiting_input(&self) -> Option<&str> {
        self.row.awaiting_input.as_deref()
    }

    /// When the holder started to wait for the answer.
    async fn awaiting_input_since(&self) -> Option<Timestamp> {
        self.row.awaiting_input_since.map(Timestamp)
    }

    /// Messages to the holder, oldest first; the last 100.
    #[graphql(complexity = "cost(Some(10), None, child_complexity)")]
    async fn messages(&self, context: &Context<'_>) -> async_graphql::Result<Vec<LeaseMessage>> {
        let rows =
            service::claims::holders::messages(loaders::app(context), &[self.row.id()]).await?;
        Ok(rows.into_iter().map(LeaseMessage).collect())
    }
}

impl Lease {
    /// A lease without related data.
    pub(in crate::graphql) fn alone(row: store::Lease) -> Self {
        Self { row: Arc::new(row), issue: Related::Left }
    }
}
