//! Requests that name themselves: a retry is answered what the first was, and does nothing.
//!
//! Only what succeeded is kept. What was refused changed nothing, so its name is free again, and so
//! is that of a request whose process died: everything here can be begun anew by itself. Invariant:
//! of equal requests at once one is carried out.

use chrono::TimeDelta;
use diesel_async::AsyncConnection as _;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{Error, Result};
use crate::app::App;
use crate::store::idempotency_keys::{self, RequestKey};
use crate::store::pool;

/// For how long an answer is kept.
const KEPT: TimeDelta = TimeDelta::hours(24);

/// How long a request may take; after that whoever carried it out is taken for dead.
const LONGEST: TimeDelta = TimeDelta::seconds(60);

/// How many keys of one caller are kept; one more displaces the oldest.
const MOST_KEYS: i64 = 50_000;

/// How long to wait before asking again for what is being carried out.
const SOON: TimeDelta = TimeDelta::seconds(1);

/// SHA-256 of what a request asks for, in hexadecimal digits.
pub(super) fn hash_of(asked: &serde_json::Value) -> String {
    Sha256::digest(asked.to_string()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a request is the first of its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdempotencyState {
    /// It is to be carried out, by this run.
    First(Uuid),
    /// It was carried out, and this was the answer: its status and its body.
    Repeated(u16, String),
}

/// Takes the name of a request, or finds what it was answered.
///
/// # Errors
///
/// [`Error::Conflict`] when the name is another request's; [`Error::Busy`] while the first is being
/// carried out.
pub async fn begin(app: &App, key: RequestKey<'_>, body_hash: &str) -> Result<IdempotencyState> {
    let (now, run) = (app.clock.now(), app.clock.fresh_uuid());
    let over = (now - KEPT, now - LONGEST);
    let mut connection = app.connection().await?;
    if idempotency_keys::take(&mut connection, key, body_hash, run, now, over).await? {
        idempotency_keys::displace(&mut connection, key.caller, MOST_KEYS).await?;
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
        _ => Err(Error::Busy {
            what: "The request of this Idempotency-Key is being carried out".to_owned(),
            retry_at: Some(now + SOON),
        }),
    }
}

/// Keeps what a run answered.
///
/// # Errors
///
/// When the database fails.
pub async fn keep(
    app: &App,
    key: RequestKey<'_>,
    run: Uuid,
    status: u16,
    answer: &str,
) -> Result<()> {
    let mut connection = app.connection().await?;
    Ok(idempotency_keys::keep(&mut connection, key, run, (i32::from(status), answer)).await?)
}

/// Frees the name of a request that was refused.
///
/// # Errors
///
/// When the database fails.
pub async fn give_back(app: &App, key: RequestKey<'_>, run: Uuid) -> Result<()> {
    let mut connection = app.connection().await?;
    Ok(idempotency_keys::give_back(&mut connection, key, run).await?)
}

/// Forgets answers that are no longer kept.
///
/// # Errors
///
/// When the database fails.
pub async fn prune(app: &App) -> Result<usize> {
    let before = app.clock.now() - KEPT;
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            pool::take_time(connection).await?;
            Ok(idempotency_keys::prune(connection, before).await?)
        })
        .await
}
