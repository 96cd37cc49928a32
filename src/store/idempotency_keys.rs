//! Requests that name themselves, and what they were answered.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Connection;
use super::schema::request_keys::{self, dsl};

/// What tells one request that names itself from all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestKey<'a> {
    /// The credential of who asks.
    pub caller: &'a str,
    /// Method and path.
    pub request: &'a str,
    /// The caller's key with its owner, see `domain::keys`.
    pub key: &'a str,
}

/// What is known of a request.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = request_keys, check_for_backend(diesel::pg::Pg))]
pub struct KnownRequest {
    /// The hash of its body.
    pub body_hash: String,
    /// The status of the answer; none while it is carried out.
    pub status: Option<i32>,
    /// The answer's body; none while it is carried out.
    pub answer: Option<String>,
}

/// Takes a key for a run, unless it is taken already. One that was taken before `expired`, or before
/// `abandoned` without an answer, is free. Tells whether it was taken.
pub async fn take(
    connection: &mut Connection,
    key: RequestKey<'_>,
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

/// What is known of the request with a key.
pub async fn find(
    connection: &mut Connection,
    key: RequestKey<'_>,
) -> QueryResult<Option<KnownRequest>> {
    dsl::request_keys
        .find((key.caller, key.request, key.key))
        .select(KnownRequest::as_select())
        .first(connection)
        .await
        .optional()
}

/// Keeps what a run answered. A run that has lost the key changes nothing.
pub async fn keep(
    connection: &mut Connection,
    key: RequestKey<'_>,
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

/// Gives a key back. A run that has lost it changes nothing.
pub async fn give_back(
    connection: &mut Connection,
    key: RequestKey<'_>,
    run: Uuid,
) -> QueryResult<()> {
    diesel::delete(dsl::request_keys.find((key.caller, key.request, key.key)))
        .filter(dsl::run_id.eq(run))
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets requests that began before `before`, and tells how many.
pub async fn prune(connection: &mut Connection, before: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(dsl::request_keys.filter(dsl::begun_at.lt(before))).execute(connection).await
}

/// Forgets the oldest keys of a caller who has more than `most`.
pub async fn displace(connection: &mut Connection, caller: &str, most: i64) -> QueryResult<usize> {
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
