//! Reading what automation pages show: of many repositories, workflows or runs at once.

use std::collections::HashMap;

use crate::domain::{ActivityId, FullName, RepositoryId, WorkflowId, WorkflowRunId};
use crate::service::{App, Error, Result};
use crate::store::automation::activity::ActivityFilter;
use crate::store::automation::lists::{
    self, ActivityCount, DayTotals, FailedRuns, RepositoryCounts, RunFilter,
};
use crate::store::automation::{
    Activity, AutomationRepository, AutomationSyncRun, CheckRun, Deployment, Package, PullRequest,
    Release, Workflow, WorkflowBranch, WorkflowJob, WorkflowRun, WorkflowStatistics, activity,
    branches, jobs, pull_requests, repositories, runs, statistics, sync_runs, workflows,
};
use crate::store::repositories::by_name;
use crate::store::{Page, PageRequest, Repository};

/// The most branches of a workflow that are listed.
pub const MOST_BRANCHES: i64 = 100;

/// The most workflows that fail on a default branch, and the most of one path.
pub const MOST_WORKFLOWS: i64 = 500;

/// The tracked repository with this name.
pub async fn find_repository(app: &App, name: &FullName) -> Result<Repository> {
    let found = by_name(&mut *app.connection().await?, name).await?;
    found.filter(|row| row.enabled).ok_or_else(|| Error::no_repository(name))
}

/// The automation data of repositories as a whole. One that was never synced is missing.
pub async fn repository_rows(app: &App, ids: &[RepositoryId]) -> Result<Vec<AutomationRepository>> {
    Ok(repositories::of_repositories(&mut *app.connection().await?, ids).await?)
}

/// How many things repositories have.
pub async fn counts(app: &App, ids: &[RepositoryId]) -> Result<Vec<RepositoryCounts>> {
    Ok(lists::counts(&mut *app.connection().await?, ids).await?)
}

/// How many of all stored runs of repositories have failed.
pub async fn failed_runs(app: &App, ids: &[RepositoryId]) -> Result<Vec<FailedRuns>> {
    Ok(lists::failed_runs(&mut *app.connection().await?, ids).await?)
}

/// How many runs of workflows are stored.
pub async fn run_counts(app: &App, ids: &[WorkflowId]) -> Result<HashMap<WorkflowId, i64>> {
    let counts = lists::run_counts(&mut *app.connection().await?, ids).await?;
    Ok(counts.into_iter().map(|row| (row.workflow_id, row.runs)).collect())
}

/// How many events of repositories are stored.
pub async fn activity_counts(app: &App, ids: &[RepositoryId]) -> Result<Vec<ActivityCount>> {
    Ok(lists::activity_counts(&mut *app.connection().await?, ids).await?)
}

/// The newest sync of each repository.
pub async fn last_syncs(app: &App, ids: &[RepositoryId]) -> Result<Vec<AutomationSyncRun>> {
    Ok(sync_runs::last_of(&mut *app.connection().await?, ids).await?)
}

/// The workflows of repositories, by name.
pub async fn workflows_of(app: &App, ids: &[RepositoryId]) -> Result<Vec<Workflow>> {
    Ok(lists::workflows(&mut *app.connection().await?, ids).await?)
}

/// The newest releases of repositories, at most `most` of each.
pub async fn releases_of(app: &App, ids: &[RepositoryId], most: u32) -> Result<Vec<Release>> {
    Ok(lists::releases(&mut *app.connection().await?, ids, most.into()).await?)
}

/// The packages of repositories.
pub async fn packages_of(app: &App, ids: &[RepositoryId]) -> Result<Vec<Package>> {
    Ok(lists::packages(&mut *app.connection().await?, ids).await?)
}

/// The open pull requests of repositories, at most `most` of each.
pub async fn pull_requests_of(
    app: &App,
    ids: &[RepositoryId],
    most: u32,
) -> Result<Vec<PullRequest>> {
    Ok(lists::pull_requests(&mut *app.connection().await?, ids, most.into()).await?)
}

