//! Root fields for the overview, the agents, the projects and the filter options.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};
use chrono::NaiveDate;

use crate::domain::{IssueFilter, Status, Timestamp};
use crate::graphql::loaders::{self, app};
use crate::graphql::types::page::{MAX, cost, size};
use crate::graphql::types::{BoardColumn, Issue, Lease, Repository, most_first_cards};
use crate::service::board::overview::{self, DayCounts, FilterOption, StatusCounts};
use crate::service::{self, Error, tasks};
use crate::store::agents::statistics::{DayCount, RunCount};
use crate::store::{self, Page, PageRequest};

/// The maximum number of days of a history.
const MAX_DAYS: i32 = 90;

/// The maximum number of stale issues that are returned.
const STALE: u32 = 50;

#[derive(Debug, Default)]
pub(crate) struct OverviewQuery;

#[Object]
impl OverviewQuery {
    /// An overview of all work: columns, moves and stale issues.
    async fn overview(&self) -> Overview {
        Overview
    }

    /// All agents that are known from a label on the board, the settings, a reported run, or a
    /// current or recent lease.
    #[graphql(complexity = "cost(None, None, child_complexity)")]
    async fn agents(&self, context: &Context<'_>) -> async_graphql::Result<Vec<Agent>> {
        Ok(overview::agents(app(context)).await?.into_iter().map(Agent).collect())
    }

    /// All tracked repositories that have issues on the board, with their columns, sorted by name.
    #[graphql(complexity = "cost(None, None, child_complexity)")]
    async fn projects(&self, context: &Context<'_>) -> async_graphql::Result<Vec<Project>> {
        Ok(Project::load_all(context).await?)
    }

    /// The values that the board can be filtered by, each with its number of issues.
    #[graphql(complexity = "cost(None, None, child_complexity)")]
    async fn filter_options(&self, context: &Context<'_>) -> async_graphql::Result<FilterOptions> {
        let options = overview::filter_options(app(context)).await?;
        Ok(FilterOptions {
            repositories: options.repositories.into_iter().map(Into::into).collect(),
            agents: options.agents.into_iter().map(Into::into).collect(),
            owners: options.owners.into_iter().map(Into::into).collect(),
            projects: options.projects.into_iter().map(Into::into).collect(),
            priorities: options.priorities.into_iter().map(Into::into).collect(),
            lanes: options.lanes.into_iter().map(Into::into).collect(),
        })
    }
}

/// The number of issues in one column.
#[derive(SimpleObject)]
struct StatusCount {
    /// The column.
    status: Status,
    /// The number of issues.
    issues: i64,
}

fn by_status(counts: &StatusCounts) -> Vec<StatusCount> {
    let count = |status| StatusCount { status, issues: counts.count(status) };
    Status::ALL.into_iter().map(count).collect()
}

/// An overview of all work.
#[derive(Debug)]
struct Overview;

/// An overview of all work. Each field is computed only when it is requested.
#[Object]
impl Overview {
    /// The number of issues on the board in each of the six columns.
    #[graphql(complexity = "cost(Some(6), None, child_complexity)")]
    async fn by_status(&self, context: &Context<'_>) -> async_graphql::Result<Vec<StatusCount>> {
        Ok(by_status(&overview::counts(app(context)).await?))
    }

    /// Issues in progress that have not changed for seven days, longest unchanged first; 50 at
    /// most.
    #[graphql(complexity = "cost(Some(50), None, child_complexity)")]
    async fn stale(&self, context: &Context<'_>) -> async_graphql::Result<Vec<Arc<Issue>>> {
        let app = app(context);
        let rows = overview::stale_issues(app, STALE).await?;
        let fields = loaders::RequestedFields::from_lookahead(&context.look_ahead());
        Ok(loaders::all_issues(app, rows, fields).await?)
    }

    /// The number of successful moves on each day, including today, oldest first.
    #[graphql(complexity = "cost(Some(days), None, child_complexity)")]
    async fn moves_by_day(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many days, from 1 to 90.", default = 14)] days: i32,
    ) -> async_graphql::Result<Vec<MovesOfDay>> {
        let days = days_of(days)?;
        let counted = overview::moves_by_day(app(context), days).await?;
        Ok(counted.into_iter().map(MovesOfDay).collect())
    }

    /// The number of issues in each column at the end of each day, oldest first; for today, the
    /// current numbers. Starts on the first day that the event log covers completely; importing or
    /// tracking a repository restarts this coverage.
    #[graphql(complexity = "cost(Some(days), None, child_complexity)")]
    async fn status_by_day(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many days at most, from 1 to 90.", default = 14)] days: i32,
    ) -> async_graphql::Result<Vec<StatusOfDay>> {
        let days = days_of(days)?;
        let history = overview::status_by_day(app(context), days).await?;
        Ok(history.into_iter().map(StatusOfDay).collect())
    }

