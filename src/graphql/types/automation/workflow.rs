//! A workflow, what starts it, and how its runs went.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::batch::{Owners, RunBatch, WorkflowBatch};
use super::run::WorkflowRun;
use crate::domain::automation::cron;
use crate::domain::automation::workflow_file::{
    BranchTrigger as Branches, DispatchInput as Input, FileError, InputType, WorkflowFile,
};
use crate::domain::{Timestamp, WorkflowId};
use crate::graphql::loaders::app;
use crate::graphql::types::Repository;
use crate::graphql::types::page::{MAX, cost, size};
use crate::service::automation::lists;
use crate::service::{self, App, Result};
use crate::store::automation::lists::DayTotals;
use crate::store::automation::{self as store, WorkflowBranch as BranchRow, WorkflowStatistics};

/// The most days of totals.
const MOST_DAYS: u32 = 366;

/// A workflow and the list that it is of.
#[derive(Debug, Clone)]
pub(in crate::graphql) struct Workflow {
    pub(super) row: Arc<store::Workflow>,
    pub(super) batch: Arc<WorkflowBatch>,
}

impl Workflow {
    /// A workflow by itself.
    pub(in crate::graphql) fn alone(row: store::Workflow) -> Self {
        let mut list = WorkflowBatch::new(vec![row], HashMap::new()).list();
        list.pop().expect("as many come out as go in")
    }

    async fn statistics(&self, context: &Context<'_>) -> Result<Option<WorkflowStatistics>> {
        self.batch.statistics_of(app(context), self.row.id).await
    }

    async fn newest(&self, app: &App, most: u32) -> Result<Vec<WorkflowRun>> {
        let load = async || {
            let rows = lists::newest_runs(app, &self.batch.ids, most).await?;
            Ok(RunBatch::by_workflow(rows))
        };
        self.batch.newest.of(&self.row.id, most, load).await
    }
}

/// A workflow of GitHub Actions.
#[Object]
impl Workflow {
    /// Opaque.
    pub(in crate::graphql::types) async fn id(&self) -> WorkflowId {
        self.row.id
    }

    /// GitHub's id, a 64-bit number.
    async fn github_id(&self) -> String {
        self.row.github_id.to_string()
    }

