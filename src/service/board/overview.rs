//! Statistics of all work: what moves, what is stuck, who works on what.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

use crate::domain::label_names::{key, strip_prefix};
use crate::domain::{RepositoryId, Status};
use crate::service::{App, Result, board};
use crate::store::agents::statistics::{
    self, DayCount, LabelCount, LaneCount, RepositoryCount, RunCount,
};
use crate::store::board::issues;
use crate::store::claims::leases;
use crate::store::claims::leases::Endings;
use crate::store::{Issue, Lease, PageRequest, Repository, repositories};

/// After how long without a change an issue in progress is stale.
pub const STALE_AFTER: TimeDelta = TimeDelta::days(7);

/// How far back an agent's runs are counted.
pub const RUNS_COUNT_FOR: TimeDelta = TimeDelta::days(30);

/// The number of issues in each column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StatusCounts([i64; 6]);

impl StatusCounts {
    /// The number of issues in a column.
    pub fn count(&self, status: Status) -> i64 {
        self.0[status as usize]
    }

    /// The number of all issues.
    pub fn total(&self) -> i64 {
        self.0.iter().sum()
    }

    /// The number of issues that are not in Done.
    pub fn unfinished(&self) -> i64 {
        self.total() - self.count(Status::Done)
    }

    fn add(&mut self, status: Status, issues: i64) {
        self.0[status as usize] += issues;
    }
}

/// The number of issues on the board in each column.
pub async fn counts(app: &App) -> Result<StatusCounts> {
    let filter = board::normalized_filter(app, None);
    let mut connection = app.connection().await?;
    let mut counts = StatusCounts::default();
    for (status, issues) in issues::count_by_status(&mut connection, &filter).await? {
        counts.add(status, issues);
    }
    Ok(counts)
}

/// The column counts of one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectOverview {
    /// The repository.
    pub repository_id: RepositoryId,
    /// Its issues on the board.
    pub counts: StatusCounts,
}

/// Every tracked repository that has issues on the board, with its column counts.
pub async fn projects(app: &App) -> Result<Vec<ProjectOverview>> {
    let mut connection = app.connection().await?;
    let excluded = &app.config.board.excluded_labels;
    let mut projects: BTreeMap<i64, StatusCounts> = BTreeMap::new();
    for RepositoryCount { repository_id, status, issues } in
        statistics::by_repository(&mut connection, excluded).await?
    {
        projects.entry(repository_id.0).or_default().add(status, issues);
    }
    let project = |(id, counts)| ProjectOverview { repository_id: RepositoryId(id), counts };
    Ok(projects.into_iter().map(project).collect())
}

/// The first cards of each column of each tracked repository, plus one more where there are more;
/// within a column most recently updated first.
pub async fn first_of_projects(app: &App, request: &PageRequest) -> Result<Vec<Issue>> {
    let mut connection = app.connection().await?;
    let excluded = &app.config.board.excluded_labels;
    let rows = request.rows_to_read();
    Ok(issues::first_of_each_repository(&mut connection, excluded, rows).await?)
}

/// An agent with its assigned issues and the results of its runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentOverview {
    /// Its name, without the `agent/` prefix.
    pub name: String,
    /// Its issues on the board.
    pub counts: StatusCounts,
    /// Its runs of the last [`RUNS_COUNT_FOR`]; none when it never reported one.
    pub runs: Option<RunCount>,
    /// Its live leases, last renewed first.
    pub leases: Vec<Lease>,
    /// How its leases of the last [`RUNS_COUNT_FOR`] ended; none when none ended.
    pub endings: Option<Endings>,
}

impl AgentOverview {
    /// Its last heartbeat: a reported run or a lease renewal.
    pub fn last_seen_at(&self) -> Option<DateTime<Utc>> {
        let renewed = self.leases.first().map(|lease| lease.renewed_at);
        renewed.max(self.runs.as_ref().map(|runs| runs.last_reported_at))
    }

    /// The share of its work of the last [`RUNS_COUNT_FOR`] that was finished without a failure,
    /// from 0 to 1; none when none has ended.
    pub fn success_rate(&self) -> Option<f64> {
        let endings = self.endings.as_ref().filter(|endings| endings.ended > 0)?;
        let part = |count: i64| f64::from(i32::try_from(count).unwrap_or(i32::MAX));
        Some(part(endings.succeeded) / part(endings.ended))
    }
}

/// Every agent that is named by a label on the board, by the settings, by a reported run or by a
/// recent lease.
pub async fn agents(app: &App) -> Result<Vec<AgentOverview>> {
    let now = app.clock.now();
    let since = now - RUNS_COUNT_FOR;
    let (labels, runs, held, endings) = {
        let mut connection = app.connection().await?;
        let excluded = &app.config.board.excluded_labels;
        let labels = statistics::by_label(&mut connection, &["agent/"], excluded).await?;
        let runs = statistics::runs_by_agent(&mut connection, since).await?;
        let held = leases::held(&mut connection, None, now).await?;
        (labels, runs, held, leases::endings(&mut connection, since).await?)
    };
    let mut agents = AgentCollector::default();
    for name in &app.config.agents {
        agents.named(name);
    }
    for LabelCount { label, status, issues } in labels {
        let name = strip_prefix(&label, "agent/").unwrap_or(&label);
        agents.named(name).counts.add(status, issues);
    }
    for run in runs {
        agents.named(&run.agent_name).runs = Some(run.clone());
    }
    for lease in held {
        agents.named(&lease.agent).leases.push(lease.clone());
    }
    for ending in endings {
        agents.named(&ending.agent).endings = Some(ending.clone());
    }
    Ok(agents.0.into_values().collect())
}