/// The pull requests that close issues: full name of the repository in lower case, and number.
pub async fn closing_pull_requests(
    app: &App,
    issues: &[(String, i32)],
) -> Result<HashMap<(String, i32), Vec<PullRequest>>> {
    if issues.is_empty() {
        return Ok(HashMap::new());
    }
    let found = pull_requests::closing(&mut *app.connection().await?, issues).await?;
    let mut by_issue: HashMap<_, Vec<_>> = HashMap::new();
    for (issue, row) in found {
        by_issue.entry(issue).or_default().push(row);
    }
    Ok(by_issue)
}

/// The checks of other apps on the newest commits of repositories.
pub async fn checks_of(app: &App, ids: &[RepositoryId]) -> Result<Vec<CheckRun>> {
    Ok(lists::checks(&mut *app.connection().await?, ids).await?)
}

/// The newest deployments of repositories, at most `most` of each.
pub async fn deployments_of(app: &App, ids: &[RepositoryId], most: u32) -> Result<Vec<Deployment>> {
    Ok(lists::deployments(&mut *app.connection().await?, ids, most.into()).await?)
}

/// A workflow, deleted or not.
pub async fn find_workflow(app: &App, id: WorkflowId) -> Result<Workflow> {
    let found = workflows::by_ids(&mut *app.connection().await?, &[id]).await?.pop();
    found.ok_or_else(|| Error::NotFound { what: "Workflow", id: id.to_string() })
}

/// Workflows by id, in no order.
pub async fn workflows_by_id(app: &App, ids: &[WorkflowId]) -> Result<Vec<Workflow>> {
    Ok(workflows::by_ids(&mut *app.connection().await?, ids).await?)
}

/// The workflows of tracked repositories whose files have the same path.
pub async fn workflows_by_path(app: &App, paths: &[&str]) -> Result<Vec<Workflow>> {
    Ok(lists::workflows_by_path(&mut *app.connection().await?, paths, MOST_WORKFLOWS).await?)
}

/// The newest runs of workflows, at most `most` of each.
pub async fn newest_runs(app: &App, ids: &[WorkflowId], most: u32) -> Result<Vec<WorkflowRun>> {
    let mut connection = app.connection().await?;
    if most != 1 {
        return Ok(lists::newest_runs(&mut connection, ids, most.into()).await?);
    }
    let rows = statistics::of_workflows(&mut connection, ids).await?;
    let ids: Vec<WorkflowRunId> = rows.iter().filter_map(|row| row.latest_run_id).collect();
    Ok(runs::by_ids(&mut connection, &ids).await?)
}

/// The newest runs of workflows on the default branches of their repositories. Runs of pull requests do
/// not count.
pub async fn default_branch_runs(app: &App, ids: &[WorkflowId]) -> Result<Vec<WorkflowRun>> {
    let mut connection = app.connection().await?;
    let rows = statistics::of_workflows(&mut connection, ids).await?;
    let ids: Vec<WorkflowRunId> = rows.iter().filter_map(|row| row.default_branch_run_id).collect();
    Ok(runs::by_ids(&mut connection, &ids).await?)
}

/// The newest completed runs of workflows on the default branches of their repositories.
pub async fn default_branch_results(app: &App, ids: &[WorkflowId]) -> Result<Vec<WorkflowRun>> {
    Ok(lists::default_branch_results(&mut *app.connection().await?, ids).await?)
}

/// The branches of workflows, each with its newest run.
pub async fn branches_of(
    app: &App,
    ids: &[WorkflowId],
) -> Result<Vec<(WorkflowBranch, WorkflowRun)>> {
    let mut connection = app.connection().await?;
    let rows = lists::branches(&mut connection, ids, MOST_BRANCHES).await?;
    with_runs(&mut connection, rows, |row| row.latest_run_id).await
}

