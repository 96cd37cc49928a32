//! What the automation pages show of a repository as a whole.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::domain::RepositoryId;
use crate::domain::automation::Etags;
use crate::store::Connection;
use crate::store::schema::automation_repositories::{self, dsl};

/// The automation data of a repository as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = automation_repositories, check_for_backend(diesel::pg::Pg))]
pub struct AutomationRepository {
    /// Its repository.
    pub repository_id: RepositoryId,
    /// The newest commit of the default branch; none until known.
    pub latest_commit_sha: Option<String>,
    /// The first line of its message.
    pub latest_commit_title: Option<String>,
    /// The login of its author, or the name in the commit.
    pub latest_commit_author: Option<String>,
    /// Its page.
    pub latest_commit_url: Option<String>,
    /// When it was committed.
    pub latest_commit_at: Option<DateTime<Utc>>,
    /// How many pull requests are open.
    pub open_pull_requests: i32,
    /// How many alerts of secret scanning are open; none when they could not be read.
    pub open_secret_alerts: Option<i32>,
    /// Parts that the token may not read: words of `AutomationPart`.
    pub missing_permissions: Vec<String>,
    /// `ETags` of list requests.
    pub etags: Etags,
    /// When a sync of these data last ended, successful or not.
    pub attempted_at: Option<DateTime<Utc>>,
    /// When a sync of these data last succeeded.
    pub synced_at: Option<DateTime<Utc>>,
    /// Why the last sync failed; none after a successful one.
    pub sync_error: Option<String>,
    /// When a delivery about one of its runs last arrived, to the minute. None when none did, or when a
    /// sync has since found a run that no delivery reported.
    pub webhooks_seen_at: Option<DateTime<Utc>>,
}

impl AutomationRepository {
    /// Whether webhooks report its runs.
    pub fn has_webhooks(&self) -> bool {
        self.webhooks_seen_at.is_some() && self.sync_error.is_none()
    }
}

/// The automation data of repositories, in no order.
pub async fn of_repositories(
    connection: &mut Connection,
    ids: &[RepositoryId],
) -> QueryResult<Vec<AutomationRepository>> {
    dsl::automation_repositories
        .filter(dsl::repository_id.eq_any(ids))
        .select(AutomationRepository::as_select())
        .load(connection)
        .await
}

/// The automation data of a repository; none before its first sync or event.
pub async fn find(
    connection: &mut Connection,
    id: RepositoryId,
) -> QueryResult<Option<AutomationRepository>> {
    let query = dsl::automation_repositories.find(id).select(AutomationRepository::as_select());
    query.first(connection).await.optional()
}

/// The automation data of a repository, with a new row if there is none, locked until the caller's
/// transaction ends.
pub async fn lock(
    connection: &mut Connection,
    id: RepositoryId,
) -> QueryResult<AutomationRepository> {
    diesel::insert_into(dsl::automation_repositories)
        .values(dsl::repository_id.eq(id))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    dsl::automation_repositories
        .find(id)
        .select(AutomationRepository::as_select())
        .for_no_key_update()
        .first(connection)
        .await
}

/// What a sync or an event read of a repository as a whole. What is none stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = automation_repositories)]
pub struct RepositoryWrite {
    /// The newest commit of the default branch.
    pub latest_commit_sha: Option<String>,
    /// The first line of its message.
    pub latest_commit_title: Option<String>,
    /// The login of its author, or the name in the commit.
    pub latest_commit_author: Option<String>,
    /// Its page.
    pub latest_commit_url: Option<String>,
    /// When it was committed.
    pub latest_commit_at: Option<DateTime<Utc>>,
    /// How many pull requests are open.
    pub open_pull_requests: Option<i32>,
    /// How many alerts of secret scanning are open.
    pub open_secret_alerts: Option<i32>,
    /// Parts that the token may not read.
    pub missing_permissions: Option<Vec<String>>,
    /// `ETags` of list requests.
    pub etags: Option<Etags>,
}

impl RepositoryWrite {
    /// What of it is not stored yet.
    #[must_use]
    pub fn changes_of(self, row: &AutomationRepository) -> Self {
        fn changed<T: PartialEq>(new: Option<T>, old: Option<&T>) -> Option<T> {
            new.filter(|new| Some(new) != old)
        }
        Self {
            latest_commit_sha: changed(self.latest_commit_sha, row.latest_commit_sha.as_ref()),
            latest_commit_title: changed(
                self.latest_commit_title,
                row.latest_commit_title.as_ref(),
            ),
            latest_commit_author: changed(
                self.latest_commit_author,
                row.latest_commit_author.as_ref(),
            ),
            latest_commit_url: changed(self.latest_commit_url, row.latest_commit_url.as_ref()),
            latest_commit_at: changed(self.latest_commit_at, row.latest_commit_at.as_ref()),
            open_pull_requests: changed(self.open_pull_requests, Some(&row.open_pull_requests)),
            open_secret_alerts: changed(self.open_secret_alerts, row.open_secret_alerts.as_ref()),
            missing_permissions: changed(self.missing_permissions, Some(&row.missing_permissions)),
            etags: changed(self.etags, Some(&row.etags)),
        }
    }
}

/// Writes what was read of a repository.
pub async fn write(
    connection: &mut Connection,
    id: RepositoryId,
    write: &RepositoryWrite,
) -> QueryResult<()> {
    diesel::update(dsl::automation_repositories.find(id)).set(write).execute(connection).await?;
    Ok(())
}

/// Records that syncs of repositories succeeded.
pub async fn set_synced(
    connection: &mut Connection,
    ids: &[RepositoryId],
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(dsl::automation_repositories.filter(dsl::repository_id.eq_any(ids)))
        .set((
            dsl::synced_at.eq(now),
            dsl::attempted_at.eq(now),
            dsl::sync_error.eq(None::<String>),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Records why a sync of a repository failed.
pub async fn set_sync_error(
    connection: &mut Connection,
    id: RepositoryId,
    (now, error): (DateTime<Utc>, &str),
) -> QueryResult<()> {
    diesel::update(dsl::automation_repositories.find(id))
        .set((dsl::attempted_at.eq(now), dsl::sync_error.eq(error)))
        .execute(connection)
        .await?;
    Ok(())
}

/// Records that a delivery about a run of a repository arrived, once a minute.
pub async fn record_webhook(
    connection: &mut Connection,
    id: RepositoryId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let is_old = dsl::webhooks_seen_at.lt(now - TimeDelta::minutes(1));
    diesel::update(dsl::automation_repositories.find(id))
        .filter(dsl::webhooks_seen_at.is_null().or(is_old))
        .set(dsl::webhooks_seen_at.eq(now))
        .execute(connection)
        .await?;
    Ok(())
}

/// Records that a sync found a run that no delivery reported.
pub async fn forget_webhooks(connection: &mut Connection, id: RepositoryId) -> QueryResult<()> {
    diesel::update(dsl::automation_repositories.find(id))
        .set(dsl::webhooks_seen_at.eq(None::<DateTime<Utc>>))
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets the `ETags` of all repositories, so that the next syncs read everything.
pub async fn forget_etags(connection: &mut Connection) -> QueryResult<()> {
    diesel::update(dsl::automation_repositories)
        .set(dsl::etags.eq(Etags::default()))
        .execute(connection)
        .await?;
    Ok(())
}
