//! What is known of a repository's automation.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};

use super::Workflow;
use super::batch::RepositoryBatch;
use super::records::{CheckRun, Deployment, Package, PullRequest, Release};
use crate::domain::automation::AutomationPart;
use crate::domain::{AutomationSyncRunId, Timestamp};
use crate::graphql::loaders::app;
use crate::graphql::types::page::{MAX, cost, size};
use crate::service::Result;
use crate::service::automation::{lists, sync};
use crate::store;
use crate::store::automation::lists::RepositoryCounts;
use crate::store::automation::{AutomationRepository, AutomationSyncRun as SyncRow};

/// A repository and the list that it is of.
#[derive(Debug, Clone)]
pub(in crate::graphql) struct RepositoryAutomation {
    repository: Arc<store::Repository>,
    batch: Arc<RepositoryBatch>,
}

impl RepositoryAutomation {
    /// Of a repository of a batch.
    pub(in crate::graphql) fn new(
        repository: Arc<store::Repository>,
        batch: Arc<RepositoryBatch>,
    ) -> Self {
        Self { repository, batch }
    }

    async fn row(&self, context: &Context<'_>) -> Result<Option<Arc<AutomationRepository>>> {
        let load = async || {
            let rows = lists::repository_rows(app(context), &self.batch.ids).await?;
            Ok(rows.into_iter().map(|row| (row.repository_id, Arc::new(row))).collect())
        };
        Ok(self.batch.automation.of(&self.repository.id, 0, load).await?.pop())
    }

    async fn counts(&self, context: &Context<'_>) -> Result<Option<RepositoryCounts>> {
        let load = async || {
            let rows = lists::counts(app(context), &self.batch.ids).await?;
            Ok(rows.into_iter().map(|row| (row.repository_id, row)).collect())
        };
        Ok(self.batch.counts.of(&self.repository.id, 0, load).await?.pop())
    }
}

/// A commit.
#[derive(Debug, SimpleObject)]
pub(super) struct Commit {
    /// Its SHA.
    sha: String,
    /// The first line of its message.
    title: Option<String>,
    /// The GitHub login of its author, or the name in the commit.
    author: Option<String>,
    /// Its page on GitHub.
    url: Option<String>,
    /// When it was committed.
    committed_at: Option<Timestamp>,
}

/// A part of the automation data that the token may not read.
#[derive(Debug, SimpleObject)]
pub(super) struct MissingPermission {
    /// The part. It is empty, or as it was last read.
    part: AutomationPart,
    /// The permission that the token needs, as GitHub names it.
    permission: &'static str,
}

/// The continuous integration, releases, packages, pull requests and deployments of a repository, as
/// GitHub had them when they were last read.
#[Object]
impl RepositoryAutomation {
    /// The default branch.
    async fn default_branch(&self) -> &str {
        &self.repository.default_branch
    }

    /// The newest commit of the default branch; null until it is known.
    async fn latest_commit(&self, context: &Context<'_>) -> async_graphql::Result<Option<Commit>> {
        let Some(row) = self.row(context).await? else { return Ok(None) };
        Ok(row.latest_commit_sha.clone().map(|sha| Commit {
            sha,
            title: row.latest_commit_title.clone(),
            author: row.latest_commit_author.clone(),
            url: row.latest_commit_url.clone(),
            committed_at: row.latest_commit_at.map(Timestamp),
        }))
    }

    /// The number of open pull requests.
    async fn open_pull_requests_count(&self, context: &Context<'_>) -> async_graphql::Result<i32> {
        Ok(self.row(context).await?.map_or(0, |row| row.open_pull_requests))
    }

    /// When these data were last read successfully; null before that.
    async fn last_synced_at(
        &self,
        context: &Context<'_>,
    ) -> async_graphql::Result<Option<Timestamp>> {
        Ok(self.row(context).await?.and_then(|row| row.synced_at).map(Timestamp))
    }

    /// When reading these data last ended, successfully or not.
    async fn last_attempted_at(
        &self,
        context: &Context<'_>,
    ) -> async_graphql::Result<Option<Timestamp>> {
        Ok(self.row(context).await?.and_then(|row| row.attempted_at).map(Timestamp))
    }

    /// Why the last sync of these data failed; null after a successful one. The data of the last
    /// successful sync stay.
    async fn sync_error(&self, context: &Context<'_>) -> async_graphql::Result<Option<String>> {
        Ok(self.row(context).await?.and_then(|row| row.sync_error.clone()))
    }

