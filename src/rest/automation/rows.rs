//! The shapes of automation rows. Numbers of GitHub are texts, because they exceed what JavaScript
//! reads exactly.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{
    ActivityId, AutomationSyncRunId, PackageId, ReleaseId, RepositoryId, Timestamp, WorkflowId,
    WorkflowJobId, WorkflowRunId,
};
use crate::store::automation as store;

/// A workflow.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Workflow)]
pub(crate) struct WorkflowRow<'a> {
    /// Opaque.
    #[schema(value_type = String, example = "wfl_000001")]
    id: WorkflowId,
    /// The id of its repository.
    #[schema(value_type = String, example = "rep_000001")]
    repo_id: RepositoryId,
    /// GitHub's id.
    #[schema(example = "171717")]
    workflow_id: String,
    /// Its name.
    #[schema(example = "CI")]
    name: &'a str,
    /// The path of its file.
    #[schema(example = ".github/workflows/ci.yml")]
    path: &'a str,
    /// GitHub's word: `active`, `disabled_manually`, …; `unknown` until it was read.
    #[schema(example = "active")]
    state: &'a str,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// When its newest run was created.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    last_run_at: Option<Timestamp>,
}

impl<'a> WorkflowRow<'a> {
    pub(crate) fn new(row: &'a store::Workflow) -> Self {
        Self {
            id: row.id,
            repo_id: row.repository_id,
            workflow_id: row.github_id.to_string(),
            name: &row.name,
            path: &row.path,
            state: &row.state,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
            last_run_at: row.last_run_at.map(Timestamp),
        }
    }
}

/// A run of a workflow.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WorkflowRun)]
pub(crate) struct RunRow<'a> {
    /// Opaque.
    #[schema(value_type = String, example = "wfr_000001")]
    id: WorkflowRunId,
    /// The id of its workflow.
    #[schema(value_type = String, example = "wfl_000001")]
    workflow_id: WorkflowId,
    /// GitHub's id.
    #[schema(example = "9007199254740993")]
    run_id: String,
    /// The name of its workflow when it started.
    #[schema(example = "CI")]
    name: &'a str,
    /// GitHub's word: `queued`, `in_progress`, `completed`, …
    #[schema(example = "completed")]
    status: &'a str,
    /// GitHub's word: `success`, `failure`, …; null until it is completed.
    #[schema(required, example = "success")]
    conclusion: Option<&'a str>,
    /// The branch of its commit; empty for a tag.
    #[schema(example = "main")]
    branch: &'a str,
    /// Its commit.
    head_sha: &'a str,
    /// The GitHub login of who started it; empty when GitHub does not say.
    #[schema(example = "octocat")]
    actor: &'a str,
    /// When this attempt started.
    #[schema(value_type = String, format = DateTime)]
    run_started_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// How long this attempt took, in seconds; null until it is completed.
    #[schema(required)]
    duration_secs: Option<i32>,
    /// The page of its pull request, if it has exactly one in the same repository.
    #[schema(required)]
    pull_request_url: Option<String>,
}

impl<'a> RunRow<'a> {
    pub(crate) fn new(row: &'a store::WorkflowRun) -> Self {
        let site = row.html_url.split_once("/actions/").map(|(repository, _)| repository);
        let pull_request = site.zip(row.pull_request_number);
        Self {
            id: row.id,
            workflow_id: row.workflow_id,
            run_id: row.github_id.to_string(),
            name: &row.name,
            status: &row.status,
            conclusion: row.conclusion.as_deref(),
            branch: row.branch.as_deref().unwrap_or_default(),
            head_sha: &row.head_sha,
            actor: row.actor.as_deref().unwrap_or_default(),
            run_started_at: Timestamp(row.started_at),
            updated_at: Timestamp(row.updated_at),
            duration_secs: row.duration_seconds,
            pull_request_url: pull_request.map(|(site, number)| format!("{site}/pull/{number}")),
        }
    }
}

/// A job of a run.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WorkflowJob)]
pub(crate) struct JobRow<'a> {
    /// Opaque.
    #[schema(value_type = String, example = "wfj_000001")]
    id: WorkflowJobId,
    /// The id of its run.
    #[schema(value_type = String, example = "wfr_000001")]
    run_id: WorkflowRunId,
    /// GitHub's id.
    #[schema(example = "399444496")]
    job_id: String,
    /// Its name.
    #[schema(example = "build")]
    name: &'a str,
    /// GitHub's word: `queued`, `in_progress`, `completed`, …
    #[schema(example = "completed")]
    status: &'a str,
    /// GitHub's word: `success`, `failure`, …; null until it is completed.
    #[schema(required, example = "success")]
    conclusion: Option<&'a str>,
    /// When a runner started it.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    started_at: Option<Timestamp>,
    /// When it completed.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    completed_at: Option<Timestamp>,
}

impl<'a> JobRow<'a> {
    pub(crate) fn new(row: &'a store::WorkflowJob) -> Self {
        Self {
            id: row.id,
            run_id: row.run_id,
            job_id: row.github_id.to_string(),
            name: &row.name,
            status: &row.status,
            conclusion: row.conclusion.as_deref(),
            started_at: row.started_at.map(Timestamp),
            completed_at: row.completed_at.map(Timestamp),
        }
    }
}

