//! Locks for jobs that one replica runs at a time: a row for each job, released by run id, expired
//! without heartbeats. It also has the progress of the run.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::store::Connection;
use crate::store::schema::job_locks::{self, dsl};

/// A running job, or one whose process died.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = job_locks, check_for_backend(diesel::pg::Pg))]
pub struct RunningJob {
    /// When the run began.
    pub acquired_at: DateTime<Utc>,
    /// Its last heartbeat.
    pub beaten_at: DateTime<Utc>,
    /// The number of its steps.
    pub steps: i32,
    /// The number of finished steps.
    pub steps_done: i32,
    /// The number of items it has read.
    pub items: i32,
}

/// The current run of a job; none when it is not running.
pub async fn find(connection: &mut Connection, job: &str) -> QueryResult<Option<RunningJob>> {
    dsl::job_locks.find(job).select(RunningJob::as_select()).first(connection).await.optional()
}

/// Takes the lock of a job with this many steps, if it is free or its last heartbeat was before
/// `stale`. Returns whether it was taken.
pub async fn take(
    connection: &mut Connection,
    job: &str,
    (run, steps): (Uuid, i32),
    now: DateTime<Utc>,
    stale: DateTime<Utc>,
) -> QueryResult<bool> {
    use diesel::query_dsl::methods::FilterDsl;

    let holder = (dsl::run_id.eq(run), dsl::acquired_at.eq(now), dsl::beaten_at.eq(now));
    let nothing_yet = (dsl::steps.eq(steps), dsl::steps_done.eq(0), dsl::items.eq(0));
    let fresh = (holder, nothing_yet);
    let rows = diesel::insert_into(dsl::job_locks)
        .values((dsl::job.eq(job), fresh))
        .on_conflict(dsl::job)
        .do_update()
        .set(fresh)
        .filter(job_locks::beaten_at.lt(stale))
        .execute(connection)
        .await?;
    Ok(rows == 1)
}

/// A heartbeat. Returns whether the run still has the lock.
pub async fn beat(
    connection: &mut Connection,
    job: &str,
    run: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let rows = diesel::update(dsl::job_locks.find(job).filter(dsl::run_id.eq(run)))
        .set(dsl::beaten_at.eq(now))
        .execute(connection)
        .await?;
    Ok(rows == 1)
}

/// Adds to a run's progress. Does nothing if the run has lost the lock.
pub async fn advance(
    connection: &mut Connection,
    job: &str,
    run: Uuid,
    (steps, items): (i32, i32),
) -> QueryResult<()> {
    diesel::update(dsl::job_locks.find(job).filter(dsl::run_id.eq(run)))
        .set((dsl::steps_done.eq(dsl::steps_done + steps), dsl::items.eq(dsl::items + items)))
        .execute(connection)
        .await?;
    Ok(())
}

/// Releases a lock. Does nothing if the run has lost it.
pub async fn release(connection: &mut Connection, job: &str, run: Uuid) -> QueryResult<()> {
    diesel::delete(dsl::job_locks.find(job).filter(dsl::run_id.eq(run)))
        .execute(connection)
        .await?;
    Ok(())
}