    /// The parts that the token may not read, each with the permission that it needs.
    async fn missing_permissions(
        &self,
        context: &Context<'_>,
    ) -> async_graphql::Result<Vec<MissingPermission>> {
        let row = self.row(context).await?;
        let parts = row.iter().flat_map(|row| &row.missing_permissions);
        let parts = parts.filter_map(|word| word.parse::<AutomationPart>().ok());
        let missing =
            |part: AutomationPart| MissingPermission { part, permission: part.permission() };
        Ok(parts.map(missing).collect())
    }

    /// The number of workflows that GitHub lists.
    async fn workflows_count(&self, context: &Context<'_>) -> async_graphql::Result<i64> {
        Ok(self.counts(context).await?.map_or(0, |counts| counts.workflows))
    }

    /// The number of releases, drafts included.
    async fn releases_count(&self, context: &Context<'_>) -> async_graphql::Result<i64> {
        Ok(self.counts(context).await?.map_or(0, |counts| counts.releases))
    }

    /// The number of workflows and branches that fail: whose newest run that succeeded or failed has
    /// failed.
    async fn failing_count(&self, context: &Context<'_>) -> async_graphql::Result<i64> {
        Ok(self.counts(context).await?.map_or(0, |counts| counts.failing))
    }

    /// The number of runs that are not completed.
    async fn running_count(&self, context: &Context<'_>) -> async_graphql::Result<i64> {
        Ok(self.counts(context).await?.map_or(0, |counts| counts.running))
    }

    /// Whether a workflow fails on the default branch. Runs of pull requests do not count.
    async fn is_red(&self, context: &Context<'_>) -> async_graphql::Result<bool> {
        Ok(self.counts(context).await?.is_some_and(|counts| counts.red > 0))
    }

    /// Its workflows by name, without those that were deleted.
    #[graphql(complexity = "cost(Some(20), None, child_complexity)")]
    async fn workflows(&self, context: &Context<'_>) -> async_graphql::Result<Vec<Workflow>> {
        let load = || self.batch.load_workflows(app(context));
        Ok(self.batch.workflows.of(&self.repository.id, 0, load).await?)
    }

    /// Its newest releases; a draft counts by the time of its creation.
    #[graphql(complexity = "cost(first.or(Some(10)), None, child_complexity)")]
    async fn releases(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, from 0 to 100; 10 when absent.")] first: Option<i32>,
    ) -> async_graphql::Result<Vec<Release>> {
        let most = size("first", first.unwrap_or(10), MAX)?;
        let load = async || {
            let rows = lists::releases_of(app(context), &self.batch.ids, most).await?;
            Ok(rows.into_iter().map(|row| (row.repository_id, Arc::new(row))).collect())
        };
        let rows = self.batch.releases.of(&self.repository.id, most, load).await?;
        Ok(rows.into_iter().map(Release).collect())
    }

    /// The packages of its owner that belong to it, the one that changed last first.
    #[graphql(complexity = "cost(Some(10), None, child_complexity)")]
    async fn packages(&self, context: &Context<'_>) -> async_graphql::Result<Vec<Package>> {
        let load = async || {
            let rows = lists::packages_of(app(context), &self.batch.ids).await?;
            Ok(rows.into_iter().map(|row| (row.repository_id, Arc::new(row))).collect())
        };
        let rows = self.batch.packages.of(&self.repository.id, 0, load).await?;
        Ok(rows.into_iter().map(Package).collect())
    }

    /// Its open pull requests, the one that changed last first.
    #[graphql(complexity = "cost(first.or(Some(20)), None, child_complexity)")]
    async fn pull_requests(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, from 0 to 100; 20 when absent.")] first: Option<i32>,
    ) -> async_graphql::Result<Vec<PullRequest>> {
        let most = size("first", first.unwrap_or(20), MAX)?;
        let load = async || {
            let rows = lists::pull_requests_of(app(context), &self.batch.ids, most).await?;
            Ok(rows.into_iter().map(|row| (row.repository_id, Arc::new(row))).collect())
        };
        let rows = self.batch.pull_requests.of(&self.repository.id, most, load).await?;
        Ok(rows.into_iter().map(PullRequest).collect())
    }

