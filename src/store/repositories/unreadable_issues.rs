//! Issues that a sync could not read and retries.

use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, exists, not};
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;

use crate::domain::{IssueState, RepositoryId};
use crate::store::Connection;
use crate::store::schema::issues;
use crate::store::schema::unreadable_issues::{self, dsl};

/// An issue that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = unreadable_issues, check_for_backend(diesel::pg::Pg))]
pub struct UnreadableIssue {
    /// The repository it belongs to.
    pub repository_id: RepositoryId,
    /// GitHub's id; none when GitHub did not return even that.
    pub node_id: Option<String>,
    /// Its number; none when it has no id.
    pub number: Option<i32>,
    /// Why it could not be read.
    pub reason: String,
    /// When it was first left out.
    pub first_at: DateTime<Utc>,
    /// When reading it last failed.
    pub last_at: DateTime<Utc>,
}

/// An issue that was just left out. Without an id, it stands for all issues that are left out for
/// this reason.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = unreadable_issues)]
pub struct NewUnreadableIssue {
    /// The repository it belongs to.
    pub repository_id: RepositoryId,
    /// GitHub's id; none when GitHub did not return even that.
    pub node_id: Option<String>,
    /// Its number; none when it has no id.
    pub number: Option<i32>,
    /// Whether it counts as open on GitHub.
    pub state: IssueState,
    /// Why it could not be read.
    pub reason: String,
    /// When it was first left out; an existing row keeps its time.
    pub first_at: DateTime<Utc>,
    /// When reading it last failed.
    pub last_at: DateTime<Utc>,
}

/// Stores issues that were left out; existing rows get the new reason and time.
pub async fn upsert(
    connection: &mut Connection,
    left_out: &[NewUnreadableIssue],
) -> QueryResult<()> {
    for one in left_out {
        if one.node_id.is_some() {
            diesel::insert_into(dsl::unreadable_issues)
                .values(one)
                .on_conflict((dsl::repository_id, dsl::node_id))
                .do_update()
                .set((
                    dsl::number.eq(excluded(dsl::number)),
                    dsl::state.eq(excluded(dsl::state)),
                    dsl::reason.eq(excluded(dsl::reason)),
                    dsl::last_at.eq(excluded(dsl::last_at)),
                ))
                .execute(connection)
                .await?;
        } else {
            diesel::insert_into(dsl::unreadable_issues)
                .values(one)
                .on_conflict((dsl::repository_id, dsl::reason))
                .filter_target(dsl::node_id.is_null())
                .do_update()
                .set(dsl::last_at.eq(excluded(dsl::last_at)))
                .execute(connection)
                .await?;
        }
    }
    Ok(())
}

/// Stores why an issue that is already recorded, or is on the board, could still not be read.
pub async fn update_reason(
    connection: &mut Connection,
    repository: RepositoryId,
    node_id: &str,
    reason: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let noted = diesel::update(
        dsl::unreadable_issues
            .filter(dsl::repository_id.eq(repository))
            .filter(dsl::node_id.eq(node_id)),
    )
    .set((dsl::reason.eq(reason), dsl::last_at.eq(now)))
    .execute(connection)
    .await?;
    if noted > 0 {
        return Ok(());
    }
    let known: Option<(i32, IssueState)> = issues::table
        .filter(issues::repository_id.eq(repository))
        .filter(issues::node_id.eq(node_id))
        .select((issues::number, issues::state))
        .first(connection)
        .await
        .optional()?;
    let Some((number, state)) = known else { return Ok(()) };
    let new = NewUnreadableIssue {
        repository_id: repository,
        node_id: Some(node_id.to_owned()),
        number: Some(number),
        state,
        reason: reason.to_owned(),
        first_at: now,
        last_at: now,
    };
    upsert(connection, &[new]).await
}

/// Deletes the rows with these ids: they were read, or are gone.
pub async fn forget(
    connection: &mut Connection,
    repository: RepositoryId,
    node_ids: &[&str],
) -> QueryResult<()> {
    diesel::delete(
        dsl::unreadable_issues
            .filter(dsl::repository_id.eq(repository))
            .filter(dsl::node_id.eq_any(node_ids)),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes rows without an id that were not seen since: nothing else shows that they can be read
/// again.
pub async fn forget_nameless(
    connection: &mut Connection,
    repository: RepositoryId,
    since: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::delete(
        dsl::unreadable_issues
            .filter(dsl::repository_id.eq(repository))
            .filter(dsl::node_id.is_null())
            .filter(dsl::last_at.lt(since)),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The node ids of a repository's unreadable issues, least recently tried first.
pub async fn longest_untried(
    connection: &mut Connection,
    repository: RepositoryId,
    limit: i64,
) -> QueryResult<Vec<String>> {
    dsl::unreadable_issues
        .filter(dsl::repository_id.eq(repository))
        .filter(dsl::node_id.is_not_null())
        .order((dsl::last_at, dsl::id))
        .limit(limit)
        .select(dsl::node_id.assume_not_null())
        .load(connection)
        .await
}

/// The first unreadable issues of a repository by number, those without one last.
pub async fn of_repository(
    connection: &mut Connection,
    repository: RepositoryId,
    limit: i64,
) -> QueryResult<Vec<UnreadableIssue>> {
    dsl::unreadable_issues
        .filter(dsl::repository_id.eq(repository))
        .order((dsl::number.asc().nulls_last(), dsl::id))
        .limit(limit)
        .select(UnreadableIssue::as_select())
        .load(connection)
        .await
}

/// The number of a repository's unreadable issues.
pub async fn count(connection: &mut Connection, repository: RepositoryId) -> QueryResult<i64> {
    dsl::unreadable_issues
        .filter(dsl::repository_id.eq(repository))
        .select(count_star())
        .first(connection)
        .await
}

/// How many unreadable issues of a repository are open on GitHub and not cached as open: they are
/// part of GitHub's count and not of ours.
pub async fn count_open_and_not_cached(
    connection: &mut Connection,
    repository: RepositoryId,
) -> QueryResult<i64> {
    let cached = issues::table
        .filter(issues::repository_id.eq(dsl::repository_id))
        .filter(issues::number.nullable().eq(dsl::number))
        .filter(issues::state.eq(IssueState::Open))
        .filter(issues::removed_at.is_null());
    dsl::unreadable_issues
        .filter(dsl::repository_id.eq(repository))
        .filter(dsl::state.eq(IssueState::Open))
        .filter(not(exists(cached)))
        .select(count_star())
        .first(connection)
        .await
}
