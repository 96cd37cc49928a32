//! Running a workflow again.

use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::Actor;
use crate::middleware::{Problem, ProblemDocument, Reader};
use crate::rest::answer::json;
use crate::rest::errors::failed;
use crate::rest::path::Path;
use crate::rest::query::QueryString;
use crate::service::automation::RunRequest;
use crate::service::automation::control::{
    DispatchWorkflow, dispatch_workflow, refuse_request, request_run,
};
use crate::service::automation::lists;
use crate::service::{self, App, Error};
use crate::store::automation::WorkflowRun;

/// Which run, and what to do.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct RunQuery {
    /// The full name of a tracked repository; case-insensitive. `repoFullName` is the same.
    #[param(required = true, min_length = 1)]
    repo: Option<String>,
    /// The same as `repo`, which is preferred.
    repo_full_name: Option<String>,
    /// `rerun` runs all jobs again, `rerun_failed` the failed ones. `cancel` and `force_cancel` cancel
    /// the run. `dispatch` starts the workflow on the branch of the run without inputs. For any other
    /// action nothing is done and `success` is false.
    action: Option<String>,
}

/// Whether something was done.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunOutcome {
    /// False for an unknown action.
    success: bool,
}

/// Runs a workflow run again, cancels it, or starts its workflow.
#[utoipa::path(
    post,
    path = "/api/automation/runs/{runId}",
    tag = "automation",
    operation_id = "controlRun",
    params(
        ("runId" = String, Path, description = "GitHub's id of the run."),
        RunQuery,
    ),
    responses(
        (status = 200, description = "GitHub accepted the request, or the action is unknown.", body = RunOutcome),
        (status = 404, description = "`Run not found`: it is not cached, or the repository is not tracked.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 500, description = "GitHub rejected the request, and `error` has GitHub's message; or the route failed.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn control(
    Reader { state: app, actor }: Reader<App>,
    Path(run_id): Path<String>,
    query: QueryString,
) -> Result<Response, Problem> {
    let query: RunQuery = query.read();
    let name = query.repo.or(query.repo_full_name);
    let name = name.ok_or_else(|| Problem::wrong("repo", "runId and repo required"))?;
    let refused = |error: Error| match error {
        Error::NotFound { .. } => Problem::not_found("Run not found"),
        Error::Upstream(_) | Error::UpstreamUnreadable(_) | Error::RateLimited { .. } => {
            Problem::from(error).with_status(StatusCode::INTERNAL_SERVER_ERROR)
        }
        other => failed("Failed to control run")(other),
    };
    let run = find(&app, &name, &run_id).await.map_err(refused)?;
    let done = act(&app, &actor, &run, query.action.as_deref()).await.map_err(refused)?;
    Ok(json(StatusCode::OK, &RunOutcome { success: done }))
}

async fn find(app: &App, name: &str, run_id: &str) -> service::Result<WorkflowRun> {
    let none = || Error::NotFound { what: "Workflow run", id: run_id.to_owned() };
    let name = app.config.github.repository(name).map_err(|_| none())?;
    let repository = lists::find_repository(app, &name).await?;
    let github_id: i64 = run_id.parse().map_err(|_| none())?;
    lists::find_github_run(app, repository.id, github_id).await
}

/// Whether there is such an action.
async fn act(
    app: &App,
    actor: &Actor,
    run: &WorkflowRun,
    action: Option<&str>,
) -> service::Result<bool> {
    let request = match action {
        Some("rerun") => RunRequest::Rerun,
        Some("rerun_failed") => RunRequest::RerunFailedJobs,
        Some("cancel") => RunRequest::Cancel,
        Some("force_cancel") => RunRequest::ForceCancel,
        Some("dispatch") => return dispatch(app, actor, run).await,
        unknown => {
            refuse_request(app, actor, (run, unknown)).await?;
            return Ok(false);
        }
    };
    request_run(app, actor, (run.id, request)).await?;
    Ok(true)
}

async fn dispatch(app: &App, actor: &Actor, run: &WorkflowRun) -> service::Result<bool> {
    let command = DispatchWorkflow {
        workflow_ids: vec![run.workflow_id],
        git_ref: run.branch.clone(),
        inputs: vec![],
    };
    let started = dispatch_workflow(app, actor, command).await?;
    match started.into_iter().find_map(|one| one.error) {
        Some(error) => Err(error),
        None => Ok(true),
    }
}
