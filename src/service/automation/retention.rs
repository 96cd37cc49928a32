//! Prunes old runs, activity and records of syncs. Daily totals of runs stay.

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncConnection;

use crate::service::{App, Error, Result};
use crate::store::automation::{activity, branches, runs, statistics, sync_runs};
use crate::store::pool;

/// How many rows are deleted in one transaction.
const BATCH: i64 = 2_000;

/// How long records of syncs are retained.
const SYNC_RUNS_KEPT: TimeDelta = TimeDelta::days(7);

/// Deletes runs and activity beyond the configured retention, in batches, and adds the runs to the daily
/// totals of their workflows.
pub async fn prune(app: &App) -> Result<usize> {
    let now = app.clock.now();
    let before = now - app.config.automation.retention;
    let max_runs = app.config.automation.max_runs;
    let mut all = 0;
    loop {
        let mut connection = app.connection().await?;
        let pruned = connection
            .transaction(async |connection| {
                pool::take_time(connection).await?;
                let pruned = runs::prune(connection, (before, max_runs), BATCH).await?;
                branches::refresh(connection, &pruned.branches).await?;
                statistics::refresh(connection, &pruned.workflows).await?;
                Ok::<_, Error>(pruned.runs)
            })
            .await?;
        all += pruned;
        if pruned == 0 {
            break;
        }
    }
    while prune_activity(app, before).await? > 0 {}
    let mut connection = app.connection().await?;
    sync_runs::prune(&mut connection, now - SYNC_RUNS_KEPT).await?;
    Ok(all)
}

/// Deletes a batch of old activity. A workflow of which a failure is forgotten may be flaky no more.
async fn prune_activity(app: &App, before: DateTime<Utc>) -> Result<usize> {
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            let (events, workflows) = activity::prune(connection, before, BATCH).await?;
            statistics::refresh(connection, &workflows).await?;
            Ok::<_, Error>(events)
        })
        .await
}
