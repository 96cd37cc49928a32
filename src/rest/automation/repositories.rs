//! Tracked repositories with their automation data: the list, and one in detail.

use std::collections::HashMap;

use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::rows::{EventRow, PackageRow, ReleaseRow, RunRow, SyncRunRow, WorkflowRow};
use crate::domain::{FullName, RepositoryId, Timestamp};
use crate::middleware::{Problem, ProblemDocument, Reader};
use crate::rest::answer::json;
use crate::rest::errors::failed;
use crate::rest::path::Path;
use crate::rest::query::QueryString;
use crate::service::automation::lists;
use crate::service::repositories::tracking;
use crate::service::{self, App, Error};
use crate::store::automation::activity::ActivityFilter;
use crate::store::automation::lists::RepositoryCounts;
use crate::store::automation::{
    AutomationRepository, AutomationSyncRun, Release, Workflow, WorkflowRun,
};
use crate::store::{PageRequest, Repository};

/// A repository in the routes of automation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TrackedRepository<'a> {
    /// Opaque.
    #[schema(value_type = String, example = "rep_000001")]
    id: RepositoryId,
    /// The full name, `owner/name`.
    #[schema(example = "octo-org/hello-world")]
    full_name: &'a str,
    /// The name of the repository, without its owner.
    #[schema(example = "hello-world")]
    name: &'a str,
    /// The user or organisation that owns the repository.
    #[schema(example = "octo-org")]
    owner: &'a str,
    /// The default branch on GitHub; `main` until it is known.
    #[schema(example = "main")]
    default_branch: &'a str,
    /// The newest commit of the default branch; null until it is known.
    #[schema(required)]
    latest_commit_sha: Option<&'a str>,
    /// The number of open pull requests.
    #[serde(rename = "openPRCount")]
    open_pr_count: i32,
    /// When the last sync ended, whether successful or not; before the first sync, when the
    /// repository was first tracked.
    #[schema(value_type = String, format = DateTime)]
    last_synced_at: Timestamp,
    /// Why the last sync failed; null when it succeeded.
    #[schema(required)]
    sync_error: Option<&'a str>,
    /// Who first asked to track the repository: `env` or `user`.
    #[schema(example = "user")]
    source: &'a str,
}

impl<'a> TrackedRepository<'a> {
    /// A repository, with its automation data unless they were never read.
    pub(crate) fn new(
        repository: &'a Repository,
        automation: Option<&'a AutomationRepository>,
    ) -> Self {
        let read = automation.filter(|row| row.attempted_at.is_some());
        let attempted_at = match read {
            Some(row) => row.attempted_at,
            None => repository.attempted_at,
        };
        let sync_error = match read {
            Some(row) => row.sync_error.as_deref(),
            None => repository.sync_error.as_deref(),
        };
        Self {
            id: repository.id,
            full_name: repository.full_name.as_str(),
            name: repository.full_name.name(),
            owner: repository.full_name.owner(),
            default_branch: &repository.default_branch,
            latest_commit_sha: automation.and_then(|row| row.latest_commit_sha.as_deref()),
            open_pr_count: automation.map_or(0, |row| row.open_pull_requests),
            last_synced_at: Timestamp(attempted_at.unwrap_or(repository.created_at)),
            sync_error,
            source: &repository.source,
        }
    }
}

/// A tracked repository with all its own members.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WholeRepository<'a> {
    #[serde(flatten)]
    repository: TrackedRepository<'a>,
    /// When the repository was first tracked.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When the repository was last tracked, untracked or renamed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl<'a> WholeRepository<'a> {
    pub(crate) fn new(
        repository: &'a Repository,
        automation: Option<&'a AutomationRepository>,
    ) -> Self {
        Self {
            repository: TrackedRepository::new(repository, automation),
            created_at: Timestamp(repository.created_at),
            updated_at: Timestamp(repository.updated_at),
        }
    }
}

/// A tracked repository with its newest workflow and release.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TrackedListRow<'a> {
    #[serde(flatten)]
    repository: TrackedRepository<'a>,
    /// When the last successful sync ended.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    last_succeeded_at: Option<Timestamp>,
    /// The workflow that ran last; empty when there is none.
    workflows: Vec<WorkflowRow<'a>>,
    /// The newest release; empty when there is none.
    releases: Vec<ReleaseRow<'a>>,
    /// The total numbers of workflows and releases.
    #[serde(rename = "_count")]
    count: Counts,
    /// The number of stored runs that failed, also earlier ones.
    failing_runs: i64,
    /// The number of runs in progress.
    running_runs: i64,
    /// The last sync of automation data; null before the first.
    #[schema(required)]
    last_sync_run: Option<SyncRunRow<'a>>,
}

