//! Tracked repositories and their sync progress.

pub mod job_locks;
pub mod unreadable_issues;

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::{case_when, exists, not, sql};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};
use diesel_async::RunQueryDsl;

use super::prepared::Prepared;
use super::schema::issues;
use super::schema::repositories::{self, dsl};
use super::{Connection, lower};
use crate::domain::ranking::PeoplesWork;
use crate::domain::{FullName, IssueId, LabelScheme, ReadOnlyReason, RepositoryId};

/// A repository that is or was tracked.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = repositories, check_for_backend(diesel::pg::Pg))]
pub struct Repository {
    /// Our id.
    pub id: RepositoryId,
    /// GitHub's id; none before the first successful sync.
    pub node_id: Option<String>,
    /// The name, as typed until GitHub's spelling is known.
    pub full_name: FullName,
    /// Former names, in lower case: GitHub redirects from them until another repository takes one.
    pub former_names: Vec<String>,
    /// Whether it is tracked now.
    pub enabled: bool,
    /// Who added it first: `env` or `user`.
    pub source: String,
    /// GitHub's default branch; `main` until known.
    pub default_branch: String,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
    /// When the row was last tracked, untracked or renamed.
    pub updated_at: DateTime<Utc>,
    /// When a sync last ended, successful or not.
    pub attempted_at: Option<DateTime<Utc>>,
    /// When a sync last succeeded.
    pub synced_at: Option<DateTime<Utc>>,
    /// Why the last sync failed; none after a successful one.
    pub sync_error: Option<String>,
    /// Update time up to which every change has been written.
    pub synced_through: Option<DateTime<Utc>>,
    /// When a full sync last ended.
    pub fully_synced_at: Option<DateTime<Utc>>,
    /// What an unfinished full sync was reading: `closed` or `open`.
    pub pass_phase: Option<String>,
    /// Update time up to which that phase has been written.
    pub pass_through: Option<DateTime<Utc>>,
    /// GitHub's count of open issues, when a full sync left it different from ours.
    pub gap_github: Option<i32>,
    /// Our count at the same time.
    pub gap_cached: Option<i32>,
    /// Why its issues cannot be changed on GitHub; none when they can.
    pub read_only: Option<ReadOnlyReason>,
    /// How often in a row GitHub refused to change its issues.
    pub refusals: i32,
    /// GitHub's error of the last refusal.
    pub refusal: Option<String>,
    /// When its issues may be served again after a refusal.
    pub retry_at: Option<DateTime<Utc>>,
    /// Whether issues In Progress without an agent are served to agents.
    pub serves_in_progress: bool,
    /// Whether issues that are assigned to somebody on GitHub are served to agents.
    pub serves_assigned: bool,
    /// Whether issues with an `owner/` label are served to agents.
    pub serves_owned: bool,
    /// Its names of statuses, priorities and agents on GitHub.
    pub label_scheme: LabelScheme,
    /// When an event reported a change that only a sync can read; none since the last sync began.
    pub sync_requested_at: Option<DateTime<Utc>>,
    /// When a delivery about one of its issues last arrived, to the minute; none when none did, or
    /// when a sync has since found a change that no delivery reported.
    pub webhooks_seen_at: Option<DateTime<Utc>>,
}

impl Repository {
    /// Why changes of its issues would be refused, as far as is known: what GitHub says of the
    /// repository, or that it refused the last change there.
    pub fn read_only_reason(&self) -> Option<ReadOnlyReason> {
        self.read_only.or((self.refusals > 0).then_some(ReadOnlyReason::NoPermission))
    }

    /// Which work of people may be served to agents.
    pub fn peoples_work(&self) -> PeoplesWork {
        PeoplesWork {
            in_progress: self.serves_in_progress,
            assigned: self.serves_assigned,
            owned: self.serves_owned,
        }
    }
}

