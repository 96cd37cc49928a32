//! Idempotency keys: a retry gets the response of the first request, and does nothing.
//!
//! Only successful responses are stored. A rejected request changed nothing, so its key is free
//! again, and so is the key of a request whose process died: use cases can safely be started again.
//! Invariant: of concurrent equal requests one is executed.

use chrono::TimeDelta;
use diesel_async::AsyncConnection as _;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{App, Error, Result};
use crate::store::idempotency_keys::{self, IdempotencyKey};
use crate::store::pool;

/// How long a response is retained.
const RETENTION: TimeDelta = TimeDelta::hours(24);

/// How long a request may take; after that its process is considered dead.
const ABANDONED_AFTER: TimeDelta = TimeDelta::seconds(60);

/// How many keys of one caller are retained; one more displaces the oldest.
const MAX_KEYS: i64 = 50_000;

/// The delay before a client should retry while the first request is running.
const RETRY_AFTER: TimeDelta = TimeDelta::seconds(1);

/// The SHA-256 hash of a request's content, in hexadecimal digits.
pub(super) fn hash_of(asked: &serde_json::Value) -> String {
    Sha256::digest(asked.to_string()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a request is the first with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdempotencyState {
    /// It must be executed, as this run.
    First(Uuid),
    /// It was executed before, with this response: status and body.
    Repeated(u16, String),
}

/// Reserves the key of a request, or finds the stored response.
///
/// # Errors
///
/// [`Error::Conflict`] when the key was used for a different request; [`Error::RateLimited`] while
/// the first request is running.
pub async fn begin(
    app: &App,
    key: IdempotencyKey<'_>,
    body_hash: &str,
) -> Result<IdempotencyState> {
    let (now, run) = (app.clock.now(), app.clock.fresh_uuid());
    let over = (now - RETENTION, now - ABANDONED_AFTER);
    let mut connection = app.connection().await?;
    if idempotency_keys::reserve(&mut connection, key, body_hash, run, now, over).await? {
        let deleted = idempotency_keys::delete_oldest(&mut connection, key.caller, MAX_KEYS).await;
        if let Err(error) = deleted {
            // The key is reserved, so the request has to be carried out.
            tracing::warn!(%error, "old idempotency keys were not deleted");
        }
        return Ok(IdempotencyState::First(run));
    }
    let known = idempotency_keys::find(&mut connection, key).await?;
    if known.as_ref().is_some_and(|known| known.body_hash != body_hash) {
        return Err(Error::conflict(
            "This Idempotency-Key was used for a different request; use a new one",
        ));
    }
    match known.map(|known| (known.status.map(u16::try_from), known.answer)) {
        Some((Some(Ok(status)), Some(answer))) => Ok(IdempotencyState::Repeated(status, answer)),
        _ => Err(Error::RateLimited {
            what: "The request of this Idempotency-Key is being carried out".to_owned(),
            retry_at: Some(now + RETRY_AFTER),
        }),
    }
}

/// Stores the response of a run.
///
/// # Errors
///
/// When the database fails.
pub async fn complete(
    app: &App,
    key: IdempotencyKey<'_>,
    run: Uuid,
    status: u16,
    answer: &str,
) -> Result<()> {
    let mut connection = app.connection().await?;
    Ok(idempotency_keys::complete(&mut connection, key, run, (i32::from(status), answer)).await?)
}

/// Frees the key of a request that was rejected.
///
/// # Errors
///
/// When the database fails.
pub async fn release(app: &App, key: IdempotencyKey<'_>, run: Uuid) -> Result<()> {
    let mut connection = app.connection().await?;
    Ok(idempotency_keys::release(&mut connection, key, run).await?)
}

/// Prunes responses that are older than the retention time.
///
/// # Errors
///
/// When the database fails.
pub async fn prune(app: &App) -> Result<usize> {
    let before = app.clock.now() - RETENTION;
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            pool::take_time(connection).await?;
            Ok(idempotency_keys::prune(connection, before).await?)
        })
        .await
}
