//! Retention and pruning: what changes by age alone. Issues leave the Done column, old rows are
//! deleted.

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncConnection;
use uuid::Uuid;

use super::board::moves::UNKNOWN_ISSUE;
use super::board_events::{deletion_event, issue_event, window_start};
use super::{App, Error, Result};
use crate::domain::{Actor, IssueId};
use crate::store::agents::{agent_reports, agent_runs};
use crate::store::board::{conversations, issues};
use crate::store::claims::{agent_work, decisions, judgements};
use crate::store::repositories::job_locks;
use crate::store::webhooks::deliveries;
use crate::store::{Issue, audit, event_log, pool, repositories};

/// Removes issues from the board that were closed before the window of the Done column, and adds
/// those that a longer window includes. Safe to run in any replica, any number of times.
pub async fn apply_done_window(app: &App) -> Result<()> {
    let now = app.clock.now();
    let start = window_start(app, now);
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            pool::take_time(connection).await?;
            let left = issues::leave_done_window(connection, start).await?;
            let entered = issues::enter_done_window(connection, start).await?;
            let ids: Vec<_> =
                left.iter().chain(&entered).map(|issue| issue.repository_id).collect();
            let repositories = repositories::by_ids(connection, &ids).await?;
            let event = |issue: &Issue| {
                let before = Issue { on_board: !issue.on_board, ..issue.clone() };
                let of = repositories.iter().find(|of| of.id == issue.repository_id)?;
                Some(issue_event(Some(&before), issue, false, of, Actor::System.actor_ref(), now))
            };
            let events: Vec<_> = left.iter().chain(&entered).filter_map(event).collect();
            if !events.is_empty() {
                event_log::append(connection, &events).await?;
            }
            Ok::<_, Error>(())
        })
        .await
}

/// The lock of the deletion of closed issues.
const PRUNE_CLOSED: &str = "prune-closed";

/// How many closed issues are deleted in one transaction.
const CLOSED_A_ROUND: i64 = 200;

/// A deletion of closed issues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrunedIssues {
    /// How many were deleted.
    pub issues: usize,
    /// The configured retention, in days.
    pub retention_days: u32,
    /// They were closed before this time.
    pub cutoff: DateTime<Utc>,
}

/// Deletes issues that were closed before the configured retention and have left the board. Those that
/// somebody holds, that have an unsettled change, or that another issue names as its blocker remain.
///
/// # Errors
///
/// [`Error::RateLimited`] while another deletion runs.
pub async fn prune_closed(app: &App) -> Result<PrunedIssues> {
    let (run, now) = (app.clock.fresh_uuid(), app.clock.now());
    let retention_days = app.config.board.closed_retention_days;
    let cutoff = now - TimeDelta::days(retention_days.into());
    let given_up = now - app.config.sync.lock_max_age;
    let mut connection = app.connection().await?;
    if !job_locks::take(&mut connection, PRUNE_CLOSED, (run, 1), now, given_up).await? {
        let what = "A deletion of closed issues is already running".to_owned();
        return Err(Error::RateLimited { what, retry_at: None });
    }
    drop(connection);
    let pruned = prune_closed_before(app, run, cutoff).await;
    job_locks::release(&mut *app.connection().await?, PRUNE_CLOSED, run).await?;
    Ok(PrunedIssues { issues: pruned?, retention_days, cutoff })
}

async fn prune_closed_before(app: &App, run: Uuid, cutoff: DateTime<Utc>) -> Result<usize> {
    let (mut pruned, mut last) = (0, IssueId(0));
    loop {
        let now = app.clock.now();
        let mut connection = app.connection().await?;
        if !job_locks::beat(&mut connection, PRUNE_CLOSED, run, now).await? {
            let what = "Another deletion of closed issues has taken over".to_owned();
            return Err(Error::RateLimited { what, retry_at: None });
        }
        let round = connection
            .transaction(async |connection| {
                pool::take_time(connection).await?;
                let ids = issues::prunable(connection, cutoff, last, CLOSED_A_ROUND).await?;
                let gone = issues::delete(connection, &ids).await?;
                let of: Vec<_> = gone.iter().map(|issue| issue.repository_id).collect();
                let repositories = repositories::by_ids(connection, &of).await?;
                let event = |issue: &Issue| {
                    let of = repositories.iter().find(|of| of.id == issue.repository_id)?;
                    Some(deletion_event(issue, of, Actor::System.actor_ref(), now))
                };
                let events: Vec<_> = gone.iter().filter_map(event).collect();
                if !events.is_empty() {
                    event_log::append(connection, &events).await?;
                }
                Ok::<_, Error>(ids)
            })
            .await?;
        let Some(newest) = round.last() else { return Ok(pruned) };
        (pruned, last) = (pruned + round.len(), *newest);
    }
}

/// Prunes events that are older than the configured retention.
pub async fn prune_events(app: &App) -> Result<usize> {
    let before = app.clock.now() - app.config.events.retention;
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            pool::take_time(connection).await?;
            Ok(event_log::prune(connection, before).await?)
        })
        .await
}

/// Prunes decisions that are older than the configured retention.
pub async fn prune_decisions(app: &App) -> Result<usize> {
    let before = app.clock.now() - app.config.queue.decision_retention;
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            pool::take_time(connection).await?;
            Ok(decisions::prune(connection, before).await?)
        })
        .await
}

/// How many bytes of comments are retained.
const COMMENTS_KEPT: i64 = 64 << 20;

/// Prunes the stored comments of issues, least recently read first, beyond a total size. They are
/// read from GitHub again on demand.
pub async fn prune_conversations(app: &App) -> Result<usize> {
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            pool::take_time(connection).await?;
            Ok(conversations::prune(connection, COMMENTS_KEPT).await?)
        })
        .await
}

/// How many bytes of payloads of processed deliveries are retained.
const PAYLOADS_KEPT: i64 = 512 << 20;

/// Prunes processed deliveries of webhooks that are older than the configured retention, and the oldest
/// beyond a total size.
pub async fn prune_deliveries(app: &App) -> Result<usize> {
    let before = app.clock.now() - app.config.webhooks.retention;
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            pool::take_time(connection).await?;
            Ok(deliveries::prune(connection, before, PAYLOADS_KEPT).await?)
        })
        .await
}

/// Retention of audit entries about issues that never existed.
const UNKNOWN_KEPT: TimeDelta = TimeDelta::days(30);

/// How many lane classifications of an issue are retained.
const JUDGEMENTS_KEPT: i64 = 20;

/// Prunes agents' reports that are older than the configured retention, outdated lane
/// classifications, and audit entries about issues that never existed.
pub async fn prune_reports(app: &App) -> Result<()> {
    let now = app.clock.now();
    let before = now - app.config.bounds.run_retention;
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            pool::take_time(connection).await?;
            agent_runs::prune(connection, before).await?;
            agent_reports::prune(connection, before).await?;
            agent_work::prune(connection, before).await?;
            judgements::prune(connection, JUDGEMENTS_KEPT).await?;
            audit::prune_unknown(connection, UNKNOWN_ISSUE, now - UNKNOWN_KEPT).await?;
            Ok(())
        })
        .await
}
