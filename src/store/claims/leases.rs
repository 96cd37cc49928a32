//! Leases: which agent has which issue, and which had it before.
//!
//! Whether a lease is live is a comparison with the time that the caller passes: an expired lease
//! is over even if its row has not been cleaned up.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;

use crate::domain::leases::{Checkpoint, CurrentHolder, LeaseEnding, LeaseState, WorkOutcome};
use crate::domain::{IssueId, LeaseId, RepositoryId};
use crate::store::Connection;
use crate::store::prepared::Prepared;
use crate::store::schema::leases::{self, dsl};

/// A lease of an issue by one agent.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, QueryableByName)]
#[diesel(table_name = leases, check_for_backend(diesel::pg::Pg))]
pub struct Lease {
    /// The issue.
    pub issue_id: IssueId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// The fencing token, which grows with each lease of the issue.
    pub fencing_token: i64,
    /// The agent that has the lease.
    pub agent: String,
    /// The lane of the issue when it was claimed.
    pub lane: String,
    /// Its state, regardless of its expiry.
    pub state: LeaseState,
    /// The last checkpoint that the agent reported.
    pub checkpoint: Checkpoint,
    /// The request id of the claim, with its owner, see `domain::keys`.
    pub request_id: Option<String>,
    /// The lease time of the claim or the last renewal, in seconds.
    pub term_seconds: i32,
    /// When it was claimed.
    pub acquired_at: DateTime<Utc>,
    /// The agent's last heartbeat.
    pub renewed_at: DateTime<Utc>,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
    /// When the cleanup of its labels on GitHub is attempted again.
    pub retry_at: Option<DateTime<Utc>>,
    /// When it was ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// How it ended.
    pub ending: Option<LeaseEnding>,
    /// The outcome of the work.
    pub outcome: Option<WorkOutcome>,
    /// The hash of that request's content; none where an earlier version stored it.
    pub request_hash: Option<String>,
    /// When the agent was asked to stop.
    pub stop_requested_at: Option<DateTime<Utc>>,
    /// Who asked it to stop.
    pub stop_requested_by: Option<String>,
    /// Why it was asked to stop.
    pub stop_reason: Option<String>,
    /// When the lease is ended if the agent has not stopped.
    pub release_at: Option<DateTime<Utc>>,
    /// The question that a person must answer; the agent waits for it.
    pub awaiting_input: Option<String>,
    /// Since when it waits for the answer.
    pub awaiting_input_since: Option<DateTime<Utc>>,
}

impl Lease {
    /// The id of this lease.
    pub fn id(&self) -> LeaseId {
        LeaseId { issue: self.issue_id, token: self.fencing_token }
    }

    /// Whether the issue is leased at that time.
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.state != LeaseState::Free && self.expires_at > now
    }

    /// What a write checks against it.
    pub fn held(&self) -> CurrentHolder<'_> {
        CurrentHolder { issue: self.issue_id, agent: &self.agent, token: self.fencing_token }
    }
}

/// The columns in the order of the table, for raw SQL.
macro_rules! columns {
    () => {
        "issue_id, repository_id, fencing_token, agent, lane, state, checkpoint, request_id, \
         term_seconds, acquired_at, renewed_at, expires_at, retry_at, ended_at, ending, outcome, \
         request_hash, stop_requested_at, stop_requested_by, stop_reason, release_at, \
         awaiting_input, awaiting_input_since"
    };
}

/// A request for a lease.
#[derive(Debug, Clone)]
pub struct LeaseRequest<'a> {
    /// The agent that requests it.
    pub agent: &'a str,
    /// The request id with its owner.
    pub request_id: Option<&'a str>,
    /// The hash of the request's content.
    pub request_hash: Option<&'a str>,
    /// The lease time once it is confirmed, in seconds.
    pub term_seconds: i32,
    /// The current time.
    pub now: DateTime<Utc>,
    /// When the reservation expires.
    pub until: DateTime<Utc>,
}