    /// The repository it belongs to.
    async fn repository(&self, context: &Context<'_>) -> async_graphql::Result<Repository> {
        Ok(self.batch.owners.repository(app(context), self.row.repository_id).await?)
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// The path of its file, such as `.github/workflows/ci.yml`.
    async fn path(&self) -> &str {
        &self.row.path
    }

    /// GitHub's word: `active`, `disabled_manually`, `disabled_inactivity` and others; `unknown` until
    /// the workflow was read.
    async fn state(&self) -> &str {
        &self.row.state
    }

    /// Its page on GitHub; null until it is known.
    async fn url(&self) -> Option<&str> {
        Some(self.row.html_url.as_str()).filter(|url| !url.is_empty())
    }

    /// When its newest run was created.
    async fn last_run_at(&self) -> Option<Timestamp> {
        self.row.last_run_at.map(Timestamp)
    }

    /// When GitHub no longer listed it; null while it does.
    async fn deleted_at(&self) -> Option<Timestamp> {
        self.row.deleted_at.map(Timestamp)
    }

    /// What starts it, by its file on the default branch; null when the file was not read or is
    /// malformed.
    async fn triggers(&self) -> Option<WorkflowTriggers> {
        self.row.file.clone().map(WorkflowTriggers)
    }

    /// Why its file cannot be read; null when it can.
    async fn file_error(&self) -> Option<WorkflowFileError> {
        let FileError { message, line } = self.row.file_error.as_deref().map(FileError::read)?;
        Some(WorkflowFileError { message, line })
    }

    /// Its newest run.
    async fn latest_run(
        &self,
        context: &Context<'_>,
    ) -> async_graphql::Result<Option<WorkflowRun>> {
        let row = self.statistics(context).await?;
        let Some(id) = row.and_then(|row| row.latest_run_id) else { return Ok(None) };
        Ok(self.batch.latest_run(app(context), id).await?)
    }

    /// Its newest run on the default branch. Runs of pull requests do not count.
    async fn latest_run_on_default_branch(
        &self,
        context: &Context<'_>,
    ) -> async_graphql::Result<Option<WorkflowRun>> {
        let row = self.statistics(context).await?;
        let Some(id) = row.and_then(|row| row.default_branch_run_id) else { return Ok(None) };
        Ok(self.batch.latest_run(app(context), id).await?)
    }

    /// Its newest runs, newest first.
    #[graphql(complexity = "cost(Some(first), None, child_complexity)")]
    async fn recent_runs(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, from 0 to 100.", default = 50)] first: i32,
    ) -> async_graphql::Result<Vec<WorkflowRun>> {
        Ok(self.newest(app(context), size("first", first, MAX)?).await?)
    }

    /// The branches that it ran on, the one with the newest run first; at most 100.
    #[graphql(complexity = "cost(Some(20), None, child_complexity)")]
    async fn branches(&self, context: &Context<'_>) -> async_graphql::Result<Vec<WorkflowBranch>> {
        let load = async || {
            let rows = lists::branches_of(app(context), &self.batch.ids).await?;
            Ok(with_runs(rows).map(|(row, run)| (row.workflow_id, (Arc::new(row), run))).collect())
        };
        let rows = self.batch.branches.of(&self.row.id, 0, load).await?;
        Ok(rows.into_iter().map(|(row, run)| WorkflowBranch { row, run }).collect())
    }

    /// The average duration of those of its newest 100 runs that succeeded, in seconds; null without
    /// such runs.
    async fn average_duration(&self, context: &Context<'_>) -> async_graphql::Result<Option<i32>> {
        Ok(self.statistics(context).await?.and_then(|row| row.average_seconds))
    }

    /// The share of its newest 100 runs that succeeded among those that succeeded or failed, from 0 to
    /// 1; null without such runs.
    async fn success_rate(&self, context: &Context<'_>) -> async_graphql::Result<Option<f64>> {
        let row = self.statistics(context).await?;
        let rate = |row: WorkflowStatistics| {
            f64::from(row.succeeded) / f64::from(row.succeeded + row.failed)
        };
        Ok(row.filter(|row| row.succeeded + row.failed > 0).map(rate))
    }

    /// Whether a commit both succeeded and failed among its newest 100 runs, attempts included.
    async fn is_flaky(&self, context: &Context<'_>) -> async_graphql::Result<bool> {
        Ok(self.statistics(context).await?.is_some_and(|row| row.is_flaky))
    }

    /// Totals of its completed runs for each of the last days in UTC, oldest first.
    #[graphql(complexity = "cost(Some(days), None, child_complexity)")]
    async fn days(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many days, from 1 to 366, today included.", default = 30)] days: i32,
    ) -> async_graphql::Result<Vec<WorkflowDay>> {
        let most = size("days", days, MOST_DAYS)?;
        let load = async || {
            let rows = lists::days(app(context), &self.batch.ids, most).await?;
            Ok(rows.into_iter().map(|row| (row.workflow_id, row)).collect())
        };
        let rows = self.batch.days.of(&self.row.id, most, load).await?;
        Ok(WorkflowDay::all(&rows, most, app(context).clock.now()))
    }

    /// The workflows of other tracked repositories whose files have the same path.
    #[graphql(complexity = "cost(Some(20), None, child_complexity)")]
    async fn siblings(&self, context: &Context<'_>) -> async_graphql::Result<Vec<Workflow>> {
        let load = || self.batch.load_siblings(app(context));
        let same_path = self.batch.siblings.of(&self.row.path, 0, load).await?;
        Ok(same_path.into_iter().filter(|other| other.row.id != self.row.id).collect())
    }
}

/// Branches with their runs, which become one list.
fn with_runs(
    rows: Vec<(BranchRow, store::WorkflowRun)>,
) -> impl Iterator<Item = (BranchRow, WorkflowRun)> {
    let (branches, runs): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    branches.into_iter().zip(RunBatch::list(runs))
}

/// Why the file of a workflow cannot be read.
#[derive(Debug, SimpleObject)]
struct WorkflowFileError {
    /// One sentence.
    message: String,
    /// The line, counted from 1.
    line: u32,
}

/// As the file says it.
#[derive(Debug)]
struct WorkflowTriggers(WorkflowFile);

/// What starts a workflow, by its file.
#[Object]
impl WorkflowTriggers {
    /// Pushes of commits and tags; null when they do not start it.
    async fn push(&self) -> Option<BranchTrigger> {
        self.0.push.clone().map(BranchTrigger::from)
    }

