//! Applies what deliveries report about repositories themselves.

use crate::domain::webhooks::{RepositoryChange, is_other_node};
use crate::domain::{Actor, FullName, LabelSet, ReadOnlyReason};
use crate::github::webhooks::{self, Envelope};
use crate::service::App;
use crate::service::board_events::{audit_event, resync_event};
use crate::service::webhooks::outcome::Outcome;
use crate::service::{Error, Result};
use crate::store::audit::NewEntry;
use crate::store::event_log::NewEvent;
use crate::store::{Connection, Repository, audit, repositories};

/// The repository of a payload: by GitHub's id, which a rename does not change, otherwise by name. None
/// if another repository has the name now.
pub(super) async fn of(
    connection: &mut Connection,
    about: &Envelope,
) -> Result<Option<Repository>> {
    if let Some(node_id) = &about.repository_node_id
        && let Some(row) = repositories::by_node_id(connection, node_id).await?
    {
        return Ok(Some(row));
    }
    let Some(name) = &about.repository else { return Ok(None) };
    by_name(connection, about, name).await
}

/// The repository with a name, unless the payload is about another one.
async fn by_name(
    connection: &mut Connection,
    about: &Envelope,
    name: &FullName,
) -> Result<Option<Repository>> {
    let row = repositories::by_name(connection, name).await?;
    let is_other = |row: &Repository| {
        let ids = row.node_id.as_ref().zip(about.repository_node_id.as_ref());
        ids.is_some_and(|(one, other)| is_other_node(one, other))
    };
    Ok(row.filter(|row| !is_other(row)))
}

/// The repository of a payload by the name that it had before a rename.
pub(super) async fn by_former_name(
    connection: &mut Connection,
    payload: &[u8],
    about: &Envelope,
    name: &FullName,
) -> Result<Option<Repository>> {
    match former_name(payload, name)? {
        Some(former) => by_name(connection, about, &former).await,
        None => Ok(None),
    }
}

/// The name that the repository of a payload had before a rename, if it is about one.
pub(super) fn former_name(payload: &[u8], name: &FullName) -> Result<Option<FullName>> {
    webhooks::former_name(payload, name).map_err(Error::Upstream)
}

/// Stores a change of a repository. A sync follows, because an event does not tell whether GitHub has
/// changed the repository again since.
pub(super) async fn apply(
    app: &App,
    connection: &mut Connection,
    repository: Repository,
    (change, former): (RepositoryChange, Option<&FullName>),
    name: &FullName,
) -> Result<(Outcome, Vec<NewEvent>)> {
    let now = app.clock.now();
    if change == RepositoryChange::Deleted {
        return Ok((Outcome::Processed, untrack(app, connection, &repository).await?));
    }
    repositories::request_sync(connection, repository.id, now).await?;
    let (name, read_only, text) = match change {
        // An earlier rename that arrives late would take the name back: the sync finds the current one.
        RepositoryChange::Renamed
            if former.is_none_or(|name| name.key() == repository.full_name.key()) =>
        {
            let text = format!("{} was renamed to {name}", repository.full_name);
            (name, repository.read_only, text)
        }
        RepositoryChange::Archived => {
            let reason = ReadOnlyReason::Archived;
            let text = format!("{} {}", repository.full_name, reason.phrase());
            (&repository.full_name, Some(reason), text)
        }
        RepositoryChange::Renamed | RepositoryChange::Other | RepositoryChange::Deleted => {
            return Ok((Outcome::Processed, vec![]));
        }
    };
    let is_known = repository.full_name == *name && repository.read_only == read_only;
    // A name that another row has is settled by the sync, which merges the two.
    let taken = repositories::by_name(connection, name).await?;
    let Some(node_id) = repository.node_id.as_deref().filter(|_| !is_known) else {
        return Ok((Outcome::Processed, vec![]));
    };
    if taken.is_some_and(|other| other.id != repository.id) {
        return Ok((Outcome::Processed, vec![]));
    }
    repositories::set_identity(connection, &repository, node_id, name, read_only, now).await?;
    Ok((Outcome::Processed, vec![resync_event(text, Actor::GitHub.actor_ref(), now)]))
}

/// Stops tracking a repository that was deleted on GitHub. Its issues are hidden and retained.
async fn untrack(
    app: &App,
    connection: &mut Connection,
    repository: &Repository,
) -> Result<Vec<NewEvent>> {
    let (now, who) = (app.clock.now(), Actor::GitHub);
    if repositories::untrack(connection, &repository.full_name, now).await?.is_none() {
        return Ok(vec![]);
    }
    let source = LabelSet::from(vec![repository.source.clone()]);
    let none = LabelSet::default();
    let text = format!("{} was deleted on GitHub", repository.full_name);
    let entry = NewEntry {
        repository_full_name: repository.full_name.as_str(),
        after_labels: &none,
        notes: Some(&text),
        ..NewEntry::done(who.actor_ref(), "remove_tracked_repo", &source, now)
    };
    let entry = audit::append(connection, &entry).await?;
    Ok(vec![resync_event(text, who.actor_ref(), now), audit_event(&entry)])
}
