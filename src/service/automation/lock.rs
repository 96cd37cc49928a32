//! The lock of the automation sync: one replica at a time.

use std::time::Duration;

use uuid::Uuid;

use crate::service::{App, Error, Result};
use crate::store::repositories::job_locks;

/// The name of the lock that manual and timed syncs share.
pub(super) const JOB: &str = "automation-sync";

/// How often a running sync renews its lock, unless the lock expires sooner.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// Takes the lock for a sync of so many repositories.
///
/// # Errors
///
/// [`Error::RateLimited`] while another sync has it.
pub(super) async fn take(app: &App, repositories: usize) -> Result<Uuid> {
    let steps = i32::try_from(repositories).unwrap_or(i32::MAX);
    let (run, now) = (app.clock.fresh_uuid(), app.clock.now());
    let stale = now - app.config.sync.lock_max_age;
    let mut connection = app.connection().await?;
    match job_locks::take(&mut connection, JOB, (run, steps), now, stale).await? {
        true => Ok(run),
        false => Err(taken("A sync is already running. Try again later.")),
    }
}

/// Renews the lock until it is lost.
pub(super) async fn keep(app: &App, run: Uuid) -> Error {
    let pause = HEARTBEAT.min(app.config.sync.lock_max_age / 4);
    loop {
        tokio::time::sleep(pause).await;
        let beaten = async {
            let mut connection = app.connection().await?;
            Ok::<_, Error>(job_locks::beat(&mut connection, JOB, run, app.clock.now()).await?)
        };
        match beaten.await {
            Ok(true) => {}
            Ok(false) => return taken("Another sync has taken over"),
            Err(error) => {
                tracing::warn!(error = error.with_causes(), "a sync could not write its heartbeat")
            }
        }
    }
}

/// Releases the lock.
pub(super) async fn release(app: &App, run: Uuid) -> Result<()> {
    Ok(job_locks::release(&mut *app.connection().await?, JOB, run).await?)
}

fn taken(what: &str) -> Error {
    Error::RateLimited { what: what.to_owned(), retry_at: None }
}