    /// Pull requests, for which the file of the pull request is used; null when they do not start it.
    async fn pull_request(&self) -> Option<BranchTrigger> {
        self.0.pull_request.clone().map(BranchTrigger::from)
    }

    /// Pull requests, for which the file of the base branch is used; null when they do not start it.
    async fn pull_request_target(&self) -> Option<BranchTrigger> {
        self.0.pull_request_target.clone().map(BranchTrigger::from)
    }

    /// The schedules.
    async fn schedules(&self, context: &Context<'_>) -> Vec<Schedule> {
        let now = app(context).clock.now();
        self.0.schedules.iter().map(|schedule| Schedule::new(schedule, now)).collect()
    }

    /// Starting it by hand or through the API; null when that is not possible.
    async fn dispatch(&self) -> Option<DispatchTrigger> {
        let inputs = &self.0.dispatch.as_ref()?.inputs;
        Some(DispatchTrigger { inputs: inputs.iter().cloned().map(DispatchInput).collect() })
    }

    /// Whether other workflows can call it.
    async fn is_reusable(&self) -> bool {
        self.0.is_reusable
    }

    /// The names of the workflows after whose runs it starts.
    async fn runs_after(&self) -> &[String] {
        &self.0.runs_after
    }

    /// The names of all other events that start it, such as `merge_group`.
    async fn others(&self) -> &[String] {
        &self.0.others
    }

    /// Its concurrency group as the file has it, often with an expression; null without one.
    async fn concurrency(&self) -> Option<&str> {
        self.0.concurrency.as_deref()
    }
}

/// Which pushes or pull requests start a workflow. The patterns are GitHub's; an empty list does not
/// restrict.
#[derive(Debug, SimpleObject)]
struct BranchTrigger {
    /// Only these branches; for pull requests the base branch.
    branches: Vec<String>,
    /// All branches but these.
    branches_ignore: Vec<String>,
    /// Only these tags.
    tags: Vec<String>,
    /// All tags but these.
    tags_ignore: Vec<String>,
    /// Only changes of these files.
    paths: Vec<String>,
    /// Not if only these files change.
    paths_ignore: Vec<String>,
    /// Only these activities of pull requests, such as `opened`.
    types: Vec<String>,
}

impl From<Branches> for BranchTrigger {
    fn from(trigger: Branches) -> Self {
        let Branches { branches, branches_ignore, tags, tags_ignore, paths, paths_ignore, types } =
            trigger;
        Self { branches, branches_ignore, tags, tags_ignore, paths, paths_ignore, types }
    }
}

/// A schedule.
#[derive(Debug, SimpleObject)]
struct Schedule {
    /// The cron expression.
    cron: String,
    /// The IANA name of its time zone.
    timezone: String,
    /// The expression in words, with its time zone.
    words: String,
    /// The next time; null for a day that does not exist. GitHub may start the run later.
    next_run_at: Option<Timestamp>,
    /// Whether it asks for runs more often than every 5 minutes, which GitHub does not start.
    is_too_frequent: bool,
}

impl Schedule {
    fn new(schedule: &cron::Schedule, now: DateTime<Utc>) -> Self {
        Self {
            cron: schedule.cron.clone(),
            timezone: schedule.timezone.clone().unwrap_or_else(|| "UTC".to_owned()),
            words: schedule.words(),
            next_run_at: schedule.next_after(now).map(Timestamp),
            is_too_frequent: schedule.is_too_frequent(now),
        }
    }
}

/// Starting a workflow by hand.
#[derive(SimpleObject)]
struct DispatchTrigger {
    /// What is asked for, in the order of the file.
    inputs: Vec<DispatchInput>,
}

/// As the file says it.
struct DispatchInput(Input);

/// A value that is asked for when a workflow is started by hand.
#[Object]
impl DispatchInput {
    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What values it takes.
    async fn r#type(&self) -> InputType {
        self.0.r#type
    }

    /// Whether GitHub refuses a run without it.
    async fn required(&self) -> bool {
        self.0.required
    }

    /// The value that GitHub takes if none is given; null without one.
    async fn default(&self) -> Option<&str> {
        self.0.default.as_deref()
    }

    /// What the file says about it.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The values of a choice; empty for other types.
    async fn options(&self) -> &[String] {
        &self.0.options
    }
}

