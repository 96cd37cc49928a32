//! The queue in SQL: the first candidates of an agent, and the facts by which they are
//! ranked.
//!
//! Filtering and ordering use narrow rows that triggers maintain for the queue. The rules are
//! defined by `domain::ranking`, and a test checks that both agree. Queries that every claim needs
//! are database functions, which are planned once per connection.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;

use super::backoffs::BackoffRow;
use crate::domain::backoff::Backoff;
use crate::domain::doctor::Inconsistency;
use crate::domain::ranking::{Rank, RankRules};
use crate::domain::{IssueId, RepositoryId, Status};
use crate::store::prepared::Prepared;
use crate::store::schema::{backoffs, issues};
use crate::store::{Connection, Issue};

/// A search for candidates: for whom, and where.
#[derive(Debug, Clone)]
pub struct CandidateSearch<'a> {
    /// The agent's name, in lower case.
    pub agent: String,
    /// The names of the lanes to search, in lower case; all when absent.
    pub lanes: Option<Vec<String>>,
    /// The names of lanes to leave out, in lower case.
    pub closed_lanes: Vec<String>,
    /// The tracked repositories to search.
    pub repositories: Vec<RepositoryId>,
    /// The labels that hide an issue, in lower case.
    pub excluded_labels: &'a [String],
    /// Whether issues that a person works on are searched too.
    pub serves_peoples: bool,
    /// The rules of ranking.
    pub rules: RankRules,
    /// The current time.
    pub now: DateTime<Utc>,
}

impl CandidateSearch<'_> {
    /// The values of `queued.with_person` to search.
    fn with_persons(&self) -> Vec<bool> {
        if self.serves_peoples { vec![false, true] } else { vec![false] }
    }
}

#[derive(QueryableByName)]
struct IssueIdRow {
    #[diesel(sql_type = BigInt)]
    id: IssueId,
}

/// SQL: the open dependencies of the issue with this alias. `w` is each reference, `blocker` and
/// `br` the cached issue and its repository, if cached.
macro_rules! open_blockers {
    ($issue:literal) => {
        concat!(
            "FROM blockers w \
             LEFT JOIN repositories br ON lower(br.full_name) = w.repository AND br.enabled \
             LEFT JOIN issues blocker ON blocker.repository_id = br.id \
                 AND blocker.number = w.number \
             LEFT JOIN foreign_references f ON f.repository = w.repository \
                 AND f.number = w.number \
             WHERE w.issue_id = ",
            $issue,
            ".id AND CASE WHEN blocker.id IS NULL THEN f.is_open ELSE blocker.state = 'open' \
                 AND blocker.removed_at IS NULL AND blocker.id <> ",
            $issue,
            ".id END"
        )
    };
}

/// SQL: whether the row `q` is in the scope of the search.
macro_rules! is_searched {
    () => {
        "q.repository_id = ANY ($4) AND ($2::text[] IS NULL OR q.lane = ANY ($2)) \
         AND NOT q.lane = ANY ($3)"
    };
}

/// Binds the scope of the search to a statement.
macro_rules! bound {
    ($sql:expr, $search:expr) => {
        diesel::sql_query($sql)
            .bind::<Text, _>(&$search.agent)
            .bind::<Nullable<Array<Text>>, _>($search.lanes.as_ref())
            .bind::<Array<Text>, _>(&$search.closed_lanes)
            .bind::<Array<BigInt>, _>(&$search.repositories)
            .bind::<Array<Text>, _>($search.excluded_labels)
            .bind::<Timestamptz, _>($search.now)
    };
}

