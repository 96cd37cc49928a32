//! Figures for monitoring, each read at once for all rows it is about.
//!
//! They read narrow tables and partial indexes only, because they are read all day.

use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz};
use diesel::{QueryResult, QueryableByName};
use diesel_async::RunQueryDsl;

use super::Connection;

/// How many issues of a lane have a status.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct QueueDepth {
    /// The lane as stored, in lower case.
    #[diesel(sql_type = Text)]
    pub lane: String,
    /// The status.
    #[diesel(sql_type = Text)]
    pub status: String,
    /// The number of issues.
    #[diesel(sql_type = BigInt)]
    pub issues: i64,
    /// When the first issue of the oldest day was created.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub oldest: Option<DateTime<Utc>>,
}

/// The open issues that agents take work from, by lane and status.
pub async fn queue_depths(connection: &mut Connection) -> QueryResult<Vec<QueueDepth>> {
    // The oldest day and the lowest id on it are found in the same walk.
    diesel::sql_query(
        "SELECT depth.lane, depth.status, depth.issues, i.created_at AS oldest
         FROM (
             SELECT lane, status, count(*) AS issues, min(ARRAY[day, issue_id]) AS first
             FROM queued GROUP BY lane, status
         ) AS depth
         LEFT JOIN issues i ON i.id = depth.first[2]
         ORDER BY depth.lane, depth.status",
    )
    .load(connection)
    .await
}

/// The number of live leases in a state.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct LeaseCount {
    /// `held` or `reserved`.
    #[diesel(sql_type = Text)]
    pub state: String,
    /// The number of leases.
    #[diesel(sql_type = BigInt)]
    pub leases: i64,
}

/// The number of live leases by state.
pub async fn live_leases(
    connection: &mut Connection,
    now: DateTime<Utc>,
) -> QueryResult<Vec<LeaseCount>> {
    // The state is no parameter, so that the partial index of live leases is used.
    diesel::sql_query(
        "SELECT state, count(*) AS leases FROM leases
         WHERE state <> 'free' AND expires_at > $1 GROUP BY state",
    )
    .bind::<Timestamptz, _>(now)
    .load(connection)
    .await
}

/// The webhook deliveries that wait.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Inbox {
    /// How many there are.
    #[diesel(sql_type = BigInt)]
    pub deliveries: i64,
    /// When the oldest of them arrived.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub oldest: Option<DateTime<Utc>>,
}

/// The webhook deliveries that wait.
pub async fn inbox(connection: &mut Connection) -> QueryResult<Inbox> {
    diesel::sql_query(
        "SELECT count(*) AS deliveries, min(received_at) AS oldest
         FROM webhook_deliveries WHERE state = 'pending'",
    )
    .get_result(connection)
    .await
}