/// The total numbers of workflows and releases.
#[derive(Serialize, ToSchema)]
pub(crate) struct Counts {
    /// The number of workflows.
    workflows: i64,
    /// The number of releases.
    releases: i64,
}

impl Counts {
    fn new(counts: Option<&RepositoryCounts>) -> Self {
        Self {
            workflows: counts.map_or(0, |counts| counts.workflows),
            releases: counts.map_or(0, |counts| counts.releases),
        }
    }
}

/// What is read of repositories, by repository.
struct Read {
    rows: HashMap<RepositoryId, AutomationRepository>,
    counts: HashMap<RepositoryId, RepositoryCounts>,
    failed: HashMap<RepositoryId, i64>,
    syncs: HashMap<RepositoryId, AutomationSyncRun>,
    workflows: Vec<Workflow>,
    releases: Vec<Release>,
}

impl Read {
    async fn of(app: &App, ids: &[RepositoryId], releases: u32) -> service::Result<Self> {
        let rows = lists::repository_rows(app, ids).await?;
        let counts = lists::counts(app, ids).await?;
        let failed = lists::failed_runs(app, ids).await?;
        let syncs = lists::last_syncs(app, ids).await?;
        Ok(Self {
            rows: rows.into_iter().map(|row| (row.repository_id, row)).collect(),
            counts: counts.into_iter().map(|row| (row.repository_id, row)).collect(),
            failed: failed.into_iter().map(|row| (row.repository_id, row.runs)).collect(),
            syncs: syncs.into_iter().map(|row| (row.repository_id, row)).collect(),
            workflows: lists::workflows_of(app, ids).await?,
            releases: lists::releases_of(app, ids, releases).await?,
        })
    }

    fn list_row<'a>(&'a self, repository: &'a Repository) -> TrackedListRow<'a> {
        let id = repository.id;
        let automation = self.rows.get(&id);
        let newest = self.workflows.iter().filter(|row| row.repository_id == id);
        let release = self.releases.iter().find(|row| row.repository_id == id);
        TrackedListRow {
            repository: TrackedRepository::new(repository, automation),
            last_succeeded_at: automation
                .and_then(|row| row.synced_at)
                .or(repository.synced_at)
                .map(Timestamp),
            workflows: newest
                .max_by_key(|row| (row.last_run_at, row.id))
                .map(WorkflowRow::new)
                .into_iter()
                .collect(),
            releases: release.map(ReleaseRow::new).into_iter().collect(),
            count: Counts::new(self.counts.get(&id)),
            failing_runs: self.failed.get(&id).copied().unwrap_or_default(),
            running_runs: self.counts.get(&id).map_or(0, |counts| counts.in_progress),
            last_sync_run: self.syncs.get(&id).map(SyncRunRow::new),
        }
    }
}

/// Lists the tracked repositories, sorted by name.
#[utoipa::path(
    get,
    path = "/api/automation/repos",
    tag = "repositories",
    operation_id = "listTrackedRepositories",
    responses(
        (status = 200, description = "The repositories.", body = Vec<TrackedListRow<'_>>),
    )
)]
pub(crate) async fn list(Reader { state: app, .. }: Reader<App>) -> Result<Response, Problem> {
    let failed = failed("Failed to fetch repos");
    let tracked = tracking::tracked_repositories(&app).await.map_err(&failed)?;
    let ids: Vec<RepositoryId> = tracked.iter().map(|repository| repository.id).collect();
    let read = Read::of(&app, &ids, 1).await.map_err(&failed)?;
    let rows = tracked.iter().map(|repository| read.list_row(repository));
    Ok(json(StatusCode::OK, &rows.collect::<Vec<_>>()))
}

/// A workflow with its newest runs.
#[derive(Serialize, ToSchema)]
pub(crate) struct WorkflowWithRuns<'a> {
    #[serde(flatten)]
    workflow: WorkflowRow<'a>,
    /// The newest five runs.
    runs: Vec<RunRow<'a>>,
}

