//! Mutations of automation: syncing, running again, cancelling and starting.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::domain::{AutomationSyncRunId, WorkflowRunId};
use crate::graphql::arguments::full_name;
use crate::graphql::loaders::{actor, app};
use crate::graphql::types::page::cost;
use crate::graphql::types::{Workflow, WorkflowRun};
use crate::service::automation::RunRequest;
use crate::service::automation::control::{self, DispatchWorkflow, WorkflowDispatch};
use crate::service::automation::sync::{self, AutomationSync};

/// What to read from GitHub.
#[derive(InputObject)]
struct SyncAutomationInput {
    /// One tracked repository, or all of them when absent.
    repository: Option<String>,
}

/// The results of a sync.
#[derive(SimpleObject)]
struct SyncAutomationPayload {
    /// One result for each repository. A repository that fails does not stop the others.
    results: Vec<AutomationSyncResult>,
}

/// The result of a sync for one repository.
#[derive(SimpleObject)]
struct AutomationSyncResult {
    /// The full name of the repository.
    repository: String,
    /// The record of the sync; null when it could not be made.
    sync_run_id: Option<AutomationSyncRunId>,
    /// Why the sync failed; null when it succeeded.
    error: Option<String>,
}

impl From<AutomationSync> for AutomationSyncResult {
    fn from(sync: AutomationSync) -> Self {
        Self {
            repository: sync.repository.to_string(),
            sync_run_id: sync.sync_run,
            error: sync.error.map(|error| error.to_string()),
        }
    }
}

/// A run.
#[derive(InputObject)]
struct RerunWorkflowRunInput {
    /// The run.
    id: WorkflowRunId,
}

/// A run whose failed jobs are to run again.
#[derive(InputObject)]
struct RerunFailedJobsInput {
    /// The run.
    id: WorkflowRunId,
}

/// A run to cancel.
#[derive(InputObject)]
struct CancelWorkflowRunInput {
    /// The run.
    id: WorkflowRunId,
    /// Whether to cancel even what always runs, such as steps with `if: always()`.
    #[graphql(default)]
    force: bool,
}

/// The result of a request about a run.
#[derive(SimpleObject)]
struct WorkflowRunPayload {
    /// The run. It changes once GitHub has begun; `automationEvents` tells when.
    run: WorkflowRun,
}

/// The results of starting workflows.
#[derive(SimpleObject)]
struct DispatchWorkflowPayload {
    /// One result for each workflow, in the order of the request.
    results: Vec<WorkflowDispatchResult>,
}

/// The result of starting one workflow.
#[derive(SimpleObject)]
struct WorkflowDispatchResult {
    /// The workflow.
    workflow: Workflow,
    /// The run that was started; null when GitHub did not return it, or after a failure.
    run: Option<WorkflowRun>,
    /// The page of that run on GitHub.
    url: Option<String>,
    /// Why it was not started; null when it was.
    error: Option<String>,
}

impl From<WorkflowDispatch> for WorkflowDispatchResult {
    fn from(dispatch: WorkflowDispatch) -> Self {
        Self {
            workflow: Workflow::alone(dispatch.workflow),
            run: dispatch.run.map(WorkflowRun::alone),
            url: dispatch.url,
            error: dispatch.error.map(|error| error.to_string()),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct AutomationMutation;

#[Object]
impl AutomationMutation {
    /// Reads automation data from GitHub: workflows, runs, releases, packages, pull requests, checks
    /// and deployments. Returns when this is complete; fails with `RATE_LIMITED` while another such
    /// sync is running.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn sync_automation(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to read; everything when absent.")] input: Option<
            SyncAutomationInput,
        >,
    ) -> async_graphql::Result<SyncAutomationPayload> {
        let only = input.and_then(|input| input.repository);
        let only = only.map(|name| full_name(context, "repository", &name)).transpose()?;
        let syncs = sync::sync_automation(app(context), only.as_ref()).await?;
        let results = syncs.into_iter().map(AutomationSyncResult::from).collect();
        Ok(SyncAutomationPayload { results })
    }

    /// Runs all jobs of a completed run again.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn rerun_workflow_run(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The run.")] input: RerunWorkflowRunInput,
    ) -> async_graphql::Result<WorkflowRunPayload> {
        request(context, input.id, RunRequest::Rerun).await
    }

    /// Runs the failed jobs of a completed run again, and the jobs that depend on them.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn rerun_failed_jobs(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The run.")] input: RerunFailedJobsInput,
    ) -> async_graphql::Result<WorkflowRunPayload> {
        request(context, input.id, RunRequest::RerunFailedJobs).await
    }

    /// Cancels a run that is not completed.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn cancel_workflow_run(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The run.")] input: CancelWorkflowRunInput,
    ) -> async_graphql::Result<WorkflowRunPayload> {
        let kind = if input.force { RunRequest::ForceCancel } else { RunRequest::Cancel };
        request(context, input.id, kind).await
    }

    /// Starts workflows by hand, often the same of several repositories. The inputs are checked
    /// against the workflow's file first. A workflow that is refused does not stop the others.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn dispatch_workflow(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The workflows, the branch or tag, and the inputs.")]
        input: DispatchWorkflow,
    ) -> async_graphql::Result<DispatchWorkflowPayload> {
        let started = control::dispatch_workflow(app(context), actor(context), input).await?;
        let results = started.into_iter().map(WorkflowDispatchResult::from).collect();
        Ok(DispatchWorkflowPayload { results })
    }
}

async fn request(
    context: &Context<'_>,
    id: WorkflowRunId,
    request: RunRequest,
) -> async_graphql::Result<WorkflowRunPayload> {
    let run = control::request_run(app(context), actor(context), (id, request)).await?;
    Ok(WorkflowRunPayload { run: WorkflowRun::alone(run) })
}
