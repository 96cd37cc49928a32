//! A message to the holder of an issue.

use async_graphql::Object;

use crate::domain::{Instant, LeaseMessageId};
use crate::store;

/// A message to the holder of an issue. Its renewals carry it until it says to have read it.
#[derive(Debug, Clone)]
pub(in crate::graphql) struct LeaseMessage(pub(in crate::graphql) store::LeaseMessage);

/// A message to the holder of an issue. Its renewals carry it until it says to have read it.
#[Object]
impl LeaseMessage {
    /// Opaque. Send it as `readMessageId` once this message and those before it are read.
    async fn id(&self) -> LeaseMessageId {
        self.0.id
    }

    /// Who sent it.
    async fn author(&self) -> &str {
        &self.0.author
    }

    /// The text.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// When it was sent.
    async fn sent_at(&self) -> Instant {
        Instant(self.0.sent_at)
    }

    /// When the holder said that it has read it.
    async fn read_at(&self) -> Option<Instant> {
        self.0.read_at.map(Instant)
    }
}