/// The first candidates of an agent, best first.
pub async fn candidates(
    connection: &mut Connection,
    search: &CandidateSearch<'_>,
    limit: i64,
) -> QueryResult<Vec<IssueId>> {
    let sql = "SELECT id FROM first_queued( \
                   $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) AS found (id)";
    let query = bound!(sql, search)
        .bind::<Integer, _>(search.rules.today)
        .bind::<Integer, _>(search.rules.aging.days_per_tier)
        .bind::<Integer, _>(search.rules.aging.max_tiers)
        .bind::<BigInt, _>(limit)
        .bind::<Array<Bool>, _>(search.with_persons())
        .bind::<Bool, _>(search.rules.by_unblocks);
    let rows: Vec<IssueIdRow> = Prepared(query).load(connection).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// What cannot be claimed because of a limit.
#[derive(Debug, Clone, Default)]
pub struct ReachedLimits {
    /// Everything: the limit is the agent's own, or that of work that waits for a person.
    pub everything: bool,
    /// Lower-case names of lanes.
    pub lanes: Vec<String>,
    /// Repositories.
    pub repositories: Vec<RepositoryId>,
}

impl ReachedLimits {
    /// Whether no limit is reached.
    pub fn is_empty(&self) -> bool {
        !self.everything && self.lanes.is_empty() && self.repositories.is_empty()
    }
}

/// How much to read about withheld issues.
#[derive(Debug, Clone, Copy, Default)]
pub struct WithheldQuery {
    /// An issue to leave out, because it was served.
    pub served: Option<IssueId>,
    /// How many issues to list.
    pub listed: i64,
    /// Up to which number to count issues, for each reason.
    pub counted: i64,
}

/// The issues that are withheld from an agent, of the open issues in claimable columns.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct WithheldCounts {
    /// The first ones, most urgent first; without those that only a limit withholds.
    #[diesel(sql_type = Array<BigInt>)]
    pub first: Vec<IssueId>,
    /// The number of leased or reserved issues. An issue counts once for each of its reasons.
    #[diesel(sql_type = BigInt)]
    pub leased: i64,
    /// Those with the label of another agent.
    #[diesel(sql_type = BigInt)]
    pub assigned_to_other: i64,
    /// Those in another column of the board: all of them, in all lanes.
    #[diesel(sql_type = BigInt)]
    pub not_ready: i64,
    /// Those that wait for an open issue.
    #[diesel(sql_type = BigInt)]
    pub blocked_by_issue: i64,
    /// Those over a limit.
    #[diesel(sql_type = BigInt)]
    pub limit_reached: i64,
    /// Those with an excluded label.
    #[diesel(sql_type = BigInt)]
    pub excluded: i64,
    /// Those with an open pull request.
    #[diesel(sql_type = BigInt)]
    pub linked_pull_request: i64,
    /// Those in back-off after a failure.
    #[diesel(sql_type = BigInt)]
    pub backing_off: i64,
    /// Those that need a person.
    #[diesel(sql_type = BigInt)]
    pub needs_human: i64,
    /// Those that a person works on.
    #[diesel(sql_type = BigInt)]
    pub held_by_person: i64,
}

/// The issues that are withheld from an agent, without those in other lanes. Limits are those of
/// `reached`: the scope of `search` must include the lanes and repositories that it closes.
pub async fn withheld(
    connection: &mut Connection,
    search: &CandidateSearch<'_>,
    reached: &ReachedLimits,
    query: WithheldQuery,
) -> QueryResult<WithheldCounts> {
    let sql = "SELECT * FROM withheld_work($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    let query = bound!(sql, search)
        .bind::<Nullable<BigInt>, _>(query.served)
        .bind::<BigInt, _>(query.listed)
        .bind::<BigInt, _>(query.counted)
        .bind::<Bool, _>(reached.everything)
        .bind::<Array<Text>, _>(&reached.lanes)
        .bind::<Array<BigInt>, _>(&reached.repositories)
        .bind::<Array<Bool>, _>(search.with_persons());
    Prepared(query).get_result(connection).await
}

