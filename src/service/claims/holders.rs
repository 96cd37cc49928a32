//! Stop requests and messages to the agent that has the lease of an issue.
//!
//! Nothing is pushed to an agent: it receives both with the response to its next renewal. The lease
//! of an agent that does not stop in time is ended by any replica.

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncConnection;

use super::leases::{live, lost, no_lease, release_for_agent, retry_later};
use crate::domain::actor::ActorRef;
use crate::domain::bounds::{is_invisible, plain, plain_line};
use crate::domain::{Actor, LeaseId};
use crate::service::board_events::{audit_event, issue_event};
use crate::service::{App, Error, Result};
use crate::store::audit::NewEntry;
use crate::store::board::issues;
use crate::store::claims::leases::StopRequest;
use crate::store::claims::{lease_messages, leases};
use crate::store::{Connection, Lease, LeaseMessage, audit, event_log};

/// How many leases one run ends because their agents did not stop.
const A_ROUND: i64 = 50;

/// The default time that an agent has to stop, in seconds.
const USUAL_GRACE: i32 = 300;

/// The allowed times that an agent has to stop, in seconds.
const GRACES: std::ops::RangeInclusive<i32> = 0..=86_400;

/// Maximal length of a reason, in characters.
const LONGEST_REASON: usize = 1_000;

/// Maximal length of a message, in characters.
const LONGEST_MESSAGE: usize = 10_000;

/// Maximal number of unread messages of a lease.
const MOST_UNREAD: usize = 50;

/// How many messages of one lease are retained; the oldest are pruned first.
const MOST_KEPT: i64 = 100;

/// How long the same message from the same sender counts as a repetition.
const REPETITION: TimeDelta = TimeDelta::seconds(60);

/// A request to a holder to stop.
#[derive(Debug, Clone, async_graphql::InputObject)]
#[graphql(name = "RequestStopInput")]
pub struct RequestStop {
    /// The lease.
    pub lease_id: LeaseId,
    /// The reason, up to 1,000 characters. It is sent to the holder.
    pub reason: Option<String>,
    /// The grace period in seconds, from 0 to 86400; 300 when absent. After it, the issue is taken
    /// from the holder.
    pub grace_seconds: Option<i32>,
}

/// A message to the holder of a lease.
#[derive(Debug, Clone, async_graphql::InputObject)]
#[graphql(name = "SendMessageInput")]
pub struct SendMessage {
    /// The lease.
    pub lease_id: LeaseId,
    /// The text, up to 10,000 characters. It also answers the question of a holder that waits for
    /// an answer.
    pub body: String,
}

/// Asks an agent to stop: its next renewal returns that and does not extend the lease. Asking again
/// replaces reason and time. The audit log calls it `request_stop`.
///
/// # Errors
///
/// [`Error::Invalid`] for a reason that is too long or a time out of range; [`Error::NotFound`];
/// [`Error::LeaseLost`] when the lease is over.
pub async fn request_stop(app: &App, actor: &Actor, command: RequestStop) -> Result<Lease> {
    let grace = command.grace_seconds.unwrap_or(USUAL_GRACE);
    if !GRACES.contains(&grace) {
        let reason = format!("must be from {} to {}", GRACES.start(), GRACES.end());
        return Err(Error::Invalid { field: "graceSeconds", reason });
    }
    let reason = command.reason.as_deref().map(plain_line).filter(|reason| !reason.is_empty());
    let reason = reason.map(|text| bounded("reason", text, LONGEST_REASON)).transpose()?;
    let now = app.clock.now();
    let request = StopRequest {
        by: actor.name(),
        reason: reason.as_deref(),
        now,
        release_at: now + TimeDelta::seconds(i64::from(grace)),
    };
    send_instruction(app, actor, command.lease_id, &Instruction::Stop(request), now).await
}

/// Withdraws a stop request. The audit log calls it `withdraw_stop`.
///
/// # Errors
///
/// [`Error::NotFound`]; [`Error::LeaseLost`] when the lease is over.
pub async fn withdraw_stop(app: &App, actor: &Actor, lease: LeaseId) -> Result<Lease> {
    send_instruction(app, actor, lease, &Instruction::WithdrawStop, app.clock.now()).await
}

/// Sends a message to the agent with a lease. Its renewals return the message until it confirms it.
///
/// It also answers the question that the agent waits for. The same text by the same sender within a
/// minute is one message. The audit log calls it `send_message`.
///
/// # Errors
///
/// [`Error::Invalid`] for a text that is invisible or too long; [`Error::NotFound`];
/// [`Error::LeaseLost`] when the lease is over; [`Error::Conflict`] when it has too many unread
/// messages.
pub async fn send_message(app: &App, actor: &Actor, command: SendMessage) -> Result<Lease> {
    let body = bounded("body", plain(&command.body), LONGEST_MESSAGE)?;
    send_instruction(app, actor, command.lease_id, &Instruction::Message(&body), app.clock.now())
        .await
}

fn bounded(field: &'static str, text: String, longest: usize) -> Result<String> {
    let length = text.chars().count();
    let shows = |character: char| !character.is_whitespace() && !is_invisible(character);
    if length <= longest && text.chars().any(shows) {
        return Ok(text);
    }
    let reason = format!("must have 1 to {longest} characters, at least one of them visible");
    Err(Error::Invalid { field, reason })
}

