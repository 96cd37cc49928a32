//! What this process reports to monitoring.
//!
//! Counts of what happens are recorded where it happens. Here are the values that are read: those of
//! this process at each request, and those of the database at most every [`FRESH`], so that several
//! scrapers cost no more than one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::{App, Error, Result, tasks};
use crate::domain::Lanes;
use crate::domain::github_budget::{Feature, Resource};
use crate::github::Snapshot;
use crate::metrics::{self, Metrics};
use crate::store::monitoring::{self, Inbox, LeaseCount, QueueDepth};
use crate::store::{Repository, event_log, repositories};

/// How long values of the database are reported before they are read again.
pub const FRESH: Duration = Duration::from_secs(10);

/// Timeout for reading them.
const PATIENCE: Duration = Duration::from_secs(5);

/// The name under which lanes that are not configured are reported.
const OTHER_LANE: &str = "other";

/// The statuses from which agents take work.
const QUEUED: [&str; 2] = ["ready", "in-progress"];

/// When the values of the database were last read. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct LastReading(Arc<Mutex<Option<Instant>>>);

/// All metrics in the text format of Prometheus. If the database does not respond, its values are
/// those of the last reading, and `dispatch_database_up` is 0.
pub async fn render(app: &App) -> String {
    read_process(app);
    read_database_if_due(app).await;
    app.metrics.render()
}

async fn read_database_if_due(app: &App) {
    let mut last = app.last_reading.0.lock().await;
    if last.is_some_and(|last| last.elapsed() < FRESH) {
        return;
    }
    let reading = tokio::time::timeout(PATIENCE, read_database(app));
    let outcome = reading.await.unwrap_or_else(|_| {
        Err(Error::Unavailable { reason: "the database did not answer in time".to_owned() })
    });
    if let Err(error) = &outcome {
        tracing::warn!(error = error.with_causes(), "the values for monitoring could not be read");
    } else {
        *last = Some(Instant::now());
    }
    app.metrics.set(&metrics::DATABASE_UP, &[], f64::from(u8::from(outcome.is_ok())));
}

/// The values that this process knows.
fn read_process(app: &App) {
    let metrics = &app.metrics;
    let pool = app.pool.usage();
    metrics.set(&metrics::POOL_SIZE, &[], number(app.pool.capacity()));
    metrics.set(&metrics::POOL_CONNECTIONS, &["idle"], number(pool.idle));
    metrics.set(&metrics::POOL_CONNECTIONS, &["used"], number(pool.used));
    metrics.set(&metrics::POOL_WAITING, &[], number(pool.waiting));
    report_budget(metrics, &app.github.budget_snapshots());
    let since = *app.github.unanswered_since().borrow();
    let now = app.clock.now();
    metrics.set(&metrics::GITHUB_UNANSWERED, &[], age(since, now));
    tasks::report(metrics, &app.tasks.list(now), now);
}

/// What is left of GitHub's rate limits, and what was spent on what.
fn report_budget(metrics: &Metrics, budgets: &[Snapshot]) {
    for resource in Resource::ALL {
        let rates = budgets.iter().flat_map(|budget| &budget.rates);
        let scarcest =
            rates.filter(|(of, _)| *of == resource).min_by_key(|(_, rate)| rate.remaining);
        let Some((_, rate)) = scarcest else { continue };
        metrics.set(&metrics::GITHUB_REMAINING, &[resource.as_str()], number(rate.remaining));
        metrics.set(&metrics::GITHUB_LIMIT, &[resource.as_str()], number(rate.limit));
        for feature in Feature::ALL {
            let spent = budgets.iter().flat_map(|budget| &budget.spent);
            let spent = spent.filter(|one| one.resource == resource && one.feature == feature);
            let labels = [resource.as_str(), feature.as_str()];
            let points: i64 = spent.map(|one| one.points).sum();
            metrics.set(&metrics::GITHUB_SPENT, &labels, number(points));
        }
    }
}

/// The values that are read from the database.
async fn read_database(app: &App) -> Result<()> {
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    let depths = monitoring::queue_depths(&mut connection).await?;
    let leases = monitoring::live_leases(&mut connection, now).await?;
    let tracked = repositories::tracked(&mut connection).await?;
    let inbox = monitoring::inbox(&mut connection).await?;
    let newest = event_log::position(&mut connection).await?;
    drop(connection);
    report_queue(&app.metrics, &app.config.lanes, &depths, now);
    report_leases(&app.metrics, &leases);
    report_sync(&app.metrics, &tracked, now);
    report_inbox(&app.metrics, &inbox, now);
    let lag = newest.0.saturating_sub(app.bus.position().0).max(0);
    app.metrics.set(&metrics::EVENT_LAG, &[], number(lag));
    Ok(())
}

fn report_queue(metrics: &Metrics, lanes: &Lanes, depths: &[QueueDepth], now: DateTime<Utc>) {
    let names = lanes.all().iter().map(|lane| lane.id.as_str()).chain([OTHER_LANE]);
    let mut issues: BTreeMap<(&str, &str), i64> =
        names.flat_map(|lane| QUEUED.map(|status| ((lane, status), 0))).collect();
    let mut oldest: BTreeMap<&str, Option<DateTime<Utc>>> = BTreeMap::new();
    for depth in depths {
        let lane = lanes.find(&depth.lane).map_or(OTHER_LANE, |lane| lane.id.as_str());
        let Some(status) = QUEUED.into_iter().find(|status| *status == depth.status) else {
            continue;
        };
        *issues.entry((lane, status)).or_default() += depth.issues;
        if status == "ready" {
            let first = oldest.entry(lane).or_default();
            *first = first.iter().chain(&depth.oldest).min().copied();
        }
    }
    for ((lane, status), issues) in issues {
        metrics.set(&metrics::QUEUE_DEPTH, &[lane, status], number(issues));
        let first = oldest.get(lane).copied().flatten();
        metrics.set(&metrics::OLDEST_READY, &[lane], age(first, now));
    }
}

fn report_leases(metrics: &Metrics, leases: &[LeaseCount]) {
    for state in ["held", "reserved"] {
        let found = leases.iter().find(|count| count.state == state);
        metrics.set(&metrics::LEASES, &[state], number(found.map_or(0, |count| count.leases)));
    }
}

fn report_sync(metrics: &Metrics, tracked: &[Repository], now: DateTime<Utc>) {
    let failing = tracked.iter().filter(|of| of.sync_error.is_some()).count();
    // One that was never synced waits since it is tracked.
    let waits_longest = tracked.iter().map(|of| of.synced_at.unwrap_or(of.created_at)).min();
    metrics.set(&metrics::REPOSITORIES, &[], number(tracked.len()));
    metrics.set(&metrics::REPOSITORIES_FAILING, &[], number(failing));
    metrics.set(&metrics::SYNC_LAG, &[], age(waits_longest, now));
}

fn report_inbox(metrics: &Metrics, inbox: &Inbox, now: DateTime<Utc>) {
    metrics.set(&metrics::INBOX_DEPTH, &[], number(inbox.deliveries));
    metrics.set(&metrics::INBOX_AGE, &[], age(inbox.oldest, now));
}

/// The seconds since a time; 0 if there is none.
fn age(since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> f64 {
    let age = since.and_then(|since| (now - since).to_std().ok());
    age.unwrap_or_default().as_secs_f64()
}

/// A count as a metric's value. Counts beyond 2^53, which do not occur, would be rounded.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn number(count: impl TryInto<i64>) -> f64 {
    count.try_into().unwrap_or(i64::MAX) as f64
}