/// Reserves an issue's row if it is free, with a new fencing token.
macro_rules! take {
    ($from:expr, $over:expr) => {
        concat!(
            $from,
            " INSERT INTO leases (issue_id, repository_id, fencing_token, agent, lane, state, \
                 checkpoint, request_id, term_seconds, acquired_at, renewed_at, expires_at, \
                 request_hash) \
             SELECT id, repository_id, nextval('fencing_tokens'), $1, lane, 'reserved', \
                 'issue_claimed', $2, $3, $4, $4, $5, $6 FROM pick \
             ON CONFLICT (issue_id) DO UPDATE SET \
                 fencing_token = greatest(excluded.fencing_token, leases.fencing_token + 1), \
                 agent = excluded.agent, lane = excluded.lane, state = excluded.state, \
                 checkpoint = excluded.checkpoint, request_id = excluded.request_id, \
                 term_seconds = excluded.term_seconds, acquired_at = excluded.acquired_at, \
                 renewed_at = excluded.renewed_at, expires_at = excluded.expires_at, \
                 request_hash = excluded.request_hash, \
                 retry_at = NULL, ended_at = NULL, ending = NULL, outcome = NULL, \
                 stop_requested_at = NULL, stop_requested_by = NULL, stop_reason = NULL, \
                 release_at = NULL, awaiting_input = NULL, awaiting_input_since = NULL \
             WHERE ",
            $over,
            " RETURNING ",
            columns!()
        )
    };
}

/// Whether a lease no longer blocks a claim: it has expired, and a reservation also has no
/// unsettled change on GitHub.
macro_rules! is_over {
    ($lease:literal, $now:literal) => {
        concat!(
            "(",
            $lease,
            ".state = 'free' OR ",
            $lease,
            ".expires_at <= ",
            $now,
            " AND NOT (",
            $lease,
            ".state = 'reserved' AND EXISTS (SELECT FROM audit_log a \
                 WHERE a.issue_id = ",
            $lease,
            ".issue_id AND a.settled_at IS NULL)))"
        )
    };
}

/// Binds a request to a statement.
macro_rules! bound {
    ($sql:expr, $request:expr) => {
        diesel::sql_query($sql)
            .bind::<Text, _>($request.agent)
            .bind::<Nullable<Text>, _>($request.request_id)
            .bind::<Integer, _>($request.term_seconds)
            .bind::<Timestamptz, _>($request.now)
            .bind::<Timestamptz, _>($request.until)
            .bind::<Nullable<Text>, _>($request.request_hash)
    };
}

/// Reserves the first of some issues that has no lease, skipping rows that a concurrent claim has
/// locked. Returns none when there is none, or a concurrent claim was faster.
pub async fn reserve_first(
    connection: &mut Connection,
    request: &LeaseRequest<'_>,
    issues: &[IssueId],
) -> QueryResult<Option<Lease>> {
    let sql = take!(
        concat!(
            "WITH pick AS ( \
                 SELECT i.id, i.repository_id, i.lane \
                 FROM unnest($7) WITH ORDINALITY AS c (id, place) JOIN issues i ON i.id = c.id \
                 WHERE (SELECT ",
            is_over!("l", "$4"),
            " FROM leases l WHERE l.issue_id = i.id) IS NOT false \
                 ORDER BY c.place LIMIT 1 FOR NO KEY UPDATE OF i SKIP LOCKED)"
        ),
        is_over!("leases", "excluded.acquired_at")
    );
    let query = bound!(sql, request).bind::<Array<BigInt>, _>(issues);
    Prepared(query).get_result(connection).await.optional()
}

/// Reserves an issue, after concurrent changes of its row. Returns none when it has a lease.
pub async fn reserve(
    connection: &mut Connection,
    request: &LeaseRequest<'_>,
    issue: IssueId,
) -> QueryResult<Option<Lease>> {
    let sql = take!(
        "WITH pick AS (SELECT id, repository_id, lane FROM issues WHERE id = $7 FOR NO KEY UPDATE)",
        is_over!("leases", "excluded.acquired_at")
    );
    let query = bound!(sql, request).bind::<BigInt, _>(issue);
    Prepared(query).get_result(connection).await.optional()
}

/// Takes an issue from its holder. The previous lease is recorded as taken over.
pub async fn take(
    connection: &mut Connection,
    request: &LeaseRequest<'_>,
    issue: IssueId,
) -> QueryResult<Lease> {
    let sql =
        take!("WITH pick AS (SELECT id, repository_id, lane FROM issues WHERE id = $7)", "true");
    bound!(sql, request).bind::<BigInt, _>(issue).get_result(connection).await
}

