//! Writing what GitHub has to the row of an issue, and publishing it.

use chrono::{DateTime, Utc};
use diesel_async::AsyncConnection;

use super::github_state::GithubState;
use super::lease_transition::end_unlabelled;
use crate::domain::actor::ActorRef;
use crate::domain::{Actor, EventCursor, IssueId};
use crate::service::board_events::{audit_event, issue_event, run_event, window_start};
use crate::service::{App, Result};
use crate::store::board::issues;
use crate::store::board::issues::{LabelState, LabelWrite};
use crate::store::event_log::NewEvent;
use crate::store::{AgentRun, AuditEntry, Connection, Issue, audit, event_log, repositories};

/// Stores the current state on GitHub where the cache is outdated. An issue with an unsettled
/// change is left to its settlement, which knows who made the change.
pub(super) async fn refresh_row(app: &App, id: IssueId, current: GithubState) -> Result<()> {
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            let current = &Box::pin(current.in_current_scheme(connection, id)).await?;
            let row = issues::lock(connection, id).await?;
            if audit::unsettled_of(connection, id).await?.is_some() {
                return Ok(());
            }
            let reason = row.blocked_reason.clone();
            let actor = Actor::GitHub;
            write_labels(
                app,
                connection,
                row,
                current,
                reason,
                actor.actor_ref(),
                &EventContext::default(),
            )
            .await?;
            Ok(())
        })
        .await
}

/// The context of the events that are written with a row.
#[derive(Default)]
pub(super) struct EventContext<'a> {
    pub(super) settled: Option<&'a AuditEntry>,
    pub(super) agent_run: Option<&'a AgentRun>,
    /// Whether the issue's lease changed, which changes its card.
    pub(super) lease_changed: bool,
    /// Whether the settled change removes an agent's label: then that change also ends the lease.
    pub(super) takes_agent_off: bool,
}

/// Writes the row if it changed, and the events: first of the issue, whose position is the one to
/// wait for, then of the audit entry.
pub(super) async fn write_labels(
    app: &App,
    connection: &mut Connection,
    row: Issue,
    current: &GithubState,
    blocked_reason: Option<String>,
    actor: ActorRef<'_>,
    context: &EventContext<'_>,
) -> Result<(Issue, EventCursor)> {
    let now = app.clock.now();
    let unchanged = LabelWrite::from(&row);
    let mut write = current.write(&row, blocked_reason, window_start(app, now));
    if current.read.updated_at < row.updated_at {
        write = unchanged.clone();
    }
    let times =
        LabelState { read_at: row.read_at, updated_at: row.updated_at, ..write.read.clone() };
    let is_seen = LabelWrite { read: times, ..write.clone() };
    let is_published = is_seen != unchanged || context.lease_changed;
    // Read before the row is written: other changes of the repository wait from there to the end.
    let repository = match is_published {
        true => repositories::by_ids(connection, &[row.repository_id]).await?,
        false => vec![],
    };
    let issue = if write == unchanged {
        row.clone()
    } else {
        issues::set_labels(connection, row.id, &write).await?
    };
    let mut events = Vec::new();
    let mut ended = Vec::new();
    if is_published {
        let repository = repository.first().ok_or(diesel::result::Error::NotFound)?;
        events.push(issue_event(Some(&row), &issue, false, repository, actor, now));
        if !context.takes_agent_off {
            // A person may have removed the agent's label, and this is the first read that sees it.
            let pair = [(&row, &issue)];
            ended = Box::pin(end_unlabelled(connection, repository, &pair, now)).await?;
        }
    }
    events.extend(context.settled.map(audit_event));
    events.extend(context.agent_run.map(run_event));
    events.extend(ended);
    let cursor = publish(connection, &events).await?;
    Ok((issue, cursor))
}

/// Stores the number of comments of an issue, unless its row is newer, or will be written by the
/// settlement of a label change, which may have read it before this.
pub(super) async fn write_comment_count(
    connection: &mut Connection,
    row: Issue,
    counted: Option<(u32, DateTime<Utc>)>,
    entry: &AuditEntry,
    now: DateTime<Utc>,
) -> Result<(Issue, Option<NewEvent>)> {
    let Some((comments, updated_at)) = counted.filter(|(_, at)| *at >= row.updated_at) else {
        return Ok((row, None));
    };
    if audit::unsettled_of(connection, row.id).await?.is_some() {
        return Ok((row, None));
    }
    let comments = i32::try_from(comments).unwrap_or(i32::MAX);
    let issue = issues::set_comments(connection, row.id, comments, updated_at).await?;
    let repository = repositories::by_ids(connection, &[row.repository_id]).await?;
    let repository = repository.first().ok_or(diesel::result::Error::NotFound)?;
    let event = issue_event(Some(&row), &issue, false, repository, entry.actor_ref(), now);
    Ok((issue, Some(event)))
}

/// Appends events, and returns the cursor of the first; the newest position if there are none.
pub(super) async fn publish(
    connection: &mut Connection,
    events: &[NewEvent],
) -> Result<EventCursor> {
    let last = match events.is_empty() {
        true => event_log::position(connection).await?,
        false => event_log::append(connection, events).await?,
    };
    // Ids of one statement are consecutive, so the first is as far back as there are more events.
    let behind_first = i64::try_from(events.len().saturating_sub(1)).unwrap_or_default();
    Ok(EventCursor(last.0 - behind_first))
}
