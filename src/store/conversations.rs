//! Comments of issues, as they were last read from GitHub.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Timestamptz};
use diesel_async::RunQueryDsl;

use super::Connection;
use super::schema::conversations::{self, dsl};
use crate::domain::IssueId;
use crate::domain::conversation::Comments;

/// The comments of one issue.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = conversations, check_for_backend(diesel::pg::Pg))]
pub struct Conversation {
    /// The newest ones, newest first.
    pub comments: Comments,
    /// How many the issue had on GitHub.
    pub total_count: i32,
    /// How many of the newest ones could not be read.
    pub unreadable_count: i32,
    /// When the issue had last changed, as GitHub said with the comments.
    pub github_updated_at: Option<DateTime<Utc>>,
    /// How many comments the cached issue had; none when GitHub's answer was older than that.
    pub seen_comments_count: Option<i32>,
    /// When the cached issue had last changed; none when GitHub's answer was older than that.
    pub seen_updated_at: Option<DateTime<Utc>>,
    /// When GitHub was asked; none before the first answer.
    pub fetched_at: Option<DateTime<Utc>>,
    /// How many comments were posted through Dispatch.
    pub posted: i64,
    /// How many of those GitHub had when it was asked.
    pub posted_when_read: i64,
    /// While somebody asks GitHub: until when that takes at the most.
    pub reading_until: Option<DateTime<Utc>>,
    /// Why they could not be read the last time.
    pub problem: Option<String>,
    /// When GitHub may be asked again after that.
    pub retry_at: Option<DateTime<Utc>>,
}

/// What GitHub answered.
#[derive(Debug, Clone, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = conversations, treat_none_as_null = true)]
pub struct Reading {
    /// See [`Conversation::comments`].
    pub comments: Comments,
    /// See [`Conversation::total_count`].
    pub total_count: i32,
    /// See [`Conversation::unreadable_count`].
    pub unreadable_count: i32,
    /// See [`Conversation::github_updated_at`].
    pub github_updated_at: Option<DateTime<Utc>>,
    /// See [`Conversation::seen_comments_count`].
    pub seen_comments_count: Option<i32>,
    /// See [`Conversation::seen_updated_at`].
    pub seen_updated_at: Option<DateTime<Utc>>,
    /// See [`Conversation::fetched_at`].
    pub fetched_at: Option<DateTime<Utc>>,
    /// See [`Conversation::posted_when_read`].
    pub posted_when_read: i64,
    /// See [`Conversation::problem`].
    pub problem: Option<String>,
    /// See [`Conversation::retry_at`].
    pub retry_at: Option<DateTime<Utc>>,
}

/// The comments of an issue, if they were ever asked for.
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

/// Takes it on to ask GitHub for an issue's comments before `until`, unless somebody is at it, or was
/// since the caller found `seen`.
///
/// Returns how many comments were posted through Dispatch so far; none when somebody is or was at it,
/// or the issue is gone.
pub async fn begin_reading(
    connection: &mut Connection,
    issue: IssueId,
    seen: Option<&Conversation>,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
) -> QueryResult<Option<i64>> {
    // The issue is locked before the row here, as where a comment is noted.
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
    .map(|found: Option<Posted>| found.map(|row| row.posted))
}

#[derive(QueryableByName)]
struct Posted {
    #[diesel(sql_type = BigInt)]
    posted: i64,
}

/// Keeps what GitHub answered to whoever took it on until `until`. Nothing is kept when somebody else
/// has taken it on since.
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

/// Keeps why GitHub did not answer whoever took it on until `until`, and when it may be asked again.
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

/// Notes that a comment was posted through Dispatch, so that the comments are read again. The caller
/// has locked the issue.
pub async fn note_post(connection: &mut Connection, issue: IssueId) -> QueryResult<()> {
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

/// Deletes the comments that were read longest ago, until the others have no more than so many
/// bytes.
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
