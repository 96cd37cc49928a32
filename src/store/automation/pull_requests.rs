//! Pull requests.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Jsonb, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;

use crate::domain::automation::facts::PullRequestFacts;
use crate::domain::{IssueId, PullRequestId, RepositoryId};
use crate::store::prepared::Prepared;
use crate::store::schema::{issues, pull_request_issues, pull_requests, repositories};
use crate::store::{Connection, Issue, Repository};

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = pull_requests, check_for_backend(diesel::pg::Pg))]
pub struct PullRequest {
    /// Our id.
    pub id: PullRequestId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// GitHub's node id.
    pub node_id: String,
    /// Its number.
    pub number: i32,
    /// Its title.
    pub title: String,
    /// Its page.
    pub html_url: String,
    /// `open`, `closed` or `merged`.
    pub state: String,
    /// Whether it is a draft.
    pub is_draft: bool,
    /// The login of its author.
    pub author: Option<String>,
    /// Its branch.
    pub branch: String,
    /// The branch that it is to be merged into.
    pub base_branch: String,
    /// Its newest commit.
    pub head_sha: String,
    /// GitHub's word, such as `APPROVED`; none without a rule.
    pub review_decision: Option<String>,
    /// GitHub's word for all checks, such as `SUCCESS`; none without checks.
    pub check_state: Option<String>,
    /// GitHub's word, such as `MERGEABLE`.
    pub mergeable: Option<String>,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was merged.
    pub merged_at: Option<DateTime<Utc>>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
}

/// What only GraphQL returns stays as it is when a payload lacks it, and is due to be read.
const UPSERT: &str = "\
    INSERT INTO pull_requests AS old (repository_id, node_id, number, title, html_url, state, is_draft, \
        author, branch, base_branch, head_sha, review_decision, check_state, mergeable, created_at, \
        updated_at, merged_at, closed_at, details_due_at) \
    SELECT DISTINCT ON (g.number) $1, g.node_id, g.number, g.title, g.html_url, g.state, g.is_draft, \
        g.author, g.branch, g.base_branch, g.head_sha, g.review_decision, g.check_state, g.mergeable, \
        g.created_at, g.updated_at, g.merged_at, g.closed_at, $3 \
    FROM jsonb_populate_recordset(NULL::pull_requests, $2) AS g \
    ON CONFLICT (repository_id, number) DO UPDATE SET node_id = excluded.node_id, \
        title = excluded.title, html_url = excluded.html_url, state = excluded.state, \
        is_draft = excluded.is_draft, author = excluded.author, branch = excluded.branch, \
        base_branch = excluded.base_branch, head_sha = excluded.head_sha, \
        review_decision = CASE WHEN $3 IS NULL THEN excluded.review_decision ELSE old.review_decision END, \
        check_state = CASE WHEN $3 IS NULL THEN excluded.check_state \
            WHEN old.head_sha = excluded.head_sha THEN old.check_state END, \
        mergeable = CASE WHEN $3 IS NULL THEN excluded.mergeable \
            WHEN old.head_sha = excluded.head_sha THEN old.mergeable END, \
        updated_at = excluded.updated_at, merged_at = excluded.merged_at, \
        closed_at = excluded.closed_at, \
        details_due_at = least(old.details_due_at, excluded.details_due_at) \
    WHERE excluded.updated_at >= old.updated_at AND ( \
        (old.title, old.state, old.is_draft, old.branch, old.base_branch, old.head_sha, \
            old.updated_at, old.merged_at, old.closed_at) \
        IS DISTINCT FROM (excluded.title, excluded.state, excluded.is_draft, excluded.branch, \
            excluded.base_branch, excluded.head_sha, excluded.updated_at, excluded.merged_at, \
            excluded.closed_at) \
        OR $3 IS NULL AND (old.review_decision, old.check_state, old.mergeable) IS DISTINCT FROM \
            (excluded.review_decision, excluded.check_state, excluded.mergeable)) \
    RETURNING old.*";

