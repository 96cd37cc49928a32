//! The event log, a transactional outbox: what changed, in order. Pruned, except for the newest
//! event, so a position never goes back.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::board::blockers;
use super::prepared::Prepared;
use super::schema::event_log::{self, dsl};
use super::schema::{issues, repositories};
use super::{Connection, Issue, Repository};
use crate::domain::actor::{ActorKind, ActorRef};
use crate::domain::events::{EventKind, IssueFacts, Topic};
use crate::domain::{EventCursor, IssueId};

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = event_log, check_for_backend(diesel::pg::Pg))]
pub struct Event {
    /// The position.
    pub id: EventCursor,
    /// The stream that it belongs to.
    pub topic: Topic,
    /// What happened.
    pub kind: EventKind,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The name of the actor.
    pub actor: String,
    /// The kind of the actor.
    pub actor_kind: ActorKind,
    /// The issue, if the event is about one.
    pub issue_id: Option<IssueId>,
    /// The audit entry or agent run that it publishes.
    pub record_id: Option<i64>,
    /// The issue before; none when it was not known.
    pub before: Option<IssueFacts>,
    /// The issue after; none when it is gone.
    pub after: Option<IssueFacts>,
    /// Why subscribers must reload.
    pub reason: Option<String>,
}

/// An event to be appended.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = event_log, treat_none_as_default_value = false)]
pub struct NewEvent {
    /// The stream that it belongs to.
    pub topic: Topic,
    /// What happened.
    pub kind: EventKind,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The name of the actor.
    pub actor: String,
    /// The kind of the actor.
    pub actor_kind: ActorKind,
    /// The issue, if the event is about one.
    pub issue_id: Option<IssueId>,
    /// The audit entry or agent run that it publishes.
    pub record_id: Option<i64>,
    /// The issue before; none when it was not known.
    pub before: Option<IssueFacts>,
    /// The issue after; none when it is gone.
    pub after: Option<IssueFacts>,
    /// Why subscribers must reload.
    pub reason: Option<String>,
}

/// How many issues with changed dependencies get an event each. If there are more, one resync is
/// appended instead.
const DEPENDENTS: usize = 500;

/// Appends events in order and returns the position of the last one.
///
/// Events of other issues whose dependencies changed with these come first. Must be the
/// transaction's last statement: from here to the commit no other transaction can append.
pub async fn append(connection: &mut Connection, events: &[NewEvent]) -> QueryResult<EventCursor> {
    let Some(first) = events.first() else { return Err(diesel::result::Error::NotFound) };
    let actor = ActorRef { kind: first.actor_kind, name: &first.actor };
    let mut all = of_dependents(connection, events, actor, first.at).await?;
    if all.is_empty() {
        return insert(connection, events).await;
    }
    all.extend_from_slice(events);
    insert(connection, &all).await
}

/// Appends an event for each issue whose dependencies changed, without other events. Like
/// [`append`], the transaction's last statement.
pub async fn append_dependents(
    connection: &mut Connection,
    actor: ActorRef<'_>,
    at: DateTime<Utc>,
) -> QueryResult<()> {
    let events = of_dependents(connection, &[], actor, at).await?;
    if events.is_empty() { Ok(()) } else { insert(connection, &events).await.map(drop) }
}

/// The events of issues whose dependencies changed, except for those that get an event anyway.
async fn of_dependents(
    connection: &mut Connection,
    events: &[NewEvent],
    actor: ActorRef<'_>,
    at: DateTime<Utc>,
) -> QueryResult<Vec<NewEvent>> {
    let board = |event: &&NewEvent| event.topic == Topic::Board;
    let starts_over = events.iter().any(|event| event.kind == EventKind::Resync);
    let most =
        if starts_over { i64::MAX } else { i64::try_from(DEPENDENTS + 1).unwrap_or(i64::MAX) };
    let mut changed = blockers::take_changes(connection, most).await?;
    if changed.is_empty() {
        return Ok(vec![]);
    }
    blockers::mend_queue(connection, Some(&changed)).await?;
    if starts_over {
        return Ok(vec![]);
    }
    let line = |kind| NewEvent {
        topic: Topic::Board,
        kind,
        at,
        actor: actor.name.to_owned(),
        actor_kind: actor.kind,
        issue_id: None,
        record_id: None,
        before: None,
        after: None,
        reason: None,
    };
    if changed.len() > DEPENDENTS {
        let rest = blockers::take_changes(connection, i64::MAX).await?;
        blockers::mend_queue(connection, Some(&rest)).await?;
        let reason = Some("The dependencies of many issues changed".to_owned());
        return Ok(vec![NewEvent { reason, ..line(EventKind::Resync) }]);
    }
    changed.retain(|id| !events.iter().filter(board).any(|event| event.issue_id == Some(*id)));
    let rows: Vec<(Issue, Repository)> = issues::table
        .inner_join(repositories::table)
        .filter(issues::id.eq_any(changed))
        .filter(issues::on_board.and(issues::removed_at.is_null()))
        .order(issues::id)
        .select((Issue::as_select(), Repository::as_select()))
        .load(connection)
        .await?;
    let event = |(issue, repository): &(Issue, Repository)| {
        let facts = Some(issue.facts(repository));
        let before = facts.clone();
        NewEvent { issue_id: Some(issue.id), before, after: facts, ..line(EventKind::IssueChanged) }
    };
    Ok(rows.iter().map(event).collect())
}

async fn insert(connection: &mut Connection, events: &[NewEvent]) -> QueryResult<EventCursor> {
    let insert = diesel::insert_into(dsl::event_log).values(events).returning(dsl::id);
    // A sync appends up to a page of events, and each number of them would be a different
    // statement.
    let ids: Vec<EventCursor> = match events.len() {
        0..=2 => Prepared(insert).get_results(connection).await?,
        _ => insert.get_results(connection).await?,
    };
    ids.last().copied().ok_or(diesel::result::Error::NotFound)
}

/// The newest position; 0 before the first event.
pub async fn position(connection: &mut Connection) -> QueryResult<EventCursor> {
    let newest: Option<EventCursor> =
        dsl::event_log.order(dsl::id.desc()).select(dsl::id).first(connection).await.optional()?;
    Ok(newest.unwrap_or_default())
}

/// The oldest retained position.
pub async fn oldest(connection: &mut Connection) -> QueryResult<Option<EventCursor>> {
    dsl::event_log.order(dsl::id).select(dsl::id).first(connection).await.optional()
}

/// Events after a position, oldest first.
pub async fn after(
    connection: &mut Connection,
    position: EventCursor,
    limit: i64,
) -> QueryResult<Vec<Event>> {
    dsl::event_log
        .filter(dsl::id.gt(position))
        .order(dsl::id)
        .limit(limit)
        .select(Event::as_select())
        .load(connection)
        .await
}

/// Prunes events older than `before`, except for the newest event, and returns how many.
pub async fn prune(connection: &mut Connection, before: DateTime<Utc>) -> QueryResult<usize> {
    let newest = position(connection).await?;
    diesel::delete(dsl::event_log.filter(dsl::at.lt(before)).filter(dsl::id.lt(newest)))
        .execute(connection)
        .await
}