/// The repository with this name in any case: preferably a tracked one, and preferably by its
/// current name.
pub async fn by_name(
    connection: &mut Connection,
    name: &FullName,
) -> QueryResult<Option<Repository>> {
    let is_called_so = || lower(dsl::full_name).eq(name.key());
    dsl::repositories
        .filter(is_called_so().or(dsl::former_names.contains(vec![name.key()])))
        .order((dsl::enabled.desc(), is_called_so().desc(), dsl::id))
        .select(Repository::as_select())
        .first(connection)
        .await
        .optional()
}

/// The repository with GitHub's id: preferably a tracked one.
pub async fn by_node_id(
    connection: &mut Connection,
    node_id: &str,
) -> QueryResult<Option<Repository>> {
    dsl::repositories
        .filter(dsl::node_id.eq(node_id))
        .order((dsl::enabled.desc(), dsl::id))
        .select(Repository::as_select())
        .first(connection)
        .await
        .optional()
}

/// The current and the former names of a repository, in lower case, except for names that another
/// one now has. An unknown repository has the given name only.
pub async fn names(connection: &mut Connection, name: &FullName) -> QueryResult<Vec<String>> {
    let Some(row) = by_name(connection, name).await? else { return Ok(vec![name.key()]) };
    let mut names = row.former_names;
    if !names.is_empty() {
        let others = dsl::repositories
            .filter(dsl::enabled.and(dsl::id.ne(row.id)))
            .filter(lower(dsl::full_name).eq_any(&names))
            .select(lower(dsl::full_name))
            .load::<String>(connection)
            .await?;
        names.retain(|name| !others.contains(name));
    }
    names.push(row.full_name.key());
    Ok(names)
}

/// Repositories by id, in no order.
pub async fn by_ids(
    connection: &mut Connection,
    ids: &[RepositoryId],
) -> QueryResult<Vec<Repository>> {
    dsl::repositories
        .filter(dsl::id.eq_any(ids))
        .select(Repository::as_select())
        .load(connection)
        .await
}

/// Every repository, tracked or not, by name.
pub async fn all(connection: &mut Connection) -> QueryResult<Vec<Repository>> {
    dsl::repositories
        .order(lower(dsl::full_name))
        .select(Repository::as_select())
        .load(connection)
        .await
}

/// A repository, locked until the caller's transaction ends.
pub async fn lock(connection: &mut Connection, id: RepositoryId) -> QueryResult<Repository> {
    dsl::repositories
        .find(id)
        .select(Repository::as_select())
        .for_no_key_update()
        .first(connection)
        .await
}

/// The tracked repositories, by name.
pub async fn tracked(connection: &mut Connection) -> QueryResult<Vec<Repository>> {
    dsl::repositories
        .filter(dsl::enabled)
        .order(lower(dsl::full_name))
        .select(Repository::as_select())
        .load(connection)
        .await
}

/// Requests a sync of a tracked repository before its time.
pub async fn request_sync(
    connection: &mut Connection,
    id: RepositoryId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(dsl::repositories.find(id))
        .set(dsl::sync_requested_at.eq(now))
        .execute(connection)
        .await?;
    Ok(())
}

/// Records that a requested sync begins. A request that follows is for another one.
pub async fn forget_request(connection: &mut Connection, id: RepositoryId) -> QueryResult<()> {
    diesel::update(dsl::repositories.find(id))
        .set(dsl::sync_requested_at.eq(None::<DateTime<Utc>>))
        .execute(connection)
        .await?;
    Ok(())
}

/// Records that a delivery about an issue of a repository arrived, once a minute.
pub async fn record_webhook(
    connection: &mut Connection,
    id: RepositoryId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let is_old = dsl::webhooks_seen_at.lt(now - TimeDelta::minutes(1));
    diesel::update(dsl::repositories.find(id))
        .filter(dsl::webhooks_seen_at.is_null().or(is_old))
        .set(dsl::webhooks_seen_at.eq(now))
        .execute(connection)
        .await?;
    Ok(())
}

/// Records that a sync found a change that no delivery reported.
pub async fn forget_webhooks(connection: &mut Connection, id: RepositoryId) -> QueryResult<()> {
    diesel::update(dsl::repositories.find(id))
        .set(dsl::webhooks_seen_at.eq(None::<DateTime<Utc>>))
        .execute(connection)
        .await?;
    Ok(())
}