/// Writes pull requests, and returns those that are new or changed. `due_at` says when what only GraphQL
/// returns is to be read; none when it was read.
pub async fn write(
    connection: &mut Connection,
    repository: RepositoryId,
    (pull_requests, due_at): (&[PullRequestFacts], Option<DateTime<Utc>>),
) -> QueryResult<Vec<PullRequest>> {
    if pull_requests.is_empty() {
        return Ok(vec![]);
    }
    let given = serde_json::to_value(pull_requests)
        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
    let query = diesel::sql_query(UPSERT)
        .bind::<BigInt, _>(repository)
        .bind::<Jsonb, _>(given)
        .bind::<Nullable<Timestamptz>, _>(due_at);
    Prepared(query).load(connection).await
}

/// An issue that a pull request closes or closed: full name of its repository in lower case, and number.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct ClosedIssue {
    /// The repository.
    #[diesel(sql_type = Text)]
    pub repository: String,
    /// The number.
    #[diesel(sql_type = Integer)]
    pub number: i32,
}

/// Replaces the issues that pull requests of a repository close. Writes only what changed, and returns the
/// issues that are closed by others now.
pub async fn write_closed_issues(
    connection: &mut Connection,
    repository: RepositoryId,
    pull_requests: &[PullRequestFacts],
) -> QueryResult<Vec<ClosedIssue>> {
    let known = pull_requests.iter().filter_map(|one| Some((one.number, one.closes.as_ref()?)));
    let given: Vec<serde_json::Value> = known
        .map(|(number, closes)| serde_json::json!({ "number": number, "closes": closes }))
        .collect();
    if given.is_empty() {
        return Ok(vec![]);
    }
    let query = diesel::sql_query(CLOSED_ISSUES)
        .bind::<BigInt, _>(repository)
        .bind::<Jsonb, _>(serde_json::Value::from(given));
    Prepared(query).load(connection).await
}

const CLOSED_ISSUES: &str = "\
    WITH given AS (SELECT p.id, g.closes FROM \
        jsonb_to_recordset($2) AS g(number integer, closes jsonb) \
        JOIN pull_requests p ON p.repository_id = $1 AND p.number = g.number), \
    wanted AS (SELECT given.id, pair ->> 0 AS repository, (pair ->> 1)::integer AS number \
        FROM given CROSS JOIN jsonb_array_elements(closes) AS pair), \
    gone AS (DELETE FROM pull_request_issues i USING given WHERE i.pull_request_id = given.id \
        AND NOT EXISTS (SELECT FROM wanted WHERE wanted.id = given.id \
            AND wanted.repository = i.repository AND wanted.number = i.number) \
        RETURNING i.repository, i.number), \
    added AS (INSERT INTO pull_request_issues SELECT DISTINCT id, repository, number FROM wanted \
        ON CONFLICT DO NOTHING RETURNING repository, number) \
    SELECT repository, number FROM gone UNION SELECT repository, number FROM added";

/// The issues on the board that pull requests close, and the given ones, each with its repository.
pub async fn issues_on_board(
    connection: &mut Connection,
    pull_requests: &[PullRequestId],
    others: &[ClosedIssue],
) -> QueryResult<Vec<(Issue, Repository)>> {
    if pull_requests.is_empty() && others.is_empty() {
        return Ok(vec![]);
    }
    let (names, numbers): (Vec<&str>, Vec<i32>) =
        others.iter().map(|one| (one.repository.as_str(), one.number)).unzip();
    let statement = "SELECT DISTINCT i.id FROM \
        (SELECT repository, number FROM pull_request_issues WHERE pull_request_id = ANY ($1) \
            UNION SELECT * FROM unnest($2, $3)) AS l(repository, number) \
        JOIN repositories r ON lower(r.full_name) = l.repository AND r.enabled \
        JOIN issues i ON i.repository_id = r.id AND i.number = l.number \
        WHERE i.on_board AND i.removed_at IS NULL";
    let query = diesel::sql_query(statement)
        .bind::<Array<BigInt>, _>(pull_requests)
        .bind::<Array<Text>, _>(names)
        .bind::<Array<Integer>, _>(numbers);
    let ids: Vec<FoundIssue> = Prepared(query).load(connection).await?;
    if ids.is_empty() {
        return Ok(vec![]);
    }
    issues::table
        .inner_join(repositories::table)
        .filter(issues::id.eq_any(ids.into_iter().map(|found| found.id)))
        .order(issues::id)
        .select((Issue::as_select(), Repository::as_select()))
        .load(connection)
        .await
}

