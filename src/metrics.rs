//! The metrics of a process, in the text format of Prometheus.
//!
//! [`METRICS`] declares every metric once, with its labels; the page of the documentation and the
//! `# HELP` lines come from it. A recorder belongs to one application, so there is no global state.
//! Not here: when a value is measured, and who may read the page. Invariant: the values of a label
//! are few and known in advance. No metric is labelled by an issue, a run, a repository, an agent or a
//! person.

use std::fmt::Write as _;
use std::sync::Arc;

use ::metrics::{Key, Label, Level, Metadata, Recorder as _, SharedString, Unit};
use metrics_exporter_prometheus::{
    Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

/// The upper bounds of the buckets of durations, in seconds.
const BUCKETS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// One metric.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What it measures, in a sentence.
    pub meaning: &'static str,
    /// Its kind.
    pub kind: MetricKind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
}

/// How the values of a metric are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// A number that only grows until the process ends.
    Counter,
    /// A number that rises and falls.
    Gauge,
    /// The distribution of durations in seconds.
    Histogram,
}

impl MetricKind {
    /// The name of the kind in Prometheus.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

macro_rules! metrics {
    ($(
        $(#[doc = $meaning:literal])+
        $constant:ident: $kind:ident $name:literal [$($label:literal),*]
    )+) => {
        $(
            $(#[doc = $meaning])+
            pub const $constant: Metric = Metric {
                name: $name,
                meaning: concat!($($meaning),+).trim_ascii(),
                kind: MetricKind::$kind,
                labels: &[$($label),*],
            };
        )+

        /// Every metric.
        pub const METRICS: &[Metric] = &[$($constant),+];
    };
}

metrics! {
    /// 1, with the version of Dispatch.
    BUILD_INFO: Gauge "dispatch_build_info" ["version"]
    /// Requests by method, route and status. The route is the path template; a path that no route
    /// matches counts as `unmatched`.
    HTTP_REQUESTS: Counter "dispatch_http_requests_total" ["method", "route", "status"]
    /// Time until the response of a request began.
    HTTP_DURATION: Histogram "dispatch_http_request_duration_seconds" ["method", "route"]
    /// Executed GraphQL operations by kind and root field. An operation with several root fields
    /// counts once for each; a subscription counts when it starts.
    GRAPHQL_OPERATIONS: Counter "dispatch_graphql_operations_total" ["kind", "field", "outcome"]
    /// Time of executed queries and mutations by kind and root field.
    GRAPHQL_DURATION: Histogram "dispatch_graphql_operation_duration_seconds" ["kind", "field"]
    /// GraphQL queries that were answered from the response cache.
    GRAPHQL_CACHE_HITS: Counter "dispatch_graphql_cache_hits_total" []
    /// Subscribers over WebSocket and server-sent events by root field.
    SUBSCRIBERS: Gauge "dispatch_subscribers" ["field"]
    /// 1 if the database answered the last reading of the queue, sync and inbox metrics, else 0.
    DATABASE_UP: Gauge "dispatch_database_up" []
    /// Database connections of the pool by state: `idle` or `used`.
    POOL_CONNECTIONS: Gauge "dispatch_database_pool_connections" ["state"]
    /// The maximum number of database connections of the pool.
    POOL_SIZE: Gauge "dispatch_database_pool_max_connections" []
    /// Requests that wait for a database connection.
    POOL_WAITING: Gauge "dispatch_database_pool_waiting" []
    /// Open issues that agents take work from, by lane and status (`ready` or `in-progress`). Lanes
    /// that are not configured count as `other`.
    QUEUE_DEPTH: Gauge "dispatch_queue_depth" ["lane", "status"]
    /// Age of the oldest issue in Ready by lane, counted from its creation on GitHub; 0 if there is
    /// none.
    OLDEST_READY: Gauge "dispatch_queue_oldest_ready_age_seconds" ["lane"]
    /// Live leases by state: `held`, or `reserved` while GitHub is asked.
    LEASES: Gauge "dispatch_leases" ["state"]
    /// Leases that an agent lost, by reason: `expired`, `taken` by force, or `rejected` (the agent
    /// acted on a lease that was over).
    LEASE_LOSSES: Counter "dispatch_lease_losses_total" ["reason"]
    /// Claims by kind (`next` or `issue`) and outcome: `served`, `idle`, `conflict`, `github` (GitHub
    /// refused or did not answer), `rejected` (an invalid or forbidden request) or `failed`.
    CLAIMS: Counter "dispatch_claims_total" ["kind", "outcome"]
    /// Time since the last successful sync of the repository that waits longest; 0 if none is tracked.
    SYNC_LAG: Gauge "dispatch_sync_lag_seconds" []
    /// Tracked repositories.
    REPOSITORIES: Gauge "dispatch_repositories" []
    /// Tracked repositories whose last sync failed.
    REPOSITORIES_FAILING: Gauge "dispatch_repositories_failing" []
    /// Webhook deliveries that wait to be processed.
    INBOX_DEPTH: Gauge "dispatch_webhook_inbox_depth" []
    /// Age of the oldest webhook delivery that waits to be processed; 0 if none does.
    INBOX_AGE: Gauge "dispatch_webhook_inbox_oldest_age_seconds" []
    /// What is left of GitHub's rate limit by resource: points of `graphql`, or requests of `core`
    /// (REST). With several installations of the app, that of the scarcest. Absent before the first
    /// response.
    GITHUB_REMAINING: Gauge "dispatch_github_budget_remaining" ["resource"]
    /// GitHub's rate limit in each window by resource. Absent before the first response.
    GITHUB_LIMIT: Gauge "dispatch_github_budget_limit" ["resource"]
    /// What all replicas spent of it within the last hour, by resource and by what it was for
    /// (`changes`, `refresh`, `full-sync`, `sweep` or `automation`).
    GITHUB_SPENT: Gauge "dispatch_github_budget_spent" ["resource", "feature"]
    /// Time since GitHub stopped answering; 0 while it answers.
    GITHUB_UNANSWERED: Gauge "dispatch_github_unanswered_seconds" []
    /// Events in the event log that this process has not sent to its subscribers yet.
    EVENT_LAG: Gauge "dispatch_event_lag" []
    /// Repairs by kind: `settled_change`, `expired_lease`, `stale_work`, or `doctor` (requested by a
    /// maintainer).
    REPAIRS: Counter "dispatch_repairs_total" ["kind"]
    /// Runs of background tasks by task and outcome: `ok`, `failed` or `panicked`.
    TASK_RUNS: Counter "dispatch_background_task_runs_total" ["task", "outcome"]
    /// Time since the last successful run of a background task, or since its start.
    TASK_AGE: Gauge "dispatch_background_task_age_seconds" ["task"]
    /// 1 if a background task is stuck or keeps failing, else 0.
    TASK_UNHEALTHY: Gauge "dispatch_background_task_unhealthy" ["task"]
}

/// The labels of counters that exist from the start, so that their increase can be computed.
const FROM_START: &[(&Metric, &[&str], &[&str])] = &[
    (&CLAIMS, &["next", "issue"], &["served", "idle", "conflict", "github", "rejected", "failed"]),
    (&LEASE_LOSSES, &["expired", "taken", "rejected"], &[]),
    (&REPAIRS, &["settled_change", "expired_lease", "stale_work", "doctor"], &[]),
    (&GRAPHQL_CACHE_HITS, &[], &[]),
];

/// The values of a metric's labels, in the order in which it declares them.
pub type LabelValues<'a> = &'a [&'a str];

/// Records the metrics of one application. Clones share one recorder.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut builder = PrometheusBuilder::new();
        for metric in METRICS.iter().filter(|metric| metric.kind == MetricKind::Histogram) {
            let matcher = Matcher::Full(metric.name.to_owned());
            builder = builder.set_buckets_for_metric(matcher, BUCKETS).expect("there are buckets");
        }
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        let metrics = Self(Arc::new(Inner { recorder, handle }));
        for metric in METRICS {
            metrics.describe(metric);
        }
        for (metric, firsts, seconds) in FROM_START {
            match (*firsts, *seconds) {
                ([], _) => metrics.add(metric, &[], 0),
                (firsts, []) => firsts.iter().for_each(|one| metrics.add(metric, &[one], 0)),
                (firsts, seconds) => firsts.iter().for_each(|one| {
                    seconds.iter().for_each(|two| metrics.add(metric, &[one, two], 0));
                }),
            }
        }
        metrics.set(&BUILD_INFO, &[env!("CARGO_PKG_VERSION")], 1.0);
        metrics
    }
}

impl Metrics {
    fn describe(&self, metric: &Metric) {
        let (name, meaning) = (metric.name.into(), SharedString::const_str(metric.meaning));
        let recorder = &self.0.recorder;
        match metric.kind {
            MetricKind::Counter => recorder.describe_counter(name, None, meaning),
            MetricKind::Gauge => recorder.describe_gauge(name, None, meaning),
            MetricKind::Histogram => {
                recorder.describe_histogram(name, Some(Unit::Seconds), meaning);
            }
        }
    }

    /// Adds to a counter.
    pub fn add(&self, metric: &Metric, values: LabelValues<'_>, count: u64) {
        self.0.recorder.register_counter(&key(metric, values), &METADATA).increment(count);
    }

    /// Sets a gauge.
    pub fn set(&self, metric: &Metric, values: LabelValues<'_>, value: f64) {
        self.0.recorder.register_gauge(&key(metric, values), &METADATA).set(value);
    }

    /// Records a duration in seconds.
    pub fn observe(&self, metric: &Metric, values: LabelValues<'_>, seconds: f64) {
        self.0.recorder.register_histogram(&key(metric, values), &METADATA).record(seconds);
    }

    /// Counts one more in a gauge until the result is dropped.
    pub fn hold(&self, metric: &Metric, values: LabelValues<'_>) -> GaugeGuard {
        let gauge = self.0.recorder.register_gauge(&key(metric, values), &METADATA);
        gauge.increment(1.0);
        GaugeGuard(gauge)
    }

    /// Aggregates the recorded durations. Without regular calls, they accumulate in memory until
    /// the next [`Metrics::render`].
    pub fn aggregate(&self) {
        self.0.handle.run_upkeep();
    }

    /// Every value in the text format of Prometheus.
    pub fn render(&self) -> String {
        self.0.handle.render()
    }
}

/// One in a gauge, until it is dropped.
pub struct GaugeGuard(::metrics::Gauge);

impl Drop for GaugeGuard {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

const METADATA: Metadata<'static> = Metadata::new("dispatch", Level::INFO, None);

fn key(metric: &Metric, values: LabelValues<'_>) -> Key {
    debug_assert_eq!(metric.labels.len(), values.len(), "{}", metric.name);
    let labels = metric.labels.iter().zip(values);
    let labels = labels.map(|(name, value)| Label::new(*name, (*value).to_owned()));
    Key::from_parts(metric.name, labels.collect::<Vec<_>>())
}

/// The metrics as a table in Markdown.
pub fn markdown_table() -> String {
    let mut table = "| Metric | Kind | Labels | Meaning |\n| --- | --- | --- | --- |\n".to_owned();
    for Metric { name, meaning, kind, labels } in METRICS {
        let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
        let (kind, labels) = (kind.as_str(), labels.join(", "));
        // Writing to a text cannot fail.
        let _ = writeln!(table, "| `{name}` | {kind} | {labels} | {meaning} |");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_conventions_of_prometheus() {
        for metric in METRICS {
            let name = metric.name;
            assert!(name.starts_with("dispatch_"), "{name}");
            assert_eq!(name.ends_with("_total"), metric.kind == MetricKind::Counter, "{name}");
            let is_duration = metric.kind == MetricKind::Histogram;
            assert!(!is_duration || name.ends_with("_seconds"), "{name}");
        }
    }

    #[test]
    fn no_label_names_what_there_are_many_of() {
        let many = ["issue", "run", "user", "agent", "actor", "repository", "id", "path"];
        for metric in METRICS {
            assert!(metric.labels.iter().all(|label| !many.contains(label)), "{}", metric.name);
        }
    }

    #[test]
    fn values_are_rendered_with_their_labels() {
        let metrics = Metrics::default();
        metrics.add(&CLAIMS, &["next", "served"], 2);
        metrics.observe(&HTTP_DURATION, &["GET", "/livez"], 0.02);
        let guard = metrics.hold(&SUBSCRIBERS, &["boardEvents"]);
        let text = metrics.render();
        for line in [
            "# TYPE dispatch_claims_total counter",
            r#"dispatch_claims_total{kind="next",outcome="served"} 2"#,
            r#"dispatch_claims_total{kind="issue",outcome="idle"} 0"#,
            r#"dispatch_http_request_duration_seconds_bucket{method="GET",route="/livez",le="0.025"} 1"#,
            r#"dispatch_http_request_duration_seconds_bucket{method="GET",route="/livez",le="0.01"} 0"#,
            r#"dispatch_subscribers{field="boardEvents"} 1"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
        drop(guard);
        assert!(metrics.render().contains(r#"dispatch_subscribers{field="boardEvents"} 0"#));
    }
}