/// Turns a reservation into a lease. Returns none when it has expired or was replaced.
pub async fn confirm(
    connection: &mut Connection,
    id: LeaseId,
    expires_at: DateTime<Utc>,
) -> QueryResult<Option<Lease>> {
    let reserved = dsl::leases
        .find(id.issue)
        .filter(dsl::fencing_token.eq(id.token))
        .filter(dsl::state.eq(LeaseState::Reserved));
    let held = (dsl::state.eq(LeaseState::Held), dsl::expires_at.eq(expires_at));
    Prepared(diesel::update(reserved).set(held).returning(Lease::as_returning()))
        .get_result(connection)
        .await
        .optional()
}

/// The content of a renewal.
#[derive(Debug, Clone, Copy)]
pub struct Renewal<'a> {
    /// The checkpoint; unchanged if absent.
    pub checkpoint: Option<Checkpoint>,
    /// The new lease time, in seconds; unchanged if absent.
    pub term_seconds: Option<i32>,
    /// The question that the agent waits for, empty for none; unchanged if absent.
    pub awaiting_input: Option<&'a str>,
    /// The current time.
    pub now: DateTime<Utc>,
}

/// Extends a live lease. Returns none when it is over.
pub async fn renew(
    connection: &mut Connection,
    id: LeaseId,
    renewal: &Renewal<'_>,
) -> QueryResult<Option<Lease>> {
    diesel::sql_query(concat!(
        "UPDATE leases SET renewed_at = $3, checkpoint = coalesce($4, checkpoint), \
             term_seconds = coalesce($5, term_seconds), \
             expires_at = $3 + make_interval(secs => coalesce($5, term_seconds)), \
             awaiting_input = CASE WHEN $6 IS NULL THEN awaiting_input ELSE nullif($6, '') END, \
             awaiting_input_since = CASE WHEN $6 IS NULL OR $6 = awaiting_input \
                 THEN awaiting_input_since WHEN $6 <> '' THEN $3 END \
         WHERE issue_id = $1 AND fencing_token = $2 AND state = 'held' AND expires_at > $3 \
         RETURNING ",
        columns!()
    ))
    .bind::<BigInt, _>(id.issue)
    .bind::<BigInt, _>(id.token)
    .bind::<Timestamptz, _>(renewal.now)
    .bind::<Nullable<Text>, _>(renewal.checkpoint)
    .bind::<Nullable<Integer>, _>(renewal.term_seconds)
    .bind::<Nullable<Text>, _>(renewal.awaiting_input)
    .get_result(connection)
    .await
    .optional()
}

/// A stop request.
#[derive(Debug, Clone, Copy)]
pub struct StopRequest<'a> {
    /// The person who asks.
    pub by: &'a str,
    /// The reason.
    pub reason: Option<&'a str>,
    /// The current time.
    pub now: DateTime<Utc>,
    /// When the lease is ended if the agent has not stopped.
    pub release_at: DateTime<Utc>,
}

/// Asks the agent with a live lease to stop, or withdraws that. Returns none when the lease is
/// over.
pub async fn request_stop(
    connection: &mut Connection,
    id: LeaseId,
    request: Option<&StopRequest<'_>>,
    now: DateTime<Utc>,
) -> QueryResult<Option<Lease>> {
    diesel::update(dsl::leases.find(id.issue))
        .filter(dsl::fencing_token.eq(id.token))
        .filter(dsl::state.eq(LeaseState::Held))
        .filter(dsl::expires_at.gt(now))
        .set((
            dsl::stop_requested_at.eq(request.map(|request| request.now)),
            dsl::stop_requested_by.eq(request.map(|request| request.by)),
            dsl::stop_reason.eq(request.and_then(|request| request.reason)),
            dsl::release_at.eq(request.map(|request| request.release_at)),
        ))
        .returning(Lease::as_returning())
        .get_result(connection)
        .await
        .optional()
}

