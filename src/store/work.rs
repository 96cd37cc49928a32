//! What an agent can be given: the first of the queue, and the circumstances that rank it.
//!
//! The statements here narrow and order by what is stored, with the keys of the queue's index; what
//! is right is decided by `domain::work`, which a test holds this equal to.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;

use super::Connection;
use crate::domain::doctor::Ailment;
use crate::domain::work::{Aging, Rank};
use crate::domain::{IssueId, RepositoryId, Status};

/// Who looks for work, and where.
#[derive(Debug, Clone)]
pub struct Search<'a> {
    /// The agent.
    pub agent: &'a str,
    /// Lower-case names of the queues to look in; all when absent.
    pub lanes: Option<Vec<String>>,
    /// Lower-case names of queues to leave out.
    pub closed_lanes: Vec<String>,
    /// Tracked repositories to look in.
    pub repositories: Vec<RepositoryId>,
    /// Labels that hide an issue.
    pub excluded_labels: &'a [String],
    /// What age is worth.
    pub aging: Aging,
    /// The day it is.
    pub today: i32,
    /// The time.
    pub now: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    id: IssueId,
}

/// Open issues that an issue waits for: `blocker` is each.
macro_rules! open_blockers {
    () => {
        "FROM blockers w \
         JOIN repositories br ON lower(br.full_name) = w.repository AND br.enabled \
         JOIN issues blocker ON blocker.repository_id = br.id AND blocker.number = w.number \
         WHERE w.issue_id = i.id AND blocker.state = 'open' AND blocker.removed_at IS NULL \
             AND blocker.id <> i.id"
    };
}