/// The tracked repositories that have not been synced since they were tracked, or since a sync was
/// requested.
pub async fn awaiting_sync(connection: &mut Connection) -> QueryResult<Vec<Repository>> {
    dsl::repositories
        .filter(dsl::enabled)
        .filter(dsl::attempted_at.is_null().or(dsl::sync_requested_at.is_not_null()))
        .select(Repository::as_select())
        .order(lower(dsl::full_name))
        .load(connection)
        .await
}

/// The number of tracked repositories, and of all rows.
pub async fn count(connection: &mut Connection) -> QueryResult<(i64, i64)> {
    let tracked = dsl::repositories.filter(dsl::enabled).count().get_result(connection).await?;
    Ok((tracked, dsl::repositories.count().get_result(connection).await?))
}

/// Tracks a repository: inserts a row, or enables an existing one. Returns none when it is already
/// tracked.
pub async fn track(
    connection: &mut Connection,
    name: &FullName,
    source: &str,
    now: DateTime<Utc>,
) -> QueryResult<Option<Repository>> {
    let existing = diesel::update(
        dsl::repositories
            .filter(lower(dsl::full_name).eq(name.key()))
            .filter(dsl::enabled.eq(false)),
    )
    .set((
        dsl::enabled.eq(true),
        dsl::source.eq(source),
        // One that was tracked until now is not read at once again and again.
        dsl::attempted_at
            .eq(case_when(dsl::attempted_at.gt(now - TimeDelta::minutes(1)), dsl::attempted_at)),
        dsl::updated_at.eq(now),
    ))
    .returning(Repository::as_returning())
    .get_result(connection)
    .await
    .optional()?;
    if existing.is_some() {
        return Ok(existing);
    }
    diesel::insert_into(dsl::repositories)
        .values((
            dsl::full_name.eq(name),
            dsl::enabled.eq(true),
            dsl::source.eq(source),
            dsl::default_branch.eq("main"),
            dsl::created_at.eq(now),
            dsl::updated_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .returning(Repository::as_returning())
        .get_result(connection)
        .await
        .optional()
}

/// Deletes the untracked repository that changed longest ago, of those that have neither issues nor
/// settings of their own. Returns whether there was one.
pub async fn delete_unused(connection: &mut Connection) -> QueryResult<bool> {
    let has_issues =
        || exists(super::schema::issues::table.filter(issues::repository_id.eq(dsl::id)));
    let is_plain = dsl::label_scheme
        .eq(LabelScheme::default())
        .and(not(dsl::serves_in_progress.or(dsl::serves_assigned).or(dsl::serves_owned)))
        .and(dsl::former_names.eq(Vec::<String>::new()));
    let unused = dsl::repositories
        .filter(dsl::enabled.eq(false).and(is_plain).and(not(has_issues())))
        .order((dsl::updated_at, dsl::id))
        .limit(1)
        .select(dsl::id)
        .for_update()
        .skip_locked()
        .load::<RepositoryId>(connection)
        .await?;
    // A sync may have stored issues between the search and the lock.
    let deleted =
        diesel::delete(dsl::repositories.filter(dsl::id.eq_any(unused)).filter(not(has_issues())))
            .execute(connection)
            .await?;
    Ok(deleted > 0)
}

/// Stops tracking. Returns none when it was not tracked.
pub async fn untrack(
    connection: &mut Connection,
    name: &FullName,
    now: DateTime<Utc>,
) -> QueryResult<Option<Repository>> {
    let Some(found) = by_name(connection, name).await? else { return Ok(None) };
    diesel::update(dsl::repositories.find(found.id).filter(dsl::enabled))
        .set((dsl::enabled.eq(false), dsl::updated_at.eq(now)))
        .returning(Repository::as_returning())
        .get_result(connection)
        .await
        .optional()
}

/// Sets which work of people a repository serves to agents.
pub async fn set_serves(
    connection: &mut Connection,
    id: RepositoryId,
    serves: PeoplesWork,
    now: DateTime<Utc>,
) -> QueryResult<Repository> {
    diesel::update(dsl::repositories.find(id))
        .set((
            dsl::serves_in_progress.eq(serves.in_progress),
            dsl::serves_assigned.eq(serves.assigned),
            dsl::serves_owned.eq(serves.owned),
            dsl::updated_at.eq(now),
        ))
        .returning(Repository::as_returning())
        .get_result(connection)
        .await
}

/// Locks and reads a repository's label scheme until the caller's transaction ends: exclusively
/// with `to_change`, otherwise shared.
pub async fn lock_label_scheme(
    connection: &mut Connection,
    id: RepositoryId,
    to_change: bool,
) -> QueryResult<LabelScheme> {
    let lock = match to_change {
        true => "SELECT pg_advisory_xact_lock(hashtextextended('label_scheme ' || $1, 0))",
        false => "SELECT pg_advisory_xact_lock_shared(hashtextextended('label_scheme ' || $1, 0))",
    };
    diesel::sql_query(lock).bind::<Text, _>(id.0.to_string()).execute(connection).await?;
    dsl::repositories.find(id).select(dsl::label_scheme).first(connection).await
}

/// The same for the repository of an issue, shared.
pub async fn lock_label_scheme_of_issue(
    connection: &mut Connection,
    issue: IssueId,
) -> QueryResult<LabelScheme> {
    let lock = "SELECT pg_advisory_xact_lock_shared( \
                    hashtextextended('label_scheme ' || repository_id, 0)) FROM issues WHERE id = $1";
    Prepared(diesel::sql_query(lock).bind::<BigInt, _>(issue)).execute(connection).await?;
    let query = dsl::repositories
        .inner_join(issues::table.on(issues::repository_id.eq(dsl::id)))
        .filter(issues::id.eq(issue))
        .select(dsl::label_scheme);
    Prepared(query).get_result(connection).await
}

/// Sets a repository's label scheme.
pub async fn set_label_scheme(
    connection: &mut Connection,
    id: RepositoryId,
    scheme: &LabelScheme,
    now: DateTime<Utc>,
) -> QueryResult<Repository> {
    diesel::update(dsl::repositories.find(id))
        .set((
            dsl::label_scheme.eq(scheme),
            dsl::updated_at.eq(now),
            dsl::fingerprint.eq(None::<String>),
        ))
        .returning(Repository::as_returning())
        .get_result(connection)
        .await
}

/// The progress of a sync.
#[derive(Debug, Clone, Default, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = repositories, treat_none_as_null = true)]
pub struct SyncProgress {
    /// Update time up to which every change has been written.
    pub synced_through: Option<DateTime<Utc>>,
    /// When a full sync last ended.
    pub fully_synced_at: Option<DateTime<Utc>>,
    /// What an unfinished full sync was reading: `closed` or `open`.
    pub pass_phase: Option<String>,
    /// Update time up to which that phase has been written.
    pub pass_through: Option<DateTime<Utc>>,
    /// GitHub's count of open issues, when a full sync left it different from ours.
    pub gap_github: Option<i32>,
    /// Our count at the same time.
    pub gap_cached: Option<i32>,
}

impl Repository {
    /// Whether this is its current or a former name.
    pub fn is_called(&self, name: &FullName) -> bool {
        let key = name.key();
        self.full_name.key() == key || self.former_names.contains(&key)
    }

    /// All its names except one, in lower case.
    fn names_but(&self, present: &FullName) -> impl Iterator<Item = String> + use<> {
        let (all, present) = (self.former_names.clone(), present.key());
        let all = all.into_iter().chain([self.full_name.key()]);
        all.filter(move |name| *name != present)
    }

    /// The columns that a sync advances.
    pub fn progress(&self) -> SyncProgress {
        SyncProgress {
            synced_through: self.synced_through,
            fully_synced_at: self.fully_synced_at,
            pass_phase: self.pass_phase.clone(),
            pass_through: self.pass_through,
            gap_github: self.gap_github,
            gap_cached: self.gap_cached,
        }
    }
}

/// Stores the progress of a sync.
pub async fn set_progress(
    connection: &mut Connection,
    id: RepositoryId,
    progress: &SyncProgress,
) -> QueryResult<()> {
    diesel::update(dsl::repositories.find(id)).set(progress).execute(connection).await?;
    Ok(())
}

/// Records a successful sync.
pub async fn set_synced(
    connection: &mut Connection,
    id: RepositoryId,
    now: DateTime<Utc>,
    fingerprint: Option<&str>,
) -> QueryResult<()> {
    diesel::update(dsl::repositories.find(id))
        .set((
            dsl::attempted_at.eq(now),
            dsl::synced_at.eq(now),
            dsl::sync_error.eq(None::<String>),
            dsl::fingerprint.eq(fingerprint),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// The fingerprint that a repository had before its last successful sync.
pub async fn fingerprint(
    connection: &mut Connection,
    id: RepositoryId,
) -> QueryResult<Option<String>> {
    dsl::repositories.find(id).select(dsl::fingerprint).first(connection).await
}

/// Records a failed sync.
pub async fn set_sync_error(
    connection: &mut Connection,
    id: RepositoryId,
    now: DateTime<Utc>,
    error: &str,
) -> QueryResult<()> {
    diesel::update(dsl::repositories.find(id))
        .set((dsl::attempted_at.eq(now), dsl::sync_error.eq(error)))
        .execute(connection)
        .await?;
    Ok(())
}

/// Stores the id and name that GitHub has for the repository. Fails on the unique name when another
/// row already has it. Former names that were added since the row was read are kept.
pub async fn set_identity(
    connection: &mut Connection,
    row: &Repository,
    node_id: &str,
    full_name: &FullName,
    read_only: Option<ReadOnlyReason>,
    now: DateTime<Utc>,
) -> QueryResult<Repository> {
    let names: Vec<String> = row.names_but(full_name).collect();
    let former = sql::<Array<Text>>("ARRAY(SELECT DISTINCT n FROM unnest(former_names || ")
        .bind::<Array<Text>, _>(names)
        .sql(") AS n WHERE n <> ")
        .bind::<Text, _>(full_name.key())
        .sql(" ORDER BY n)");
    diesel::update(dsl::repositories.find(row.id))
        .set((
            dsl::node_id.eq(node_id),
            dsl::full_name.eq(full_name),
            dsl::former_names.eq(former),
            dsl::read_only.eq(read_only),
            dsl::updated_at.eq(now),
        ))
        .returning(Repository::as_returning())
        .get_result(connection)
        .await
}

/// Stops tracking a repository whose name another row has, and merges it into that row. None when
/// no other row has the name any more.
pub async fn merge(
    connection: &mut Connection,
    row: &Repository,
    node_id: &str,
    full_name: &FullName,
    read_only: Option<ReadOnlyReason>,
    now: DateTime<Utc>,
) -> QueryResult<Option<Repository>> {
    let kept = dsl::repositories
        .filter(lower(dsl::full_name).eq(full_name.key()))
        .filter(dsl::id.ne(row.id))
        .select(Repository::as_select())
        .for_update()
        .get_result(connection)
        .await
        .optional()?;
    let Some(kept) = kept else { return Ok(None) };
    diesel::update(dsl::repositories.find(row.id))
        .set((dsl::enabled.eq(false), dsl::updated_at.eq(now)))
        .execute(connection)
        .await?;
    let former = distinct(kept.names_but(full_name).chain(row.names_but(full_name)));
    diesel::update(dsl::repositories.find(kept.id))
        .set((
            dsl::enabled.eq(true),
            dsl::node_id.eq(node_id),
            dsl::full_name.eq(full_name),
            dsl::former_names.eq(former),
            dsl::read_only.eq(read_only),
            dsl::updated_at.eq(now),
        ))
        .returning(Repository::as_returning())
        .get_result(connection)
        .await
        .map(Some)
}

fn distinct(names: impl Iterator<Item = String>) -> Vec<String> {
    names.collect::<BTreeSet<_>>().into_iter().collect()
}
