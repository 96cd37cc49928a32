//! Dependencies of issues: other issues that they wait for, according to their texts and GitHub,
//! and pull requests that will close them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;

use crate::domain::dependencies::Reference;
use crate::domain::{IssueId, RepositoryId};
use crate::store::Connection;
use crate::store::prepared::Prepared;
use crate::store::schema::blockers::{self, dsl};
use crate::store::schema::foreign_references::dsl as foreign;

/// The source of a dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockerSource {
    /// A phrase in the issue's text.
    Text,
    /// GitHub's own relation.
    GitHub,
}

impl BlockerSource {
    fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::GitHub => "github",
        }
    }
}

/// One issue that waits for another.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = blockers, check_for_backend(diesel::pg::Pg))]
pub struct Blocker {
    /// The issue that waits.
    pub issue_id: IssueId,
    /// The repository of the other, in lower case.
    pub repository: String,
    /// The number of the other.
    pub number: i32,
}

/// The dependencies of some issues from one source.
pub async fn of_issues(
    connection: &mut Connection,
    source: BlockerSource,
    issues: &[IssueId],
) -> QueryResult<Vec<Blocker>> {
    dsl::blockers
        .filter(dsl::issue_id.eq_any(issues))
        .filter(dsl::source.eq(source.as_str()))
        .select(Blocker::as_select())
        .load(connection)
        .await
}

/// An issue with the summary of its links.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Linked {
    /// Its number in the repository.
    #[diesel(sql_type = Integer)]
    pub number: i32,
    /// GitHub's id.
    #[diesel(sql_type = Text)]
    pub node_id: String,
    /// GitHub's update time.
    #[diesel(sql_type = Timestamptz)]
    pub updated_at: DateTime<Utc>,
    /// How many issues it waits for according to GitHub.
    #[diesel(sql_type = BigInt)]
    pub blockers: i64,
    /// Whether an open pull request will close it.
    #[diesel(sql_type = Bool)]
    pub has_pull_request: bool,
}

/// The stored links of some issues of a repository.
pub async fn linked(
    connection: &mut Connection,
    repository: RepositoryId,
    numbers: &[i32],
) -> QueryResult<Vec<Linked>> {
    diesel::sql_query(
        "SELECT i.number, i.node_id, i.updated_at, i.pull_request_url IS NOT NULL \
             AS has_pull_request, (SELECT count(*) FROM blockers b \
                 WHERE b.issue_id = i.id AND b.source = 'github') AS blockers \
         FROM issues i WHERE i.repository_id = $1 AND i.number = ANY ($2)",
    )
    .bind::<BigInt, _>(repository)
    .bind::<Array<Integer>, _>(numbers)
    .load(connection)
    .await
}

/// Uncached dependencies of a repository's open issues whose state is due to be read.
///
/// `is_queued` selects issues in the queue or the others. Due are those not read since `open_since`
/// if they were open then, since `closed_since` otherwise; least recently read first.
pub async fn due_for_reading(
    connection: &mut Connection,
    (repository, is_queued): (RepositoryId, bool),
    (open_since, closed_since): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> QueryResult<Vec<Reference>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        repository: String,
        #[diesel(sql_type = Integer)]
        number: i32,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT w.repository, w.number FROM blockers w JOIN issues i ON i.id = w.issue_id \
         LEFT JOIN foreign_references f ON f.repository = w.repository AND f.number = w.number \
         WHERE i.repository_id = $1 AND i.state = 'open' AND i.removed_at IS NULL \
             AND EXISTS (SELECT FROM queued q WHERE q.issue_id = i.id) = $5 \
             AND (f.is_open IS NULL OR f.is_open AND f.asked_at < $2 \
                 OR NOT f.is_open AND f.asked_at < $3) \
             AND NOT EXISTS (SELECT FROM repositories r JOIN issues b ON b.repository_id = r.id \
                 WHERE lower(r.full_name) = w.repository AND r.enabled AND b.number = w.number) \
         GROUP BY w.repository, w.number ORDER BY min(f.asked_at) NULLS FIRST, 1, 2 LIMIT $4",
    )
    .bind::<BigInt, _>(repository)
    .bind::<Timestamptz, _>(open_since)
    .bind::<Timestamptz, _>(closed_since)
    .bind::<BigInt, _>(limit)
    .bind::<Bool, _>(is_queued)
    .load(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|Row { repository, number }| Reference { repository, number })
        .collect())
}

