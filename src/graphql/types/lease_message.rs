//! A message to the holder of an issue.

use async_graphql::Object;

use crate::domain::{LeaseMessageId, Timestamp};
use crate::store;

/// A message to the holder of an issue. Each renewal returns it until the holder marks it as read.
#[derive(Debug, Clone)]
pub(in crate::graphql) struct LeaseMessage(pub(in crate::graphql) store::LeaseMessage);

/// A message to the holder of an issue. Each renewal returns it until the holder marks it as read.
#[Object]
impl LeaseMessage {
    /// Opaque. Pass it as `readMessageId` to mark this message and all earlier ones as read.
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
    async fn sent_at(&self) -> Timestamp {
        Timestamp(self.0.sent_at)
    }

    /// When the holder marked the message as read.
    async fn read_at(&self) -> Option<Timestamp> {
        self.0.read_at.map(Timestamp)
    }
}
