//! The list of tracked repositories.

use diesel_async::AsyncConnection;

use crate::domain::ranking::PeoplesWork;
use crate::domain::{Actor, FullName, LabelSet};
use crate::service::board_events::{audit_event, resync_event};
use crate::service::{App, Error, Result};
use crate::store::audit::NewEntry;
use crate::store::{Connection, Repository, audit, event_log, milestones, pool, repositories};

/// Every repository that is or was tracked, by name.
pub async fn all_repositories(app: &App) -> Result<Vec<Repository>> {
    let mut connection = app.connection().await?;
    Ok(repositories::all(&mut connection).await?)
}

/// The tracked repositories, by name.
pub async fn tracked_repositories(app: &App) -> Result<Vec<Repository>> {
    let mut connection = app.connection().await?;
    Ok(repositories::tracked(&mut connection).await?)
}

/// Tracks a repository, or tracks it again. GitHub is not asked; the next sync shows whether it
/// exists.
///
/// # Errors
///
/// [`Error::Forbidden`] when the settings do not allow its owner, [`Error::Conflict`] when it is
/// already tracked, or too many are.
pub async fn track_repository(app: &App, actor: &Actor, name: &FullName) -> Result<Repository> {
    if !app.config.github.allowed_owners.include(name) {
        let action = format!(
            "Repositories of {} may not be tracked here: DISPATCH_ALLOWED_OWNERS does not name it",
            name.owner()
        );
        return Err(Error::Forbidden { action });
    }
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            pool::take_time(connection).await?;
            check_capacity(app, connection, name).await?;
            let repository = repositories::track(connection, name, "user", now)
                .await?
                .ok_or_else(|| Error::conflict("Repository is already tracked"))?;
            let none = LabelSet::default();
            let full_name = &repository.full_name;
            let entry = NewEntry {
                repository_full_name: full_name.as_str(),
                ..NewEntry::done(actor.actor_ref(), "add_tracked_repo", &none, now)
            };
            let entry = audit::append(connection, &entry).await?;
            let text = format!("{full_name} is tracked");
            let events = [resync_event(text, actor.actor_ref(), now), audit_event(&entry)];
            event_log::append(connection, &events).await?;
            Ok(repository)
        })
        .await
}

/// Rows allowed per repository that may be tracked: repositories keep their row when they are no
/// longer tracked.
const FORMER: i64 = 10;

/// Checks that another repository may be tracked. If there are too many rows, those of repositories
/// that never had an issue are deleted.
async fn check_capacity(app: &App, connection: &mut Connection, name: &FullName) -> Result<()> {
    let most = app.config.bounds.repositories;
    let (tracked, known) = repositories::count(connection).await?;
    if tracked < most {
        let has_room = known < FORMER * most
            || repositories::by_name(connection, name).await?.is_some()
            || repositories::delete_unused(connection).await?;
        if has_room {
            return Ok(());
        }
    }
    let what = format!(
        "{tracked} repositories are tracked and {known} are or were; at most {most} may be \
         tracked (DISPATCH_MAX_REPOSITORIES)"
    );
    Err(Error::permanent_conflict(what, None))
}

/// Stops tracking a repository. Its issues are hidden and retained.
///
/// # Errors
///
/// [`Error::NotFound`] when it is not tracked.
pub async fn untrack_repository(app: &App, actor: &Actor, name: &FullName) -> Result<Repository> {
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            pool::take_time(connection).await?;
            let repository = repositories::untrack(connection, name, now)
                .await?
                .ok_or_else(|| Error::no_repository(name))?;
            let source = LabelSet::from(vec![repository.source.clone()]);
            let none = LabelSet::default();
            let full_name = &repository.full_name;
            let entry = NewEntry {
                repository_full_name: full_name.as_str(),
                after_labels: &none,
                ..NewEntry::done(actor.actor_ref(), "remove_tracked_repo", &source, now)
            };
            let entry = audit::append(connection, &entry).await?;
            let text = format!("{full_name} is no longer tracked");
            let events = [resync_event(text, actor.actor_ref(), now), audit_event(&entry)];
            event_log::append(connection, &events).await?;
            Ok(repository)
        })
        .await
}

/// Which work of people a repository serves to agents; absent members stay unchanged.
#[derive(Debug, Clone, Copy, Default)]
pub struct ServePeoplesWork {
    /// Issues In Progress without an agent.
    pub in_progress: Option<bool>,
    /// Issues that are assigned to somebody on GitHub.
    pub assigned: Option<bool>,
    /// Issues with an `owner/` label.
    pub owned: Option<bool>,
}

/// Sets which work of people a repository serves to agents; the audit log calls it
/// `set_serves_peoples_work`.
///
/// # Errors
///
/// [`Error::NotFound`] when it is not tracked.
pub async fn serve_peoples_work(
    app: &App,
    actor: &Actor,
    name: &FullName,
    change: ServePeoplesWork,
) -> Result<Repository> {
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            pool::take_time(connection).await?;
            let before = repositories::by_name(connection, name).await?;
            let before = before.filter(|row| row.enabled);
            let before = before.ok_or_else(|| Error::no_repository(name))?;
            let serves = PeoplesWork {
                in_progress: change.in_progress.unwrap_or(before.serves_in_progress),
                assigned: change.assigned.unwrap_or(before.serves_assigned),
                owned: change.owned.unwrap_or(before.serves_owned),
            };
            if serves == before.peoples_work() {
                return Ok(before);
            }
            let repository = repositories::set_serves(connection, before.id, serves, now).await?;
            let PeoplesWork { in_progress, assigned, owned } = serves;
            let notes = format!("inProgress: {in_progress}, assigned: {assigned}, owned: {owned}");
            let none = LabelSet::default();
            let full_name = &repository.full_name;
            let entry = NewEntry {
                repository_full_name: full_name.as_str(),
                notes: Some(&notes),
                ..NewEntry::done(actor.actor_ref(), "set_serves_peoples_work", &none, now)
            };
            let entry = audit::append(connection, &entry).await?;
            let text = format!("Other work of people is served in {full_name}");
            let events = [resync_event(text, actor.actor_ref(), now), audit_event(&entry)];
            event_log::append(connection, &events).await?;
            Ok(repository)
        })
        .await
}

/// Tracks the repositories of the settings, once per installation. Later calls change nothing, even
/// if repositories were removed meanwhile.
pub async fn bootstrap(app: &App) -> Result<()> {
    let names = &app.config.github.repositories;
    if names.is_empty() {
        return Ok(());
    }
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            if !milestones::set_once(connection, "bootstrap", now).await? {
                return Ok(());
            }
            for name in names {
                repositories::track(connection, name, "env", now).await?;
            }
            let text = "The repositories of the settings are tracked".to_owned();
            event_log::append(connection, &[resync_event(text, Actor::System.actor_ref(), now)])
                .await?;
            Ok(())
        })
        .await
}

/// Repositories that are configured and not tracked: the setting is applied once, so a name that is
/// added later must be tracked by a person.
pub async fn untracked_from_settings(app: &App) -> Result<Vec<FullName>> {
    let tracked = tracked_repositories(app).await?;
    let is_tracked = |name: &&FullName| tracked.iter().any(|repository| repository.is_called(name));
    Ok(app.config.github.repositories.iter().filter(|name| !is_tracked(name)).cloned().collect())
}