/// A tracked repository in detail.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RepositoryDetail<'a> {
    #[serde(flatten)]
    repository: WholeRepository<'a>,
    /// When the last successful sync ended.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    last_succeeded_at: Option<Timestamp>,
    /// All workflows, by name.
    workflows: Vec<WorkflowWithRuns<'a>>,
    /// The newest ten releases.
    releases: Vec<ReleaseRow<'a>>,
    /// All packages, the one that changed last first.
    packages: Vec<PackageRow<'a>>,
    /// The total numbers of workflows and releases.
    #[serde(rename = "_count")]
    count: Counts,
    /// The number of stored runs that failed, also earlier ones.
    failing_runs: i64,
    /// The number of runs in progress.
    running_runs: i64,
    /// The last sync of automation data; null before the first.
    #[schema(required)]
    last_sync_run: Option<SyncRunRow<'a>>,
    /// The newest ten events.
    recent_events: Vec<EventRow<'a>>,
}

/// A repository that replaces the one in the path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DetailQuery {
    /// The full name of a repository, `owner/name`; it overrides the path.
    repo: Option<String>,
}

/// Returns a tracked repository in detail.
#[utoipa::path(
    get,
    path = "/api/automation/repos/{owner}/{repo}",
    tag = "repositories",
    operation_id = "getTrackedRepository",
    params(
        ("owner" = String, Path, description = "The user or organisation that owns the repository."),
        ("repo" = String, Path, description = "The name of the repository, without its owner."),
        DetailQuery,
    ),
    responses(
        (status = 200, description = "The repository.", body = RepositoryDetail<'_>),
        (status = 404, description = "`Repo not found`.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get(
    Reader { state: app, .. }: Reader<App>,
    Path((owner, repo)): Path<(String, String)>,
    query: QueryString,
) -> Result<Response, Problem> {
    detail(&app, &query, format!("{owner}/{repo}")).await
}

/// Returns a tracked repository in detail, whose full name is given as one path segment:
/// `owner%2Fname`.
#[utoipa::path(
    get,
    path = "/api/automation/repos/{owner}",
    tag = "repositories",
    operation_id = "getTrackedRepositoryByFullName",
    params(
        ("owner" = String, Path, description = "The full name, with `/` encoded as `%2F`."),
        DetailQuery,
    ),
    responses(
        (status = 200, description = "The repository.", body = RepositoryDetail<'_>),
        (status = 404, description = "`Repo not found`.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_encoded(
    Reader { state: app, .. }: Reader<App>,
    Path(name): Path<String>,
    query: QueryString,
) -> Result<Response, Problem> {
    detail(&app, &query, name).await
}

async fn detail(app: &App, query: &QueryString, name: String) -> Result<Response, Problem> {
    let DetailQuery { repo } = query.read();
    let repository = find(app, &repo.unwrap_or(name)).await?;
    let failed = failed("Failed to fetch repo");
    let ids = [repository.id];
    let read = Read::of(app, &ids, 10).await.map_err(&failed)?;
    let workflow_ids: Vec<_> = read.workflows.iter().map(|row| row.id).collect();
    let runs = lists::newest_runs(app, &workflow_ids, 5).await.map_err(&failed)?;
    let packages = lists::packages_of(app, &ids).await.map_err(&failed)?;
    let filter = ActivityFilter { repository: Some(repository.id), kinds: vec![] };
    let events = lists::list_activity(app, &filter, &PageRequest::first(10)).await;
    let events = events.map_err(&failed)?.rows;
    let automation = read.rows.get(&repository.id);
    let row = read.list_row(&repository);
    Ok(json(
        StatusCode::OK,
        &RepositoryDetail {
            repository: WholeRepository::new(&repository, automation),
            last_succeeded_at: row.last_succeeded_at,
            workflows: read.workflows.iter().map(|row| with_runs(row, &runs)).collect(),
            releases: read.releases.iter().map(ReleaseRow::new).collect(),
            packages: packages.iter().map(PackageRow::new).collect(),
            count: row.count,
            failing_runs: row.failing_runs,
            running_runs: row.running_runs,
            last_sync_run: row.last_sync_run,
            recent_events: events.iter().map(EventRow::new).collect(),
        },
    ))
}

fn with_runs<'a>(row: &'a Workflow, runs: &'a [WorkflowRun]) -> WorkflowWithRuns<'a> {
    let runs = runs.iter().filter(|run| run.workflow_id == row.id);
    WorkflowWithRuns { workflow: WorkflowRow::new(row), runs: runs.map(RunRow::new).collect() }
}

/// The tracked repository with a name.
async fn find(app: &App, name: &str) -> Result<Repository, Problem> {
    let not_found = || Problem::not_found("Repo not found");
    let name: FullName = app.config.github.repository(name).map_err(|_| not_found())?;
    lists::find_repository(app, &name).await.map_err(|error| match error {
        Error::NotFound { .. } => not_found(),
        other => failed("Failed to fetch repo")(other),
    })
}
