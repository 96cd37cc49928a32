//! Prunes old runs, activity and records of syncs. Daily totals of runs stay.

use chrono::TimeDelta;
use diesel_async::AsyncConnection;

use crate::service::{App, Error, Result};
use crate::store::automation::{activity, branches, runs, sync_runs};
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
                Ok::<_, Error>(pruned.runs)
            })
            .await?;
        all += pruned;
        if pruned == 0 {
            break;
        }
    }
    let mut connection = app.connection().await?;
    while activity::prune(&mut connection, before, BATCH).await? > 0 {}
    sync_runs::prune(&mut connection, now - SYNC_RUNS_KEPT).await?;
    Ok(all)
}