/// The queued issues of some repositories, most urgent first, up to `limit`, in the lanes of
/// `search`.
pub async fn queued_in(
    connection: &mut Connection,
    search: &CandidateSearch<'_>,
    repositories: &[RepositoryId],
    limit: i64,
) -> QueryResult<Vec<IssueId>> {
    let rows: Vec<IssueIdRow> = diesel::sql_query(
        "SELECT q.issue_id AS id FROM queued q \
         WHERE q.repository_id = ANY ($1) AND ($2::text[] IS NULL OR q.lane = ANY ($2)) \
             AND NOT q.lane = ANY ($3) \
         ORDER BY q.tier, q.day, q.issue_id LIMIT $4",
    )
    .bind::<Array<BigInt>, _>(repositories)
    .bind::<Nullable<Array<Text>>, _>(search.lanes.as_ref())
    .bind::<Array<Text>, _>(&search.closed_lanes)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// The facts of an issue that decide about its eligibility.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EligibilityFacts {
    /// The issue.
    pub issue_id: IssueId,
    /// The agent that leased or reserved it.
    pub holder: Option<String>,
    /// Open issues that it waits for, in people's notation.
    pub blockers: Vec<String>,
    /// How many open issues wait for it directly.
    pub unblocks: i32,
    /// The open pull request that will close it.
    pub pull_request: Option<String>,
    /// Its back-off, which may be over.
    pub backoff: Option<Backoff>,
}

/// Some issues with their facts, in no order.
pub async fn with_eligibility_facts(
    connection: &mut Connection,
    ids: &[IssueId],
    now: DateTime<Utc>,
) -> QueryResult<Vec<(Issue, EligibilityFacts)>> {
    let blockers = sql::<Array<Text>>(concat!(
        "ARRAY(SELECT DISTINCT CASE WHEN br.id = issues.repository_id THEN '' \
             ELSE coalesce(br.full_name, w.repository) END || '#' || w.number ",
        open_blockers!("issues"),
        " ORDER BY 1)"
    ));
    // Look up each by key: a condition on time, or a join, could be planned as a scan of all
    // leases. A reservation with an unknown outcome on GitHub blocks until the outcome is known.
    let holder = sql::<Nullable<Text>>("(SELECT CASE WHEN l.state <> 'free' AND (l.expires_at > ")
        .bind::<Timestamptz, _>(now)
        .sql(
            " OR l.state = 'reserved' AND EXISTS (SELECT FROM audit_log a \
                 WHERE a.issue_id = issues.id AND a.settled_at IS NULL)) \
             THEN l.agent END FROM leases l WHERE l.issue_id = issues.id)",
        );
    let unblocks = sql::<Integer>(
        "coalesce((SELECT u.issues FROM unblocking u WHERE u.issue_id = issues.id), 0)",
    );
    type Row = (Issue, Option<String>, Vec<String>, i32, Option<BackoffRow>);
    let query = issues::table.left_join(backoffs::table).filter(issues::id.eq_any(ids)).select((
        Issue::as_select(),
        holder,
        blockers,
        unblocks,
        Option::<BackoffRow>::as_select(),
    ));
    let rows: Vec<Row> = Prepared(query).load(connection).await?;
    let row = |(issue, holder, blockers, unblocks, backoff): Row| {
        let (issue_id, pull_request) = (issue.id, issue.pull_request_url.clone());
        let backoff = backoff.map(Backoff::from);
        let facts =
            EligibilityFacts { issue_id, holder, blockers, unblocks, pull_request, backoff };
        (issue, facts)
    };
    Ok(rows.into_iter().map(row).collect())
}

#[derive(QueryableByName)]
struct IssueCount {
    #[diesel(sql_type = BigInt)]
    issues: i64,
}

/// The number of issues on the board in some columns, in tracked repositories.
pub async fn count_in(connection: &mut Connection, columns: &[Status]) -> QueryResult<i64> {
    let columns: Vec<&str> = columns.iter().map(|status| status.as_str()).collect();
    let query = diesel::sql_query(
        "SELECT coalesce(sum(c.issues), 0)::bigint AS issues FROM board_counts c \
         JOIN repositories r ON r.id = c.repository_id WHERE r.enabled AND c.status = ANY ($1)",
    )
    .bind::<Array<Text>, _>(columns);
    let row: IssueCount = Prepared(query).get_result(connection).await?;
    Ok(row.issues)
}

