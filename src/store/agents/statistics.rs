//! Counts over issues, audit entries and events, for pages that show many at once.
//!
//! These functions only count, in tracked repositories only; other modules write the rows.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Text, Timestamptz};
use diesel_async::RunQueryDsl;

use crate::domain::run_result::RunResult;
use crate::domain::{RepositoryId, Status};
use crate::store::Connection;

/// The number of issues of a repository in a column.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct RepositoryCount {
    /// The repository.
    #[diesel(sql_type = BigInt)]
    pub repository_id: RepositoryId,
    /// The column.
    #[diesel(sql_type = Text)]
    pub status: Status,
    /// The number of issues.
    #[diesel(sql_type = BigInt)]
    pub issues: i64,
}

/// The issues on the board by repository and column, except for those with an excluded label; zero
/// counts are absent. Maintained counts are read if no label is excluded.
pub async fn by_repository(
    connection: &mut Connection,
    excluded: &[String],
) -> QueryResult<Vec<RepositoryCount>> {
    if excluded.is_empty() {
        return diesel::sql_query(
            "SELECT c.repository_id, c.status, c.issues::bigint AS issues \
             FROM board_counts c JOIN repositories r ON r.id = c.repository_id \
             WHERE r.enabled AND c.issues > 0 ORDER BY c.repository_id, c.status",
        )
        .load(connection)
        .await;
    }
    diesel::sql_query(
        "SELECT i.repository_id, i.status, count(*) AS issues \
         FROM issues i JOIN repositories r ON r.id = i.repository_id \
         WHERE r.enabled AND i.on_board AND NOT i.label_keys && $1 \
         GROUP BY i.repository_id, i.status ORDER BY i.repository_id, i.status",
    )
    .bind::<Array<Text>, _>(excluded)
    .load(connection)
    .await
}

/// The number of issues with a label, in one column.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct LabelCount {
    /// The label's name.
    #[diesel(sql_type = Text)]
    pub label: String,
    /// Their column.
    #[diesel(sql_type = Text)]
    pub status: Status,
    /// The number of issues.
    #[diesel(sql_type = BigInt)]
    pub issues: i64,
}

/// The issues on the board by label and column, for labels with one of `prefixes`, except for those
/// with an excluded label. Labels that differ in case only are merged.
pub async fn by_label(
    connection: &mut Connection,
    prefixes: &[&str],
    excluded: &[String],
) -> QueryResult<Vec<LabelCount>> {
    let patterns: Vec<String> = prefixes.iter().map(|prefix| format!("{prefix}%")).collect();
    diesel::sql_query(
        "SELECT min(label) AS label, i.status, count(*) AS issues \
         FROM issues i JOIN repositories r ON r.id = i.repository_id, \
             unnest(i.labels, i.label_keys) AS named (label, key) \
         WHERE r.enabled AND i.on_board AND key LIKE ANY ($1) AND NOT i.label_keys && $2 \
         GROUP BY key, i.status ORDER BY key, i.status",
    )
    .bind::<Array<Text>, _>(patterns)
    .bind::<Array<Text>, _>(excluded)
    .load(connection)
    .await
}

/// The number of issues in a lane.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct LaneCount {
    /// The lane.
    #[diesel(sql_type = Text)]
    pub lane: String,
    /// The number of issues.
    #[diesel(sql_type = BigInt)]
    pub issues: i64,
}

/// The issues on the board by lane, except for those with an excluded label.
pub async fn by_lane(
    connection: &mut Connection,
    excluded: &[String],
) -> QueryResult<Vec<LaneCount>> {
    diesel::sql_query(
        "SELECT i.lane, count(*) AS issues \
         FROM issues i JOIN repositories r ON r.id = i.repository_id \
         WHERE r.enabled AND i.on_board AND NOT i.label_keys && $1 GROUP BY i.lane ORDER BY i.lane",
    )
    .bind::<Array<Text>, _>(excluded)
    .load(connection)
    .await
}

/// A count for one day, by UTC.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct DayCount {
    /// The day.
    #[diesel(sql_type = Date)]
    pub day: NaiveDate,
    /// The count.
    #[diesel(sql_type = BigInt)]
    pub count: i64,
}

