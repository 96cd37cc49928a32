//! One-time flags.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Connection;
use super::schema::milestones::dsl;

/// Sets a flag. Returns whether it was not set before.
pub async fn set_once(
    connection: &mut Connection,
    name: &str,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let rows = diesel::insert_into(dsl::milestones)
        .values((dsl::name.eq(name), dsl::reached_at.eq(now)))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(rows == 1)
}
