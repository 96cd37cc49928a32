//! A run of a workflow, its jobs and artifacts, and lists of runs.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{
    ContainerType, Context, ContextSelectionSet, InputType as _, Object, ObjectType, OutputType,
    Positioned, ServerResult, SimpleObject, Value,
};

use super::batch::RunBatch;
use crate::domain::automation::{Conclusion, RunStatus};
use crate::domain::{ArtifactId, Timestamp, WorkflowJobId, WorkflowRunId};
use crate::graphql::loaders::app;
use crate::graphql::types::page::{MAX, PageArguments, connection, cost};
use crate::graphql::types::selection::{ResponseObject, optional, put_fields, timestamp};
use crate::graphql::types::{Repository, Workflow};
use crate::service::Result;
use crate::service::automation::{jobs, lists};
use crate::store::Position;
use crate::store::automation as store;
use crate::store::automation::lists::{RunFilter, position};

connection! {
    /// A page of workflow runs.
    WorkflowRunConnection of
    /// A workflow run and its cursor.
    WorkflowRunEdge,
    WorkflowRun, 'f'
}

impl WorkflowRunConnection {
    pub(in crate::graphql) async fn load(
        context: &Context<'_>,
        filter: &RunFilter,
        arguments: PageArguments,
    ) -> Result<Self> {
        let request = arguments.request::<'f'>(MAX)?;
        let page = lists::list_runs(app(context), filter, &request).await?;
        let crate::store::Page { rows, has_previous, has_next } = page;
        let rows = RunBatch::list(rows);
        Ok(Self { page: crate::store::Page { rows, has_previous, has_next } })
    }
}

/// A run and the list that it is of.
#[derive(Debug, Clone)]
pub(in crate::graphql) struct WorkflowRun {
    pub(super) row: Arc<store::WorkflowRun>,
    pub(super) batch: Arc<RunBatch>,
}

impl WorkflowRun {
    /// A run by itself.
    pub(in crate::graphql) fn alone(row: store::WorkflowRun) -> Self {
        RunBatch::list(vec![row]).pop().expect("as many come out as go in")
    }

    /// The repository it belongs to.
    pub(in crate::graphql) fn repository_id(&self) -> crate::domain::RepositoryId {
        self.row.repository_id
    }

    fn position(&self) -> Position {
        position(&self.row)
    }

    fn is_alone(&self) -> bool {
        self.batch.ids.len() == 1
    }

    async fn read_jobs(&self, context: &Context<'_>) -> Result<Vec<Arc<store::WorkflowJob>>> {
        let load = async || {
            let rows = match self.is_alone() {
                true => jobs::jobs_of(app(context), &self.row).await?,
                false => lists::stored_jobs(app(context), &self.batch.ids).await?,
            };
            Ok(rows.into_iter().map(|row| (row.run_id, Arc::new(row))).collect())
        };
        self.batch.jobs.of(&self.row.id, 0, load).await
    }
}

impl WorkflowRun {
    /// Its id, in the form that the interface `Node` requires.
    pub(in crate::graphql::types) async fn id(
        &self,
        _: &Context<'_>,
    ) -> async_graphql::Result<WorkflowRunId> {
        Ok(self.row.id)
    }

    /// The value of a field that needs no loading.
    fn value(&self, field: &str) -> Option<Value> {
        let row = &*self.row;
        let at = |at| timestamp(Timestamp(at));
        Some(match field {
            "id" => row.id.to_string().into(),
            "githubId" => row.github_id.to_string().into(),
            "name" => row.name.as_str().into(),
            "number" => row.run_number.into(),
            "attempt" => row.run_attempt.into(),
            "event" => row.event.as_str().into(),
            "status" => row.run_status().to_value(),
            "statusText" => row.status.as_str().into(),
            "conclusion" => row.run_conclusion().map_or(Value::Null, |word| word.to_value()),
            "conclusionText" => optional(row.conclusion.as_deref()),
            "title" => row.title.as_str().into(),
            "branch" => optional(row.branch.as_deref()),
            "headSha" => row.head_sha.as_str().into(),
            "actor" => optional(row.actor.as_deref()),
            "url" => row.html_url.as_str().into(),
            "createdAt" => at(row.created_at),
            "startedAt" => at(row.started_at),
            "updatedAt" => at(row.updated_at),
            "completedAt" => row.completed_at.map_or(Value::Null, at),
            "duration" => row.duration_seconds.map_or(Value::Null, Value::from),
            "waitingFor" => optional(row.waiting_for.as_deref()),
            "pullRequestNumber" => row.pull_request_number.map_or(Value::Null, Value::from),
            _ => return None,
        })
    }
}

/// Lists have thousands of runs, so a selection that needs no loading is resolved at once.
impl OutputType for WorkflowRun {
    fn type_name() -> Cow<'static, str> {
        <RunFields<'_> as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <RunFields<'_> as OutputType>::create_type_info(registry)
    }

    async fn resolve(
        &self,
        context: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        let set = &context.item.node;
        let of = (&context.query_env.fragments, "WorkflowRun");
        let mut answer = ResponseObject::with_capacity(set.items.len());
        match put_fields(of, set, &mut answer, &|field| self.value(field)) {
            Some(()) => Ok(Value::Object(answer)),
            None => RunFields(self).resolve(context, field).await,
        }
    }
}

