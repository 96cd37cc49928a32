//! Root fields for deliveries of webhooks.

use async_graphql::{Context, Object, SimpleObject};

use crate::domain::webhooks::DeliveryState;
use crate::graphql::loaders::{actor, app};
use crate::graphql::types::WebhookDeliveryConnection;
use crate::graphql::types::page::{PageArguments, cost};
use crate::service::webhooks::{self, ReplayWebhookDelivery};
use crate::store;
use crate::store::webhooks::deliveries::DeliveryFilter;

#[derive(Debug, Default)]
pub(crate) struct WebhookQuery;

#[Object]
impl WebhookQuery {
    /// The retained deliveries of GitHub's webhooks, newest first.
    #[graphql(complexity = "cost(first, None, child_complexity)")]
    async fn webhook_deliveries(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only deliveries in this state.")] state: Option<DeliveryState>,
        #[graphql(desc = "Only deliveries of the event of this name, such as `issues`.")]
        event: Option<String>,
        #[graphql(desc = "Only deliveries about this repository, by its full name.")]
        repository: Option<String>,
        #[graphql(desc = "How many deliveries, from 0 to 100; 50 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only deliveries after this cursor.")] after: Option<String>,
    ) -> async_graphql::Result<WebhookDeliveryConnection> {
        let filter = DeliveryFilter { state, event, repository };
        Ok(WebhookDeliveryConnection::load(context, filter, PageArguments::forward(first, after))
            .await?)
    }

    /// The numbers of retained deliveries by state, event and action, the largest first; 500 at most.
    #[graphql(complexity = "cost(Some(50), None, child_complexity)")]
    async fn webhook_delivery_counts(
        &self,
        context: &Context<'_>,
    ) -> async_graphql::Result<Vec<WebhookDeliveryCount>> {
        let counts = webhooks::delivery_counts(app(context)).await?;
        Ok(counts.into_iter().map(WebhookDeliveryCount::from).collect())
    }
}

/// The number of deliveries of an event in a state.
#[derive(SimpleObject)]
struct WebhookDeliveryCount {
    /// The state.
    state: DeliveryState,
    /// The name of the event, such as `issues`.
    event: String,
    /// The action of the event, such as `labeled`; null when it has none.
    action: Option<String>,
    /// How many deliveries there are.
    deliveries: i64,
}

impl From<store::webhooks::deliveries::DeliveryCount> for WebhookDeliveryCount {
    fn from(row: store::webhooks::deliveries::DeliveryCount) -> Self {
        let store::webhooks::deliveries::DeliveryCount { state, event, action, deliveries } = row;
        Self { state, event, action, deliveries }
    }
}

/// The result of replaying a delivery.
#[derive(SimpleObject)]
struct ReplayWebhookDeliveryPayload {
    /// The delivery, which is pending again.
    delivery: crate::graphql::types::WebhookDelivery,
}

#[derive(Debug, Default)]
pub(crate) struct WebhookMutation;

#[Object]
impl WebhookMutation {
    /// Processes a delivery again. What was already applied changes nothing.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn replay_webhook_delivery(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The delivery.")] input: ReplayWebhookDelivery,
    ) -> async_graphql::Result<ReplayWebhookDeliveryPayload> {
        let row = webhooks::replay_webhook_delivery(app(context), actor(context), input).await?;
        Ok(ReplayWebhookDeliveryPayload { delivery: row.into() })
    }
}
