//! One replica at a time: a row for each job, released by run id, over when nobody touches it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Connection;
use super::schema::job_locks::{self, dsl};

/// Takes a job for a run when nobody has it or its holder gave no sign of life since `stale`.
/// Tells whether it was taken.
pub async fn take(
    connection: &mut Connection,
    job: &str,
    run: Uuid,
    now: DateTime<Utc>,
    stale: DateTime<Utc>,
) -> QueryResult<bool> {
    use diesel::query_dsl::methods::FilterDsl;

    let fresh = (dsl::run_id.eq(run), dsl::acquired_at.eq(now), dsl::beaten_at.eq(now));
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

/// Gives a job back. A run that has lost it meanwhile changes nothing.
pub async fn release(connection: &mut Connection, job: &str, run: Uuid) -> QueryResult<()> {
    diesel::delete(dsl::job_locks.find(job).filter(dsl::run_id.eq(run)))
        .execute(connection)
        .await?;
    Ok(())
}
