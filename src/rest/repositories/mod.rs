//! Tracked repositories. Two sets of routes, of the board and of automation, expose the same rows.

pub(super) mod syncs;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{Done, json};
use super::automation::repositories::WholeRepository;
use super::body::Body;
use super::errors::failed;
use super::responses::{Tracking, Untracking};
use super::schemas::RepositoryName;
use crate::domain::names::NotAFullName;
use crate::domain::{Actor, RepositoryId, Timestamp};
use crate::middleware::{Problem, Reader};
use crate::service::repositories::tracking;
use crate::service::{self, App, Error};
use crate::store::Repository;

/// The headers that mark a deprecated route and name its replacement.
const DEPRECATED: [(HeaderName, &str); 2] = [
    (HeaderName::from_static("deprecation"), "true"),
    (axum::http::header::LINK, "</api/automation/repos>; rel=\"successor-version\""),
];

/// The error for a body without a text as `fullName`.
const FULL_NAME_REQUIRED: &str = "fullName is required";

/// A repository on the board.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Repository)]
pub(super) struct RepositoryRow<'a> {
    /// Opaque.
    #[schema(value_type = String, example = "rep_000001")]
    id: RepositoryId,
    /// The name of the repository, without its owner.
    #[schema(example = "hello-world")]
    name: &'a str,
    /// The user or organisation that owns the repository.
    #[schema(example = "octo-org")]
    owner: &'a str,
    /// The full name, `owner/name`.
    #[schema(example = "octo-org/hello-world")]
    full_name: &'a str,
    /// Whether the repository is tracked now.
    enabled: bool,
    /// When the repository was first tracked.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When the repository was last tracked, untracked or renamed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl<'a> RepositoryRow<'a> {
    pub(super) fn new(repository: &'a Repository) -> Self {
        Self {
            id: repository.id,
            name: repository.full_name.name(),
            owner: repository.full_name.owner(),
            full_name: repository.full_name.as_str(),
            enabled: repository.enabled,
            created_at: Timestamp(repository.created_at),
            updated_at: Timestamp(repository.updated_at),
        }
    }
}

/// Lists all repositories that are or were tracked, sorted by name.
#[utoipa::path(
    get,
    path = "/api/repos",
    tag = "repositories",
    operation_id = "listRepositories",
    responses(
        (status = 200, description = "The repositories.", body = Vec<RepositoryRow<'_>>),
    )
)]
pub(super) async fn list(Reader { state: app, .. }: Reader<App>) -> Result<Response, Problem> {
    let all = tracking::all_repositories(&app).await;
    let all = all.map_err(failed("Failed to fetch repositories"))?;
    Ok(json(StatusCode::OK, &all.iter().map(RepositoryRow::new).collect::<Vec<_>>()))
}

/// A repository to track.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TrackBody {
    /// The full name, `owner/name`.
    #[schema(value_type = RepositoryName)]
    full_name: String,
}

/// The newly tracked repository.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AddedRepository<'a> {
    #[serde(flatten)]
    repository: RepositoryRow<'a>,
    /// The id of the repository in the routes of automation.
    #[schema(value_type = String, example = "rep_000001")]
    automation_repo_id: RepositoryId,
}

/// Tracks a repository. Deprecated: use `POST /api/automation/repos`.
#[utoipa::path(
    post,
    path = "/api/repos",
    tag = "repositories",
    operation_id = "addRepository",
    request_body = TrackBody,
    responses(
        Tracking,
        (status = 201, description = "The repository is tracked; the next sync reads its issues.", body = AddedRepository<'_>,
            headers(
                ("Deprecation" = String, description = "`true`"),
                ("Link" = String, description = "The URL of the route that replaces this one."),
            )),
    )
)]
#[deprecated]
pub(super) async fn add(
    Reader { state: app, actor }: Reader<App>,
    body: Body,
) -> Result<Response, Problem> {
    let added = new_repository(&app, &actor, &body).await?;
    let row =
        AddedRepository { repository: RepositoryRow::new(&added), automation_repo_id: added.id };
    Ok((DEPRECATED, json(StatusCode::CREATED, &row)).into_response())
}

async fn new_repository(app: &App, actor: &Actor, body: &Body) -> Result<Repository, Problem> {
    let members = body.members("Invalid JSON body")?;
    members.require(&["fullName"], FULL_NAME_REQUIRED)?;
    let body: TrackBody =
        members.read().map_err(|problem| problem.with_message(FULL_NAME_REQUIRED))?;
    let name = app.config.github.repository(&body.full_name).map_err(|problem| {
        let text = "Invalid fullName format. Expected: owner/repo";
        match problem {
            NotAFullName::Malformed(_) => Problem::wrong("fullName", text),
            NotAFullName::Elsewhere { .. } => Problem::wrong("fullName", problem.to_string()),
        }
    })?;
    let tracked = tracking::track_repository(app, actor, &name).await;
    tracked.map_err(failed("Failed to add repository"))
}