    /// The background tasks of the process that answers, by name: whether one is stuck or keeps
    /// failing.
    #[graphql(complexity = "cost(Some(20), None, child_complexity)")]
    async fn background_tasks(&self, context: &Context<'_>) -> Vec<BackgroundTask> {
        tasks::background_tasks(app(context)).into_iter().map(Into::into).collect()
    }
}

/// A background task of the process that answered.
#[derive(SimpleObject)]
struct BackgroundTask {
    /// Its name, such as `sync`.
    name: &'static str,
    /// The time between two runs, in seconds.
    interval_seconds: i64,
    /// When its last run ended; null before the first.
    last_run_at: Option<Timestamp>,
    /// Whether it is stuck: no run has ended for more than twice the interval and the time that a run
    /// may take.
    is_overdue: bool,
    /// Whether its last runs, three or more for a minute or longer, failed.
    is_failing: bool,
    /// Why its last run failed; null if it succeeded.
    error: Option<String>,
}

impl From<tasks::BackgroundTask> for BackgroundTask {
    fn from(task: tasks::BackgroundTask) -> Self {
        Self {
            name: task.name,
            interval_seconds: task.interval.as_secs().try_into().unwrap_or(i64::MAX),
            last_run_at: task.last_run_at.map(Timestamp),
            is_overdue: task.is_overdue,
            is_failing: task.is_failing,
            error: task.error,
        }
    }
}

fn days_of(days: i32) -> service::Result<u32> {
    let invalid =
        || Error::Invalid { field: "days", reason: format!("must be from 1 to {MAX_DAYS}") };
    u32::try_from(days).ok().filter(|_| (1..=MAX_DAYS).contains(&days)).ok_or_else(invalid)
}

fn date(day: NaiveDate) -> String {
    day.format("%Y-%m-%d").to_string()
}

/// The number of moves on one day.
#[derive(Debug)]
struct MovesOfDay(DayCount);

/// The number of moves on one day.
#[Object]
impl MovesOfDay {
    /// The day in UTC, such as `2026-05-25`.
    async fn day(&self) -> String {
        date(self.0.day)
    }

    /// The number of successful moves.
    async fn moves(&self) -> i64 {
        self.0.count
    }
}

/// The number of issues in each column at the end of one day.
#[derive(Debug)]
struct StatusOfDay(DayCounts);

/// The number of issues in each column at the end of one day.
#[Object]
impl StatusOfDay {
    /// The day in UTC, such as `2026-05-25`.
    async fn day(&self) -> String {
        date(self.0.day)
    }

    /// The number of issues on the board in each of the six columns.
    async fn by_status(&self) -> Vec<StatusCount> {
        by_status(&self.0.counts)
    }
}

/// The part of the board that belongs to one repository.
#[derive(Debug)]
struct Project {
    repository: Repository,
    counts: StatusCounts,
    columns: Vec<BoardColumn>,
}

/// The part of the board that belongs to one repository.
#[Object]
impl Project {
    /// The repository.
    async fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The number of its issues on the board.
    async fn total_count(&self) -> i64 {
        self.counts.total()
    }

    /// The number of its issues in each of the six columns.
    async fn by_status(&self) -> Vec<StatusCount> {
        by_status(&self.counts)
    }

    /// Its columns from left to right, including empty ones.
    #[graphql(complexity = "1 + 6 * child_complexity")]
    async fn columns(&self) -> &[BoardColumn] {
        &self.columns
    }
}

impl Project {
    /// Loads every project; the selected cards of all are loaded with one statement.
    async fn load_all(context: &Context<'_>) -> service::Result<Vec<Self>> {
        let app = app(context);
        let counted = overview::projects(app).await?;
        let tracked = service::repositories::tracking::tracked_repositories(app).await?;
        let cards = context.look_ahead().field("columns").field("issues");
        let first = most_first_cards(&cards);
        let request = PageRequest::first(first);
        let rows = match first {
            0 => vec![],
            _ => overview::first_of_projects(app, &request).await?,
        };
        let issues = loaders::all_issues(
            app,
            rows,
            loaders::RequestedFields::from_connection_lookahead(&cards),
        )
        .await?;
        let mut by_column: HashMap<_, Vec<_>> = HashMap::new();
        for issue in issues {
            by_column.entry((issue.row.repository_id, issue.row.status)).or_default().push(issue);
        }
        let mut project = |row: store::Repository| {
            let counts = counted.iter().find(|of| of.repository_id == row.id)?.counts;
            let filter = IssueFilter {
                repositories: Some(vec![row.full_name.to_string()]),
                ..IssueFilter::default()
            };
            let filter = Arc::new(service::board::normalized_filter(app, Some(filter)));
            let column = |status| {
                let cards = by_column.remove(&(row.id, status)).unwrap_or_default();
                let cards = Page::new(cards, &request);
                BoardColumn::new(&filter, (status, counts.count(status)), cards)
            };
            let columns = Status::ALL.into_iter().map(column).collect();
            Some(Self { repository: Repository::new(Arc::new(row)), counts, columns })
        };
        Ok(tracked.into_iter().filter_map(&mut project).collect())
    }
}

