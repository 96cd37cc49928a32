//! Pull requests.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Jsonb};
use diesel_async::RunQueryDsl;

use crate::domain::automation::facts::PullRequestFacts;
use crate::domain::{PullRequestId, RepositoryId};
use crate::store::Connection;
use crate::store::prepared::Prepared;
use crate::store::schema::{pull_request_issues, pull_requests};

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

/// What only GraphQL returns stays as it is when a payload lacks it.
const UPSERT: &str = "\
    INSERT INTO pull_requests AS old (repository_id, node_id, number, title, html_url, state, is_draft, \
        author, branch, base_branch, head_sha, review_decision, check_state, mergeable, created_at, \
        updated_at, merged_at, closed_at) \
    SELECT DISTINCT ON (g.number) $1, g.node_id, g.number, g.title, g.html_url, g.state, g.is_draft, \
        g.author, g.branch, g.base_branch, g.head_sha, g.review_decision, g.check_state, g.mergeable, \
        g.created_at, g.updated_at, g.merged_at, g.closed_at \
    FROM jsonb_populate_recordset(NULL::pull_requests, $2) AS g \
    ON CONFLICT (repository_id, number) DO UPDATE SET node_id = excluded.node_id, \
        title = excluded.title, html_url = excluded.html_url, state = excluded.state, \
        is_draft = excluded.is_draft, author = excluded.author, branch = excluded.branch, \
        base_branch = excluded.base_branch, head_sha = excluded.head_sha, \
        review_decision = CASE WHEN $3 THEN excluded.review_decision ELSE old.review_decision END, \
        check_state = CASE WHEN $3 THEN excluded.check_state \
            WHEN old.head_sha = excluded.head_sha THEN old.check_state END, \
        mergeable = CASE WHEN $3 THEN excluded.mergeable \
            WHEN old.head_sha = excluded.head_sha THEN old.mergeable END, \
        updated_at = excluded.updated_at, merged_at = excluded.merged_at, \
        closed_at = excluded.closed_at \
    WHERE excluded.updated_at >= old.updated_at AND ( \
        (old.title, old.state, old.is_draft, old.branch, old.base_branch, old.head_sha, \
            old.updated_at, old.merged_at, old.closed_at) \
        IS DISTINCT FROM (excluded.title, excluded.state, excluded.is_draft, excluded.branch, \
            excluded.base_branch, excluded.head_sha, excluded.updated_at, excluded.merged_at, \
            excluded.closed_at) \
        OR $3 AND (old.review_decision, old.check_state, old.mergeable) IS DISTINCT FROM \
            (excluded.review_decision, excluded.check_state, excluded.mergeable)) \
    RETURNING old.*";

/// Writes pull requests, and returns those that are new or changed. `is_whole` says whether reviews and
/// checks were read, too.
pub async fn write(
    connection: &mut Connection,
    repository: RepositoryId,
    (pull_requests, is_whole): (&[PullRequestFacts], bool),
) -> QueryResult<Vec<PullRequest>> {
    if pull_requests.is_empty() {
        return Ok(vec![]);
    }
    let given = serde_json::to_value(pull_requests)
        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
    let query = diesel::sql_query(UPSERT)
        .bind::<BigInt, _>(repository)
        .bind::<Jsonb, _>(given)
        .bind::<Bool, _>(is_whole);
    Prepared(query).load(connection).await
}

/// Replaces the issues that pull requests of a repository close. Writes only what changed.
pub async fn write_closed_issues(
    connection: &mut Connection,
    repository: RepositoryId,
    pull_requests: &[PullRequestFacts],
) -> QueryResult<()> {
    let known = pull_requests.iter().filter_map(|one| Some((one.number, one.closes.as_ref()?)));
    let given: Vec<serde_json::Value> = known
        .map(|(number, closes)| serde_json::json!({ "number": number, "closes": closes }))
        .collect();
    if given.is_empty() {
        return Ok(());
    }
    let statement = "\
        WITH given AS (SELECT p.id, g.closes FROM \
            jsonb_to_recordset($2) AS g(number integer, closes jsonb) \
            JOIN pull_requests p ON p.repository_id = $1 AND p.number = g.number), \
        wanted AS (SELECT given.id, pair ->> 0 AS repository, (pair ->> 1)::integer AS number \
            FROM given CROSS JOIN jsonb_array_elements(closes) AS pair), \
        gone AS (DELETE FROM pull_request_issues i USING given WHERE i.pull_request_id = given.id \
            AND NOT EXISTS (SELECT FROM wanted WHERE wanted.id = given.id \
                AND wanted.repository = i.repository AND wanted.number = i.number)) \
        INSERT INTO pull_request_issues SELECT DISTINCT id, repository, number FROM wanted \
        ON CONFLICT DO NOTHING";
    let query = diesel::sql_query(statement)
        .bind::<BigInt, _>(repository)
        .bind::<Jsonb, _>(serde_json::Value::from(given));
    Prepared(query).execute(connection).await?;
    Ok(())
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

/// Closes the open pull requests of a repository that GitHub no longer lists as open.
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
    .set((pull_requests::state.eq("closed"), pull_requests::closed_at.eq(now)))
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