/// A release.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Release)]
pub(crate) struct ReleaseRow<'a> {
    /// Opaque.
    #[schema(value_type = String, example = "rel_000001")]
    id: ReleaseId,
    /// The id of its repository.
    #[schema(value_type = String, example = "rep_000001")]
    repo_id: RepositoryId,
    /// GitHub's id.
    #[schema(example = "22334455")]
    release_id: String,
    /// Its tag.
    #[schema(example = "v1.2.0")]
    tag_name: &'a str,
    /// Its name.
    #[schema(required)]
    name: Option<&'a str>,
    /// Whether it is a draft.
    draft: bool,
    /// Whether it is marked as not ready for production.
    prerelease: bool,
    /// The branch or commit that its tag is made of.
    #[schema(required)]
    target_commit: Option<&'a str>,
    /// Its page.
    url: &'a str,
    /// When it was published; for a draft, when it was created.
    #[schema(value_type = String, format = DateTime)]
    published_at: Timestamp,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl<'a> ReleaseRow<'a> {
    pub(crate) fn new(row: &'a store::Release) -> Self {
        Self {
            id: row.id,
            repo_id: row.repository_id,
            release_id: row.github_id.to_string(),
            tag_name: &row.tag_name,
            name: row.name.as_deref(),
            draft: row.draft,
            prerelease: row.prerelease,
            target_commit: row.target_commit.as_deref(),
            url: &row.html_url,
            published_at: Timestamp(row.published_at.unwrap_or(row.created_at)),
            created_at: Timestamp(row.created_at),
        }
    }
}

/// A package.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Package)]
pub(crate) struct PackageRow<'a> {
    /// Opaque.
    #[schema(value_type = String, example = "pkg_000001")]
    id: PackageId,
    /// The id of its repository.
    #[schema(value_type = String, example = "rep_000001")]
    repo_id: RepositoryId,
    /// GitHub's word: `container`, `npm`, …
    #[schema(example = "container")]
    package_type: &'a str,
    /// Its name.
    name: &'a str,
    /// GitHub's word: `public`, `private` or `internal`.
    #[schema(example = "public")]
    visibility: &'a str,
    /// Its page.
    url: &'a str,
    /// The first tag of its newest version, or else the name of that version.
    #[schema(required)]
    latest_tag: Option<&'a str>,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl<'a> PackageRow<'a> {
    pub(crate) fn new(row: &'a store::Package) -> Self {
        let tag = row.latest_tags.first().map(String::as_str);
        Self {
            id: row.id,
            repo_id: row.repository_id,
            package_type: &row.package_type,
            name: &row.name,
            visibility: &row.visibility,
            url: &row.html_url,
            latest_tag: tag.or(row.latest_version.as_deref()),
            updated_at: Timestamp(row.updated_at),
        }
    }
}

/// Something that happened in a repository.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AutomationEvent)]
pub(crate) struct EventRow<'a> {
    /// Opaque.
    #[schema(value_type = String, example = "act_000001")]
    id: ActivityId,
    /// The id of its repository.
    #[schema(value_type = String, example = "rep_000001")]
    repo_id: RepositoryId,
    /// `workflow_run_started`, `workflow_run_completed`, `workflow_run_failed`, `release_published`,
    /// `pr_opened`, `pr_merged`, `deployment` or `sync_completed`.
    #[schema(example = "workflow_run_failed")]
    event_type: &'a str,
    /// A short sentence.
    title: &'a str,
    /// More about it.
    #[schema(required)]
    description: Option<&'a str>,
    /// The GitHub login of who did it.
    #[schema(required)]
    actor: Option<&'a str>,
    /// Its page.
    #[schema(required)]
    url: Option<&'a str>,
    /// The commit.
    #[schema(required)]
    sha: Option<&'a str>,
    /// The branch.
    #[schema(required)]
    branch: Option<&'a str>,
    /// GitHub's word for the result.
    #[schema(required)]
    status: Option<&'a str>,
    /// Other facts, by name.
    #[schema(value_type = Option<Object>, required)]
    metadata: Option<&'a serde_json::Value>,
    /// When it happened, by GitHub's clock.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl<'a> EventRow<'a> {
    pub(crate) fn new(row: &'a store::Activity) -> Self {
        Self {
            id: row.id,
            repo_id: row.repository_id,
            event_type: &row.kind,
            title: &row.title,
            description: row.description.as_deref(),
            actor: row.actor.as_deref(),
            url: row.url.as_deref(),
            sha: row.sha.as_deref(),
            branch: row.branch.as_deref(),
            status: row.status.as_deref(),
            metadata: row.metadata.as_ref(),
            created_at: Timestamp(row.created_at),
        }
    }
}

/// A sync of a repository's automation data.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AutomationSyncRun)]
pub(crate) struct SyncRunRow<'a> {
    /// Opaque.
    #[schema(value_type = String, example = "asr_000001")]
    id: AutomationSyncRunId,
    /// The id of its repository.
    #[schema(value_type = String, example = "rep_000001")]
    repo_id: RepositoryId,
    /// `running`, `completed` or `failed`.
    #[schema(example = "completed")]
    status: &'a str,
    /// 1 once the repository was read, else 0.
    repos_fetched: i32,
    /// The number of workflows that it read.
    workflows_fetched: i32,
    /// The number of runs that it read.
    runs_fetched: i32,
    /// Why it failed.
    #[schema(required)]
    error_message: Option<&'a str>,
    /// What it could not read, and why.
    #[schema(required)]
    notes: Option<&'a str>,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    /// When it ended; null while it runs.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    completed_at: Option<Timestamp>,
}

impl<'a> SyncRunRow<'a> {
    pub(crate) fn new(row: &'a store::AutomationSyncRun) -> Self {
        Self {
            id: row.id,
            repo_id: row.repository_id,
            status: &row.status,
            repos_fetched: i32::from(row.status == "completed"),
            workflows_fetched: row.workflows_fetched,
            runs_fetched: row.runs_fetched,
            error_message: row.error.as_deref(),
            notes: row.notes.as_deref(),
            started_at: Timestamp(row.started_at),
            completed_at: row.completed_at.map(Timestamp),
        }
    }
}