#[derive(QueryableByName)]
struct FoundIssue {
    #[diesel(sql_type = BigInt)]
    id: IssueId,
}

/// Marks the open pull requests of a repository whose newest commit is one of these: their checks are to be
/// read at a time, unless they are anyway. Returns how many were marked.
pub async fn mark_commits(
    connection: &mut Connection,
    repository: RepositoryId,
    (commits, due_at): (&[&str], DateTime<Utc>),
) -> QueryResult<usize> {
    let statement = "UPDATE pull_requests SET details_due_at = $3 WHERE id IN ( \
        SELECT id FROM pull_requests WHERE repository_id = $1 AND head_sha = ANY ($2) \
            AND state = 'open' AND (details_due_at IS NULL OR details_due_at > $3) \
        ORDER BY number FOR NO KEY UPDATE)";
    let query = diesel::sql_query(statement)
        .bind::<BigInt, _>(repository)
        .bind::<Array<Text>, _>(commits)
        .bind::<Timestamptz, _>(due_at);
    Prepared(query).execute(connection).await
}

/// Marks the open pull requests of a repository that are to be merged into a branch, as [`mark_commits`]:
/// they may have conflicts now.
pub async fn mark_base(
    connection: &mut Connection,
    repository: RepositoryId,
    (branch, due_at): (&str, DateTime<Utc>),
) -> QueryResult<usize> {
    let statement = "UPDATE pull_requests SET details_due_at = $3 WHERE id IN ( \
        SELECT id FROM pull_requests WHERE repository_id = $1 AND base_branch = $2 \
            AND state = 'open' AND (details_due_at IS NULL OR details_due_at > $3) \
        ORDER BY number FOR NO KEY UPDATE)";
    let query = diesel::sql_query(statement)
        .bind::<BigInt, _>(repository)
        .bind::<Text, _>(branch)
        .bind::<Timestamptz, _>(due_at);
    Prepared(query).execute(connection).await
}

/// Takes the pull requests of tracked repositories that are due, the longest first, at most `most`. They are
/// due again at a time, in case that reading them is interrupted.
pub async fn take_due(
    connection: &mut Connection,
    (now, again_at): (DateTime<Utc>, DateTime<Utc>),
    most: i64,
) -> QueryResult<Vec<PullRequest>> {
    let statement = "UPDATE pull_requests SET details_due_at = $2 WHERE id IN ( \
        SELECT p.id FROM pull_requests p JOIN repositories r ON r.id = p.repository_id AND r.enabled \
        WHERE p.details_due_at <= $1 ORDER BY p.details_due_at, p.id LIMIT $3 \
        FOR NO KEY UPDATE OF p SKIP LOCKED) RETURNING *";
    let query = diesel::sql_query(statement)
        .bind::<Timestamptz, _>(now)
        .bind::<Timestamptz, _>(again_at)
        .bind::<BigInt, _>(most);
    Prepared(query).load(connection).await
}

/// When pull requests of a repository are due again, by number; none for one that is not.
pub type NextReading = (i32, Option<DateTime<Utc>>);