/// The first of what an agent may have, best first.
///
/// Nothing is read behind what is asked for: each of the index's runs (whose, queue, column, tier)
/// is in the right order by itself, and the first of all is among the first of each.
pub async fn candidates(
    connection: &mut Connection,
    search: &Search<'_>,
    limit: i64,
) -> QueryResult<Vec<IssueId>> {
    let rows: Vec<Found> = diesel::sql_query(concat!(
        "WITH RECURSIVE found AS ( \
             (SELECT work_agent(labels) AS agent, lower(lane) AS lane FROM issues \
                 WHERE state = 'open' AND removed_at IS NULL \
                     AND status IN ('ready', 'in-progress') AND work_agent(labels) = '' \
                 ORDER BY lower(lane) LIMIT 1) \
             UNION ALL SELECT '', (SELECT lower(i.lane) FROM issues i \
                 WHERE i.state = 'open' AND i.removed_at IS NULL \
                     AND i.status IN ('ready', 'in-progress') AND work_agent(i.labels) = '' \
                     AND lower(i.lane) > found.lane ORDER BY lower(i.lane) LIMIT 1) \
                 FROM found WHERE found.lane IS NOT NULL), \
         own AS ( \
             (SELECT work_agent(labels) AS agent, lower(lane) AS lane FROM issues \
                 WHERE state = 'open' AND removed_at IS NULL \
                     AND status IN ('ready', 'in-progress') AND work_agent(labels) = $1 \
                 ORDER BY lower(lane) LIMIT 1) \
             UNION ALL SELECT $1, (SELECT lower(i.lane) FROM issues i \
                 WHERE i.state = 'open' AND i.removed_at IS NULL \
                     AND i.status IN ('ready', 'in-progress') AND work_agent(i.labels) = $1 \
                     AND lower(i.lane) > own.lane ORDER BY lower(i.lane) LIMIT 1) \
                 FROM own WHERE own.lane IS NOT NULL), \
         runs AS ( \
             SELECT * FROM (SELECT * FROM found UNION ALL SELECT * FROM own) AS both_kinds \
             WHERE lane IS NOT NULL AND ($2::text[] IS NULL OR lane = ANY ($2)) \
                 AND NOT lane = ANY ($3)) \
         SELECT best.id FROM runs \
         CROSS JOIN (VALUES ('ready', 2), ('in-progress', 0)) AS columns (status, score) \
         CROSS JOIN (VALUES (0), (1), (2), (3), (4)) AS tiers (tier) \
         CROSS JOIN LATERAL ( \
             SELECT i.id, work_day(i.created_at) AS day FROM issues i \
             WHERE i.state = 'open' AND i.removed_at IS NULL \
                 AND i.status IN ('ready', 'in-progress') \
                 AND work_agent(i.labels) = runs.agent AND lower(i.lane) = runs.lane \
                 AND i.status = columns.status AND work_tier(i.priority) = tiers.tier \
                 AND i.repository_id = ANY ($4) AND NOT i.labels && $5 \
                 AND i.pull_request_url IS NULL \
                 AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.issue_id = i.id \
                     AND l.state <> 'free' AND l.expires_at > $6) \
                 AND NOT EXISTS (SELECT 1 ",
        open_blockers!(),
        ") ORDER BY work_day(i.created_at), i.id LIMIT $10) AS best \
         ORDER BY 100 * (tiers.tier - least( \
                 greatest($7 - best.day, 0) / $8, $9, greatest(tiers.tier - 1, 0))) \
             + CASE WHEN runs.agent = '' THEN 10 ELSE 0 END + columns.score, \
             best.day, best.id LIMIT $10"
    ))
    .bind::<Text, _>(search.agent)
    .bind::<Nullable<Array<Text>>, _>(search.lanes.as_ref())
    .bind::<Array<Text>, _>(&search.closed_lanes)
    .bind::<Array<BigInt>, _>(&search.repositories)
    .bind::<Array<Text>, _>(search.excluded_labels)
    .bind::<Timestamptz, _>(search.now)
    .bind::<Integer, _>(search.today)
    .bind::<Integer, _>(search.aging.days_per_tier)
    .bind::<Integer, _>(search.aging.max_tiers)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Open issues in the columns that work is taken from, that an agent may not have for another
/// reason, the most urgent first; those in other queues left out.
pub async fn withheld(
    connection: &mut Connection,
    search: &Search<'_>,
    limit: i64,
) -> QueryResult<Vec<IssueId>> {
    let rows: Vec<Found> = diesel::sql_query(concat!(
        "SELECT i.id FROM issues i \
         WHERE i.state = 'open' AND i.removed_at IS NULL AND i.status IN ('ready', 'in-progress') \
             AND i.repository_id = ANY ($4) \
             AND ($2::text[] IS NULL OR lower(i.lane) = ANY ($2)) AND NOT lower(i.lane) = ANY ($3) \
             AND (coalesce(work_agent(i.labels) NOT IN ('', $1), true) OR i.labels && $5 \
                 OR i.pull_request_url IS NOT NULL \
                 OR EXISTS (SELECT 1 FROM leases l WHERE l.issue_id = i.id \
                     AND l.state <> 'free' AND l.expires_at > $6) \
                 OR EXISTS (SELECT 1 ",
        open_blockers!(),
        ")) ORDER BY work_tier(i.priority), work_day(i.created_at), i.id LIMIT $7"
    ))
    .bind::<Text, _>(search.agent)
    .bind::<Nullable<Array<Text>>, _>(search.lanes.as_ref())
    .bind::<Array<Text>, _>(&search.closed_lanes)
    .bind::<Array<BigInt>, _>(&search.repositories)
    .bind::<Array<Text>, _>(search.excluded_labels)
    .bind::<Timestamptz, _>(search.now)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// What stands around an issue, as far as the queue asks.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Circumstances {
    /// The issue.
    #[diesel(sql_type = BigInt)]
    pub issue_id: IssueId,
    /// Who holds or reserves it.
    #[diesel(sql_type = Nullable<Text>)]
    pub holder: Option<String>,
    /// Open issues that it waits for, as people write them.
    #[diesel(sql_type = Array<Text>)]
    pub blockers: Vec<String>,
    /// The open pull request that is to close it.
    #[diesel(sql_type = Nullable<Text>)]
    pub pull_request: Option<String>,
}

/// What stands around some issues, in no order.
pub async fn circumstances(
    connection: &mut Connection,
    issues: &[IssueId],
    now: DateTime<Utc>,
) -> QueryResult<Vec<Circumstances>> {
    diesel::sql_query(concat!(
        "SELECT i.id AS issue_id, l.agent AS holder, i.pull_request_url AS pull_request, \
             ARRAY(SELECT DISTINCT CASE WHEN br.id = i.repository_id THEN '' ELSE br.full_name END \
                 || '#' || blocker.number ",
        open_blockers!(),
        " ORDER BY 1) AS blockers \
         FROM issues i LEFT JOIN leases l ON l.issue_id = i.id AND l.state <> 'free' \
             AND l.expires_at > $2 \
         WHERE i.id = ANY ($1)"
    ))
    .bind::<Array<BigInt>, _>(issues)
    .bind::<Timestamptz, _>(now)
    .load(connection)
    .await
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    issues: i64,
}

/// How many issues on the board stand in some columns, in tracked repositories.
pub async fn count_in(connection: &mut Connection, columns: &[Status]) -> QueryResult<i64> {
    let columns: Vec<&str> = columns.iter().map(|status| status.as_str()).collect();
    let row: Count = diesel::sql_query(
        "SELECT coalesce(sum(c.issues), 0)::bigint AS issues FROM board_counts c \
         JOIN repositories r ON r.id = c.repository_id WHERE r.enabled AND c.status = ANY ($1)",
    )
    .bind::<Array<Text>, _>(columns)
    .get_result(connection)
    .await?;
    Ok(row.issues)
}

/// The place of a candidate in an agent's queue, from 1: how many come before it.
pub async fn place(
    connection: &mut Connection,
    search: &Search<'_>,
    own: &Rank,
) -> QueryResult<i32> {
    let row: Count = diesel::sql_query(concat!(
        "SELECT count(*) + 1 AS issues FROM ( \
             SELECT i.id, work_day(i.created_at) AS day, \
                 100 * (work_tier(i.priority) - least( \
                     greatest($7 - work_day(i.created_at), 0) / $8, $9, \
                     greatest(work_tier(i.priority) - 1, 0))) \
                 + CASE WHEN work_agent(i.labels) = '' THEN 10 ELSE 0 END \
                 + CASE i.status WHEN 'ready' THEN 2 ELSE 0 END AS score \
             FROM issues i \
             WHERE i.state = 'open' AND i.removed_at IS NULL \
                 AND i.status IN ('ready', 'in-progress') \
                 AND work_agent(i.labels) IN ('', $1) \
                 AND ($2::text[] IS NULL OR lower(i.lane) = ANY ($2)) \
                 AND NOT lower(i.lane) = ANY ($3) \
                 AND i.repository_id = ANY ($4) AND NOT i.labels && $5 \
                 AND i.pull_request_url IS NULL \
                 AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.issue_id = i.id \
                     AND l.state <> 'free' AND l.expires_at > $6) \
                 AND NOT EXISTS (SELECT 1 ",
        open_blockers!(),
        ")) AS ranked WHERE (score, day, id) < ($10, $11, $12)"
    ))
    .bind::<Text, _>(search.agent)
    .bind::<Nullable<Array<Text>>, _>(search.lanes.as_ref())
    .bind::<Array<Text>, _>(&search.closed_lanes)
    .bind::<Array<BigInt>, _>(&search.repositories)
    .bind::<Array<Text>, _>(search.excluded_labels)
    .bind::<Timestamptz, _>(search.now)
    .bind::<Integer, _>(search.today)
    .bind::<Integer, _>(search.aging.days_per_tier)
    .bind::<Integer, _>(search.aging.max_tiers)
    .bind::<Integer, _>(own.score)
    .bind::<Integer, _>(own.day)
    .bind::<BigInt, _>(own.issue)
    .get_result(connection)
    .await?;
    Ok(i32::try_from(row.issues).unwrap_or(i32::MAX))
}

/// An issue that contradicts its lease.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Ailing {
    /// The issue.
    #[diesel(sql_type = BigInt)]
    pub issue_id: IssueId,
    /// What is wrong with it.
    #[diesel(sql_type = Text)]
    pub ailment: Ailment,
    /// The agent that is concerned, where there is one.
    #[diesel(sql_type = Nullable<Text>)]
    pub agent: Option<String>,
    /// Since when it may have been so.
    #[diesel(sql_type = Timestamptz)]
    pub since: DateTime<Utc>,
}

