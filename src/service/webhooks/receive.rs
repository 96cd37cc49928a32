//! Receives deliveries: checks the signature and stores them.

use crate::domain::webhooks::{DeliveryState, is_delivery_id, is_event, is_signed, subject};
use crate::github::webhooks::Envelope;
use crate::service::App;
use crate::service::{Error, Result};
use crate::store::webhooks::deliveries::{self, NewDelivery};

/// A delivery as it arrives.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// The header `X-GitHub-Event`.
    pub event: &'a str,
    /// The header `X-GitHub-Delivery`.
    pub delivery_id: &'a str,
    /// The header `X-Hub-Signature-256`.
    pub signature: &'a str,
    /// The body as it was signed.
    pub body: &'a [u8],
    /// The JSON text in the body.
    pub payload: &'a [u8],
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The state of the stored delivery.
    pub state: DeliveryState,
    /// Whether it was stored before, and is left unchanged.
    pub is_repeated: bool,
    /// What the payload is about; none if it cannot be read.
    pub envelope: Option<Envelope>,
}

/// The error while no secret is configured: then nothing can be verified.
pub fn unconfigured() -> Error {
    let reason = "WEBHOOK_SECRET is not set, so no webhook can be verified".to_owned();
    Error::Unavailable { reason }
}

/// Stores a signed delivery. A payload that cannot be read is stored too, as quarantined. Receiving the
/// same delivery again changes nothing, unless its processing failed: then it is processed again.
///
/// # Errors
///
/// [`Error::Unavailable`] when no secret is configured, [`Error::Unauthenticated`] for a missing or
/// wrong signature, [`Error::Invalid`] for a missing or invalid header.
pub async fn receive(app: &App, delivery: Delivery<'_>) -> Result<Receipt> {
    let secrets = app.config.webhooks.secrets();
    if secrets.is_empty() {
        return Err(unconfigured());
    }
    if !is_signed(&secrets, delivery.body, delivery.signature) {
        return Err(Error::Unauthenticated);
    }
    let invalid = |field, reason: &str| Error::Invalid { field, reason: reason.to_owned() };
    if !is_event(delivery.event) {
        return Err(invalid("X-GitHub-Event", "must be the name of an event, such as `issues`"));
    }
    if !is_delivery_id(delivery.delivery_id) {
        return Err(invalid("X-GitHub-Delivery", "must be the id of the delivery"));
    }
    let now = app.clock.now();
    let read = Envelope::read(delivery.payload);
    let reason = read.as_ref().err().map(ToString::to_string);
    let envelope = read.ok();
    let about = envelope.clone().unwrap_or_default();
    let subject = subject(about.repository.as_ref(), about.number);
    let is_readable = reason.is_none();
    let state = if is_readable { DeliveryState::Pending } else { DeliveryState::Quarantined };
    let new = NewDelivery {
        delivery_id: delivery.delivery_id,
        event: delivery.event,
        action: about.action.as_deref(),
        repository: about.repository.as_ref().map(|name| name.as_str()),
        issue_number: about.number,
        subject: &subject,
        payload: delivery.payload,
        state,
        reason: reason.as_deref(),
        received_at: now,
        next_attempt_at: is_readable.then_some(now),
        settled_at: (!is_readable).then_some(now),
    };
    let mut connection = app.connection().await?;
    let stored = deliveries::store(&mut connection, &new).await?;
    if stored.is_some() {
        app.inbox.announce();
        return Ok(Receipt { state, is_repeated: false, envelope });
    }
    let known = deliveries::by_delivery_id(&mut connection, delivery.delivery_id).await?;
    let state = known.map_or(DeliveryState::Processed, |known| known.state);
    Ok(Receipt { state, is_repeated: true, envelope })
}