/// A branch and the newest run on it.
#[derive(Debug)]
pub(super) struct WorkflowBranch {
    row: Arc<BranchRow>,
    run: WorkflowRun,
}

/// A workflow on one branch.
#[Object]
impl WorkflowBranch {
    /// The branch.
    async fn branch(&self) -> &str {
        &self.row.branch
    }

    /// Whether pull requests started the runs. A branch of a fork may have the name of one of the
    /// repository, so they are kept apart.
    async fn is_pull_request(&self) -> bool {
        self.row.is_pull_request
    }

    /// The newest run.
    async fn latest_run(&self) -> &WorkflowRun {
        &self.run
    }

    /// Whether the newest run that succeeded or failed has failed.
    async fn is_failing(&self) -> bool {
        self.row.is_failing
    }

    /// When the first run since the last success that failed was created; null while it does not fail.
    async fn failing_since(&self) -> Option<Timestamp> {
        self.row.failing_since.map(Timestamp)
    }
}

/// The completed runs of a workflow that were created on one day in UTC.
#[derive(Debug, SimpleObject)]
pub(super) struct WorkflowDay {
    /// The day, such as `2026-12-01`.
    day: String,
    /// The number of runs that succeeded.
    succeeded: i64,
    /// The number of runs that failed.
    failed: i64,
    /// The number of runs with another result, most often cancelled or skipped ones.
    cancelled: i64,
    /// The average duration of those that succeeded, in seconds; null without such runs.
    average_duration: Option<i64>,
}

impl WorkflowDay {
    /// Every day, those without runs included.
    fn all(rows: &[DayTotals], days: u32, now: DateTime<Utc>) -> Vec<Self> {
        let today = now.timestamp().div_euclid(86_400);
        let rows: HashMap<i64, &DayTotals> = rows.iter().map(|row| (row.day.into(), row)).collect();
        let day = |day: i64| {
            let at = DateTime::from_timestamp(day * 86_400, 0).unwrap_or(now);
            let row = rows.get(&day);
            Self {
                day: at.format("%Y-%m-%d").to_string(),
                succeeded: row.map_or(0, |row| row.succeeded),
                failed: row.map_or(0, |row| row.failed),
                cancelled: row.map_or(0, |row| row.others),
                average_duration: row
                    .filter(|row| row.succeeded > 0)
                    .map(|row| row.seconds / row.succeeded),
            }
        };
        (today + 1 - i64::from(days)..=today).map(day).collect()
    }
}

/// A branch with its failing run, and the list that it is of.
#[derive(Debug)]
pub(in crate::graphql) struct RedBranch {
    row: BranchRow,
    run: WorkflowRun,
    owners: Arc<Owners>,
}

impl RedBranch {
    /// All of them, the longest first.
    pub(in crate::graphql) async fn load(app: &App) -> service::Result<Vec<Self>> {
        let rows = lists::red_branches(app).await?;
        let owners = rows.iter().map(|(row, _)| row.repository_id);
        let owners = Arc::new(Owners::new(owners, HashMap::new()));
        let red = |(row, run)| Self { row, run, owners: Arc::clone(&owners) };
        Ok(with_runs(rows).map(red).collect())
    }
}

/// A workflow that fails on the default branch of a tracked repository.
#[Object]
impl RedBranch {
    /// The repository.
    async fn repository(&self, context: &Context<'_>) -> async_graphql::Result<Repository> {
        Ok(self.owners.repository(app(context), self.row.repository_id).await?)
    }

    /// The workflow.
    async fn workflow(&self, context: &Context<'_>) -> async_graphql::Result<Workflow> {
        Ok(self.run.batch.workflow(app(context), self.row.workflow_id).await?)
    }

    /// The newest run that failed.
    async fn run(&self) -> &WorkflowRun {
        &self.run
    }

    /// The default branch.
    async fn branch(&self) -> &str {
        &self.row.branch
    }

    /// When the first run since the last success that failed was created.
    async fn since(&self) -> Option<Timestamp> {
        self.row.failing_since.map(Timestamp)
    }

    /// The commit of that first run.
    async fn since_commit(&self) -> Option<&str> {
        self.row.failing_sha.as_deref()
    }

    /// The GitHub login of who started that first run.
    async fn since_actor(&self) -> Option<&str> {
        self.row.failing_actor.as_deref()
    }
}
