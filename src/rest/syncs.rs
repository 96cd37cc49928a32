//! Bringing GitHub's issues in: all of them, those of one repository, or one.

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::json;
use super::body::{Body, issue_number};
use super::errors::{failed, untracked};
use crate::app::App;
use crate::domain::FullName;
use crate::middleware::{Problem, ProblemDocument, Reader};
use crate::service::sync::{Refreshed, RepositorySync, refresh_issue, sync_issues};
use crate::service::{Error, board};

/// What to sync.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `sync` reads from the body")]
pub(super) struct SyncBody {
    /// A tracked repository's full name, in any case; every one when absent.
    #[schema(example = "octo-org/hello-world")]
    repo_full_name: Option<String>,
}

/// How a sync went.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SyncReport {
    /// Whether every repository could be read.
    success: bool,
    /// How many repositories were asked for.
    repos: usize,
    /// How many issues GitHub sent.
    synced_count: u32,
    /// Each repository's own outcome.
    results: Vec<SyncResult>,
}

/// How the sync of one repository went.
#[derive(Serialize, ToSchema)]
pub(super) struct SyncResult {
    /// Its full name.
    #[schema(example = "octo-org/hello-world")]
    repo: String,
    /// How many issues GitHub sent; 0 after a failure.
    synced: u32,
    /// How many issues cannot be read; each is asked for again in every sync.
    unreadable: u32,
    /// Why it failed.
    #[schema(required, example = "GitHub API error: 404 Could not resolve to a Repository")]
    error: Option<String>,
}

impl SyncResult {
    fn of(outcome: &RepositorySync) -> Self {
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

/// Reads issues from GitHub. Answers when it is done; a repository that fails stops no other.
#[utoipa::path(
    post,
    path = "/api/sync",
    tag = "sync",
    operation_id = "syncIssues",
    request_body(content = Option<SyncBody>, description = "May be empty."),
    responses(
        (status = 200, description = "It ended, for each repository well or not.", body = SyncReport),
        (status = 400, description = "`Malformed JSON in request body`.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "The repository is not tracked.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "A sync is running; `locked` is true.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 500, description = "`Sync failed`.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn sync(
    Reader { state: app, .. }: Reader<App>,
    body: Body,
) -> Result<Response, Problem> {
    let only = chosen(&app, &body)?;
    let outcomes = sync_issues(&app, only.as_ref()).await.map_err(|error| match &error {
        Error::Busy { .. } => {
            Problem::from(error).with_status(StatusCode::CONFLICT).with("locked", true)
        }
        Error::NotFound { id, .. } => untracked(id),
        _ => failed("Sync failed")(error),
    })?;
    let report = SyncReport {
        success: outcomes.iter().all(|outcome| outcome.error.is_none()),
        repos: outcomes.len(),
        synced_count: outcomes.iter().map(|outcome| outcome.synced).sum(),
        results: outcomes.iter().map(SyncResult::of).collect(),
    };
    Ok(json(StatusCode::OK, &report))
}

fn chosen(app: &App, body: &Body) -> Result<Option<FullName>, Problem> {
    if body.is_empty() {
        return Ok(None);
    }
    let members = body.members("Malformed JSON in request body")?;
    let name = members.text("repoFullName")?;
    let named = |name| app.config.github.repository(name).map_err(|_| untracked(name));
    name.map(named).transpose()
}

/// An issue to read anew.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `refresh` reads from the body")]
pub(super) struct RefreshBody {
    /// A tracked repository's full name, in any case.
    #[schema(example = "octo-org/hello-world")]
    repo_full_name: String,
    /// The issue's number, never as a string.
    issue_number: i32,
}

/// What reading one issue anew did.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RefreshReport {
    /// Always true.
    success: bool,
    /// The repository's full name.
    #[schema(example = "octo-org/hello-world")]
    repo: String,
    /// The issue's number.
    issue_number: i32,
    /// `created` when it was not cached before, else `updated`.
    #[schema(example = "updated")]
    action: &'static str,
    /// Always null.
    #[schema(value_type = Option<String>, required)]
    error: Option<()>,
}

/// Reads one issue from GitHub.
#[utoipa::path(
    post,
    path = "/api/issues/refresh",
    tag = "sync",
    operation_id = "refreshIssue",
    request_body = RefreshBody,
    responses(
        (status = 200, description = "It is cached as GitHub has it.", body = RefreshReport),
        (status = 400, description = "The body is wrong.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "The repository is not tracked.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 500, description = "`Issue refresh failed`.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 502, description = "GitHub refused, or the number is a pull request's.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(super) async fn refresh(
    Reader { state: app, .. }: Reader<App>,
    body: Body,
) -> Result<Response, Problem> {
    let members = body.members("Invalid JSON body")?;
    let given = members.value("repoFullName").and_then(serde_json::Value::as_str);
    let number = members.number("issueNumber").and_then(issue_number);
    let (Some(given), Some(number)) = (given, number) else {
        let field = if given.is_none() { "repoFullName" } else { "issueNumber" };
        return Err(Problem::wrong(
            field,
            "Missing or invalid required fields: repoFullName (string) and issueNumber (integer)",
        ));
    };
    let name = app.config.github.repository(given).map_err(|_| untracked(given))?;
    let refreshed = refresh_issue(&app, &name, number).await.map_err(|error| match error {
        Error::NotFound { .. } => untracked(given),
        Error::Upstream(_) | Error::Unread(_) | Error::Busy { .. } => Problem::from(error)
            .with_status(StatusCode::BAD_GATEWAY)
            .with("repo", given)
            .with("issueNumber", number),
        other => failed("Issue refresh failed")(other),
    })?;
    let stored = board::find_issue_by_number(&app, &name, number).await;
    let report = RefreshReport {
        success: true,
        repo: stored.map_or_else(|_| given.to_owned(), |(_, row)| row.full_name.to_string()),
        issue_number: number,
        action: match refreshed {
            Refreshed::Created => "created",
            Refreshed::Updated => "updated",
        },
        error: None,
    };
    Ok(json(StatusCode::OK, &report))
}
