//! A delivery of a webhook, and lists of them.

use async_graphql::{Context, Object};

use super::page::{MAX, PageArguments, connection};
use crate::domain::webhooks::DeliveryState;
use crate::domain::{Timestamp, WebhookDeliveryId};
use crate::graphql::loaders::app;
use crate::service::{Result, webhooks};
use crate::store::webhooks::deliveries::DeliveryFilter;
use crate::store::{self, Position};

connection! {
    /// A page of webhook deliveries.
    WebhookDeliveryConnection of
    /// A webhook delivery and its cursor.
    WebhookDeliveryEdge,
    WebhookDelivery, 'w'
}

impl WebhookDeliveryConnection {
    pub(in crate::graphql) async fn load(
        context: &Context<'_>,
        filter: DeliveryFilter,
        arguments: PageArguments,
    ) -> Result<Self> {
        let request = arguments.request::<'w'>(MAX)?;
        let page = webhooks::deliveries(app(context), filter, &request).await?;
        Ok(Self { page: page.map(WebhookDelivery::from) })
    }
}

/// A delivery without its payload.
#[derive(Debug)]
pub(in crate::graphql) struct WebhookDelivery(store::WebhookDelivery);

impl From<store::WebhookDelivery> for WebhookDelivery {
    fn from(row: store::WebhookDelivery) -> Self {
        Self(row)
    }
}

impl WebhookDelivery {
    fn position(&self) -> Position {
        self.0.position()
    }
}

/// A delivery of one of GitHub's webhooks: an event that GitHub reported.
#[Object]
impl WebhookDelivery {
    /// Opaque.
    async fn id(&self) -> WebhookDeliveryId {
        self.0.id
    }

    /// GitHub's id of the delivery, as its page _Recent deliveries_ shows it.
    async fn delivery_id(&self) -> &str {
        &self.0.delivery_id
    }

    /// The name of the event, such as `issues`.
    async fn event(&self) -> &str {
        &self.0.event
    }

    /// The action of the event, such as `labeled`; null when it has none.
    async fn action(&self) -> Option<&str> {
        self.0.action.as_deref()
    }

    /// The full name of the repository in the payload, tracked or not.
    async fn repository_full_name(&self) -> Option<&str> {
        self.0.repository.as_deref()
    }

    /// The number of the issue or pull request in the payload.
    async fn number(&self) -> Option<i32> {
        self.0.issue_number
    }

    /// Whether it was processed, and with which result.
    async fn state(&self) -> DeliveryState {
        self.0.state
    }

    /// Why it was ignored or quarantined, or why the last attempt failed.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// How often it was processed.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// When it last arrived.
    async fn received_at(&self) -> Timestamp {
        Timestamp(self.0.received_at)
    }

    /// When it is processed next; null when it is not pending.
    async fn next_attempt_at(&self) -> Option<Timestamp> {
        self.0.next_attempt_at.map(Timestamp)
    }

    /// When it was processed for the last time; null while it is pending.
    async fn settled_at(&self) -> Option<Timestamp> {
        self.0.settled_at.map(Timestamp)
    }
}
