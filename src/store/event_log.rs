//! What changed, in order. Pruned; the newest line always stays, so a position never goes back.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Connection;
use super::prepared::Prepared;
use super::schema::event_log::{self, dsl};
use crate::domain::actor::ActorKind;
use crate::domain::events::{EventKind, IssueFacts, Topic};
use crate::domain::{EventCursor, IssueId};

/// One line of the event log.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = event_log, check_for_backend(diesel::pg::Pg))]
pub struct Event {
    /// The position.
    pub id: EventCursor,
    /// Which stream it belongs to.
    pub topic: Topic,
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub actor: String,
    /// What kind of caller that was.
    pub actor_kind: ActorKind,
    /// The issue, where one is concerned.
    pub issue_id: Option<IssueId>,
    /// The audit entry or agent run that it announces.
    pub record_id: Option<i64>,
    /// The issue before; none when it was not known.
    pub before: Option<IssueFacts>,
    /// The issue after; none when it is gone.
    pub after: Option<IssueFacts>,
    /// Why readers have to start over.
    pub reason: Option<String>,
}

/// A line to be appended.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = event_log, treat_none_as_default_value = false)]
pub struct NewEvent {
    /// See [`Event::topic`].
    pub topic: Topic,
    /// See [`Event::kind`].
    pub kind: EventKind,
    /// See [`Event::at`].
    pub at: DateTime<Utc>,
    /// See [`Event::actor`].
    pub actor: String,
    /// See [`Event::actor_kind`].
    pub actor_kind: ActorKind,
    /// See [`Event::issue_id`].
    pub issue_id: Option<IssueId>,
    /// See [`Event::record_id`].
    pub record_id: Option<i64>,
    /// See [`Event::before`].
    pub before: Option<IssueFacts>,
    /// See [`Event::after`].
    pub after: Option<IssueFacts>,
    /// See [`Event::reason`].
    pub reason: Option<String>,
}

/// Appends lines in their order and tells the position of the last. Must be the transaction's last
/// statement: from here to the commit nobody else can append.
pub async fn append(connection: &mut Connection, events: &[NewEvent]) -> QueryResult<EventCursor> {
    let insert = diesel::insert_into(dsl::event_log).values(events).returning(dsl::id);
    // Sync appends up to a page of lines, and each number of them is a text of its own.
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

/// The oldest position that is still there.
pub async fn oldest(connection: &mut Connection) -> QueryResult<Option<EventCursor>> {
    dsl::event_log.order(dsl::id).select(dsl::id).first(connection).await.optional()
}

/// Lines behind a position, oldest first.
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

/// Forgets lines older than `before`, all but the newest line, and tells how many.
pub async fn prune(connection: &mut Connection, before: DateTime<Utc>) -> QueryResult<usize> {
    let newest = position(connection).await?;
    diesel::delete(dsl::event_log.filter(dsl::at.lt(before)).filter(dsl::id.lt(newest)))
        .execute(connection)
        .await
}
