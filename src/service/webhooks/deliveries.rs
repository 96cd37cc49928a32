//! Lists stored deliveries and replays them.

use async_graphql::InputObject;
use diesel_async::AsyncConnection;

use crate::domain::webhooks::DeliveryState;
use crate::domain::{Actor, LabelSet, WebhookDeliveryId};
use crate::service::App;
use crate::service::board_events::audit_event;
use crate::service::{Error, Result};
use crate::store::audit::NewEntry;
use crate::store::webhooks::deliveries::{self, DeliveryCount, DeliveryFilter};
use crate::store::{Page, PageRequest, WebhookDelivery, audit, event_log};

/// How many kinds of deliveries are counted apart.
const MOST_COUNTS: i64 = 500;

/// A page of the retained deliveries that a filter admits, newest first.
pub async fn deliveries(
    app: &App,
    filter: DeliveryFilter,
    request: &PageRequest,
) -> Result<Page<WebhookDelivery>> {
    let mut connection = app.connection().await?;
    Ok(deliveries::page(&mut connection, filter, request).await?)
}

/// The numbers of retained deliveries by state, event and action, the largest first, at most 500.
pub async fn delivery_counts(app: &App) -> Result<Vec<DeliveryCount>> {
    let mut connection = app.connection().await?;
    Ok(deliveries::counts(&mut connection, MOST_COUNTS).await?)
}

/// A delivery to process again.
#[derive(Debug, Clone, Copy, InputObject)]
pub struct ReplayWebhookDelivery {
    /// The delivery.
    pub delivery_id: WebhookDeliveryId,
}

/// Processes a delivery again, whatever became of it; the audit log calls it `replay_webhook`. Processing
/// what was already applied changes nothing.
///
/// # Errors
///
/// [`Error::NotFound`] when there is no such delivery, [`Error::Conflict`] while it is pending.
pub async fn replay_webhook_delivery(
    app: &App,
    actor: &Actor,
    command: ReplayWebhookDelivery,
) -> Result<WebhookDelivery> {
    let (id, now) = (command.delivery_id, app.clock.now());
    let mut connection = app.connection().await?;
    let delivery = connection
        .transaction(async |connection| {
            let before = deliveries::lock(connection, id).await?;
            let before = before
                .ok_or_else(|| Error::NotFound { what: "Webhook delivery", id: id.to_string() })?;
            if before.state == DeliveryState::Pending {
                return Err(Error::conflict("The delivery is not processed yet"));
            }
            let delivery = deliveries::replay(connection, id, now).await?;
            let text = format!("`{}` event, delivery {}", delivery.event, delivery.delivery_id);
            let none = LabelSet::default();
            let entry = NewEntry {
                repository_full_name: delivery.repository.as_deref().unwrap_or_default(),
                issue_number: delivery.issue_number,
                notes: Some(&text),
                ..NewEntry::done(actor.actor_ref(), "replay_webhook", &none, now)
            };
            let entry = audit::append(connection, &entry).await?;
            event_log::append(connection, &[audit_event(&entry)]).await?;
            Ok::<_, Error>(delivery)
        })
        .await?;
    app.inbox.announce();
    Ok(delivery)
}