/// The newly tracked repository.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewlyTracked<'a> {
    #[serde(flatten)]
    repository: WholeRepository<'a>,
    /// The id of the repository on the board.
    #[schema(value_type = String, example = "rep_000001")]
    repository_id: RepositoryId,
}

/// Tracks a repository, or tracks it again. Sends no request to GitHub; the next sync shows whether
/// the repository exists.
#[utoipa::path(
    post,
    path = "/api/automation/repos",
    tag = "repositories",
    operation_id = "trackRepository",
    request_body = TrackBody,
    responses(
        Tracking,
        (status = 201, description = "The repository is tracked; the next sync reads its issues.", body = NewlyTracked<'_>),
    )
)]
pub(super) async fn track(
    Reader { state: app, actor }: Reader<App>,
    body: Body,
) -> Result<Response, Problem> {
    let added = new_repository(&app, &actor, &body).await?;
    let row =
        NewlyTracked { repository: WholeRepository::new(&added, None), repository_id: added.id };
    Ok(json(StatusCode::CREATED, &row))
}

/// A tracked repository in short form.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TrackedName<'a> {
    /// The full name, `owner/name`.
    #[schema(example = "octo-org/hello-world")]
    full_name: &'a str,
    /// The user or organisation that owns the repository.
    #[schema(example = "octo-org")]
    owner: &'a str,
    /// The name of the repository, without its owner.
    #[schema(example = "hello-world")]
    name: &'a str,
    /// Always true.
    enabled: bool,
    /// The default branch on GitHub; `main` until it is known.
    #[schema(example = "main")]
    default_branch: &'a str,
    /// Who first asked to track the repository: `env` or `user`.
    #[schema(example = "user")]
    source: &'a str,
    /// When the last sync ended, whether successful or not.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    last_synced_at: Option<Timestamp>,
}

/// Lists the tracked repositories in short form.
#[utoipa::path(
    get,
    path = "/api/automation/repos/tracked",
    tag = "repositories",
    operation_id = "listTrackedNames",
    responses(
        (status = 200, description = "The repositories.", body = Vec<TrackedName<'_>>),
    )
)]
pub(super) async fn list_names(
    Reader { state: app, .. }: Reader<App>,
) -> Result<Response, Problem> {
    let tracked = tracking::tracked_repositories(&app).await;
    let tracked = tracked.map_err(failed("Failed to fetch tracked repositories"))?;
    Ok(json(StatusCode::OK, &tracked.iter().map(TrackedName::new).collect::<Vec<_>>()))
}

impl<'a> TrackedName<'a> {
    fn new(repository: &'a Repository) -> Self {
        Self {
            full_name: repository.full_name.as_str(),
            owner: repository.full_name.owner(),
            name: repository.full_name.name(),
            enabled: repository.enabled,
            default_branch: &repository.default_branch,
            source: &repository.source,
            last_synced_at: repository.attempted_at.map(Timestamp),
        }
    }
}

/// Stops tracking a repository. Its issues are kept but hidden.
#[utoipa::path(
    delete,
    path = "/api/automation/repos/{owner}/{repo}",
    tag = "repositories",
    operation_id = "untrackRepository",
    params(
        ("owner" = String, Path, description = "The user or organisation that owns the repository."),
        ("repo" = String, Path, description = "The name of the repository, without its owner."),
    ),
    responses(
        Untracking,
        (status = 200, description = "The repository is no longer tracked.", body = Done),
    )
)]
pub(super) async fn untrack(
    Reader { state: app, actor }: Reader<App>,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Response, Problem> {
    let Path((owner, repo)) = path.map_err(|_| not_tracked())?;
    remove(&app, &actor, &format!("{owner}/{repo}")).await
}

/// Stops tracking a repository whose full name is given as one path segment: `owner%2Fname`.
#[utoipa::path(
    delete,
    path = "/api/automation/repos/{owner}",
    tag = "repositories",
    operation_id = "untrackRepositoryByFullName",
    params(("owner" = String, Path, description = "The full name, with `/` encoded as `%2F`.")),
    responses(
        Untracking,
        (status = 200, description = "The repository is no longer tracked.", body = Done),
    )
)]
pub(super) async fn untrack_encoded(
    Reader { state: app, actor }: Reader<App>,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(name) = path.map_err(|_| not_tracked())?;
    remove(&app, &actor, &name).await
}

async fn remove(app: &App, actor: &Actor, name: &str) -> Result<Response, Problem> {
    let name = app.config.github.repository(name).map_err(|_| not_tracked())?;
    match service::repositories::tracking::untrack_repository(app, actor, &name).await {
        Ok(_) => Ok(json(StatusCode::OK, &Done::DONE)),
        Err(Error::NotFound { .. }) => Err(not_tracked()),
        Err(error) => Err(failed("Failed to remove repository")(error)),
    }
}

fn not_tracked() -> Problem {
    Problem::not_found("Repository not tracked")
}
