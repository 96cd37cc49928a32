//! Syncing issues from GitHub: all issues, those of one repository, or one issue.

use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{FullName, Timestamp};
use crate::middleware::{Problem, ProblemDocument, Reader};
use crate::rest::answer::json;
use crate::rest::body::Body;
use crate::rest::errors::{failed, untracked};
use crate::rest::fields::issue_number;
use crate::rest::responses::SingleJob;
use crate::service::repositories::sync::{Refreshed, RepositorySync, refresh_issue, sync_issues};
use crate::service::{App, Error, board};

/// What to sync.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SyncBody {
    /// The full name of a tracked repository; case-insensitive. All tracked repositories when
    /// absent.
    #[schema(example = "octo-org/hello-world")]
    repo_full_name: Option<String>,
}

/// The results of a sync.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SyncReport {
    /// Whether all repositories could be read.
    success: bool,
    /// The number of requested repositories.
    repos: usize,
    /// The total number of issues received from GitHub.
    synced_count: u32,
    /// One result for each repository.
    results: Vec<SyncResult>,
}

impl SyncReport {
    fn new(outcomes: &[RepositorySync]) -> Self {
        Self {
            success: outcomes.iter().all(|outcome| outcome.error.is_none()),
            repos: outcomes.len(),
            synced_count: outcomes.iter().map(|outcome| outcome.synced).sum(),
            results: outcomes.iter().map(SyncResult::new).collect(),
        }
    }
}

/// The result of a sync for one repository.
#[derive(Serialize, ToSchema)]
pub(super) struct SyncResult {
    /// The full name of the repository.
    #[schema(example = "octo-org/hello-world")]
    repo: String,
    /// The number of issues received from GitHub; 0 after a failure.
    synced: u32,
    /// The number of issues that cannot be read; every sync requests them again.
    unreadable: u32,
    /// Why the sync failed; null when it succeeded.
    #[schema(required, example = "GitHub API error: 404 Could not resolve to a Repository")]
    error: Option<String>,
}

impl SyncResult {
    fn new(outcome: &RepositorySync) -> Self {
        let text = |error: &Error| match error {
            Error::Internal(_) | Error::Unavailable { .. } => "Unknown sync error".to_owned(),
            other => other.to_string(),
        };
        Self {
            repo: outcome.repository.to_string(),
            synced: outcome.synced,
            unreadable: outcome.unreadable,
            error: outcome.error.as_ref().map(text),
        }
    }
}

/// Reads issues from GitHub. Returns when the sync is complete. A repository that fails does not
/// stop the others.
#[utoipa::path(
    post,
    path = "/api/sync",
    tag = "sync",
    operation_id = "syncIssues",
    request_body(content = Option<SyncBody>, description = "The body may be empty."),
    responses(
        SingleJob,
        (status = 200, description = "The sync is complete; each repository succeeded or failed.", body = SyncReport),
        (status = 404, description = "The repository is not tracked.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn sync(
    Reader { state: app, .. }: Reader<App>,
    body: Body,
) -> Result<Response, Problem> {
    let only = chosen(&app, &body)?;
    let outcomes = sync_issues(&app, only.as_ref()).await.map_err(|error| match &error {
        Error::RateLimited { .. } => {
            Problem::from(error).with_status(StatusCode::CONFLICT).with("locked", true)
        }
        Error::NotFound { id, .. } => untracked(id),
        _ => failed("Sync failed")(error),
    })?;
    Ok(json(StatusCode::OK, &SyncReport::new(&outcomes)))
}

/// What a scheduled sync does.
#[derive(Deserialize, ToSchema)]
pub(super) struct ScheduledSyncBody {
    /// Whether to sync issues; true when absent.
    issues: Option<bool>,
    /// Whether to sync automation as well; false when absent. Dispatch has none, so it is skipped.
    automation: Option<bool>,
}

/// The results of a scheduled sync.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ScheduledSyncReport {
    /// Always true. A repository that failed is in `issues.results`.
    success: bool,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    finished_at: Timestamp,
    /// The results for issues; absent when they were not requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    issues: Option<SyncReport>,
    /// Always true, where automation was requested; otherwise absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    automation_skipped: Option<bool>,
    /// Why automation was skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    automation_skipped_reason: Option<&'static str>,
}

