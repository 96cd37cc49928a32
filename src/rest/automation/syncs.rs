//! Syncing automation data from GitHub.

use std::collections::HashMap;

use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::repositories::WholeRepository;
use crate::domain::{AutomationSyncRunId, RepositoryId};
use crate::middleware::{Problem, ProblemDocument, Reader};
use crate::rest::answer::json;
use crate::rest::body::Body;
use crate::rest::errors::{failed, untracked};
use crate::rest::responses::SingleJob;
use crate::service::automation::lists;
use crate::service::automation::sync::{AutomationSync, sync_automation};
use crate::service::repositories::tracking;
use crate::service::{App, Error};

/// The numbers of a repository's workflows, releases and events.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SyncCounts {
    /// The number of workflows.
    workflows: i64,
    /// The number of releases.
    releases: i64,
    /// The number of stored events.
    automation_events: i64,
}

/// A tracked repository and how much is stored of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct SyncListRow<'a> {
    #[serde(flatten)]
    repository: WholeRepository<'a>,
    /// How much is stored of it.
    #[serde(rename = "_count")]
    count: SyncCounts,
}

/// Lists the tracked repositories and how much is stored of each, sorted by name.
#[utoipa::path(
    get,
    path = "/api/automation/sync",
    tag = "automation",
    operation_id = "listAutomationSyncs",
    responses(
        (status = 200, description = "The repositories.", body = Vec<SyncListRow<'_>>),
    )
)]
pub(crate) async fn list(Reader { state: app, .. }: Reader<App>) -> Result<Response, Problem> {
    let failed = failed("Failed to fetch repos");
    let tracked = tracking::tracked_repositories(&app).await.map_err(&failed)?;
    let ids: Vec<RepositoryId> = tracked.iter().map(|repository| repository.id).collect();
    let automation = lists::repository_rows(&app, &ids).await.map_err(&failed)?;
    let automation: HashMap<_, _> = automation.iter().map(|row| (row.repository_id, row)).collect();
    let counts = lists::counts(&app, &ids).await.map_err(&failed)?;
    let counts: HashMap<_, _> = counts.iter().map(|row| (row.repository_id, row)).collect();
    let events = lists::activity_counts(&app, &ids).await.map_err(&failed)?;
    let events: HashMap<_, _> = events.iter().map(|row| (row.repository_id, row.events)).collect();
    let rows = tracked.iter().map(|row| SyncListRow {
        repository: WholeRepository::new(row, automation.get(&row.id).copied()),
        count: SyncCounts {
            workflows: counts.get(&row.id).map_or(0, |counts| counts.workflows),
            releases: counts.get(&row.id).map_or(0, |counts| counts.releases),
            automation_events: events.get(&row.id).copied().unwrap_or_default(),
        },
    });
    Ok(json(StatusCode::OK, &rows.collect::<Vec<_>>()))
}

/// What to sync.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AutomationSyncBody {
    /// The full name of a tracked repository; case-insensitive. All tracked repositories when
    /// absent.
    #[schema(example = "octo-org/hello-world")]
    repo: Option<String>,
    /// The same as `repo`, which is preferred.
    #[schema(example = "octo-org/hello-world")]
    full_name: Option<String>,
}

/// The result of a sync for one repository.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SyncOutcome {
    /// Whether it succeeded.
    success: bool,
    /// Why it failed; absent when it succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The record of the sync; null when it could not be made.
    #[schema(value_type = Option<String>, required, example = "asr_000001")]
    sync_run_id: Option<AutomationSyncRunId>,
}

impl SyncOutcome {
    fn new(sync: &AutomationSync) -> Self {
        Self {
            success: sync.error.is_none(),
            error: sync.error.as_ref().map(text),
            sync_run_id: sync.sync_run,
        }
    }
}

fn text(error: &Error) -> String {
    match error {
        Error::Internal(_) | Error::Unavailable { .. } => "Unknown sync error".to_owned(),
        other => other.to_string(),
    }
}

/// A repository and the result of its sync.
#[derive(Serialize, ToSchema)]
pub(crate) struct RepositoryOutcome {
    /// The full name of the repository.
    #[schema(example = "octo-org/hello-world")]
    repo: String,
    /// The result.
    result: SyncOutcome,
}

/// The results of a sync of all repositories.
#[derive(Serialize, ToSchema)]
pub(crate) struct AutomationSyncReport {
    /// Whether all repositories succeeded.
    success: bool,
    /// The number of repositories that succeeded.
    synced: usize,
    /// The number of repositories that failed.
    failed: usize,
    /// One result for each repository.
    results: Vec<RepositoryOutcome>,
}

/// The result for one repository, if it was named, or the report on all of them.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum AutomationSyncResponse {
    /// Of the repository that was named.
    One(SyncOutcome),
    /// Of all repositories.
    All(AutomationSyncReport),
}

/// Reads automation data from GitHub: workflows, runs, releases, packages, pull requests, checks and
/// deployments.
///
/// Returns when the sync is complete. A repository that fails does not stop the others.
#[utoipa::path(
    post,
    path = "/api/automation/sync",
    tag = "automation",
    operation_id = "syncAutomation",
    request_body(content = Option<AutomationSyncBody>, description = "The body may be empty."),
    responses(
        SingleJob,
        (status = 200, description = "The sync is complete; with several repositories, each succeeded or failed.", body = AutomationSyncResponse),
        (status = 404, description = "The repository is not tracked.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 500, description = "The sync of the named repository failed, and `error` has the reason.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn sync(
    Reader { state: app, .. }: Reader<App>,
    body: Body,
) -> Result<Response, Problem> {
    let body: AutomationSyncBody = body.members_or_none("Invalid JSON body")?.read()?;
    let name = body.repo.or(body.full_name);
    let only = match &name {
        None => None,
        Some(name) => Some(app.config.github.repository(name).map_err(|_| untracked(name))?),
    };
    let syncs = sync_automation(&app, only.as_ref()).await.map_err(|error| match &error {
        Error::RateLimited { .. } => {
            Problem::from(error).with_status(StatusCode::CONFLICT).with("locked", true)
        }
        Error::NotFound { id, .. } => untracked(id),
        _ => failed("Sync failed")(error),
    })?;
    if only.is_none() {
        return Ok(json(StatusCode::OK, &AutomationSyncResponse::All(report(&syncs))));
    }
    match syncs.into_iter().next() {
        Some(AutomationSync { error: Some(error), .. }) => {
            let text = text(&error);
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Err(Problem::from(error).with_status(status).with_message(text))
        }
        Some(sync) => {
            Ok(json(StatusCode::OK, &AutomationSyncResponse::One(SyncOutcome::new(&sync))))
        }
        None => Ok(json(StatusCode::OK, &AutomationSyncResponse::All(report(&[])))),
    }
}

fn report(syncs: &[AutomationSync]) -> AutomationSyncReport {
    let failed = syncs.iter().filter(|sync| sync.error.is_some()).count();
    let outcome = |sync: &AutomationSync| RepositoryOutcome {
        repo: sync.repository.to_string(),
        result: SyncOutcome::new(sync),
    };
    AutomationSyncReport {
        success: failed == 0,
        synced: syncs.len() - failed,
        failed,
        results: syncs.iter().map(outcome).collect(),
    }
}