/// Serializes changes of dependencies. The triggers take this lock too; a statement that changes
/// rows of `foreign_references` takes it first, which prevents deadlocks.
async fn lock(connection: &mut Connection) -> QueryResult<()> {
    diesel::sql_query("SELECT lock_blocked()").execute(connection).await?;
    Ok(())
}

/// Stores whether uncached references are open. Returns the issues that wait for one whose state
/// changed.
pub async fn set_open(
    connection: &mut Connection,
    found: &[(Reference, bool)],
    now: DateTime<Utc>,
) -> QueryResult<Vec<IssueId>> {
    if found.is_empty() {
        return Ok(vec![]);
    }
    lock(connection).await?;
    let mut waiting = Vec::new();
    for (reference, is_open) in found {
        let Reference { repository, number } = reference;
        let known: Option<bool> = foreign::foreign_references
            .find((repository, number))
            .select(foreign::is_open)
            .first(connection)
            .await
            .optional()?;
        let set = (foreign::is_open.eq(is_open), foreign::asked_at.eq(now));
        diesel::insert_into(foreign::foreign_references)
            .values((foreign::repository.eq(repository), foreign::number.eq(number), set))
            .on_conflict((foreign::repository, foreign::number))
            .do_update()
            .set(set)
            .execute(connection)
            .await?;
        if known.unwrap_or_default() != *is_open {
            let of = dsl::repository.eq(repository).and(dsl::number.eq(number));
            let ids = dsl::blockers.filter(of).select(dsl::issue_id).distinct();
            waiting.extend(ids.load::<IssueId>(connection).await?);
        }
    }
    Ok(waiting)
}

/// A dependency between two open, cached issues that both wait or block others.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Edge {
    /// The issue that waits.
    #[diesel(sql_type = BigInt)]
    pub waiting: IssueId,
    /// Its name in people's notation.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// When it last changed.
    #[diesel(sql_type = Timestamptz)]
    pub updated_at: DateTime<Utc>,
    /// The issue that it waits for.
    #[diesel(sql_type = BigInt)]
    pub blocker: IssueId,
}

/// The two dependency counts of an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DependencyCounts {
    /// How many open issues and pull requests it waits for.
    pub open_blockers: i32,
    /// How many open issues wait for it directly.
    pub unblocks: i32,
}

/// The dependency counts of some issues. A missing issue has none.
pub async fn counts(
    connection: &mut Connection,
    issues: &[IssueId],
) -> QueryResult<Vec<(IssueId, DependencyCounts)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        issue_id: IssueId,
        #[diesel(sql_type = Integer)]
        open_blockers: i32,
        #[diesel(sql_type = Integer)]
        unblocks: i32,
    }
    let query = diesel::sql_query(
        "SELECT issue_id, coalesce(b.open_blockers, 0) AS open_blockers, \
             coalesce(u.issues, 0) AS unblocks \
         FROM (SELECT * FROM blocked WHERE issue_id = ANY ($1)) AS b \
         FULL JOIN (SELECT * FROM unblocking WHERE issue_id = ANY ($1)) AS u USING (issue_id)",
    )
    .bind::<Array<BigInt>, _>(issues);
    let rows: Vec<Row> = Prepared(query).load(connection).await?;
    let counts = |row: Row| {
        let Row { issue_id, open_blockers, unblocks } = row;
        (issue_id, DependencyCounts { open_blockers, unblocks })
    };
    Ok(rows.into_iter().map(counts).collect())
}

/// A dependency, seen from one of its two issues.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Dependency {
    /// The issue whose dependency it is.
    #[diesel(sql_type = BigInt)]
    pub of: IssueId,
    /// The other issue, where it is cached and its repository is tracked.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub issue_id: Option<IssueId>,
    /// The repository of the other: as GitHub spells it where it is tracked, else in lower case.
    #[diesel(sql_type = Text)]
    pub repository: String,
    /// The number of the other.
    #[diesel(sql_type = Integer)]
    pub number: i32,
    /// Whether the other is open; none when unknown.
    #[diesel(sql_type = Nullable<Bool>)]
    pub is_open: Option<bool>,
    /// Whether it comes from GitHub's own relation.
    #[diesel(sql_type = Bool)]
    pub in_relation: bool,
    /// Whether it comes from the text of the waiting issue.
    #[diesel(sql_type = Bool)]
    pub in_text: bool,
}