/// Records that the question of the agent with a live lease was answered. Returns none when the
/// lease is over.
pub async fn answer_input(
    connection: &mut Connection,
    id: LeaseId,
    now: DateTime<Utc>,
) -> QueryResult<Option<Lease>> {
    diesel::update(dsl::leases.find(id.issue))
        .filter(dsl::fencing_token.eq(id.token))
        .filter(dsl::state.eq(LeaseState::Held))
        .filter(dsl::expires_at.gt(now))
        .set((
            dsl::awaiting_input.eq(None::<&str>),
            dsl::awaiting_input_since.eq(None::<DateTime<Utc>>),
        ))
        .returning(Lease::as_returning())
        .get_result(connection)
        .await
        .optional()
}

/// Live leases whose agent should have stopped, longest overdue first.
pub async fn to_release(
    connection: &mut Connection,
    now: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<Lease>> {
    dsl::leases
        .filter(dsl::state.eq(LeaseState::Held))
        .filter(dsl::release_at.le(now))
        .filter(dsl::expires_at.gt(now))
        .filter(dsl::retry_at.is_null().or(dsl::retry_at.le(now)))
        .order(dsl::release_at)
        .limit(limit)
        .select(Lease::as_select())
        .load(connection)
        .await
}

#[derive(QueryableByName)]
struct LeaseCount {
    #[diesel(sql_type = BigInt)]
    issues: i64,
}

/// The number of live leases that wait for an answer by a person.
pub async fn count_awaiting_input(
    connection: &mut Connection,
    now: DateTime<Utc>,
) -> QueryResult<i64> {
    let query = diesel::sql_query(
        "SELECT count(*) AS issues FROM leases \
         WHERE awaiting_input IS NOT NULL AND state = 'held' AND expires_at > $1",
    )
    .bind::<Timestamptz, _>(now);
    let row: LeaseCount = Prepared(query).get_result(connection).await?;
    Ok(row.issues)
}

/// Ends a lease. Returns none when it has been ended or replaced.
pub async fn end(
    connection: &mut Connection,
    id: LeaseId,
    ending: LeaseEnding,
    outcome: Option<WorkOutcome>,
    now: DateTime<Utc>,
) -> QueryResult<Option<Lease>> {
    diesel::update(dsl::leases.find(id.issue))
        .filter(dsl::fencing_token.eq(id.token))
        .filter(dsl::state.ne(LeaseState::Free))
        .set((
            dsl::state.eq(LeaseState::Free),
            dsl::ended_at.eq(now),
            dsl::ending.eq(ending),
            dsl::outcome.eq(outcome),
            dsl::retry_at.eq(None::<DateTime<Utc>>),
        ))
        .returning(Lease::as_returning())
        .get_result(connection)
        .await
        .optional()
}

/// Releases a reservation that was not confirmed, and its request id.
pub async fn release_reservation(
    connection: &mut Connection,
    id: LeaseId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(dsl::leases.find(id.issue))
        .filter(dsl::fencing_token.eq(id.token))
        .filter(dsl::state.eq(LeaseState::Reserved))
        .set((
            dsl::state.eq(LeaseState::Free),
            dsl::ended_at.eq(now),
            dsl::ending.eq(LeaseEnding::Refused),
            dsl::request_id.eq(None::<String>),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Returns a live lease to a repeated request, which counts as a heartbeat. Returns none when it is
/// over, or about to be ended.
pub async fn renew_for_retry(
    connection: &mut Connection,
    id: LeaseId,
    now: DateTime<Utc>,
) -> QueryResult<Option<Lease>> {
    diesel::sql_query(concat!(
        "UPDATE leases SET renewed_at = greatest($3, renewed_at + interval '1 microsecond') \
         WHERE issue_id = $1 AND fencing_token = $2 AND state = 'held' AND expires_at > $3 \
             AND (release_at IS NULL OR release_at > $3) RETURNING ",
        columns!()
    ))
    .bind::<BigInt, _>(id.issue)
    .bind::<BigInt, _>(id.token)
    .bind::<Timestamptz, _>(now)
    .get_result(connection)
    .await
    .optional()
}

/// Marks a lease that no client has received, so that it is ended at once, and frees its request
/// id. False when it was renewed after it was read.
pub async fn abandon(
    connection: &mut Connection,
    lease: &Lease,
    request: &StopRequest<'_>,
) -> QueryResult<bool> {
    let untold = dsl::leases
        .find(lease.issue_id)
        .filter(dsl::fencing_token.eq(lease.fencing_token))
        .filter(dsl::state.eq(LeaseState::Held))
        .filter(dsl::renewed_at.eq(lease.renewed_at));
    let abandoned = diesel::update(untold)
        .set((
            dsl::request_id.eq(None::<&str>),
            dsl::stop_requested_at.eq(request.now),
            dsl::stop_requested_by.eq(request.by),
            dsl::stop_reason.eq(request.reason),
            dsl::release_at.eq(request.release_at),
        ))
        .execute(connection)
        .await?;
    Ok(abandoned > 0)
}

/// Frees the request id of a failed claim.
pub async fn forget_request(connection: &mut Connection, id: LeaseId) -> QueryResult<()> {
    diesel::update(dsl::leases.find(id.issue))
        .filter(dsl::fencing_token.eq(id.token))
        .set(dsl::request_id.eq(None::<String>))
        .execute(connection)
        .await?;
    Ok(())
}

/// Replaces the request id of a live lease by that of the request that resumed it.
pub async fn rename_request(
    connection: &mut Connection,
    id: LeaseId,
    request_id: &str,
    request_hash: &str,
) -> QueryResult<()> {
    diesel::update(dsl::leases.find(id.issue))
        .filter(dsl::fencing_token.eq(id.token))
        .filter(dsl::state.eq(LeaseState::Held))
        .set((dsl::request_id.eq(request_id), dsl::request_hash.eq(request_hash)))
        .execute(connection)
        .await?;
    Ok(())
}

/// The newest lease of an issue, live or not.
pub async fn of_issue(connection: &mut Connection, issue: IssueId) -> QueryResult<Option<Lease>> {
    dsl::leases.find(issue).select(Lease::as_select()).first(connection).await.optional()
}

/// The same, locked until the caller's transaction ends.
pub async fn lock_of_issue(
    connection: &mut Connection,
    issue: IssueId,
) -> QueryResult<Option<Lease>> {
    let row = dsl::leases.find(issue).select(Lease::as_select()).for_update();
    row.first(connection).await.optional()
}

/// The newest leases of some issues, live or not, in no order.
pub async fn of_issues(connection: &mut Connection, issues: &[IssueId]) -> QueryResult<Vec<Lease>> {
    dsl::leases
        .filter(dsl::issue_id.eq_any(issues))
        .select(Lease::as_select())
        .load(connection)
        .await
}

/// Makes the cleanup of a repository's expired leases due in the next run.
pub async fn retry_now(connection: &mut Connection, repository: RepositoryId) -> QueryResult<()> {
    diesel::update(dsl::leases.filter(dsl::repository_id.eq(repository)))
        .filter(dsl::state.ne(LeaseState::Free))
        .filter(dsl::retry_at.is_not_null())
        .set(dsl::retry_at.eq(None::<DateTime<Utc>>))
        .execute(connection)
        .await?;
    Ok(())
}

/// The live leases of some issues, in no order; reservations are left out.
pub async fn held_of_issues(
    connection: &mut Connection,
    issues: &[IssueId],
    now: DateTime<Utc>,
) -> QueryResult<Vec<Lease>> {
    dsl::leases
        .filter(dsl::issue_id.eq_any(issues))
        .filter(dsl::state.eq(LeaseState::Held))
        .filter(dsl::expires_at.gt(now))
        .select(Lease::as_select())
        .load(connection)
        .await
}

/// All live leases, last renewed first; optionally of one agent.
pub async fn held(
    connection: &mut Connection,
    agent: Option<&str>,
    now: DateTime<Utc>,
) -> QueryResult<Vec<Lease>> {
    let mut query = dsl::leases
        .filter(dsl::state.eq(LeaseState::Held))
        .filter(dsl::expires_at.gt(now))
        .select(Lease::as_select())
        .into_boxed::<diesel::pg::Pg>();
    if let Some(agent) = agent {
        query = query.filter(dsl::agent.eq(agent));
    }
    query.order((dsl::renewed_at.desc(), dsl::issue_id)).load(connection).await
}

/// The lease with this id: live, ended or replaced.
pub async fn by_id(connection: &mut Connection, id: LeaseId) -> QueryResult<Option<Lease>> {
    diesel::sql_query(concat!(
        "SELECT ",
        columns!(),
        " FROM leases WHERE issue_id = $1 AND fencing_token = $2 AND ending IS DISTINCT FROM \
         'refused' UNION ALL SELECT ",
        columns!(),
        " FROM past_leases WHERE issue_id = $1 AND fencing_token = $2"
    ))
    .bind::<BigInt, _>(id.issue)
    .bind::<BigInt, _>(id.token)
    .get_result(connection)
    .await
    .optional()
}

/// The lease that an agent's request got: live, ended or replaced. `forms` are the possible stored
/// forms of its request id.
pub async fn by_request(
    connection: &mut Connection,
    agent: &str,
    forms: &[&str],
) -> QueryResult<Option<Lease>> {
    diesel::sql_query(concat!(
        "SELECT ",
        columns!(),
        " FROM leases WHERE agent = $1 AND request_id = ANY($2) UNION ALL SELECT ",
        columns!(),
        " FROM past_leases WHERE agent = $1 AND request_id = ANY($2) \
         ORDER BY acquired_at DESC LIMIT 1"
    ))
    .bind::<Text, _>(agent)
    .bind::<Array<Text>, _>(forms)
    .get_result(connection)
    .await
    .optional()
}

/// An agent's leases since `since`, including live ones, last acquired first.
pub async fn history(
    connection: &mut Connection,
    agent: &str,
    since: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<Lease>> {
    diesel::sql_query(concat!(
        "SELECT ",
        columns!(),
        " FROM leases WHERE agent = $1 AND acquired_at >= $2 AND state <> 'reserved' \
             AND ending IS DISTINCT FROM 'refused' UNION ALL SELECT ",
        columns!(),
        " FROM past_leases WHERE agent = $1 AND acquired_at >= $2 \
         ORDER BY acquired_at DESC LIMIT $3"
    ))
    .bind::<Text, _>(agent)
    .bind::<Timestamptz, _>(since)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await
}

/// The leases of an issue that failed or expired, newest first; 100 at most.
pub async fn failures(connection: &mut Connection, issue: IssueId) -> QueryResult<Vec<Lease>> {
    diesel::sql_query(concat!(
        "SELECT ",
        columns!(),
        " FROM leases WHERE issue_id = $1 AND (ending = 'expired' OR outcome = 'failed') \
         UNION ALL SELECT ",
        columns!(),
        " FROM past_leases WHERE issue_id = $1 AND (ending = 'expired' OR outcome = 'failed') \
         ORDER BY acquired_at DESC LIMIT 100"
    ))
    .bind::<BigInt, _>(issue)
    .load(connection)
    .await
}

/// How an agent's leases ended since some time.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Endings {
    /// The agent.
    #[diesel(sql_type = Text)]
    pub agent: String,
    /// How many ended.
    #[diesel(sql_type = BigInt)]
    pub ended: i64,
    /// How many of them were finished with an outcome other than a failure.
    #[diesel(sql_type = BigInt)]
    pub succeeded: i64,
}

/// How the leases of each agent ended since some time.
pub async fn endings(
    connection: &mut Connection,
    since: DateTime<Utc>,
) -> QueryResult<Vec<Endings>> {
    diesel::sql_query(
        "SELECT agent, count(*) AS ended, count(*) FILTER ( \
             WHERE ending = 'finished' AND outcome IS DISTINCT FROM 'failed') AS succeeded \
         FROM (SELECT agent, ending, outcome FROM leases \
             WHERE state = 'free' AND ending <> 'refused' AND ended_at >= $1 \
             UNION ALL SELECT agent, ending, outcome FROM past_leases WHERE ended_at >= $1) AS all_ended \
         GROUP BY agent ORDER BY agent",
    )
    .bind::<Timestamptz, _>(since)
    .load(connection)
    .await
}

/// Expired leases and reservations that have not been ended, longest expired first.
pub async fn expired(
    connection: &mut Connection,
    now: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<Lease>> {
    dsl::leases
        .filter(dsl::state.ne(LeaseState::Free))
        .filter(dsl::expires_at.le(now))
        .filter(dsl::retry_at.is_null().or(dsl::retry_at.le(now)))
        .order(dsl::expires_at)
        .limit(limit)
        .select(Lease::as_select())
        .load(connection)
        .await
}

/// Expired leases that have not been ended, longest expired first; optionally of one agent.
pub async fn lapsed(
    connection: &mut Connection,
    agent: Option<&str>,
    now: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<Lease>> {
    let mut query = dsl::leases
        .filter(dsl::state.eq(LeaseState::Held))
        .filter(dsl::expires_at.le(now))
        .select(Lease::as_select())
        .into_boxed::<diesel::pg::Pg>();
    if let Some(agent) = agent {
        query = query.filter(dsl::agent.eq(agent));
    }
    query.order((dsl::expires_at, dsl::issue_id)).limit(limit).load(connection).await
}

/// Leases that have not been ended, live or expired, first acquired first; optionally of one agent.
pub async fn unended(
    connection: &mut Connection,
    agent: Option<&str>,
    limit: i64,
) -> QueryResult<Vec<Lease>> {
    let mut query = dsl::leases
        .filter(dsl::state.eq(LeaseState::Held))
        .select(Lease::as_select())
        .into_boxed::<diesel::pg::Pg>();
    if let Some(agent) = agent {
        query = query.filter(dsl::agent.eq(agent));
    }
    query.order((dsl::acquired_at, dsl::issue_id)).limit(limit).load(connection).await
}

/// Lets a live lease expire now, as if its agent had been asked to stop. Its labels on GitHub are
/// cleaned up later. Returns none when it is already over.
pub async fn expire_now(
    connection: &mut Connection,
    id: LeaseId,
    by: &str,
    now: DateTime<Utc>,
) -> QueryResult<Option<Lease>> {
    diesel::update(dsl::leases.find(id.issue))
        .filter(dsl::fencing_token.eq(id.token))
        .filter(dsl::state.eq(LeaseState::Held))
        .filter(dsl::expires_at.gt(now))
        .set((
            dsl::expires_at.eq(now),
            dsl::stop_requested_at.eq(now),
            dsl::stop_requested_by.eq(by),
            dsl::stop_reason.eq(None::<&str>),
            dsl::release_at.eq(now),
        ))
        .returning(Lease::as_returning())
        .get_result(connection)
        .await
        .optional()
}

/// Schedules the next attempt to clean up an expired lease.
pub async fn retry(
    connection: &mut Connection,
    id: LeaseId,
    retry_at: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(dsl::leases.find(id.issue))
        .filter(dsl::fencing_token.eq(id.token))
        .set(dsl::retry_at.eq(retry_at))
        .execute(connection)
        .await?;
    Ok(())
}

/// The number of live leases, grouped as limits need it.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct LiveLeaseCount {
    /// The agent's name.
    #[diesel(sql_type = Text)]
    pub agent: String,
    /// The lane by its name at the time of the claim.
    #[diesel(sql_type = Text)]
    pub lane: String,
    /// The repository.
    #[diesel(sql_type = BigInt)]
    pub repository_id: RepositoryId,
    /// The number of leases.
    #[diesel(sql_type = BigInt)]
    pub issues: i64,
}

/// The leases and reservations, counted by agent, lane and repository.
pub async fn live_lease_counts(
    connection: &mut Connection,
    now: DateTime<Utc>,
) -> QueryResult<Vec<LiveLeaseCount>> {
    let query = diesel::sql_query(
        "SELECT agent, lane, repository_id, count(*) AS issues FROM leases \
         WHERE state <> 'free' AND expires_at > $1 GROUP BY agent, lane, repository_id",
    )
    .bind::<Timestamptz, _>(now);
    Prepared(query).load(connection).await
}

/// Serializes claims until the transaction ends, so that concurrent ones cannot exceed a limit.
pub async fn serialize_reservations(connection: &mut Connection) -> QueryResult<()> {
    let query = diesel::sql_query("SELECT pg_advisory_xact_lock(7236871, 2)");
    Prepared(query).execute(connection).await?;
    Ok(())
}
