//! Applies what deliveries report about the labels of a repository: such a change reaches its issues
//! without updating them.

use crate::domain::label_names::key;
use crate::domain::{Actor, LabelSet, Status};
use crate::github::webhooks::{self, LabelEvent};
use crate::service::App;
use crate::service::board_events::{issue_event, resync_event};
use crate::service::change::end_unlabelled;
use crate::service::webhooks::outcome::Outcome;
use crate::service::{Error, Result};
use crate::store::board::issues::{self, Relabelled};
use crate::store::board::repository_labels;
use crate::store::event_log::NewEvent;
use crate::store::{
    Connection, Issue, Repository, RepositoryLabel, WebhookDelivery, audit, repositories,
};

/// How many issues with another label get an event each. If there are more, subscribers reload.
const MOST_EVENTS: usize = 500;

/// Stores a new, renamed or deleted label, and renames or removes it on all issues of the repository.
///
/// The event is applied only to a label that the repository has under the former name. In any case of a
/// rename or deletion a sync follows, because events of a label have no time by which older ones could
/// be told.
pub(super) async fn apply(
    app: &App,
    connection: &mut Connection,
    repository: &Repository,
    delivery: &WebhookDelivery,
    payload: &[u8],
) -> Result<(Outcome, Vec<NewEvent>)> {
    let event = webhooks::label(payload).map_err(Error::Upstream)?;
    let LabelEvent { node_id, name, former_name } = event;
    let known = repository_labels::by_repository(connection, repository.id).await?;
    let row = known.iter().find(|label| label.node_id == node_id);
    let is_known_as = |name: &str| row.is_some_and(|label| label.name == name);
    let now = app.clock.now();
    let label = RepositoryLabel { node_id, name };
    let (from, to) = match (delivery.action.as_deref(), former_name) {
        (Some("created"), _) if row.is_none() && !known.is_empty() => {
            repository_labels::set(connection, repository.id, &label).await?;
            return Ok((Outcome::Processed, vec![]));
        }
        (Some("edited"), Some(former)) => (former, Some(label.name.as_str())),
        (Some("deleted"), _) => (label.name.clone(), None),
        _ => return Ok((Outcome::Processed, vec![])),
    };
    repositories::request_sync(connection, repository.id, now).await?;
    if !is_known_as(&from) {
        return Ok((Outcome::Processed, vec![]));
    }
    match to {
        Some(_) => repository_labels::set(connection, repository.id, &label).await?,
        None => repository_labels::remove(connection, repository.id, &label.node_id).await?,
    }
    let events = relabel(app, connection, repository, &from, to).await?;
    Ok((Outcome::Processed, events))
}

/// Renames or removes a label on all issues of a repository. Issues with an unsettled change are left to
/// its settlement.
async fn relabel(
    app: &App,
    connection: &mut Connection,
    repository: &Repository,
    from: &str,
    to: Option<&str>,
) -> Result<Vec<NewEvent>> {
    let scheme = repositories::lock_label_scheme(connection, repository.id, false).await?;
    let (from, to) = (scheme.read(from), to.map(|to| scheme.read(to)));
    let rows = issues::lock_labelled(connection, repository.id, &key(&from)).await?;
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let unsettled = audit::unsettled_among(connection, &ids).await?;
    let mut changed = Vec::new();
    for before in rows.into_iter().filter(|row| !unsettled.contains(&row.id)) {
        let names = before.labels.names().iter();
        let renamed = names.filter_map(|name| match key(name) == key(&from) {
            true => to.as_deref().map(str::to_owned),
            false => Some(name.clone()),
        });
        let labels = LabelSet::from(renamed.collect::<Vec<_>>());
        let status = labels.effective_status(before.state);
        let blocked_reason = before.blocked_reason.clone().filter(|_| status == Status::Blocked);
        let priority = labels.priority().or(before.details.priority());
        let read_at = app.clock.now();
        let change = Relabelled { labels, status, priority, blocked_reason, read_at };
        issues::relabel(connection, before.id, &change).await?;
        let Relabelled { labels, status, priority, blocked_reason, read_at } = change;
        let after = Issue { labels, status, priority, blocked_reason, read_at, ..before.clone() };
        changed.push((before, after));
    }
    let (now, who) = (app.clock.now(), Actor::GitHub);
    let pairs: Vec<(&Issue, &Issue)> =
        changed.iter().map(|(before, after)| (before, after)).collect();
    let mut events = end_unlabelled(connection, repository, &pairs, now).await?;
    let shown = pairs.iter().filter(|(_, after)| after.on_board);
    if shown.clone().count() > MOST_EVENTS {
        let text = format!("A label of many issues of {} was changed", repository.full_name);
        events.push(resync_event(text, who.actor_ref(), now));
    } else {
        events.extend(shown.map(|(before, after)| {
            issue_event(Some(before), after, false, repository, who.actor_ref(), now)
        }));
    }
    Ok(events)
}