/// The rank of a candidate in an agent's queue, from 1: one more than the number of those before
/// it.
pub async fn place(
    connection: &mut Connection,
    search: &CandidateSearch<'_>,
    own: &Rank,
) -> QueryResult<i32> {
    let sql = concat!(
        "SELECT count(*) + 1 AS issues FROM ( \
             SELECT q.issue_id, q.day, queue_score(q.tier, \
                 CASE WHEN q.agent = '' THEN 10 ELSE 0 END \
                     + CASE q.status WHEN 'ready' THEN 2 ELSE 0 END, \
                 q.day, q.unblocks, $7, $8, $9, $14) AS score \
             FROM queued q \
             WHERE NOT q.has_pull_request AND q.agent IN ('', $1) AND q.not_before <= $6 \
                 AND (NOT q.with_person OR $13) AND ",
        is_searched!(),
        "        AND q.issue_id NOT IN ( \
                     SELECT issue_id FROM leases WHERE state <> 'free' AND expires_at > $6) \
                 AND q.issue_id NOT IN (SELECT issue_id FROM blocked) \
                 AND (cardinality($5) = 0 OR NOT EXISTS ( \
                     SELECT FROM issues i WHERE i.id = q.issue_id AND i.label_keys && $5)) \
             ) AS ranked WHERE (score, day, issue_id) < ($10, $11, $12)"
    );
    let query = bound!(sql, search)
        .bind::<Integer, _>(search.rules.today)
        .bind::<Integer, _>(search.rules.aging.days_per_tier)
        .bind::<Integer, _>(search.rules.aging.max_tiers)
        .bind::<Integer, _>(own.score)
        .bind::<Integer, _>(own.day)
        .bind::<BigInt, _>(own.issue)
        .bind::<Bool, _>(search.serves_peoples)
        .bind::<Bool, _>(search.rules.by_unblocks);
    let row: IssueCount = Prepared(query).get_result(connection).await?;
    Ok(i32::try_from(row.issues).unwrap_or(i32::MAX))
}

/// An inconsistency of an issue and its lease.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct InconsistencyRow {
    /// The issue.
    #[diesel(sql_type = BigInt)]
    pub issue_id: IssueId,
    /// The kind of inconsistency.
    #[diesel(sql_type = Text)]
    pub ailment: Inconsistency,
    /// The agent that is affected, if any.
    #[diesel(sql_type = Nullable<Text>)]
    pub agent: Option<String>,
    /// Since when it may have existed.
    #[diesel(sql_type = Timestamptz)]
    pub since: DateTime<Utc>,
    /// The details, as one sentence.
    #[diesel(sql_type = Nullable<Text>)]
    pub detail: Option<String>,
}

/// Before which time something must have happened to count as an inconsistency.
#[derive(Debug, Clone, Copy)]
pub struct DoctorThresholds {
    /// Work in progress that a program left behind.
    pub stuck: DateTime<Utc>,
    /// A change by a person, here or on GitHub.
    pub meant: DateTime<Utc>,
}