/// An instruction to the agent that has a lease.
enum Instruction<'a> {
    Stop(StopRequest<'a>),
    WithdrawStop,
    Message(&'a str),
}

impl Instruction<'_> {
    /// The action and the comment for the audit log.
    fn action(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::Stop(request) => ("request_stop", request.reason),
            Self::WithdrawStop => ("withdraw_stop", None),
            Self::Message(body) => ("send_message", Some(body)),
        }
    }

    /// Stores it with the lease, if that is live; in the caller's transaction.
    async fn store(
        &self,
        connection: &mut Connection,
        id: LeaseId,
        from: ActorRef<'_>,
        now: DateTime<Utc>,
    ) -> Result<Option<Lease>> {
        let body = match self {
            Self::Stop(request) => {
                return Ok(leases::request_stop(connection, id, Some(request), now).await?);
            }
            Self::WithdrawStop => return Ok(leases::request_stop(connection, id, None, now).await?),
            Self::Message(body) => body,
        };
        let lease = leases::answer_input(connection, id, now).await?;
        if lease.is_some() {
            let unread = lease_messages::unread(connection, id).await?;
            if unread.len() >= MOST_UNREAD {
                let what =
                    format!("The holder has {MOST_UNREAD} unread messages; that is the most");
                return Err(Error::permanent_conflict(what, None));
            }
            lease_messages::append(connection, id, from, body, now).await?;
            lease_messages::forget(connection, id, MOST_KEPT).await?;
        }
        Ok(lease)
    }

    /// Whether the same sender has just sent the same, and the agent has not asked anything since.
    async fn is_repetition(
        &self,
        connection: &mut Connection,
        lease: &Lease,
        from: ActorRef<'_>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let Self::Message(body) = self else { return Ok(false) };
        if lease.awaiting_input.is_some() {
            return Ok(false);
        }
        let sent = lease_messages::of_leases(connection, &[lease.id()]).await?;
        Ok(sent.last().is_some_and(|last| {
            let is_of_sender = last.author == from.name && last.author_kind == from.kind;
            is_of_sender && last.body == *body && now - last.sent_at < REPETITION
        }))
    }
}

/// Changes a live lease in one transaction with its audit entry and its event.
async fn send_instruction(
    app: &App,
    actor: &Actor,
    id: LeaseId,
    instruction: &Instruction<'_>,
    now: DateTime<Utc>,
) -> Result<Lease> {
    let (action, notes) = instruction.action();
    let mut connection = app.connection().await?;
    leases::by_id(&mut connection, id).await?.ok_or_else(|| no_lease(id))?;
    connection
        .transaction(async |connection| {
            let row = leases::lock_of_issue(connection, id.issue).await?;
            let lease = live(row.clone(), id, now)?;
            if instruction.is_repetition(connection, &lease, actor.actor_ref(), now).await? {
                return Ok(lease);
            }
            let lease = instruction.store(connection, id, actor.actor_ref(), now).await?;
            let lease = lease.ok_or_else(|| lost(row.as_ref(), now))?;
            let found = issues::with_repository(connection, id.issue).await?;
            let (issue, repository) = found.ok_or_else(|| Error::no_issue(id.issue))?;
            let entry = NewEntry {
                repository_full_name: repository.full_name.as_str(),
                issue_number: Some(issue.number),
                issue_id: Some(issue.id),
                before_labels: &issue.labels,
                notes,
                ..NewEntry::done(actor.actor_ref(), action, &issue.labels, now)
            };
            let entry = audit::append(connection, &entry).await?;
            let changed =
                issue_event(Some(&issue), &issue, false, &repository, actor.actor_ref(), now);
            event_log::append(connection, &[changed, audit_event(&entry)]).await?;
            Ok(lease)
        })
        .await
}

/// The messages to some leases, oldest first.
///
/// # Errors
///
/// When the database fails.
pub async fn messages(app: &App, leases: &[LeaseId]) -> Result<Vec<LeaseMessage>> {
    if leases.is_empty() {
        return Ok(vec![]);
    }
    Ok(lease_messages::of_leases(&mut *app.connection().await?, leases).await?)
}

/// Ends the leases of agents that were asked to stop and did not in time. Safe to run in any
/// replica, any number of times.
///
/// # Errors
///
/// When the database fails; what GitHub refuses now is tried again later.
pub async fn release_stopped(app: &App) -> Result<()> {
    let now = app.clock.now();
    let due = leases::to_release(&mut *app.connection().await?, now, A_ROUND).await?;
    for lease in &due {
        match release_for_agent(app, &Actor::System, lease, "release_stopped_lease").await {
            // A concurrent run handles it, or the agent has stopped meanwhile.
            Ok(_) | Err(Error::Conflict { .. } | Error::LeaseLost { .. }) => {}
            Err(error @ Error::Internal(_)) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, lease = %lease.id(), "a holder that was to stop keeps its issue");
                retry_later(app, lease, lease.release_at.unwrap_or(now)).await?;
            }
        }
    }
    Ok(())
}