/// What some issues wait for: of each the first `limit`, open ones first, then unknown ones.
pub async fn blocked_by(
    connection: &mut Connection,
    issues: &[IssueId],
    limit: i64,
) -> QueryResult<Vec<Dependency>> {
    let query = diesel::sql_query(
        "SELECT waiting AS of, first.* FROM unnest($1) AS waiting CROSS JOIN LATERAL ( \
             SELECT * FROM ( \
                 SELECT b.id AS issue_id, coalesce(r.full_name, w.repository) AS repository, \
                     w.number, CASE WHEN b.id IS NULL THEN f.is_open \
                         ELSE b.state = 'open' AND b.removed_at IS NULL END AS is_open, \
                     bool_or(w.source = 'github') AS in_relation, \
                     bool_or(w.source = 'text') AS in_text \
                 FROM blockers w \
                 LEFT JOIN repositories r ON lower(r.full_name) = w.repository AND r.enabled \
                 LEFT JOIN issues b ON b.repository_id = r.id AND b.number = w.number \
                 LEFT JOIN foreign_references f ON f.repository = w.repository \
                     AND f.number = w.number \
                 WHERE w.issue_id = waiting AND b.id IS DISTINCT FROM waiting \
                 GROUP BY 1, 2, 3, 4) AS edges \
             ORDER BY is_open IS FALSE, is_open IS NULL, repository, number LIMIT $2) AS first \
         ORDER BY of, is_open IS FALSE, is_open IS NULL, repository, number",
    )
    .bind::<Array<BigInt>, _>(issues)
    .bind::<BigInt, _>(limit);
    Prepared(query).load(connection).await
}

/// What waits for some issues: of each the first `limit`, open ones first.
pub async fn blocks(
    connection: &mut Connection,
    issues: &[IssueId],
    limit: i64,
) -> QueryResult<Vec<Dependency>> {
    let query = diesel::sql_query(
        "SELECT blocker AS of, first.* FROM unnest($1) AS blocker CROSS JOIN LATERAL ( \
             SELECT i.id AS issue_id, own.full_name AS repository, i.number, \
                 i.state = 'open' AS is_open, \
                 bool_or(w.source = 'github') AS in_relation, bool_or(w.source = 'text') AS in_text \
             FROM issues b JOIN repositories r ON r.id = b.repository_id \
             JOIN blockers w ON w.repository = lower(r.full_name) AND w.number = b.number \
             JOIN issues i ON i.id = w.issue_id AND i.removed_at IS NULL AND i.id <> b.id \
             JOIN repositories own ON own.id = i.repository_id AND own.enabled \
             WHERE b.id = blocker \
             GROUP BY 1, 2, 3, 4 ORDER BY is_open DESC, repository, i.number LIMIT $2) AS first \
         ORDER BY of, is_open DESC, repository, number",
    )
    .bind::<Array<BigInt>, _>(issues)
    .bind::<BigInt, _>(limit);
    Prepared(query).load(connection).await
}