/// Everything that is wrong with the queue: longest ago first. What is in progress without a lease
/// counts when it has been so since `stuck_before`.
pub async fn ailing(
    connection: &mut Connection,
    now: DateTime<Utc>,
    stuck_before: DateTime<Utc>,
) -> QueryResult<Vec<Ailing>> {
    diesel::sql_query(
        "WITH shown AS ( \
             SELECT i.*, l.agent AS last_agent, l.expires_at, l.ended_at, l.issue_id IS NOT NULL \
                 AND l.state <> 'free' AND l.expires_at > $1 AS is_held \
             FROM issues i JOIN repositories r ON r.id = i.repository_id AND r.enabled \
             LEFT JOIN leases l ON l.issue_id = i.id \
             WHERE i.on_board AND (i.status IN ('ready', 'in-progress') OR i.state = 'closed')) \
         SELECT id AS issue_id, 'assigned_without_lease' AS ailment, work_agent(labels) AS agent, \
             updated_at AS since FROM shown \
         WHERE state = 'open' AND status = 'ready' AND NOT is_held \
             AND work_agent(labels) IS DISTINCT FROM '' \
         UNION ALL \
         SELECT id, 'in_progress_without_lease', nullif(work_agent(labels), ''), \
             greatest(updated_at, least(expires_at, ended_at)) FROM shown \
         WHERE state = 'open' AND status = 'in-progress' AND NOT is_held \
             AND greatest(updated_at, least(expires_at, ended_at)) < $2 \
         UNION ALL \
         SELECT i.id, 'several_statuses', NULL, i.updated_at \
         FROM issues i JOIN repositories r ON r.id = i.repository_id AND r.enabled \
         WHERE i.on_board AND i.state = 'open' AND ( \
             SELECT count(*) FROM unnest(i.labels) AS label WHERE label LIKE 'status/%') > 1 \
         UNION ALL \
         SELECT id, 'closed_in_progress', nullif(work_agent(labels), ''), updated_at FROM shown \
         WHERE state = 'closed' AND labels @> ARRAY['status/in-progress'] \
         UNION ALL \
         SELECT l.issue_id, 'lease_on_vanished_issue', l.agent, l.acquired_at \
         FROM leases l JOIN issues i ON i.id = l.issue_id \
         JOIN repositories r ON r.id = i.repository_id \
         WHERE l.state <> 'free' AND (i.removed_at IS NOT NULL OR NOT r.enabled) \
         ORDER BY since, issue_id",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(stuck_before)
    .load(connection)
    .await
}