/// All inconsistencies of the queue, oldest first. The audit log shows who assigned an issue or
/// moved it to In Progress; without an entry, it was a person on GitHub.
pub async fn inconsistencies(
    connection: &mut Connection,
    now: DateTime<Utc>,
    thresholds: DoctorThresholds,
) -> QueryResult<Vec<InconsistencyRow>> {
    diesel::sql_query(
        "WITH shown AS ( \
             SELECT i.*, coalesce((SELECT a.actor_kind FROM audit_log a \
                     WHERE a.issue_id = i.id AND a.success AND EXISTS ( \
                         SELECT FROM unnest(a.after_labels) AS label \
                         WHERE (lower(label) LIKE 'agent/%' OR lower(label) = 'status/in-progress') \
                             AND lower(label) <> ALL ( \
                                 SELECT lower(other) FROM unnest(a.before_labels) AS other)) \
                     ORDER BY a.settled_at DESC, a.id DESC LIMIT 1), 'person') \
                     IN ('person', 'operator') AS is_meant,  l.agent AS last_agent, l.expires_at, l.ended_at, l.issue_id IS NOT NULL \
                 AND l.state <> 'free' AND l.expires_at > $1 AS is_held \
             FROM issues i JOIN repositories r ON r.id = i.repository_id AND r.enabled \
             LEFT JOIN leases l ON l.issue_id = i.id \
             WHERE i.on_board AND (i.status IN ('ready', 'in-progress') OR i.state = 'closed')) \
         SELECT id AS issue_id, 'assigned_without_lease' AS ailment, work_agent(labels) AS agent, \
             updated_at AS since, NULL AS detail FROM shown \
         WHERE state = 'open' AND status = 'ready' AND NOT is_held \
             AND work_agent(labels) IS DISTINCT FROM '' AND (NOT is_meant OR updated_at < $3) \
         UNION ALL \
         SELECT id, 'in_progress_without_lease', nullif(work_agent(labels), ''), \
             greatest(updated_at, least(expires_at, ended_at)), NULL FROM shown \
         WHERE state = 'open' AND status = 'in-progress' AND NOT is_held \
             AND greatest(updated_at, least(expires_at, ended_at)) \
                 < CASE WHEN is_meant THEN $3 ELSE $2 END \
         UNION ALL \
         SELECT i.id, 'several_statuses', NULL, i.updated_at, NULL \
         FROM issues i JOIN repositories r ON r.id = i.repository_id AND r.enabled \
         WHERE i.on_board AND i.state = 'open' AND ( \
             SELECT count(*) FROM unnest(i.label_keys) AS label WHERE label LIKE 'status/%') > 1 \
         UNION ALL \
         SELECT id, 'closed_in_progress', nullif(work_agent(labels), ''), updated_at, NULL \
         FROM shown WHERE state = 'closed' AND label_keys @> ARRAY['status/in-progress'] \
         UNION ALL \
         SELECT l.issue_id, 'lease_on_vanished_issue', l.agent, l.acquired_at, NULL \
         FROM leases l JOIN issues i ON i.id = l.issue_id \
         JOIN repositories r ON r.id = i.repository_id \
         WHERE l.state <> 'free' AND (i.removed_at IS NOT NULL OR NOT r.enabled) \
         UNION ALL \
         SELECT l.issue_id, 'lease_outside_in_progress', l.agent, i.updated_at, NULL \
         FROM leases l JOIN issues i ON i.id = l.issue_id \
         JOIN repositories r ON r.id = i.repository_id AND r.enabled \
         WHERE l.state = 'held' AND l.expires_at > $1 AND i.removed_at IS NULL \
             AND i.state = 'open' AND i.status <> 'in-progress' \
         UNION ALL \
         SELECT i.id, CASE WHEN b.needs_human THEN 'needs_human' ELSE 'refused_by_github' END, \
             NULL, b.first_at, CASE WHEN b.needs_human THEN b.failed_attempts \
                 || CASE b.failed_attempts WHEN 1 THEN ' attempt failed: ' \
                     ELSE ' attempts failed in a row; the last: ' END || b.reason \
                 WHEN b.refusals = 1 THEN b.reason \
                 ELSE b.refusals || ' times in a row; the last: ' || b.reason END \
         FROM backoffs b JOIN issues i ON i.id = b.issue_id AND i.removed_at IS NULL \
         JOIN repositories r ON r.id = i.repository_id AND r.enabled \
         WHERE i.state = 'open' AND (b.needs_human OR b.refusals > 0) \
         UNION ALL \
         SELECT i.id, 'needs_human', NULL, i.updated_at, NULL \
         FROM issues i JOIN repositories r ON r.id = i.repository_id AND r.enabled \
         WHERE i.on_board AND i.state = 'open' AND i.label_keys @> ARRAY['needs-human'] \
             AND NOT EXISTS ( \
                 SELECT FROM backoffs b WHERE b.issue_id = i.id AND (b.needs_human OR b.refusals > 0)) \
         ORDER BY since, issue_id",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(thresholds.stuck)
    .bind::<Timestamptz, _>(thresholds.meant)
    .load(connection)
    .await
}