/// Takes up to `limit` issues whose dependencies changed without an event so far, for the caller to
/// publish. Issues that another transaction has locked are skipped.
pub async fn take_changes(connection: &mut Connection, limit: i64) -> QueryResult<Vec<IssueId>> {
    let query = diesel::sql_query(
        "DELETE FROM dependency_changes WHERE issue_id = ANY (ARRAY( \
             SELECT issue_id FROM dependency_changes LIMIT $1 FOR UPDATE SKIP LOCKED)) \
         RETURNING issue_id AS id",
    )
    .bind::<BigInt, _>(limit);
    let rows: Vec<Id> = Prepared(query).load(connection).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Discards the changed dependencies of a repository's issues, because subscribers reload soon.
pub async fn forget_changes(
    connection: &mut Connection,
    repository: RepositoryId,
) -> QueryResult<()> {
    diesel::sql_query(
        "DELETE FROM dependency_changes WHERE issue_id = ANY (ARRAY( \
             SELECT issue_id FROM dependency_changes c \
             WHERE (SELECT i.repository_id FROM issues i WHERE i.id = c.issue_id) = $1 \
             FOR UPDATE SKIP LOCKED))",
    )
    .bind::<BigInt, _>(repository)
    .execute(connection)
    .await?;
    Ok(())
}

/// Updates the queue's rows with how many issues wait for them, of some issues or of all. Locked
/// rows are left to the next run.
pub async fn mend_queue(
    connection: &mut Connection,
    issues: Option<&[IssueId]>,
) -> QueryResult<()> {
    let query =
        diesel::sql_query("SELECT mend_unblocks($1)").bind::<Nullable<Array<BigInt>>, _>(issues);
    query.execute(connection).await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: IssueId,
}

/// Dependencies between waiting issues: only these can be circular.
pub async fn edges(connection: &mut Connection) -> QueryResult<Vec<Edge>> {
    diesel::sql_query(
        "SELECT DISTINCT i.id AS waiting, own.full_name || '#' || i.number AS name, i.updated_at, \
             b.id AS blocker \
         FROM blocked k JOIN issues i ON i.id = k.issue_id \
         JOIN repositories own ON own.id = i.repository_id AND own.enabled \
         JOIN blockers w ON w.issue_id = i.id \
         JOIN repositories r ON lower(r.full_name) = w.repository AND r.enabled \
         JOIN issues b ON b.repository_id = r.id AND b.number = w.number \
         JOIN blocked waits ON waits.issue_id = b.id \
         WHERE i.state = 'open' AND i.removed_at IS NULL AND b.state = 'open' \
             AND b.removed_at IS NULL AND b.id <> i.id ORDER BY 1, 4",
    )
    .load(connection)
    .await
}

/// Deletes references that no issue has any more.
pub async fn forget_unreferenced(connection: &mut Connection) -> QueryResult<()> {
    lock(connection).await?;
    diesel::sql_query(
        "DELETE FROM foreign_references f WHERE NOT EXISTS ( \
             SELECT FROM blockers w WHERE w.repository = f.repository AND w.number = f.number)",
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Open issues of a repository whose stored pull request is among `closed`, or that have none and
/// are, by node id, among `closing`.
pub async fn changed_by_pull_requests(
    connection: &mut Connection,
    repository: RepositoryId,
    closed: &[String],
    closing: &[String],
) -> QueryResult<Vec<Linked>> {
    diesel::sql_query(
        "SELECT i.number, i.node_id, i.updated_at, i.pull_request_url IS NOT NULL \
             AS has_pull_request, 0::bigint AS blockers \
         FROM issues i WHERE i.repository_id = $1 AND i.state = 'open' AND i.removed_at IS NULL \
             AND (i.pull_request_url = ANY ($2) \
                 OR i.pull_request_url IS NULL AND i.node_id = ANY ($3)) \
         ORDER BY i.number LIMIT 100",
    )
    .bind::<BigInt, _>(repository)
    .bind::<Array<Text>, _>(closed)
    .bind::<Array<Text>, _>(closing)
    .load(connection)
    .await
}

/// Stores the open pull request that will close an issue. Returns whether it changed.
pub async fn set_pull_request(
    connection: &mut Connection,
    issue: IssueId,
    url: Option<&str>,
) -> QueryResult<bool> {
    use crate::store::schema::issues;
    let news = issues::table.find(issue).filter(issues::pull_request_url.is_distinct_from(url));
    let set = issues::pull_request_url.eq(url);
    Ok(diesel::update(news).set(set).execute(connection).await? > 0)
}

/// Deletes the stored pull requests of some issues, and returns the issues that had one.
pub async fn forget_pull_requests(
    connection: &mut Connection,
    of: &[IssueId],
) -> QueryResult<Vec<IssueId>> {
    use crate::store::schema::issues;
    let linked =
        issues::table.filter(issues::id.eq_any(of)).filter(issues::pull_request_url.is_not_null());
    diesel::update(linked)
        .set(issues::pull_request_url.eq(None::<String>))
        .returning(issues::id)
        .get_results(connection)
        .await
}

/// Deletes the dependencies of some issues from one source.
pub async fn forget(
    connection: &mut Connection,
    source: BlockerSource,
    issues: &[IssueId],
) -> QueryResult<()> {
    let old =
        dsl::blockers.filter(dsl::issue_id.eq_any(issues)).filter(dsl::source.eq(source.as_str()));
    diesel::delete(old).execute(connection).await?;
    Ok(())
}

/// Adds dependencies from one source to the stored ones.
pub async fn insert(
    connection: &mut Connection,
    source: BlockerSource,
    references: &[(IssueId, Reference)],
) -> QueryResult<()> {
    let row = |(issue, reference): &(IssueId, Reference)| {
        (
            dsl::issue_id.eq(*issue),
            dsl::source.eq(source.as_str()),
            dsl::repository.eq(reference.repository.clone()),
            dsl::number.eq(reference.number),
        )
    };
    let rows: Vec<_> = references.iter().map(row).collect();
    diesel::insert_into(dsl::blockers)
        .values(rows)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(())
}
