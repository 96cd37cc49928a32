//! Stored comments of issues, as last read from GitHub.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Timestamptz};
use diesel_async::RunQueryDsl;

use crate::domain::IssueId;
use crate::domain::conversation::Comments;
use crate::store::Connection;
use crate::store::schema::conversations::{self, dsl};

/// The comments of one issue.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = conversations, check_for_backend(diesel::pg::Pg))]
pub struct Conversation {
    /// The newest comments, newest first.
    pub comments: Comments,
    /// The number of comments of the issue on GitHub.
    pub total_count: i32,
    /// How many of the newest comments could not be read.
    pub unreadable_count: i32,
    /// GitHub's update time of the issue in the same response.
    pub github_updated_at: Option<DateTime<Utc>>,
    /// The number of comments of the cached issue; none when GitHub's response was older than the
    /// cache.
    pub seen_comments_count: Option<i32>,
    /// The update time of the cached issue; none when GitHub's response was older.
    pub seen_updated_at: Option<DateTime<Utc>>,
    /// When GitHub was read; none before the first response.
    pub fetched_at: Option<DateTime<Utc>>,
    /// How many comments were posted through Dispatch.
    pub posted: i64,
    /// How many of those had been posted when GitHub was read.
    pub posted_when_read: i64,
    /// While a caller reads from GitHub: its deadline.
    pub reading_until: Option<DateTime<Utc>>,
    /// Why they could not be read the last time.
    pub problem: Option<String>,
    /// When GitHub may be read again after that.
    pub retry_at: Option<DateTime<Utc>>,
}

/// The result of reading from GitHub.
#[derive(Debug, Clone, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = conversations, treat_none_as_null = true)]
pub struct Reading {
    /// The newest comments, newest first.
    pub comments: Comments,
    /// The number of comments of the issue on GitHub.
    pub total_count: i32,
    /// How many of the newest comments could not be read.
    pub unreadable_count: i32,
    /// GitHub's update time of the issue in the same response.
    pub github_updated_at: Option<DateTime<Utc>>,
    /// The number of comments of the cached issue; none when GitHub's response was older.
    pub seen_comments_count: Option<i32>,
    /// The update time of the cached issue; none when GitHub's response was older.
    pub seen_updated_at: Option<DateTime<Utc>>,
    /// When GitHub was read; none before the first response.
    pub fetched_at: Option<DateTime<Utc>>,
    /// How many of those had been posted when GitHub was read.
    pub posted_when_read: i64,
    /// Why they could not be read the last time.
    pub problem: Option<String>,
    /// When GitHub may be read again after that.
    pub retry_at: Option<DateTime<Utc>>,
}

/// The comments of an issue, if they were ever requested.
pub async fn of_issue(
    connection: &mut Connection,
    issue: IssueId,
) -> QueryResult<Option<Conversation>> {
    dsl::conversations
        .find(issue)
        .select(Conversation::as_select())
        .first(connection)
        .await
        .optional()
}

/// Starts reading an issue's comments from GitHub until at most `until` (single flight): refused
/// while another caller reads, or if one has read since the caller found `seen`.
///
/// Returns how many comments were posted through Dispatch so far; none when refused, or when the
/// issue is gone.
pub async fn begin_reading(
    connection: &mut Connection,
    issue: IssueId,
    seen: Option<&Conversation>,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
) -> QueryResult<Option<i64>> {
    // The issue is locked before this row, in the same order as where a comment is recorded.
    diesel::sql_query(
        "WITH issue AS (SELECT id FROM issues WHERE id = $1 FOR KEY SHARE) \
         INSERT INTO conversations (issue_id, reading_until) SELECT id, $3 FROM issue \
         ON CONFLICT (issue_id) DO UPDATE SET reading_until = $3 \
         WHERE (conversations.reading_until IS NULL OR conversations.reading_until <= $2) \
             AND (conversations.fetched_at, conversations.retry_at) IS NOT DISTINCT FROM ($4, $5) \
         RETURNING posted",
    )
    .bind::<BigInt, _>(issue)
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(until)
    .bind::<Nullable<Timestamptz>, _>(seen.and_then(|row| row.fetched_at))
    .bind::<Nullable<Timestamptz>, _>(seen.and_then(|row| row.retry_at))
    .get_result(connection)
    .await
    .optional()
    .map(|found: Option<PostedCount>| found.map(|row| row.posted))
}

#[derive(QueryableByName)]
struct PostedCount {
    #[diesel(sql_type = BigInt)]
    posted: i64,
}

/// Stores what the reader with this deadline has read. Stores nothing when another reader has taken
/// over.
pub async fn end_reading(
    connection: &mut Connection,
    issue: IssueId,
    until: DateTime<Utc>,
    reading: &Reading,
) -> QueryResult<()> {
    let own = dsl::conversations.find(issue).filter(dsl::reading_until.eq(until));
    diesel::update(own)
        .set((reading, dsl::reading_until.eq(None::<DateTime<Utc>>)))
        .execute(connection)
        .await?;
    Ok(())
}

/// Stores why the reader with this deadline failed, and when GitHub may be read again.
pub async fn fail_reading(
    connection: &mut Connection,
    issue: IssueId,
    until: DateTime<Utc>,
    problem: &str,
    retry_at: DateTime<Utc>,
) -> QueryResult<()> {
    let own = dsl::conversations.find(issue).filter(dsl::reading_until.eq(until));
    diesel::update(own)
        .set((
            dsl::problem.eq(Some(problem)),
            dsl::retry_at.eq(Some(retry_at)),
            dsl::reading_until.eq(None::<DateTime<Utc>>),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Records that a comment was posted through Dispatch, so that the comments are read again. The
/// caller has locked the issue.
pub async fn record_post(connection: &mut Connection, issue: IssueId) -> QueryResult<()> {
    diesel::insert_into(dsl::conversations)
        .values((dsl::issue_id.eq(issue), dsl::posted.eq(1)))
        .on_conflict(dsl::issue_id)
        .do_update()
        .set((
            dsl::posted.eq(dsl::posted + 1),
            dsl::problem.eq(None::<String>),
            dsl::retry_at.eq(None::<DateTime<Utc>>),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Prunes the least recently read comments, until at most this many bytes remain.
pub async fn prune(connection: &mut Connection, bytes: i64) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM conversations USING ( \
             SELECT issue_id, sum(octet_length(comments::text) + 200) \
                 OVER (ORDER BY fetched_at DESC NULLS LAST, issue_id DESC) AS so_far \
             FROM conversations) AS sizes \
         WHERE sizes.issue_id = conversations.issue_id AND sizes.so_far > $1",
    )
    .bind::<BigInt, _>(bytes)
    .execute(connection)
    .await
}
