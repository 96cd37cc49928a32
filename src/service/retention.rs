//! Retention and pruning: what changes by age alone. Issues leave the Done column, old rows are
//! deleted.

use chrono::TimeDelta;
use diesel_async::AsyncConnection;

use super::board::moves::UNKNOWN_ISSUE;
use super::board_events::{issue_event, window_start};
use super::{App, Error, Result};
use crate::domain::Actor;
use crate::store::agents::{agent_reports, agent_runs};
use crate::store::board::{conversations, issues};
use crate::store::claims::{agent_work, decisions, judgements};
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
