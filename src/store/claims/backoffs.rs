//! Back-offs of issues, because agents failed on them or GitHub refused to change them; and of
//! repositories, because GitHub refused to change their issues.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;

use crate::domain::backoff::{Backoff, BackoffCause};
use crate::domain::{IssueId, RepositoryId};
use crate::store::Connection;
use crate::store::schema::backoffs::{self, dsl};
use crate::store::schema::{issues, repositories};

/// The back-off of an issue.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = backoffs, check_for_backend(diesel::pg::Pg), treat_none_as_null = true)]
pub struct BackoffRow {
    /// The issue.
    pub issue_id: IssueId,
    /// How often agents failed on it in a row.
    pub failed_attempts: i32,
    /// How often GitHub refused to change it in a row.
    pub refusals: i32,
    /// What kind of thing happened last.
    pub cause: BackoffCause,
    /// What happened last, as a part of a sentence: "GitHub refused to change it (…)".
    pub reason: String,
    /// When that began.
    pub first_at: DateTime<Utc>,
    /// When it last happened.
    pub last_at: DateTime<Utc>,
    /// When it may be served again; if it needs a person, when to label it so on GitHub.
    pub retry_at: DateTime<Utc>,
    /// Whether the action that was due at that time is done.
    pub is_over: bool,
    /// Whether its attempts are used up, so that it waits for a person.
    pub needs_human: bool,
    /// When it was labelled on GitHub as needing a person.
    pub escalated_at: Option<DateTime<Utc>>,
}

impl From<BackoffRow> for Backoff {
    fn from(row: BackoffRow) -> Self {
        let BackoffRow { failed_attempts, refusals, cause, reason, .. } = row;
        let BackoffRow { first_at, last_at, retry_at, needs_human, .. } = row;
        Self { failed_attempts, refusals, cause, reason, first_at, last_at, retry_at, needs_human }
    }
}

/// The back-off of an issue, if there is one.
pub async fn of_issue(
    connection: &mut Connection,
    issue: IssueId,
) -> QueryResult<Option<BackoffRow>> {
    dsl::backoffs.find(issue).select(BackoffRow::as_select()).first(connection).await.optional()
}

/// The back-offs of some issues, in no order.
pub async fn of_issues(
    connection: &mut Connection,
    issues: &[IssueId],
) -> QueryResult<Vec<BackoffRow>> {
    dsl::backoffs
        .filter(dsl::issue_id.eq_any(issues))
        .select(BackoffRow::as_select())
        .load(connection)
        .await
}

/// Stores a back-off, replacing any earlier one.
pub async fn write(connection: &mut Connection, row: &BackoffRow) -> QueryResult<()> {
    diesel::insert_into(dsl::backoffs)
        .values(row)
        .on_conflict(dsl::issue_id)
        .do_update()
        .set(row)
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes the back-offs of some issues, and returns those that had one.
pub async fn forget(connection: &mut Connection, issues: &[IssueId]) -> QueryResult<Vec<IssueId>> {
    diesel::delete(dsl::backoffs.filter(dsl::issue_id.eq_any(issues)))
        .returning(dsl::issue_id)
        .get_results(connection)
        .await
}

/// Clears GitHub's refusals of an issue; failures of agents are kept.
pub async fn forget_refusals(connection: &mut Connection, issue: IssueId) -> QueryResult<()> {
    diesel::sql_query(
        "WITH forgotten AS ( \
             DELETE FROM backoffs WHERE issue_id = $1 AND refusals > 0 AND failed_attempts = 0) \
         UPDATE backoffs SET refusals = 0 \
         WHERE issue_id = $1 AND refusals > 0 AND failed_attempts > 0",
    )
    .bind::<BigInt, _>(issue)
    .execute(connection)
    .await?;
    Ok(())
}

/// Back-offs that are due: ended ones, and escalations to be made, longest due first. They are
/// locked until the caller's transaction ends; locked ones are skipped.
pub async fn due(
    connection: &mut Connection,
    now: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<BackoffRow>> {
    dsl::backoffs
        .filter(dsl::is_over.eq(false))
        .filter(dsl::retry_at.le(now))
        .order((dsl::retry_at, dsl::issue_id))
        .limit(limit)
        .select(BackoffRow::as_select())
        .load(connection)
        .await
}

/// Marks the action that was due as done. False when the back-off has changed meanwhile.
pub async fn complete_action(
    connection: &mut Connection,
    row: &BackoffRow,
    escalated_at: Option<DateTime<Utc>>,
) -> QueryResult<bool> {
    let same = dsl::backoffs
        .find(row.issue_id)
        .filter(dsl::retry_at.eq(row.retry_at))
        .filter(dsl::is_over.eq(false));
    let set = (dsl::is_over.eq(true), dsl::escalated_at.eq(escalated_at));
    Ok(diesel::update(same).set(set).execute(connection).await? > 0)
}

/// Postpones an action that failed.
pub async fn postpone(
    connection: &mut Connection,
    row: &BackoffRow,
    until: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(dsl::backoffs.find(row.issue_id).filter(dsl::retry_at.eq(row.retry_at)))
        .set(dsl::retry_at.eq(until))
        .execute(connection)
        .await?;
    Ok(())
}

/// Stores the back-off of a repository: the number of refusals, GitHub's error, and its end.
pub async fn set_repository(
    connection: &mut Connection,
    id: RepositoryId,
    refusals: i32,
    refusal: &str,
    retry_at: DateTime<Utc>,
) -> QueryResult<()> {
    use repositories::dsl as columns;
    diesel::update(columns::repositories.find(id))
        .set((
            columns::refusals.eq(refusals),
            columns::refusal.eq(refusal),
            columns::retry_at.eq(retry_at),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// The repositories whose back-off ended before a time, and where nothing was tried since.
pub async fn repositories_until(
    connection: &mut Connection,
    until: DateTime<Utc>,
) -> QueryResult<Vec<RepositoryId>> {
    use repositories::dsl as columns;
    columns::repositories
        .filter(columns::refusals.gt(0).and(columns::retry_at.lt(until)))
        .select(columns::id)
        .load(connection)
        .await
}

/// Clears the back-off of a repository, and of its issues where GitHub's refusals are the cause.
/// Returns these issues.
pub async fn forget_repository(
    connection: &mut Connection,
    id: RepositoryId,
) -> QueryResult<Vec<IssueId>> {
    use repositories::dsl as columns;
    diesel::update(columns::repositories.find(id))
        .set((
            columns::refusals.eq(0),
            columns::refusal.eq(None::<String>),
            columns::retry_at.eq(None::<DateTime<Utc>>),
        ))
        .execute(connection)
        .await?;
    let in_it = issues::table.filter(issues::repository_id.eq(id)).select(issues::id);
    let forbidden = dsl::backoffs
        .filter(dsl::cause.eq(BackoffCause::Forbidden))
        .filter(dsl::issue_id.eq_any(in_it))
        .select(dsl::issue_id);
    let freed: Vec<IssueId> = forbidden.load(connection).await?;
    for issue in &freed {
        let failures = dsl::backoffs.find(issue);
        diesel::delete(failures.filter(dsl::failed_attempts.eq(0))).execute(connection).await?;
        let set = (dsl::refusals.eq(0), dsl::retry_at.eq(dsl::last_at));
        diesel::update(dsl::backoffs.find(issue)).set(set).execute(connection).await?;
    }
    Ok(freed)
}