/// Agents by name in lower case, each in the spelling that was found first.
#[derive(Default)]
struct AgentCollector(BTreeMap<String, AgentOverview>);

impl AgentCollector {
    fn named(&mut self, name: &str) -> &mut AgentOverview {
        let new = || AgentOverview {
            name: name.to_owned(),
            counts: StatusCounts::default(),
            runs: None,
            leases: vec![],
            endings: None,
        };
        self.0.entry(key(name)).or_insert_with(new)
    }
}

/// Issues in progress without a change for [`STALE_AFTER`], longest unchanged first.
pub async fn stale_issues(app: &App, limit: u32) -> Result<Vec<Issue>> {
    let before = app.clock.now() - STALE_AFTER;
    let mut connection = app.connection().await?;
    let excluded = &app.config.board.excluded_labels;
    Ok(issues::in_progress_since(&mut connection, before, excluded, limit).await?)
}

/// The moves that succeeded on each of the last `days` days, today included, oldest first.
pub async fn moves_by_day(app: &App, days: u32) -> Result<Vec<DayCount>> {
    let today = app.clock.now().date_naive();
    let first = today - Days::new(u64::from(days.saturating_sub(1)));
    let counted = {
        let mut connection = app.connection().await?;
        let since = first.and_time(chrono::NaiveTime::MIN).and_utc();
        statistics::moves_by_day(&mut connection, since).await?
    };
    let count_on =
        |day: NaiveDate| counted.iter().find(|on| on.day == day).map_or(0, |on| on.count);
    let day_count = |day| DayCount { day, count: count_on(day) };
    Ok(first.iter_days().take_while(|day| *day <= today).map(day_count).collect())
}

/// The column counts at the end of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayCounts {
    /// The day, by UTC.
    pub day: NaiveDate,
    /// The counts at its end; for today, the current ones.
    pub counts: StatusCounts,
}

/// The column counts at the end of each day that the event log covers completely, oldest first, the
/// last `days` of them. They are computed backwards from the current counts by undoing each event.
pub async fn status_by_day(app: &App, days: u32) -> Result<Vec<DayCounts>> {
    let now = app.clock.now();
    let wanted_since = now - TimeDelta::days(i64::from(days.saturating_sub(1)));
    let mut connection = app.connection().await?;
    let told_since = statistics::events_complete_since(&mut connection).await?.unwrap_or(now);
    let first = told_since.max(wanted_since).date_naive();
    let since = told_since.max(first.and_time(chrono::NaiveTime::MIN).and_utc());
    let excluded = &app.config.board.excluded_labels;
    let growth = statistics::growth_by_day(&mut connection, since, excluded).await?;
    let mut counts = StatusCounts::default();
    for RepositoryCount { status, issues, .. } in
        statistics::by_repository(&mut connection, excluded).await?
    {
        counts.add(status, issues);
    }
    let mut history = Vec::new();
    let mut day = now.date_naive();
    while day >= first {
        history.push(DayCounts { day, counts });
        for change in growth.iter().filter(|change| change.day == day) {
            counts.add(change.status, -change.growth);
        }
        let Some(yesterday) = day.pred_opt() else { break };
        day = yesterday;
    }
    history.reverse();
    Ok(history)
}

/// A value of a filter, with the number of issues on the board that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterOption {
    /// The value in the filter's format.
    pub value: String,
    /// How many issues.
    pub issues: i64,
}

/// The values by which the board can currently be filtered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FilterOptions {
    /// Full names of the tracked repositories, including those without issues.
    pub repositories: Vec<FilterOption>,
    /// Names after `agent/`.
    pub agents: Vec<FilterOption>,
    /// Names after `owner/`.
    pub owners: Vec<FilterOption>,
    /// Names after `project/`.
    pub projects: Vec<FilterOption>,
    /// Priorities, as after `priority/`.
    pub priorities: Vec<FilterOption>,
    /// Lanes.
    pub lanes: Vec<FilterOption>,
}

/// The values by which the board can be filtered: every value of an issue on it, with its count.
pub async fn filter_options(app: &App) -> Result<FilterOptions> {
    const PREFIXES: [&str; 4] = ["agent/", "owner/", "project/", "priority/"];
    let (tracked, counted, labels, lanes) = {
        let mut connection = app.connection().await?;
        let excluded = &app.config.board.excluded_labels;
        (
            repositories::tracked(&mut connection).await?,
            statistics::by_repository(&mut connection, excluded).await?,
            statistics::by_label(&mut connection, &PREFIXES, excluded).await?,
            statistics::by_lane(&mut connection, excluded).await?,
        )
    };
    let repository = |Repository { id, full_name, .. }: Repository| FilterOption {
        value: full_name.to_string(),
        issues: counted.iter().filter(|of| of.repository_id == id).map(|of| of.issues).sum(),
    };
    let options = |prefix: &str| -> Vec<FilterOption> {
        let mut options: BTreeMap<String, FilterOption> = BTreeMap::new();
        for LabelCount { label, issues, .. } in &labels {
            if let Some(name) = strip_prefix(label, prefix) {
                let new = || FilterOption { value: name.to_owned(), issues: 0 };
                options.entry(key(name)).or_insert_with(new).issues += issues;
            }
        }
        options.into_values().collect()
    };
    let [agents, owners, projects, priorities] = PREFIXES.map(options);
    let lane = |LaneCount { lane, issues }| FilterOption { value: lane, issues };
    Ok(FilterOptions {
        repositories: tracked.into_iter().map(repository).collect(),
        agents,
        owners,
        projects,
        priorities,
        lanes: lanes.into_iter().map(lane).collect(),
    })
}
