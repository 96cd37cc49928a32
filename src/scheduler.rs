//! Timers that call use cases.
//!
//! Repairs run in every replica and are safe to run concurrently; syncs run when GitHub is
//! configured, in one replica at a time. Tasks take no input. A missed run only delays their work,
//! because the next run does the same. Invariant: no task stops silently. A panic ends one run and not
//! the task, and every run is recorded in [`Tasks`](crate::service::tasks::Tasks).

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use crate::domain::Actor;
use crate::metrics;
use crate::service::tasks::TaskOutcome;
use crate::service::{self, App, Error};
use crate::telemetry::field;
use crate::traces::{self, Context, FutureExt as _, SpanKind};

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

/// How often pull requests are read whose checks or reviews may have changed. One request reads fifty, so
/// this bounds the requests however many events arrive.
const PULL_REQUESTS_EVERY: Duration = Duration::from_secs(5);

/// How often old issues leave the Done column.
const RETIRE_EVERY: Duration = Duration::from_secs(30);

/// How often replicas tell each other what they have spent of GitHub's rate limits.
const BUDGET_EVERY: Duration = Duration::from_secs(1);

/// How often old rows are deleted.
const PRUNE_EVERY: Duration = Duration::from_secs(3600);

/// How often the webhook inbox is checked, if no delivery arrives.
const INBOX_EVERY: Duration = Duration::from_secs(2);

/// How long one run of a task may take before the task counts as stuck.
const RUN_TIME: Duration = Duration::from_secs(300);

/// The same for a sync, which may read hundreds of repositories for the first time.
const SYNC_TIME: Duration = Duration::from_secs(3600);

/// Delay before a task that never ends is started again after it did.
const RESTART: Duration = Duration::from_secs(1);

/// How often recorded durations are aggregated.
const AGGREGATE_EVERY: Duration = Duration::from_secs(5);

/// Starts every task; they end when the set is dropped. `database_url` is for the connection that
/// listens for notifications, which cannot come from the pool.
pub fn start(app: &App, database_url: String) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let (bus, pool) = (app.bus.clone(), app.pool.clone());
    tasks.spawn(keep_running(app.clone(), "event-pump", move || {
        let (bus, pool, url) = (bus.clone(), pool.clone(), database_url.clone());
        async move { bus.pump(pool, &url).await }
    }));
    tasks.spawn(repeat(app.clone(), SETTLE_EVERY, "settle-changes", settle));
    tasks.spawn(repeat(app.clone(), EXPIRE_EVERY, "end-leases", expire));
    tasks.spawn(repeat(app.clone(), PAUSES_EVERY, "end-pauses", pauses));
    tasks.spawn(repeat(app.clone(), SWEEP_EVERY, "stale-work", sweep));
    let (wait_queue, bus) = (app.wait_queue.clone(), app.bus.clone());
    tasks.spawn(keep_running(app.clone(), "wait-queue", move || {
        let (wait_queue, bus) = (wait_queue.clone(), bus.clone());
        async move { wait_queue.follow(&bus).await }
    }));
    tasks.spawn(repeat(app.clone(), RETIRE_EVERY, "retire-done", retire));
    tasks.spawn(repeat(app.clone(), PRUNE_EVERY, "prune", prune));
    tasks.spawn(repeat(app.clone(), AGGREGATE_EVERY, "aggregate-metrics", aggregate));
    tasks.spawn(process_webhooks(app.clone()));
    if app.config.is_configured() {
        tasks.spawn(repeat(app.clone(), BUDGET_EVERY, "github-budget", budget));
        tasks.spawn(sync(app.clone()));
        tasks.spawn(sync_automation(app.clone()));
        let every = PULL_REQUESTS_EVERY;
        tasks.spawn(repeat(app.clone(), every, "pull-requests", read_pull_requests));
    }
    let scheduler = &app.config.scheduler;
    if scheduler.is_enabled && !scheduler.prune_closed.is_zero() {
        tasks.spawn(prune_closed(app.clone()));
    }
    tasks
}

/// Deletes old closed issues, first after the configured delay.
async fn prune_closed(app: App) {
    let scheduler = app.config.scheduler.clone();
    app.clock.sleep(scheduler.startup_delay).await;
    let task = async |app: App| service::retention::prune_closed(&app).await.map(drop);
    repeat(app, scheduler.prune_closed, "prune-closed", task).await;
}

/// Runs a task at once, then after each interval. A failure or a panic is logged and recorded, and
/// the task runs again at the next interval.
async fn repeat<Task>(
    app: App,
    every: Duration,
    name: &'static str,
    task: impl Fn(App) -> Task + Send + 'static,
) where
    Task: Future<Output = Result<(), Error>> + Send,
{
    app.tasks.add(name, (every, RUN_TIME), app.clock.now());
    loop {
        run_once(&app, name, task(app.clone())).await;
        app.clock.sleep(every).await;
    }
}