/// Sets when pull requests are due again, after they were read.
///
/// One that was marked since reading began stays marked, unless it is `taken`, the time that [`take_due`]
/// gave it. One that is due later and was not marked keeps its time, so that reading without a change
/// writes nothing.
pub async fn set_due(
    connection: &mut Connection,
    repository: RepositoryId,
    (next, began_at, taken): (&[NextReading], DateTime<Utc>, Option<DateTime<Utc>>),
) -> QueryResult<usize> {
    let (numbers, times): (Vec<i32>, Vec<Option<DateTime<Utc>>>) = next.iter().copied().unzip();
    let statement = "UPDATE pull_requests p SET details_due_at = g.due FROM \
        unnest($2, $3) AS g(number, due) WHERE p.repository_id = $1 AND p.number = g.number \
        AND CASE WHEN p.details_due_at IS NULL THEN g.due IS NOT NULL \
            WHEN p.details_due_at <= $4 OR p.details_due_at = $5 THEN true \
            WHEN g.due IS NULL THEN p.state <> 'open' \
            ELSE g.due < p.details_due_at END";
    let query = diesel::sql_query(statement)
        .bind::<BigInt, _>(repository)
        .bind::<Array<Integer>, _>(numbers)
        .bind::<Array<Nullable<Timestamptz>>, _>(times)
        .bind::<Timestamptz, _>(began_at)
        .bind::<Nullable<Timestamptz>, _>(taken);
    Prepared(query).execute(connection).await
}

/// The open pull requests of a repository, the one that changed last first.
pub async fn open(
    connection: &mut Connection,
    repository: RepositoryId,
    most: i64,
) -> QueryResult<Vec<PullRequest>> {
    pull_requests::table
        .filter(pull_requests::repository_id.eq(repository))
        .filter(pull_requests::state.eq("open"))
        .order((pull_requests::updated_at.desc(), pull_requests::id.desc()))
        .limit(most)
        .select(PullRequest::as_select())
        .load(connection)
        .await
}

/// Closes the open pull requests of a repository that GitHub no longer lists as open. Whether they were
/// merged is to be read.
pub async fn close_unlisted(
    connection: &mut Connection,
    repository: RepositoryId,
    (listed, now): (&[i32], DateTime<Utc>),
) -> QueryResult<Vec<PullRequest>> {
    diesel::update(
        pull_requests::table
            .filter(pull_requests::repository_id.eq(repository))
            .filter(pull_requests::state.eq("open").and(pull_requests::number.ne_all(listed))),
    )
    .set((
        pull_requests::state.eq("closed"),
        pull_requests::closed_at.eq(now),
        pull_requests::details_due_at.eq(now),
    ))
    .returning(PullRequest::as_returning())
    .get_results(connection)
    .await
}

/// The pull requests that close issues, each with an issue: repository in lower case, and number.
pub async fn closing(
    connection: &mut Connection,
    issues: &[(String, i32)],
) -> QueryResult<Vec<((String, i32), PullRequest)>> {
    let (names, numbers): (Vec<&str>, Vec<i32>) =
        issues.iter().map(|(name, number)| (name.as_str(), *number)).unzip();
    let rows: Vec<(String, i32, PullRequest)> = pull_request_issues::table
        .inner_join(pull_requests::table)
        .filter(pull_request_issues::repository.eq_any(names))
        .filter(pull_request_issues::number.eq_any(numbers))
        .order((pull_requests::updated_at.desc(), pull_requests::id.desc()))
        .select((
            pull_request_issues::repository,
            pull_request_issues::number,
            PullRequest::as_select(),
        ))
        .load(connection)
        .await?;
    let asked = |row: &(String, i32, PullRequest)| {
        issues.iter().any(|(name, number)| *name == row.0 && *number == row.1)
    };
    let rows = rows.into_iter().filter(asked);
    Ok(rows.map(|(name, number, row)| ((name, number), row)).collect())
}

/// How many pull requests of a repository are open, of those that are stored.
pub async fn count_open(connection: &mut Connection, repository: RepositoryId) -> QueryResult<i64> {
    pull_requests::table
        .filter(pull_requests::repository_id.eq(repository).and(pull_requests::state.eq("open")))
        .count()
        .get_result(connection)
        .await
}