/// Reads issues from GitHub, as a scheduler requests it. Returns when the sync is complete.
#[utoipa::path(
    post,
    path = "/api/sync/scheduled",
    tag = "sync",
    operation_id = "syncScheduled",
    request_body(content = Option<ScheduledSyncBody>, description = "The body may be empty."),
    responses(
        SingleJob,
        (status = 200, description = "The sync is complete; each repository succeeded or failed.", body = ScheduledSyncReport),
    )
)]
pub(crate) async fn sync_scheduled(
    Reader { state: app, .. }: Reader<App>,
    body: Body,
) -> Result<Response, Problem> {
    let ScheduledSyncBody { issues, automation } = match body.is_empty() {
        true => ScheduledSyncBody { issues: None, automation: None },
        false => body.members("Invalid JSON body")?.read_all()?,
    };
    let started_at = Timestamp(app.clock.now());
    let issues = match issues.unwrap_or(true) {
        true => Some(SyncReport::new(&sync_issues(&app, None).await.map_err(not_scheduled)?)),
        false => None,
    };
    let is_skipped = automation == Some(true);
    let report = ScheduledSyncReport {
        success: true,
        started_at,
        finished_at: Timestamp(app.clock.now()),
        issues,
        automation_skipped: is_skipped.then_some(true),
        automation_skipped_reason: is_skipped.then_some("Dispatch does not sync automation"),
    };
    Ok(json(StatusCode::OK, &report))
}

/// The problem of a scheduled sync that did not take place.
fn not_scheduled(error: Error) -> Problem {
    match &error {
        Error::RateLimited { .. } => {
            Problem::from(error).with_status(StatusCode::CONFLICT).with("locked", true)
        }
        _ => failed("Scheduled sync failed")(error).with("success", false),
    }
}

fn chosen(app: &App, body: &Body) -> Result<Option<FullName>, Problem> {
    if body.is_empty() {
        return Ok(None);
    }
    let body: SyncBody = body.members("Malformed JSON in request body")?.read()?;
    let named = |name: String| app.config.github.repository(&name).map_err(|_| untracked(&name));
    body.repo_full_name.map(named).transpose()
}

/// An issue to read again.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RefreshBody {
    /// The full name of a tracked repository; case-insensitive.
    #[schema(example = "octo-org/hello-world")]
    repo_full_name: String,
    /// The issue's number, as a JSON number; a string is rejected.
    #[serde(deserialize_with = "issue_number")]
    #[schema(minimum = 1)]
    issue_number: i32,
}

impl RefreshBody {
    /// Every error in the body has the same text.
    fn read(body: &Body) -> Result<Self, Problem> {
        let refusal =
            "Missing or invalid required fields: repoFullName (string) and issueNumber (integer)";
        let members = body.members("Invalid JSON body")?;
        members
            .require_strictly(&["repoFullName", "issueNumber"], refusal)
            .and_then(|()| members.read())
            .map_err(|problem| problem.with_message(refusal))
    }
}

/// The result of reading one issue.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RefreshReport {
    /// Always true.
    success: bool,
    /// The full name of the repository.
    #[schema(example = "octo-org/hello-world")]
    repo: String,
    /// The issue's number.
    issue_number: i32,
    /// `created` when the issue was not cached before, otherwise `updated`.
    #[schema(example = "updated")]
    action: &'static str,
    /// Always null.
    #[schema(value_type = Option<String>, required)]
    error: Option<()>,
}

/// Reads one issue from GitHub again.
#[utoipa::path(
    post,
    path = "/api/issues/refresh",
    tag = "sync",
    operation_id = "refreshIssue",
    request_body = RefreshBody,
    responses(
        (status = 200, description = "The cached issue matches GitHub.", body = RefreshReport),
        (status = 404, description = "The repository is not tracked.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 502, description = "GitHub rejected the request, or the number is that of a pull request.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn refresh(
    Reader { state: app, .. }: Reader<App>,
    body: Body,
) -> Result<Response, Problem> {
    let RefreshBody { repo_full_name: given, issue_number: number } = RefreshBody::read(&body)?;
    let name = app.config.github.repository(&given).map_err(|_| untracked(&given))?;
    let refreshed = refresh_issue(&app, &name, number).await.map_err(|error| match error {
        Error::NotFound { .. } => untracked(&given),
        Error::Upstream(_) | Error::UpstreamUnreadable(_) | Error::RateLimited { .. } => {
            Problem::from(error)
                .with_status(StatusCode::BAD_GATEWAY)
                .with("repo", given.as_str())
                .with("issueNumber", number)
        }
        other => failed("Issue refresh failed")(other),
    })?;
    let stored = board::find_issue_by_number(&app, &name, number).await;
    let report = RefreshReport {
        success: true,
        repo: stored.map_or(given, |(_, row)| row.full_name.to_string()),
        issue_number: number,
        action: match refreshed {
            Refreshed::Created => "created",
            Refreshed::Updated => "updated",
        },
        error: None,
    };
    Ok(json(StatusCode::OK, &report))
}
