//! Messages to the agents that have leases.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::domain::actor::{ActorKind, ActorRef};
use crate::domain::leases::LeaseState;
use crate::domain::{FullName, IssueId, LeaseId, LeaseMessageId};
use crate::store::Connection;
use crate::store::prepared::Prepared;
use crate::store::schema::lease_messages::{self, dsl};
use crate::store::schema::{issues, leases, repositories};

/// A message to the agent with a lease.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = lease_messages, check_for_backend(diesel::pg::Pg))]
pub struct LeaseMessage {
    /// Our id; later ones are greater.
    pub id: LeaseMessageId,
    /// The issue.
    pub issue_id: IssueId,
    /// The fencing token of the lease that it was sent to.
    pub fencing_token: i64,
    /// Who sent it.
    pub author: String,
    /// The kind of the sender.
    pub author_kind: ActorKind,
    /// The text.
    pub body: String,
    /// When it was sent.
    pub sent_at: DateTime<Utc>,
    /// When the agent confirmed it.
    pub read_at: Option<DateTime<Utc>>,
}

/// Stores a message.
pub async fn append(
    connection: &mut Connection,
    lease: LeaseId,
    author: ActorRef<'_>,
    body: &str,
    now: DateTime<Utc>,
) -> QueryResult<LeaseMessage> {
    diesel::insert_into(dsl::lease_messages)
        .values((
            dsl::issue_id.eq(lease.issue),
            dsl::fencing_token.eq(lease.token),
            dsl::author.eq(author.name),
            dsl::author_kind.eq(author.kind),
            dsl::body.eq(body),
            dsl::sent_at.eq(now),
        ))
        .returning(LeaseMessage::as_returning())
        .get_result(connection)
        .await
}

/// The messages to some leases, oldest first.
pub async fn of_leases(
    connection: &mut Connection,
    leases: &[LeaseId],
) -> QueryResult<Vec<LeaseMessage>> {
    let issues: Vec<IssueId> = leases.iter().map(|lease| lease.issue).collect();
    let tokens: Vec<i64> = leases.iter().map(|lease| lease.token).collect();
    dsl::lease_messages
        .filter(dsl::issue_id.eq_any(issues))
        .filter(dsl::fencing_token.eq_any(tokens))
        .order(dsl::id)
        .select(LeaseMessage::as_select())
        .load(connection)
        .await
}

/// The messages to a lease that its agent has not confirmed, oldest first.
pub async fn unread(connection: &mut Connection, lease: LeaseId) -> QueryResult<Vec<LeaseMessage>> {
    let mut messages = of_leases(connection, &[lease]).await?;
    messages.retain(|message| message.read_at.is_none());
    Ok(messages)
}

/// The messages to all live leases of an agent that it has not confirmed, oldest first, with the
/// repository and the number of the issue.
pub async fn unread_of_agent(
    connection: &mut Connection,
    agent: &str,
    now: DateTime<Utc>,
) -> QueryResult<Vec<(LeaseMessage, FullName, i32)>> {
    let query = dsl::lease_messages
        .inner_join(leases::table.on(
            leases::issue_id.eq(dsl::issue_id).and(leases::fencing_token.eq(dsl::fencing_token)),
        ))
        .inner_join(issues::table.on(issues::id.eq(dsl::issue_id)))
        .inner_join(repositories::table.on(repositories::id.eq(issues::repository_id)))
        .filter(leases::agent.eq(agent))
        .filter(leases::state.eq(LeaseState::Held))
        .filter(leases::expires_at.gt(now))
        .filter(dsl::read_at.is_null())
        .order(dsl::id)
        .select((LeaseMessage::as_select(), repositories::full_name, issues::number));
    Prepared(query).load(connection).await
}

/// Whether a message with this id was sent to a lease.
pub async fn is_of(
    connection: &mut Connection,
    lease: LeaseId,
    message: LeaseMessageId,
) -> QueryResult<bool> {
    let found = dsl::lease_messages
        .filter(dsl::id.eq(message))
        .filter(dsl::issue_id.eq(lease.issue))
        .filter(dsl::fencing_token.eq(lease.token));
    diesel::select(diesel::dsl::exists(found)).get_result(connection).await
}

/// Prunes the messages to a lease except for the newest `keep`.
pub async fn forget(connection: &mut Connection, lease: LeaseId, keep: i64) -> QueryResult<usize> {
    let last = dsl::lease_messages
        .filter(dsl::issue_id.eq(lease.issue))
        .filter(dsl::fencing_token.eq(lease.token))
        .order(dsl::id.desc())
        .select(dsl::id)
        .limit(keep)
        .load::<LeaseMessageId>(connection)
        .await?;
    let Some(first_kept) = last.last().filter(|_| last.len() as i64 == keep) else { return Ok(0) };
    let older = dsl::lease_messages
        .filter(dsl::issue_id.eq(lease.issue))
        .filter(dsl::fencing_token.eq(lease.token))
        .filter(dsl::id.lt(first_kept));
    diesel::delete(older).execute(connection).await
}

/// Marks the messages to a lease up to this one as read.
pub async fn mark_read(
    connection: &mut Connection,
    lease: LeaseId,
    up_to: LeaseMessageId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let unread = dsl::lease_messages
        .filter(dsl::issue_id.eq(lease.issue))
        .filter(dsl::fencing_token.eq(lease.token))
        .filter(dsl::id.le(up_to))
        .filter(dsl::read_at.is_null());
    diesel::update(unread).set(dsl::read_at.eq(now)).execute(connection).await?;
    Ok(())
}
