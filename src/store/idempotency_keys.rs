//! Idempotency keys of requests, with their responses.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Connection;
use super::schema::request_keys::{self, dsl};

/// What identifies a request with an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdempotencyKey<'a> {
    /// The caller's credential.
    pub caller: &'a str,
    /// Method and path.
    pub request: &'a str,
    /// The caller's key with its owner, see `domain::keys`.
    pub key: &'a str,
}

/// The idempotency record of a request.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = request_keys, check_for_backend(diesel::pg::Pg))]
pub struct IdempotencyRecord {
    /// The hash of the request's body.
    pub body_hash: String,
    /// The status of the response; none while it runs.
    pub status: Option<i32>,
    /// The body of the response; none while it runs.
    pub answer: Option<String>,
}

/// Reserves a key for a run, unless it is in use. A key is free if it was reserved before
/// `expired`, or before `abandoned` without a response. Returns whether it was reserved.
pub async fn reserve(
    connection: &mut Connection,
    key: IdempotencyKey<'_>,
    body_hash: &str,
    run: Uuid,
    now: DateTime<Utc>,
    (expired, abandoned): (DateTime<Utc>, DateTime<Utc>),
) -> QueryResult<bool> {
    use diesel::query_dsl::methods::FilterDsl;

    let fresh = (
        dsl::body_hash.eq(body_hash),
        dsl::run_id.eq(run),
        dsl::begun_at.eq(now),
        dsl::status.eq(None::<i32>),
        dsl::answer.eq(None::<&str>),
    );
    let name = (dsl::caller.eq(key.caller), dsl::request.eq(key.request), dsl::key.eq(key.key));
    let is_over = request_keys::begun_at
        .le(expired)
        .or(request_keys::status.is_null().and(request_keys::begun_at.le(abandoned)));
    let rows = diesel::insert_into(dsl::request_keys)
        .values((name, fresh))
        .on_conflict((dsl::caller, dsl::request, dsl::key))
        .do_update()
        .set(fresh)
        .filter(is_over)
        .execute(connection)
        .await?;
    Ok(rows == 1)
}

/// The record of a key.
pub async fn find(
    connection: &mut Connection,
    key: IdempotencyKey<'_>,
) -> QueryResult<Option<IdempotencyRecord>> {
    dsl::request_keys
        .find((key.caller, key.request, key.key))
        .select(IdempotencyRecord::as_select())
        .first(connection)
        .await
        .optional()
}

/// Stores the response of a run. Does nothing if the run has lost the key.
pub async fn complete(
    connection: &mut Connection,
    key: IdempotencyKey<'_>,
    run: Uuid,
    (status, answer): (i32, &str),
) -> QueryResult<()> {
    diesel::update(dsl::request_keys.find((key.caller, key.request, key.key)))
        .filter(dsl::run_id.eq(run))
        .set((dsl::status.eq(status), dsl::answer.eq(answer)))
        .execute(connection)
        .await?;
    Ok(())
}

/// Frees a key. Does nothing if the run has lost it.
pub async fn release(
    connection: &mut Connection,
    key: IdempotencyKey<'_>,
    run: Uuid,
) -> QueryResult<()> {
    diesel::delete(dsl::request_keys.find((key.caller, key.request, key.key)))
        .filter(dsl::run_id.eq(run))
        .execute(connection)
        .await?;
    Ok(())
}

/// Prunes requests that began before `before`, and returns how many.
pub async fn prune(connection: &mut Connection, before: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(dsl::request_keys.filter(dsl::begun_at.lt(before))).execute(connection).await
}

/// Deletes the oldest keys of a caller that has more than `most`.
pub async fn delete_oldest(
    connection: &mut Connection,
    caller: &str,
    most: i64,
) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM request_keys WHERE caller = $1 AND begun_at < ( \
             SELECT begun_at FROM request_keys WHERE caller = $1 \
             ORDER BY begun_at DESC OFFSET $2 - 1 LIMIT 1)",
    )
    .bind::<Text, _>(caller)
    .bind::<BigInt, _>(most)
    .execute(connection)
    .await
}
