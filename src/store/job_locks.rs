//! One replica at a time: a row for each job, released by run id, over when nobody touches it. It
//! also says how far the run has come, for those who look on.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Connection;
use super::schema::job_locks::{self, dsl};

/// A job that is running, or whose holder died.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = job_locks, check_for_backend(diesel::pg::Pg))]
pub struct RunningJob {
    /// When the run began.
    pub acquired_at: DateTime<Utc>,
    /// When it last gave a sign of life.
    pub beaten_at: DateTime<Utc>,
    /// How many parts it has.
    pub steps: i32,
    /// How many of them are over.
    pub steps_done: i32,
    /// How many things it has read.
    pub items: i32,
}

/// Who has a job now; nobody when it is not running.
pub async fn find(connection: &mut Connection, job: &str) -> QueryResult<Option<RunningJob>> {
    dsl::job_locks.find(job).select(RunningJob::as_select()).first(connection).await.optional()
}

/// Takes a job of so many steps for a run when nobody has it or its holder gave no sign of life
/// since `stale`. Tells whether it was taken.
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

/// A sign of life. Tells whether the run still holds the job.
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

/// Notes what a run has done since it last said so. One that has lost the job changes nothing.
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

/// Gives a job back. A run that has lost it meanwhile changes nothing.
pub async fn release(connection: &mut Connection, job: &str, run: Uuid) -> QueryResult<()> {
    diesel::delete(dsl::job_locks.find(job).filter(dsl::run_id.eq(run)))
        .execute(connection)
        .await?;
    Ok(())
}
