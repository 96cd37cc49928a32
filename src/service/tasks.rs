//! The background tasks of this process: when each ran last, and whether one is stuck or keeps failing.
//!
//! The scheduler reports here; health checks, the overview and the metrics read it. It is about this
//! process only, because another replica may be healthy while this one is stuck.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::App;
use crate::metrics::{self, Metrics};

/// How many runs in a row must fail before a task counts as failing, so that a restart of the
/// database is not reported.
const FAILURES: u32 = 3;

/// For how long they must fail.
const FAILING_FOR: TimeDelta = TimeDelta::minutes(1);

/// The longest error that is shown, in characters.
const LONGEST_ERROR: usize = 300;

/// How a run of a task ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskOutcome {
    /// It did its work, or another replica does it.
    Done,
    /// It failed, for this reason, and runs again at the next interval.
    Failed(String),
    /// It panicked, and runs again at the next interval.
    Panicked,
}

/// A background task as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackgroundTask {
    /// Its name, such as `sync`.
    pub name: &'static str,
    /// The time between two runs.
    pub interval: Duration,
    /// When its last run ended; none before the first.
    pub last_run_at: Option<DateTime<Utc>>,
    /// When its last successful run ended, or when it was started.
    pub healthy_at: DateTime<Utc>,
    /// Whether no run has ended for more than twice the interval and the time that a run may take.
    pub is_overdue: bool,
    /// Whether its last three runs or more failed, for a minute or longer.
    pub is_failing: bool,
    /// Why the last run failed; none if it succeeded.
    pub error: Option<String>,
}

impl BackgroundTask {
    /// Whether it does its work.
    pub fn is_healthy(&self) -> bool {
        !self.is_overdue && !self.is_failing
    }
}

/// The background tasks of this process. Clones share one list.
#[derive(Debug, Clone, Default)]
pub struct Tasks(Arc<Mutex<BTreeMap<&'static str, TaskRecord>>>);

#[derive(Debug)]
struct TaskRecord {
    interval: Duration,
    run_time: Duration,
    started_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    succeeded_at: Option<DateTime<Utc>>,
    failures: u32,
    error: Option<String>,
}

impl Tasks {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, TaskRecord>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a task that begins now. Beyond `run_time`, in addition to twice the interval, it counts as
    /// stuck.
    pub fn add(
        &self,
        name: &'static str,
        (interval, run_time): (Duration, Duration),
        now: DateTime<Utc>,
    ) {
        let (ended_at, succeeded_at, error) = (None, None, None);
        let record = TaskRecord {
            interval,
            run_time,
            started_at: now,
            ended_at,
            succeeded_at,
            failures: 0,
            error,
        };
        self.lock().insert(name, record);
    }

    /// Records the end of a run.
    pub fn record(&self, name: &'static str, outcome: &TaskOutcome, now: DateTime<Utc>) {
        let mut tasks = self.lock();
        let Some(record) = tasks.get_mut(name) else { return };
        record.ended_at = Some(now);
        record.error = match outcome {
            TaskOutcome::Done => None,
            TaskOutcome::Failed(reason) => Some(reason.chars().take(LONGEST_ERROR).collect()),
            TaskOutcome::Panicked => Some("it panicked; the log has the details".to_owned()),
        };
        if record.error.is_none() {
            record.succeeded_at = Some(now);
            record.failures = 0;
        } else {
            record.failures = record.failures.saturating_add(1);
        }
    }

    /// Every task, by name.
    pub fn list(&self, now: DateTime<Utc>) -> Vec<BackgroundTask> {
        let tasks = self.lock();
        tasks.iter().map(|(name, record)| record.status(name, now)).collect()
    }
}

impl TaskRecord {
    fn status(&self, name: &'static str, now: DateTime<Utc>) -> BackgroundTask {
        let healthy_at = self.succeeded_at.unwrap_or(self.started_at);
        let silent_for = (now - self.ended_at.unwrap_or(self.started_at)).to_std();
        BackgroundTask {
            name,
            interval: self.interval,
            last_run_at: self.ended_at,
            healthy_at,
            is_overdue: silent_for.unwrap_or_default() > self.interval * 2 + self.run_time,
            is_failing: self.failures >= FAILURES && now - healthy_at >= FAILING_FOR,
            error: self.error.clone(),
        }
    }
}

/// The background tasks of this process, by name.
pub fn background_tasks(app: &App) -> Vec<BackgroundTask> {
    app.tasks.list(app.clock.now())
}

/// Reports the tasks as metrics.
pub(super) fn report(metrics: &Metrics, tasks: &[BackgroundTask], now: DateTime<Utc>) {
    for task in tasks {
        let age = (now - task.healthy_at).to_std().unwrap_or_default();
        metrics.set(&metrics::TASK_AGE, &[task.name], age.as_secs_f64());
        let unhealthy = f64::from(u8::from(!task.is_healthy()));
        metrics.set(&metrics::TASK_UNHEALTHY, &[task.name], unhealthy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        "2026-05-20T12:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(seconds)
    }

    fn only(tasks: &Tasks, seconds: i64) -> BackgroundTask {
        tasks.list(at(seconds)).pop().expect("one task")
    }

    #[test]
    fn a_task_that_does_not_end_is_overdue() {
        let tasks = Tasks::default();
        tasks.add("sync", (Duration::from_secs(60), Duration::from_secs(300)), at(0));
        assert!(!only(&tasks, 420).is_overdue);
        assert!(only(&tasks, 421).is_overdue);
        tasks.record("sync", &TaskOutcome::Done, at(421));
        assert!(only(&tasks, 421).is_healthy());
        assert!(only(&tasks, 842).is_overdue, "it hangs again");
    }

    #[test]
    fn a_task_fails_when_it_has_failed_some_times_and_some_while() {
        let tasks = Tasks::default();
        tasks.add("sync", (Duration::from_secs(1), Duration::from_secs(60)), at(0));
        let failure = TaskOutcome::Failed("GitHub is away".to_owned());
        for second in 1..=3 {
            tasks.record("sync", &failure, at(second));
        }
        assert!(!only(&tasks, 59).is_failing, "three times, but not for a minute");
        tasks.record("sync", &TaskOutcome::Panicked, at(60));
        let found = only(&tasks, 60);
        assert!(found.is_failing && !found.is_overdue);
        assert_eq!(found.error.as_deref(), Some("it panicked; the log has the details"));
        assert_eq!((found.last_run_at, found.healthy_at), (Some(at(60)), at(0)));
        tasks.record("sync", &TaskOutcome::Done, at(61));
        assert!(only(&tasks, 61).is_healthy());
        assert_eq!(only(&tasks, 61).error, None);
    }
}