    /// The checks of apps other than GitHub Actions on the newest commit of the default branch, by
    /// name.
    #[graphql(complexity = "cost(Some(10), None, child_complexity)")]
    async fn checks(&self, context: &Context<'_>) -> async_graphql::Result<Vec<CheckRun>> {
        let load = async || {
            let rows = lists::checks_of(app(context), &self.batch.ids).await?;
            Ok(rows.into_iter().map(|row| (row.repository_id, Arc::new(row))).collect())
        };
        let rows = self.batch.checks.of(&self.repository.id, 0, load).await?;
        Ok(rows.into_iter().map(CheckRun).collect())
    }

    /// Its newest deployments.
    #[graphql(complexity = "cost(first.or(Some(10)), None, child_complexity)")]
    async fn deployments(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many, from 0 to 100; 10 when absent.")] first: Option<i32>,
    ) -> async_graphql::Result<Vec<Deployment>> {
        let most = size("first", first.unwrap_or(10), MAX)?;
        let load = async || {
            let rows = lists::deployments_of(app(context), &self.batch.ids, most).await?;
            Ok(rows.into_iter().map(|row| (row.repository_id, Arc::new(row))).collect())
        };
        let rows = self.batch.deployments.of(&self.repository.id, most, load).await?;
        Ok(rows.into_iter().map(Deployment).collect())
    }

    /// The number of open alerts of secret scanning; null when it could not be read.
    async fn open_secret_alerts_count(
        &self,
        context: &Context<'_>,
    ) -> async_graphql::Result<Option<i32>> {
        Ok(self.row(context).await?.and_then(|row| row.open_secret_alerts))
    }

    /// The newest sync of these data. A timed sync that found nothing new is not listed.
    async fn last_sync_run(
        &self,
        context: &Context<'_>,
    ) -> async_graphql::Result<Option<AutomationSyncRun>> {
        let load = async || {
            let rows = lists::last_syncs(app(context), &self.batch.ids).await?;
            Ok(rows.into_iter().map(|row| (row.repository_id, Arc::new(row))).collect())
        };
        let mut rows = self.batch.syncs.of(&self.repository.id, 0, load).await?;
        Ok(rows.pop().map(AutomationSyncRun))
    }
}

/// As it is stored.
#[derive(Debug)]
pub(super) struct AutomationSyncRun(Arc<SyncRow>);

/// A sync of a repository's automation data.
#[Object]
impl AutomationSyncRun {
    /// Opaque.
    async fn id(&self) -> AutomationSyncRunId {
        self.0.id
    }

    /// `running`, `completed` or `failed`.
    async fn status(&self) -> &str {
        &self.0.status
    }

    /// The number of requests that it sent to GitHub.
    async fn requests_count(&self) -> i32 {
        self.0.requests
    }

    /// The number of workflows that it read.
    async fn workflows_count(&self) -> i32 {
        self.0.workflows_fetched
    }

    /// The number of runs that it read.
    async fn runs_count(&self) -> i32 {
        self.0.runs_fetched
    }

    /// Why it failed; null when it did not.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }

    /// What it could not read, and why; null when it read everything.
    async fn notes(&self) -> Option<&str> {
        self.0.notes.as_deref()
    }

    /// When it began.
    async fn started_at(&self) -> Timestamp {
        Timestamp(self.0.started_at)
    }

    /// When it ended; null while it runs.
    async fn completed_at(&self) -> Option<Timestamp> {
        self.0.completed_at.map(Timestamp)
    }

    /// How long it took, in seconds; null while it runs.
    async fn duration(&self) -> Option<i64> {
        self.0.completed_at.map(|end| (end - self.0.started_at).num_seconds())
    }
}

/// As the service reports it.
#[derive(Debug)]
pub(in crate::graphql) struct RunningAutomationSync(
    pub(in crate::graphql) sync::RunningAutomationSync,
);

/// A running sync of automation data. It continues when the client that started it disconnects.
#[Object]
impl RunningAutomationSync {
    /// When it began.
    async fn started_at(&self) -> Timestamp {
        Timestamp(self.0.started_at)
    }

    /// The number of repositories that it reads.
    async fn repositories_count(&self) -> i32 {
        self.0.repositories
    }

    /// The number of repositories that are finished, successfully or not.
    async fn done_count(&self) -> i32 {
        self.0.repositories_done
    }
}