/// The successful moves since `since`, by the day they were settled; days without moves are absent.
pub async fn moves_by_day(
    connection: &mut Connection,
    since: DateTime<Utc>,
) -> QueryResult<Vec<DayCount>> {
    diesel::sql_query(
        "SELECT (settled_at AT TIME ZONE 'UTC')::date AS day, count(*) AS count \
         FROM audit_log \
         WHERE success AND target_status IS NOT NULL AND before_labels <> after_labels \
             AND settled_at >= $1 \
         GROUP BY 1 ORDER BY 1",
    )
    .bind::<Timestamptz, _>(since)
    .load(connection)
    .await
}

/// The growth of a column on one day.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct DayChange {
    /// The day, by UTC.
    #[diesel(sql_type = Date)]
    pub day: NaiveDate,
    /// The column.
    #[diesel(sql_type = Text)]
    pub status: Status,
    /// The issues at its end minus those at its beginning.
    #[diesel(sql_type = BigInt)]
    pub growth: i64,
}

/// The growth of each column on each day since `since`, computed from the events of single issues.
/// Issues with an excluded label are in no column.
pub async fn growth_by_day(
    connection: &mut Connection,
    since: DateTime<Utc>,
    excluded: &[String],
) -> QueryResult<Vec<DayChange>> {
    diesel::sql_query(
        "SELECT day, status, sum(one)::bigint AS growth FROM ( \
             SELECT (at AT TIME ZONE 'UTC')::date AS day, after->>'status' AS status, 1 AS one \
             FROM event_log WHERE topic = 'board' AND at >= $1 \
                 AND (after->>'on_board')::boolean AND (cardinality($2) = 0 OR NOT label_keys( \
                     ARRAY(SELECT jsonb_array_elements_text(after->'labels'))) && $2) \
             UNION ALL \
             SELECT (at AT TIME ZONE 'UTC')::date, before->>'status', -1 \
             FROM event_log WHERE topic = 'board' AND at >= $1 \
                 AND (before->>'on_board')::boolean AND (cardinality($2) = 0 OR NOT label_keys( \
                     ARRAY(SELECT jsonb_array_elements_text(before->'labels'))) && $2) \
         ) AS ones GROUP BY day, status HAVING sum(one) <> 0 ORDER BY day, status",
    )
    .bind::<Timestamptz, _>(since)
    .bind::<Array<Text>, _>(excluded)
    .load(connection)
    .await
}

#[derive(QueryableByName)]
struct At {
    #[diesel(sql_type = diesel::sql_types::Nullable<Timestamptz>)]
    at: Option<DateTime<Utc>>,
}

/// Since when the event log has an event for every single change of an issue: its beginning, or the
/// last resync.
pub async fn events_complete_since(
    connection: &mut Connection,
) -> QueryResult<Option<DateTime<Utc>>> {
    let row: At = diesel::sql_query(
        "SELECT coalesce( \
             (SELECT max(at) FROM event_log WHERE kind = 'resync'), \
             (SELECT min(at) FROM event_log)) AS at",
    )
    .get_result(connection)
    .await?;
    Ok(row.at)
}

/// Counts of an agent's runs.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct RunCount {
    /// The agent's name.
    #[diesel(sql_type = Text)]
    pub agent_name: String,
    /// How many runs it reported.
    #[diesel(sql_type = BigInt)]
    pub runs: i64,
    /// How many of them succeeded.
    #[diesel(sql_type = BigInt)]
    pub successes: i64,
    /// How many of them failed.
    #[diesel(sql_type = BigInt)]
    pub failures: i64,
    /// When it last reported.
    #[diesel(sql_type = Timestamptz)]
    pub last_reported_at: DateTime<Utc>,
}

/// Every agent that reported a run, with its runs since `since`.
pub async fn runs_by_agent(
    connection: &mut Connection,
    since: DateTime<Utc>,
) -> QueryResult<Vec<RunCount>> {
    diesel::sql_query(
        "SELECT agent_name, count(*) FILTER (WHERE created_at >= $1) AS runs, \
             count(*) FILTER (WHERE created_at >= $1 AND lower(btrim(status)) = ANY ($2)) \
                 AS successes, \
             count(*) FILTER (WHERE created_at >= $1 AND lower(btrim(status)) = ANY ($3)) \
                 AS failures, \
             max(created_at) AS last_reported_at \
         FROM agent_runs GROUP BY agent_name ORDER BY agent_name",
    )
    .bind::<Timestamptz, _>(since)
    .bind::<Array<Text>, _>(RunResult::Succeeded.words())
    .bind::<Array<Text>, _>(RunResult::Failed.words())
    .load(connection)
    .await
}