/// The workflows that fail on the default branch of a tracked repository, the longest first, each with
/// its newest run that failed.
pub async fn red_branches(app: &App) -> Result<Vec<(WorkflowBranch, WorkflowRun)>> {
    let mut connection = app.connection().await?;
    let rows = branches::red(&mut connection, MOST_WORKFLOWS).await?;
    with_runs(&mut connection, rows, |row| row.failing_run_id.unwrap_or(row.latest_run_id)).await
}

async fn with_runs(
    connection: &mut crate::store::Connection,
    rows: Vec<WorkflowBranch>,
    run_of: impl Fn(&WorkflowBranch) -> WorkflowRunId,
) -> Result<Vec<(WorkflowBranch, WorkflowRun)>> {
    let ids: Vec<WorkflowRunId> = rows.iter().map(&run_of).collect();
    let runs = runs::by_ids(connection, &ids).await?;
    let runs: HashMap<_, _> = runs.into_iter().map(|run| (run.id, run)).collect();
    let with_run = |row: WorkflowBranch| {
        let run = runs.get(&run_of(&row))?.clone();
        Some((row, run))
    };
    Ok(rows.into_iter().filter_map(with_run).collect())
}

/// How the newest runs of workflows went, and which are the newest.
pub async fn statistics(app: &App, ids: &[WorkflowId]) -> Result<Vec<WorkflowStatistics>> {
    Ok(statistics::of_workflows(&mut *app.connection().await?, ids).await?)
}

/// The totals of workflows by day, of the last `days` days, today included.
pub async fn days(app: &App, ids: &[WorkflowId], days: u32) -> Result<Vec<DayTotals>> {
    let today = app.clock.now().timestamp().div_euclid(86_400);
    let since = i32::try_from(today + 1 - i64::from(days)).unwrap_or_default();
    Ok(lists::days(&mut *app.connection().await?, ids, since).await?)
}

/// A page of runs of tracked repositories, newest first.
pub async fn list_runs(
    app: &App,
    filter: &RunFilter,
    request: &PageRequest,
) -> Result<Page<WorkflowRun>> {
    Ok(lists::runs(&mut *app.connection().await?, filter, request).await?)
}

/// A run.
pub async fn find_run(app: &App, id: WorkflowRunId) -> Result<WorkflowRun> {
    let found = runs::by_id(&mut *app.connection().await?, id).await?;
    found.ok_or_else(|| Error::NotFound { what: "Workflow run", id: id.to_string() })
}

/// A run by GitHub's id.
pub async fn find_github_run(
    app: &App,
    repository: RepositoryId,
    github_id: i64,
) -> Result<WorkflowRun> {
    let found = runs::by_github_id(&mut *app.connection().await?, repository, github_id).await?;
    found.ok_or_else(|| Error::NotFound { what: "Workflow run", id: github_id.to_string() })
}

/// Runs by id, in no order. One that was deleted is missing.
pub async fn runs_by_id(app: &App, ids: &[WorkflowRunId]) -> Result<Vec<WorkflowRun>> {
    Ok(runs::by_ids(&mut *app.connection().await?, ids).await?)
}

/// The stored jobs of runs, in GitHub's order.
pub async fn stored_jobs(app: &App, ids: &[WorkflowRunId]) -> Result<Vec<WorkflowJob>> {
    Ok(jobs::of_runs(&mut *app.connection().await?, ids).await?)
}

/// A page of what happened in tracked repositories, newest first.
pub async fn list_activity(
    app: &App,
    filter: &ActivityFilter,
    request: &PageRequest,
) -> Result<Page<Activity>> {
    Ok(lists::activity(&mut *app.connection().await?, filter, request).await?)
}

/// Something that happened.
pub async fn find_activity(app: &App, id: ActivityId) -> Result<Activity> {
    let found = activity::by_ids(&mut *app.connection().await?, &[id]).await?.pop();
    found.ok_or_else(|| Error::NotFound { what: "Activity event", id: id.to_string() })
}
