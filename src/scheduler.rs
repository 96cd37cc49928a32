//! Timers that call use cases.
//!
//! Repairs run in every replica and are safe to run concurrently; syncs run when GitHub is
//! configured, in one replica at a time. Tasks take no input. A missed run only delays their work,
//! because the next run does the same.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::domain::Actor;
use crate::service::{self, App, Error};

/// How often interrupted changes are settled. After a crash it takes this long, plus GitHub's
/// timeout for a change and a grace period.
const SETTLE_EVERY: Duration = Duration::from_secs(1);

/// How often expired leases are cleaned up.
const EXPIRE_EVERY: Duration = Duration::from_secs(2);

/// How often expired back-offs and pauses are ended.
const PAUSES_EVERY: Duration = Duration::from_secs(2);

/// How often work of silent agents is swept.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// How often the first sync of newly tracked repositories is due.
const SYNC_NEW_EVERY: Duration = Duration::from_secs(2);

/// How often old issues leave the Done column.
const RETIRE_EVERY: Duration = Duration::from_secs(30);

/// How often old rows are deleted.
const PRUNE_EVERY: Duration = Duration::from_secs(3600);

/// How often the webhook inbox is checked, if no delivery arrives.
const INBOX_EVERY: Duration = Duration::from_secs(2);

/// Starts every task; they end when the set is dropped. `database_url` is for the connection that
/// listens for notifications, which cannot come from the pool.
pub fn start(app: &App, database_url: String) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let (bus, pool) = (app.bus.clone(), app.pool.clone());
    tasks.spawn(async move { bus.pump(pool, &database_url).await });
    tasks.spawn(repeat(app.clone(), SETTLE_EVERY, "settling changes", settle));
    tasks.spawn(repeat(app.clone(), EXPIRE_EVERY, "ending leases", expire));
    tasks.spawn(repeat(app.clone(), PAUSES_EVERY, "ending pauses", pauses));
    tasks.spawn(repeat(app.clone(), SWEEP_EVERY, "sweeping stale work", sweep));
    let (wait_queue, bus) = (app.wait_queue.clone(), app.bus.clone());
    tasks.spawn(async move { wait_queue.follow(&bus).await });
    tasks.spawn(repeat(app.clone(), RETIRE_EVERY, "retiring done issues", retire));
    tasks.spawn(repeat(app.clone(), PRUNE_EVERY, "deleting old rows", prune));
    tasks.spawn(process_webhooks(app.clone()));
    if app.config.is_configured() {
        tasks.spawn(sync(app.clone()));
        tasks.spawn(sync_automation(app.clone()));
    }
    tasks
}

/// Runs a task at once, then after each interval. A failure is logged, and the task runs again at the
/// next interval.
async fn repeat<Task>(
    app: App,
    every: Duration,
    name: &'static str,
    task: impl Fn(App) -> Task + Send + 'static,
) where
    Task: Future<Output = Result<(), Error>> + Send,
{
    loop {
        if let Err(error) = task(app.clone()).await {
            tracing::warn!(%error, task = name, "a background task failed and will be tried again");
        }
        app.clock.sleep(every).await;
    }
}

async fn settle(app: App) -> Result<(), Error> {
    service::recovery::settle_overdue(&app).await
}

async fn expire(app: App) -> Result<(), Error> {
    service::claims::leases::expire_leases(&app).await?;
    service::claims::holders::release_stopped(&app).await
}

async fn pauses(app: App) -> Result<(), Error> {
    service::claims::backoffs::end_backoffs(&app).await?;
    service::claims::pauses::end_expired(&app).await
}

async fn sweep(app: App) -> Result<(), Error> {
    match service::claims::agent_work::sweep(&app, &Actor::System).await {
        // Another replica runs it.
        Err(Error::RateLimited { .. }) => Ok(()),
        swept => {
            for error in swept?.errors {
                tracing::warn!(error, "stale work waits for GitHub");
            }
            Ok(())
        }
    }
}

async fn retire(app: App) -> Result<(), Error> {
    service::retention::apply_done_window(&app).await
}

async fn prune(app: App) -> Result<(), Error> {
    service::retention::prune_events(&app).await?;
    service::retention::prune_decisions(&app).await?;
    service::retention::prune_reports(&app).await?;
    service::retention::prune_conversations(&app).await?;
    service::retention::prune_deliveries(&app).await?;
    service::automation::retention::prune(&app).await?;
    service::idempotency::prune(&app).await.map(|_| ())
}

/// Processes deliveries of webhooks: at once when one arrives here, and at every interval those that
/// other replicas left, or whose next attempt is due.
async fn process_webhooks(app: App) {
    loop {
        if let Err(error) = service::webhooks::process_due(&app).await {
            tracing::warn!(%error, "deliveries of webhooks could not be processed and will be tried again");
        }
        tokio::select! {
            () = app.inbox.arrived() => {}
            () = app.clock.sleep(INBOX_EVERY) => {}
        }
    }
}

/// Syncs at start and then at every interval, unless another replica has just done so. Repositories
/// that were tracked since do not wait for the interval.
async fn sync(app: App) {
    let interval = app.config.sync.interval;
    let mut fresh_enough = Duration::ZERO;
    loop {
        log_sync("a timed sync", service::repositories::sync::sync_stale(&app, fresh_enough).await);
        if interval.is_zero() {
            return;
        }
        let next = app.clock.now() + interval;
        while app.clock.now() < next {
            app.clock.sleep(SYNC_NEW_EVERY.min(interval)).await;
            log_sync(
                "the sync of a new repository",
                service::repositories::sync::sync_new(&app).await,
            );
        }
        fresh_enough = interval / 2;
    }
}

/// Syncs automation data at start and then at every interval, unless another replica has just done so.
async fn sync_automation(app: App) {
    let interval = app.config.automation.interval;
    let mut fresh_enough = Duration::ZERO;
    loop {
        let synced = service::automation::sync::sync_stale(&app, fresh_enough).await;
        log_sync("a timed sync of automation data", synced);
        if interval.is_zero() {
            return;
        }
        app.clock.sleep(interval).await;
        fresh_enough = interval / 2;
    }
}

fn log_sync(what: &'static str, outcome: Result<(), Error>) {
    match outcome {
        Ok(()) => {}
        Err(Error::RateLimited { .. }) => tracing::debug!(what, "left out: another sync runs"),
        Err(error) => tracing::warn!(what, %error, "a sync failed and will be tried again"),
    }
}
