//! Root fields of automation: queries, mutations and subscriptions.

mod mutation;
mod subscription;

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object};

pub(super) use mutation::AutomationMutation;
pub(super) use subscription::AutomationSubscription;

use super::arguments::full_name;
use super::loaders::app;
use super::types::page::{PageArguments, cost};
use super::types::{
    ActivityConnection, RedBranch, Repository, RepositoryBatch, RunningAutomationSync, Workflow,
    WorkflowRun, WorkflowRunConnection,
};
use crate::domain::automation::{ActivityType, Conclusion, RunStatus};
use crate::domain::{RepositoryId, WorkflowId, WorkflowRunId};
use crate::service::automation::{lists, sync};
use crate::service::repositories::tracking;
use crate::service::{self, Error};
use crate::store::automation::activity::ActivityFilter as Activities;
use crate::store::automation::lists::RunFilter;

/// Which runs to list. All members must match.
#[derive(Debug, Default, InputObject)]
struct WorkflowRunFilter {
    /// Runs of this repository, `owner/name`; case-insensitive.
    repository: Option<String>,
    /// Runs of this workflow.
    workflow_id: Option<WorkflowId>,
    /// Runs on this branch.
    branch: Option<String>,
    /// Runs that this event started, such as `push`.
    event: Option<String>,
    /// Runs that this GitHub login started.
    actor: Option<String>,
    /// Runs that are this far.
    status: Option<RunStatus>,
    /// Runs with this result.
    conclusion: Option<Conclusion>,
    /// Runs of this commit.
    head_sha: Option<String>,
}

/// Which activity to list. All members must match.
#[derive(Debug, Default, InputObject)]
struct ActivityFilter {
    /// Activity of this repository, `owner/name`; case-insensitive.
    repository: Option<String>,
    /// Only these types; all when absent or empty.
    types: Option<Vec<ActivityType>>,
}

/// The id of a tracked repository.
async fn repository_id(
    context: &Context<'_>,
    name: Option<String>,
) -> service::Result<Option<RepositoryId>> {
    let Some(name) = name else { return Ok(None) };
    let name = full_name(context, "repository", &name)?;
    Ok(Some(lists::find_repository(app(context), &name).await?.id))
}

/// Absence is an answer to those who look something up.
fn found<T>(result: service::Result<T>) -> service::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

#[derive(Debug, Default)]
pub(super) struct AutomationQuery;

#[Object]
impl AutomationQuery {
    /// The repositories that are tracked now, sorted by name.
    #[graphql(complexity = "cost(None, None, child_complexity)")]
    async fn tracked_repositories(
        &self,
        context: &Context<'_>,
    ) -> async_graphql::Result<Vec<Repository>> {
        let rows = tracking::tracked_repositories(app(context)).await?;
        Ok(RepositoryBatch::new(rows.into_iter().map(Arc::new).collect()).list())
    }

    /// A workflow, deleted or not; null when there is none with this id.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn workflow(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The workflow.")] id: WorkflowId,
    ) -> async_graphql::Result<Option<Workflow>> {
        Ok(found(lists::find_workflow(app(context), id).await)?.map(Workflow::alone))
    }

    /// A run; null when there is none with this id, or it was deleted.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn workflow_run(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The run.")] id: WorkflowRunId,
    ) -> async_graphql::Result<Option<WorkflowRun>> {
        Ok(found(lists::find_run(app(context), id).await)?.map(WorkflowRun::alone))
    }

    /// Runs of workflows of tracked repositories, newest first.
    #[graphql(complexity = "cost(first, None, child_complexity)")]
    async fn workflow_runs(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which runs; all when absent.")] filter: Option<WorkflowRunFilter>,
        #[graphql(desc = "How many runs, from 0 to 100; 50 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only runs after this cursor.")] after: Option<String>,
    ) -> async_graphql::Result<WorkflowRunConnection> {
        let filter = filter.unwrap_or_default();
        let filter = RunFilter {
            repository: repository_id(context, filter.repository).await?,
            workflow: filter.workflow_id,
            branch: filter.branch,
            event: filter.event,
            actor: filter.actor,
            status: filter.status,
            conclusion: filter.conclusion,
            head_sha: filter.head_sha,
        };
        let arguments = PageArguments::forward(first, after);
        Ok(WorkflowRunConnection::load(context, &filter, arguments).await?)
    }

    /// What happened in tracked repositories, newest first.
    #[graphql(complexity = "cost(first, None, child_complexity)")]
    async fn activity(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which activity; all when absent.")] filter: Option<ActivityFilter>,
        #[graphql(desc = "How many events, from 0 to 100; 50 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only events after this cursor.")] after: Option<String>,
    ) -> async_graphql::Result<ActivityConnection> {
        let filter = filter.unwrap_or_default();
        let filter = Activities {
            repository: repository_id(context, filter.repository).await?,
            kinds: filter.types.unwrap_or_default(),
        };
        let arguments = PageArguments::forward(first, after);
        Ok(ActivityConnection::load(context, &filter, arguments).await?)
    }

    /// The workflows that fail on the default branch of a tracked repository, the longest first; at
    /// most 500. Runs of pull requests do not count.
    #[graphql(complexity = "cost(None, None, child_complexity)")]
    async fn red_branches(&self, context: &Context<'_>) -> async_graphql::Result<Vec<RedBranch>> {
        Ok(RedBranch::load(app(context)).await?)
    }

    /// The running sync of automation data; null when there is none.
    async fn running_automation_sync(
        &self,
        context: &Context<'_>,
    ) -> async_graphql::Result<Option<RunningAutomationSync>> {
        Ok(sync::running_sync(app(context)).await?.map(RunningAutomationSync))
    }
}