/// Runs a task once, as a trace of its own, and records how it ended.
pub async fn run_once<T>(
    app: &App,
    name: &'static str,
    task: impl Future<Output = Result<T, Error>>,
) {
    let trace = app.traces.span(&Context::new(), SpanKind::Internal, || name.into());
    let trace_id = traces::trace_id(&trace.context());
    let span = match &trace_id {
        Some(id) => tracing::info_span!("task", { field::TRACE_ID } = id),
        None => tracing::Span::none(),
    };
    let task = AssertUnwindSafe(task.with_context(trace.context())).catch_unwind();
    let outcome = match task.instrument(span.clone()).await {
        Ok(Ok(_)) => TaskOutcome::Done,
        // Another replica runs it, or the rest of GitHub's budget is kept.
        Ok(Err(Error::RateLimited { .. })) => TaskOutcome::Done,
        Ok(Err(error)) => {
            let _in_span = span.enter();
            tracing::warn!(
                error = error.with_causes(),
                task = name,
                "a background task failed and will be tried again"
            );
            TaskOutcome::Failed(error.to_string())
        }
        // The panic itself is in the log already.
        Err(_) => TaskOutcome::Panicked,
    };
    let counted = match outcome {
        TaskOutcome::Done => "ok",
        TaskOutcome::Failed(_) => "failed",
        TaskOutcome::Panicked => "panicked",
    };
    if counted != "ok" {
        trace.fail(counted);
    }
    app.metrics.add(&metrics::TASK_RUNS, &[name, counted], 1);
    app.tasks.record(name, &outcome, app.clock.now());
}

/// Runs a task that never ends, and starts it again if it does.
async fn keep_running<Task>(app: App, name: &'static str, task: impl Fn() -> Task + Send + 'static)
where
    Task: Future<Output = ()> + Send,
{
    loop {
        let ended = AssertUnwindSafe(task()).catch_unwind().await;
        let outcome = if ended.is_ok() { "ok" } else { "panicked" };
        app.metrics.add(&metrics::TASK_RUNS, &[name, outcome], 1);
        tracing::warn!(task = name, "a background task ended and is started again");
        tokio::time::sleep(RESTART).await;
    }
}

async fn aggregate(app: App) -> Result<(), Error> {
    app.metrics.aggregate();
    Ok(())
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
        // Another replica runs it, or the rest of GitHub's budget is kept.
        Err(Error::RateLimited { .. }) => Ok(()),
        swept => {
            for error in swept?.errors {
                tracing::warn!(error, "stale work waits for GitHub");
            }
            Ok(())
        }
    }
}

async fn budget(app: App) -> Result<(), Error> {
    service::budget::exchange(&app).await
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
    service::budget::prune(&app).await?;
    service::automation::retention::prune(&app).await?;
    service::idempotency::prune(&app).await.map(|_| ())
}

/// Processes deliveries of webhooks: at once when one arrives here, and at every interval those that
/// other replicas left, or whose next attempt is due.
async fn process_webhooks(app: App) {
    const NAME: &str = "webhooks";
    app.tasks.add(NAME, (INBOX_EVERY, RUN_TIME), app.clock.now());
    loop {
        run_once(&app, NAME, service::webhooks::process_due(&app)).await;
        tokio::select! {
            () = app.inbox.arrived() => {}
            () = app.clock.sleep(INBOX_EVERY) => {}
        }
    }
}

/// Syncs at start and then at every interval, unless another replica has just done so. Repositories
/// that were tracked since do not wait for the interval.
async fn sync(app: App) {
    const NAME: &str = "sync";
    const NEW: &str = "sync-new";
    let interval = app.config.sync.interval;
    let mut fresh_enough = Duration::ZERO;
    if !interval.is_zero() {
        app.tasks.add(NAME, (interval, SYNC_TIME), app.clock.now());
    }
    loop {
        run_once(&app, NAME, service::repositories::sync::sync_stale(&app, fresh_enough)).await;
        if interval.is_zero() {
            return;
        }
        let next = app.clock.now() + interval;
        while app.clock.now() < next {
            app.clock.sleep(SYNC_NEW_EVERY.min(interval)).await;
            run_once(&app, NEW, service::repositories::sync::sync_new(&app)).await;
        }
        fresh_enough = interval / 2;
    }
}

async fn read_pull_requests(app: App) -> Result<(), Error> {
    service::automation::pull_requests::read_due(&app).await.map(drop)
}

/// Syncs automation data at start and then at every interval, unless another replica has just done so.
async fn sync_automation(app: App) {
    const NAME: &str = "sync-automation";
    let interval = app.config.automation.interval;
    let mut fresh_enough = Duration::ZERO;
    if !interval.is_zero() {
        app.tasks.add(NAME, (interval, SYNC_TIME), app.clock.now());
    }
    loop {
        run_once(&app, NAME, service::automation::sync::sync_stale(&app, fresh_enough)).await;
        if interval.is_zero() {
            return;
        }
        app.clock.sleep(interval).await;
        fresh_enough = interval / 2;
    }
}