/// An agent: its assigned issues, its leases, and statistics of its work.
#[derive(Debug)]
struct Agent(overview::AgentOverview);

/// An agent: its assigned issues, its leases, and statistics of its work.
#[Object]
impl Agent {
    /// Its name, without the `agent/` prefix.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The number of issues that are assigned to it and not in Done.
    async fn assigned_count(&self) -> i64 {
        self.0.counts.unfinished()
    }

    /// The number of its issues on the board in each of the six columns.
    async fn by_status(&self) -> Vec<StatusCount> {
        by_status(&self.0.counts)
    }

    /// The number of runs that it reported in the last 30 days.
    async fn runs_count(&self) -> i64 {
        self.runs(|runs| runs.runs)
    }

    /// The number of these runs that succeeded.
    async fn successes_count(&self) -> i64 {
        self.runs(|runs| runs.successes)
    }

    /// The number of these runs that failed.
    async fn failures_count(&self) -> i64 {
        self.runs(|runs| runs.failures)
    }

    /// When it was last active: the later of its last reported run and the last renewal of a lease
    /// that it holds; null when there is neither.
    async fn last_seen_at(&self) -> Option<Timestamp> {
        self.0.last_seen_at().map(Timestamp)
    }

    /// The leases that it holds now, most recently renewed first.
    #[graphql(complexity = "cost(Some(10), None, child_complexity)")]
    async fn leases(&self) -> Vec<Lease> {
        self.0.leases.iter().cloned().map(Lease::alone).collect()
    }

    /// Its current and ended leases of the last 30 days, most recently acquired first.
    #[graphql(complexity = "cost(first, None, child_complexity)")]
    async fn lease_history(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, from 0 to 100; 50 when absent.")] first: Option<i32>,
    ) -> async_graphql::Result<Vec<Lease>> {
        let first = size("first", first.unwrap_or(50), MAX)?;
        let app = app(context);
        let since = app.clock.now() - overview::RUNS_COUNT_FOR;
        let history =
            service::claims::leases::past_leases_of(app, &self.0.name, since, first).await?;
        Ok(history.into_iter().map(Lease::alone).collect())
    }

    /// The share of its claims that were finished without a failure, of all that ended in the last
    /// 30 days, from 0 to 1; null when none ended.
    async fn success_rate(&self) -> Option<f64> {
        self.0.success_rate()
    }

    /// The number of its claims that ended in the last 30 days, with any outcome.
    async fn claims_ended_count(&self) -> i64 {
        self.0.endings.as_ref().map_or(0, |endings| endings.ended)
    }

    /// The number of these claims that were finished without a failure, and not failed, released or
    /// expired.
    async fn claims_succeeded_count(&self) -> i64 {
        self.0.endings.as_ref().map_or(0, |endings| endings.succeeded)
    }

    /// When it last reported a run; null when it never did.
    async fn last_reported_at(&self) -> Option<Timestamp> {
        self.0.runs.as_ref().map(|runs| Timestamp(runs.last_reported_at))
    }
}

impl Agent {
    fn runs(&self, of: impl Fn(&RunCount) -> i64) -> i64 {
        self.0.runs.as_ref().map_or(0, of)
    }
}

/// A value for a filter of the board.
#[derive(SimpleObject)]
struct FilterValue {
    /// The value to pass to the filter.
    value: String,
    /// The number of issues on the board that have it.
    issues: i64,
}

impl From<FilterOption> for FilterValue {
    fn from(FilterOption { value, issues }: FilterOption) -> Self {
        Self { value, issues }
    }
}

/// The values that the board can be filtered by.
#[derive(SimpleObject)]
struct FilterOptions {
    /// Full names of the tracked repositories, including those without issues.
    repositories: Vec<FilterValue>,
    /// Agent names, from `agent/*` labels.
    agents: Vec<FilterValue>,
    /// Owner names, from `owner/*` labels.
    owners: Vec<FilterValue>,
    /// Project names, from `project/*` labels.
    projects: Vec<FilterValue>,
    /// Priorities, from `priority/*` labels: `p0` to `p3` and any others that exist.
    priorities: Vec<FilterValue>,
    /// Lanes.
    lanes: Vec<FilterValue>,
}
