//! Syncs of automation data.

use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::domain::{AutomationSyncRunId, RepositoryId};
use crate::store::Connection;
use crate::store::schema::automation_sync_runs::{self, dsl};

/// A sync of a repository's automation data.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = automation_sync_runs, check_for_backend(diesel::pg::Pg))]
pub struct AutomationSyncRun {
    /// Our id.
    pub id: AutomationSyncRunId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// `running`, `completed` or `failed`.
    pub status: String,
    /// How many requests it sent to GitHub.
    pub requests: i32,
    /// How many workflows it read.
    pub workflows_fetched: i32,
    /// How many runs it read.
    pub runs_fetched: i32,
    /// Why it failed.
    pub error: Option<String>,
    /// What it could not read, and why.
    pub notes: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
}

/// Records that a sync of a repository began.
pub async fn begin(
    connection: &mut Connection,
    repository: RepositoryId,
    now: DateTime<Utc>,
) -> QueryResult<AutomationSyncRun> {
    diesel::insert_into(dsl::automation_sync_runs)
        .values((
            dsl::repository_id.eq(repository),
            dsl::status.eq("running"),
            dsl::started_at.eq(now),
        ))
        .returning(AutomationSyncRun::as_returning())
        .get_result(connection)
        .await
}

/// The result of a sync.
#[derive(Debug, Clone, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = automation_sync_runs, treat_none_as_null = true)]
pub struct SyncResult {
    /// `completed` or `failed`.
    pub status: &'static str,
    /// How many requests it sent.
    pub requests: i32,
    /// How many workflows it read.
    pub workflows_fetched: i32,
    /// How many runs it read.
    pub runs_fetched: i32,
    /// Why it failed.
    pub error: Option<String>,
    /// What it could not read, and why.
    pub notes: Option<String>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
}

/// Records how a sync ended.
pub async fn end(
    connection: &mut Connection,
    id: AutomationSyncRunId,
    result: &SyncResult,
) -> QueryResult<AutomationSyncRun> {
    diesel::update(dsl::automation_sync_runs.find(id))
        .set(result)
        .returning(AutomationSyncRun::as_returning())
        .get_result(connection)
        .await
}

/// Deletes the record of a sync that found nothing new.
pub async fn forget(connection: &mut Connection, id: AutomationSyncRunId) -> QueryResult<usize> {
    diesel::delete(dsl::automation_sync_runs.find(id)).execute(connection).await
}

/// The newest sync of each of some repositories.
pub async fn last_of(
    connection: &mut Connection,
    repositories: &[RepositoryId],
) -> QueryResult<Vec<AutomationSyncRun>> {
    dsl::automation_sync_runs
        .filter(dsl::repository_id.eq_any(repositories))
        .distinct_on(dsl::repository_id)
        .order((dsl::repository_id, dsl::started_at.desc(), dsl::id.desc()))
        .select(AutomationSyncRun::as_select())
        .load(connection)
        .await
}

/// Deletes syncs that began before a time, except for the newest of each repository, and marks those
/// that never ended as failed.
pub async fn prune(connection: &mut Connection, before: DateTime<Utc>) -> QueryResult<usize> {
    let newer = diesel::alias!(automation_sync_runs as newer);
    let is_newer = newer
        .filter(newer.field(dsl::repository_id).eq(dsl::repository_id))
        .filter(newer.field(dsl::started_at).gt(dsl::started_at));
    diesel::delete(
        dsl::automation_sync_runs.filter(dsl::started_at.lt(before)).filter(exists(is_newer)),
    )
    .execute(connection)
    .await
}