impl ContainerType for WorkflowRun {
    async fn resolve_field(&self, context: &Context<'_>) -> ServerResult<Option<Value>> {
        RunFields(self).resolve_field(context).await
    }
}

impl ObjectType for WorkflowRun {}

/// The fields of a run in the schema.
struct RunFields<'a>(&'a WorkflowRun);

impl Deref for RunFields<'_> {
    type Target = WorkflowRun;

    fn deref(&self) -> &WorkflowRun {
        self.0
    }
}

/// A run of a workflow, as GitHub had it when it was last read.
#[Object(name = "WorkflowRun")]
impl RunFields<'_> {
    /// Opaque.
    async fn id(&self) -> WorkflowRunId {
        self.row.id
    }

    /// GitHub's id, a 64-bit number.
    async fn github_id(&self) -> String {
        self.row.github_id.to_string()
    }

    /// The workflow.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn workflow(&self, context: &Context<'_>) -> async_graphql::Result<Workflow> {
        Ok(self.batch.workflow(app(context), self.row.workflow_id).await?)
    }

    /// The repository.
    async fn repository(&self, context: &Context<'_>) -> async_graphql::Result<Repository> {
        Ok(self.batch.owners.repository(app(context), self.row.repository_id).await?)
    }

    /// The name of its workflow when it started.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// Its number within the workflow.
    async fn number(&self) -> i64 {
        self.row.run_number
    }

    /// 1, and one more for each time that it was run again.
    async fn attempt(&self) -> i32 {
        self.row.run_attempt
    }

    /// What started it, such as `push`.
    async fn event(&self) -> &str {
        &self.row.event
    }

    /// How far it is.
    async fn status(&self) -> RunStatus {
        self.row.run_status()
    }

    /// How far it is, in GitHub's word, which may be one that `status` does not know.
    async fn status_text(&self) -> &str {
        &self.row.status
    }

    /// Its result; null until it is completed.
    async fn conclusion(&self) -> Option<Conclusion> {
        self.row.run_conclusion()
    }

    /// Its result in GitHub's word, which may be one that `conclusion` does not know.
    async fn conclusion_text(&self) -> Option<&str> {
        self.row.conclusion.as_deref()
    }

    /// The title that GitHub displays, most often of the commit or the pull request.
    async fn title(&self) -> &str {
        &self.row.title
    }

    /// The branch of its commit; null for a tag.
    async fn branch(&self) -> Option<&str> {
        self.row.branch.as_deref()
    }

    /// Its commit.
    async fn head_sha(&self) -> &str {
        &self.row.head_sha
    }

    /// The GitHub login of who started this attempt.
    async fn actor(&self) -> Option<&str> {
        self.row.actor.as_deref()
    }

    /// Its page on GitHub.
    async fn url(&self) -> &str {
        &self.row.html_url
    }

    /// When it was created.
    async fn created_at(&self) -> Timestamp {
        Timestamp(self.row.created_at)
    }

    /// When this attempt started.
    async fn started_at(&self) -> Timestamp {
        Timestamp(self.row.started_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> Timestamp {
        Timestamp(self.row.updated_at)
    }

    /// When this attempt completed; null until then.
    async fn completed_at(&self) -> Option<Timestamp> {
        self.row.completed_at.map(Timestamp)
    }

    /// How long this attempt took, in seconds; null until it is completed.
    async fn duration(&self) -> Option<i32> {
        self.row.duration_seconds
    }

    /// What it waits for, as a sentence: its concurrency group, an environment or a runner. Null while
    /// it does not wait, or when that is not known.
    async fn waiting_for(&self) -> Option<&str> {
        self.row.waiting_for.as_deref()
    }

    /// The number of its pull request, if it has exactly one in the same repository.
    async fn pull_request_number(&self) -> Option<i32> {
        self.row.pull_request_number
    }

    /// Its jobs in GitHub's order. Of a single run they are read from GitHub if they are not stored;
    /// of the runs of a list only stored ones are returned.
    #[graphql(complexity = "cost(Some(10), None, child_complexity)")]
    async fn jobs(&self, context: &Context<'_>) -> async_graphql::Result<Vec<WorkflowJob>> {
        Ok(self.read_jobs(context).await?.into_iter().map(WorkflowJob).collect())
    }

    /// The files that it produced, by name. Of a single run they are read from GitHub if they are not
    /// stored; the runs of a list return none.
    #[graphql(complexity = "cost(Some(10), None, child_complexity)")]
    async fn artifacts(&self, context: &Context<'_>) -> async_graphql::Result<Vec<Artifact>> {
        if !self.is_alone() {
            return Ok(vec![]);
        }
        let load = async || {
            let rows = jobs::artifacts_of(app(context), &self.row).await?;
            Ok(rows.into_iter().map(|row| (row.run_id, Arc::new(row))).collect())
        };
        let rows = self.batch.artifacts.of(&self.row.id, 0, load).await?;
        Ok(rows.into_iter().map(Artifact).collect())
    }

    /// Why it failed: the first job that failed. Of a single run the job's log is read from GitHub; it
    /// is not stored. Null when the run did not fail, or its jobs are not known.
    #[graphql(complexity = "cost(Some(50), None, child_complexity)")]
    async fn failure(&self, context: &Context<'_>) -> async_graphql::Result<Option<RunFailure>> {
        if !self.row.run_conclusion().is_some_and(Conclusion::is_failure) {
            return Ok(None);
        }
        if self.is_alone() {
            let failure = jobs::failure_of(app(context), &self.row).await?;
            return Ok(failure.map(|failure| RunFailure::new(Arc::new(failure.job), failure.log)));
        }
        let jobs = self.read_jobs(context).await?;
        let failed =
            jobs.into_iter().find(|job| conclusion(job).is_some_and(Conclusion::is_failure));
        Ok(failed.map(|job| RunFailure::new(job, vec![])))
    }
}

fn conclusion(job: &store::WorkflowJob) -> Option<Conclusion> {
    job.conclusion.as_deref().map(Conclusion::read)
}

/// Why a run failed.
#[derive(SimpleObject)]
struct RunFailure {
    /// The first job that failed.
    job: WorkflowJob,
    /// The name of its first step that failed; null when no step did.
    step: Option<String>,
    /// The lines of its log up to the last error, at most 60, without times and colours. Empty when
    /// GitHub no longer has the log, and for the runs of a list.
    log_excerpt: Vec<String>,
    /// The page of the job on GitHub.
    url: String,
}

impl RunFailure {
    fn new(job: Arc<store::WorkflowJob>, log_excerpt: Vec<String>) -> Self {
        let (step, url) = (job.failed_step.clone(), job.html_url.clone());
        Self { job: WorkflowJob(job), step, log_excerpt, url }
    }
}

/// As it is stored.
#[derive(Debug)]
pub(super) struct WorkflowJob(Arc<store::WorkflowJob>);

/// A job of a run.
#[Object]
impl WorkflowJob {
    /// Opaque.
    async fn id(&self) -> WorkflowJobId {
        self.0.id
    }

    /// GitHub's id, a 64-bit number.
    async fn github_id(&self) -> String {
        self.0.github_id.to_string()
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// How far it is.
    async fn status(&self) -> RunStatus {
        RunStatus::read(&self.0.status)
    }

    /// How far it is, in GitHub's word, which may be one that `status` does not know.
    async fn status_text(&self) -> &str {
        &self.0.status
    }

    /// Its result; null until it is completed.
    async fn conclusion(&self) -> Option<Conclusion> {
        conclusion(&self.0)
    }

    /// Its result in GitHub's word, which may be one that `conclusion` does not know.
    async fn conclusion_text(&self) -> Option<&str> {
        self.0.conclusion.as_deref()
    }

    /// When it was created. It waits from then until it starts.
    async fn created_at(&self) -> Timestamp {
        Timestamp(self.0.created_at)
    }

    /// When a runner started it; null until then.
    async fn started_at(&self) -> Option<Timestamp> {
        self.0.started_at.map(Timestamp)
    }

    /// When it completed; null until then.
    async fn completed_at(&self) -> Option<Timestamp> {
        self.0.completed_at.map(Timestamp)
    }

    /// The runner; null until one started it.
    async fn runner_name(&self) -> Option<&str> {
        self.0.runner_name.as_deref()
    }

    /// The labels that its runner must have.
    async fn runner_labels(&self) -> &[String] {
        &self.0.runner_labels
    }

    /// The name of its first step that failed; null when none did.
    async fn failed_step(&self) -> Option<&str> {
        self.0.failed_step.as_deref()
    }

    /// Its page on GitHub.
    async fn url(&self) -> &str {
        &self.0.html_url
    }
}

/// As it is stored.
#[derive(Debug)]
pub(super) struct Artifact(Arc<store::Artifact>);

/// A file that a run produced.
#[Object]
impl Artifact {
    /// Opaque.
    async fn id(&self) -> ArtifactId {
        self.0.id
    }

    /// GitHub's id, a 64-bit number.
    async fn github_id(&self) -> String {
        self.0.github_id.to_string()
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its size in bytes.
    async fn size(&self) -> i64 {
        self.0.size_bytes
    }

    /// Whether GitHub deleted it because of its age.
    async fn is_expired(&self) -> bool {
        self.0.expired
    }

    /// When it was created; null when GitHub does not say.
    async fn created_at(&self) -> Option<Timestamp> {
        self.0.created_at.map(Timestamp)
    }

    /// When GitHub deletes it; null when GitHub does not say.
    async fn expires_at(&self) -> Option<Timestamp> {
        self.0.expires_at.map(Timestamp)
    }
}
