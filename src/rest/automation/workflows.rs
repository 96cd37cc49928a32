//! Workflows: the list, and one in detail.

use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::repositories::WholeRepository;
use super::rows::{JobRow, RunRow, WorkflowRow};
use crate::domain::{RepositoryId, WorkflowId};
use crate::middleware::{Problem, ProblemDocument, Reader};
use crate::rest::answer::json;
use crate::rest::errors::failed;
use crate::rest::path::Path;
use crate::rest::query::QueryString;
use crate::service::automation::lists;
use crate::service::repositories::tracking;
use crate::service::{self, App, Error};
use crate::store::automation::{WorkflowJob, WorkflowRun};

/// Which workflows to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WorkflowsQuery {
    /// The full name of a tracked repository; case-insensitive. All tracked repositories when absent.
    repo: Option<String>,
}

/// The number of a workflow's runs.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunCount {
    /// All stored runs.
    runs: i64,
}

/// A workflow with its newest run.
#[derive(Serialize, ToSchema)]
pub(crate) struct WorkflowListRow<'a> {
    #[serde(flatten)]
    workflow: WorkflowRow<'a>,
    /// The number of its runs.
    #[serde(rename = "_count")]
    count: RunCount,
    /// The newest run; empty when there is none.
    runs: Vec<RunRow<'a>>,
}

/// Lists workflows, sorted by name.
#[utoipa::path(
    get,
    path = "/api/automation/workflows",
    tag = "automation",
    operation_id = "listWorkflows",
    params(WorkflowsQuery),
    responses(
        (status = 200, description = "The workflows.", body = Vec<WorkflowListRow<'_>>),
    )
)]
pub(crate) async fn list(
    Reader { state: app, .. }: Reader<App>,
    query: QueryString,
) -> Result<Response, Problem> {
    let failed = failed("Failed to fetch workflows");
    let query: WorkflowsQuery = query.read();
    let ids = chosen(&app, query.repo.as_deref()).await.map_err(&failed)?;
    let workflows = lists::workflows_of(&app, &ids).await.map_err(&failed)?;
    let ids: Vec<WorkflowId> = workflows.iter().map(|row| row.id).collect();
    let newest = lists::newest_runs(&app, &ids, 1).await.map_err(&failed)?;
    let counts = lists::run_counts(&app, &ids).await.map_err(&failed)?;
    let rows = workflows.iter().map(|row| WorkflowListRow {
        workflow: WorkflowRow::new(row),
        count: RunCount { runs: counts.get(&row.id).copied().unwrap_or_default() },
        runs: newest.iter().filter(|run| run.workflow_id == row.id).map(RunRow::new).collect(),
    });
    Ok(json(StatusCode::OK, &rows.collect::<Vec<_>>()))
}

/// The tracked repositories that a parameter names; none for one that is not tracked.
pub(super) async fn chosen(app: &App, name: Option<&str>) -> service::Result<Vec<RepositoryId>> {
    let Some(name) = name else {
        let tracked = tracking::tracked_repositories(app).await?;
        return Ok(tracked.iter().map(|repository| repository.id).collect());
    };
    let Ok(name) = app.config.github.repository(name) else { return Ok(vec![]) };
    match lists::find_repository(app, &name).await {
        Ok(repository) => Ok(vec![repository.id]),
        Err(Error::NotFound { .. }) => Ok(vec![]),
        Err(error) => Err(error),
    }
}

/// A run with its jobs.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunWithJobs<'a> {
    #[serde(flatten)]
    run: RunRow<'a>,
    /// Its stored jobs, in GitHub's order.
    jobs: Vec<JobRow<'a>>,
}

/// A workflow in detail.
#[derive(Serialize, ToSchema)]
pub(crate) struct WorkflowDetail<'a> {
    #[serde(flatten)]
    workflow: WorkflowRow<'a>,
    /// Its repository.
    repo: WholeRepository<'a>,
    /// The newest 20 runs.
    runs: Vec<RunWithJobs<'a>>,
}

/// A workflow that replaces the one in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WorkflowQuery {
    /// The id of a workflow; it overrides the path.
    id: Option<String>,
}

/// Returns a workflow with its newest runs and their jobs.
#[utoipa::path(
    get,
    path = "/api/automation/workflows/{id}",
    tag = "automation",
    operation_id = "getWorkflow",
    params(
        ("id" = String, Path, description = "The id of the workflow."),
        WorkflowQuery,
    ),
    responses(
        (status = 200, description = "The workflow.", body = WorkflowDetail<'_>),
        (status = 404, description = "`Workflow not found`.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get(
    Reader { state: app, .. }: Reader<App>,
    Path(id): Path<String>,
    query: QueryString,
) -> Result<Response, Problem> {
    let not_found = || Problem::not_found("Workflow not found");
    let WorkflowQuery { id: other } = query.read();
    let id: WorkflowId = other.unwrap_or(id).parse().map_err(|_| not_found())?;
    let failed = |error| match error {
        Error::NotFound { .. } => not_found(),
        other => failed("Failed to fetch workflow")(other),
    };
    let workflow = lists::find_workflow(&app, id).await.map_err(failed)?;
    let owner = [workflow.repository_id];
    let repository = service::board::repositories(&app, &owner).await.map_err(failed)?;
    let repository = repository.into_iter().find(|row| row.enabled).ok_or_else(not_found)?;
    let automation = lists::repository_rows(&app, &owner).await.map_err(failed)?;
    let runs = lists::newest_runs(&app, &[id], 20).await.map_err(failed)?;
    let ids: Vec<_> = runs.iter().map(|run| run.id).collect();
    let jobs = lists::stored_jobs(&app, &ids).await.map_err(failed)?;
    let detail = WorkflowDetail {
        workflow: WorkflowRow::new(&workflow),
        repo: WholeRepository::new(&repository, automation.first()),
        runs: runs.iter().map(|run| with_jobs(run, &jobs)).collect(),
    };
    Ok(json(StatusCode::OK, &detail))
}

fn with_jobs<'a>(run: &'a WorkflowRun, jobs: &'a [WorkflowJob]) -> RunWithJobs<'a> {
    let jobs = jobs.iter().filter(|job| job.run_id == run.id);
    RunWithJobs { run: RunRow::new(run), jobs: jobs.map(JobRow::new).collect() }
}
