//! Reading issues.

use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::filter::NormalizedFilter;
use crate::domain::label_names::{key, strip_prefix};
use crate::domain::{IssueId, IssueState, LabelSet, Lanes, RepositoryId, Status, Timestamp};
use crate::middleware::{Problem, ProblemDocument, Reader};
use crate::rest::answer::json;
use crate::rest::body::issue_number;
use crate::rest::errors::failed;
use crate::rest::query::{QueryString, default_limit, is_true, limit};
use crate::rest::repositories::RepositoryRow;
use crate::rest::responses::SingleJob;
use crate::rest::schemas::StatusWord;
use crate::service::board::WholeIssues;
use crate::service::{self, App, Error};
use crate::store::{Decomposition, Issue, Repository};

/// The longest list of issues without a status.
const MOST_UNTRIAGED: u32 = 200;

/// An issue as cached from GitHub.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Issue)]
pub(crate) struct IssueRow<'a> {
    /// Opaque; pass it as `issueId`.
    #[schema(value_type = String, example = "iss_00001c")]
    id: IssueId,
    /// Its number in the repository.
    number: i32,
    /// The issue's repository.
    #[schema(value_type = String, example = "rep_000001")]
    repository_id: RepositoryId,
    /// The title of the issue.
    title: &'a str,
    /// The complete Markdown text; null when there is none.
    #[schema(required)]
    body: Option<&'a str>,
    /// `open` or `closed`.
    #[schema(value_type = String, example = "open")]
    state: IssueState,
    /// The issue's page on GitHub.
    url: &'a str,
    /// Label names in GitHub's order.
    #[schema(value_type = Vec<String>)]
    labels: &'a LabelSet,
    /// GitHub logins of the people that the issue is assigned to.
    assignees: &'a [String],
    /// The number of its comments on GitHub.
    comments_count: i32,
    /// When the issue was opened on GitHub.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When the issue was last updated on GitHub.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// When the issue was closed; null while it is open.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    closed_at: Option<Timestamp>,
    /// When this data was last known to match GitHub.
    #[schema(value_type = String, format = DateTime)]
    last_synced_at: Timestamp,
    /// The lane that the issue is in.
    #[schema(required)]
    current_lane: Option<&'a str>,
    /// Why the issue is blocked; null when it is not, or when the reason is unknown.
    #[schema(required)]
    blocked_reason: Option<&'a str>,
    /// Whether the issue was split up into others.
    decomposed: bool,
    /// When the issue was split up; null when it was not.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    decomposed_at: Option<Timestamp>,
    /// Who reported that the issue was split up.
    #[schema(required)]
    decomposed_by: Option<&'a str>,
    /// The note that was given when the issue was split up.
    #[schema(required)]
    decomposed_note: Option<&'a str>,
    /// URLs of the issues that it was split up into.
    follow_up_urls: &'a [String],
    /// The issue's repository.
    repository: RepositoryRow<'a>,
}

impl<'a> IssueRow<'a> {
    fn new(
        issue: &'a Issue,
        body: Option<&'a str>,
        repository: &'a Repository,
        split: Option<&'a Decomposition>,
    ) -> Self {
        let synced_at = repository.synced_at.map_or(issue.read_at, |at| at.max(issue.read_at));
        Self {
            id: issue.id,
            number: issue.number,
            repository_id: issue.repository_id,
            title: &issue.title,
            body,
            state: issue.state,
            url: &issue.url,
            labels: &issue.labels,
            assignees: &issue.assignees,
            comments_count: issue.comments_count,
            created_at: Timestamp(issue.created_at),
            updated_at: Timestamp(issue.updated_at),
            closed_at: issue.closed_at.map(Timestamp),
            last_synced_at: Timestamp(synced_at),
            current_lane: Some(&issue.lane),
            blocked_reason: issue.blocked_reason.as_deref(),
            decomposed: split.is_some(),
            decomposed_at: split.map(|split| Timestamp(split.decomposed_at)),
            decomposed_by: split.map(|split| split.decomposed_by.as_str()),
            decomposed_note: split.and_then(|split| split.note.as_deref()),
            follow_up_urls: split.map_or(&[], |split| &split.follow_up_urls),
            repository: RepositoryRow::new(repository),
        }
    }

    pub(crate) fn id(&self) -> IssueId {
        self.id
    }

    /// Returns a row for each issue, in the given order.
    pub(crate) fn all(whole: &'a WholeIssues) -> impl Iterator<Item = Self> {
        whole.issues.iter().filter_map(|(issue, body)| {
            let repository = whole.repositories.get(&issue.repository_id)?;
            Some(Self::new(issue, body.as_deref(), repository, whole.split.get(&issue.id)))
        })
    }
}

/// A filter for issues. Every given parameter must match.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// The full name of a repository; case-insensitive.
    repo: Option<String>,
    /// An agent, with or without the `agent/` prefix.
    agent: Option<String>,
    /// An owner, with or without the `owner/` prefix.
    owner: Option<String>,
    /// A priority, with or without the `priority/` prefix.
    priority: Option<String>,
    /// A project, with or without the `project/` prefix.
    project: Option<String>,
    /// A status, such as `in-progress`: only issues with its label.
    #[param(inline, value_type = Option<StatusWord>)]
    status: Option<String>,
    /// A lane, by id or alias.
    lane: Option<String>,
    /// `true`: only issues without a status label.
    #[serde(default, deserialize_with = "is_true")]
    #[param(value_type = Option<bool>)]
    untriaged: bool,
    /// `true`: only issues that were split up into others; any other value: only issues that were
    /// not.
    #[param(value_type = Option<bool>)]
    decomposed: Option<String>,
    /// `true` adds issues that were closed too long ago to be shown in Done.
    #[serde(default, deserialize_with = "is_true")]
    #[param(value_type = Option<bool>)]
    include_closed: bool,
}

/// Lists issues, most recently updated first: open issues, and issues that were closed recently
/// enough to be shown in Done.
#[utoipa::path(
    get,
    path = "/api/issues",
    tag = "issues",
    operation_id = "listIssues",
    params(ListQuery),
    responses(
        (status = 200, description = "All matching issues; the list is not paginated.", body = Vec<IssueRow<'_>>),
        (status = 400, description = "The status or the lane is unknown.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    Reader { state: app, .. }: Reader<App>,
    query: QueryString,
) -> Result<Response, Problem> {
    let query: ListQuery = query.read();
    let filter =
        filter_of(&query, &app.config.lanes, service::board::normalized_filter(&app, None))?;
    let whole = service::board::all_issues(&app, &filter).await;
    let mut whole = whole.map_err(failed("Failed to fetch issues"))?;
    if let Some(word) = query.decomposed.as_deref() {
        let split = &whole.split;
        whole.issues.retain(|(issue, _)| split.contains_key(&issue.id) == (word == "true"));
    }
    Ok(json(StatusCode::OK, &IssueRow::all(&whole).collect::<Vec<_>>()))
}

/// Which issues without a status to list.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct UntriagedQuery {
    /// The full name of a repository; case-insensitive.
    repo: Option<String>,
    /// The number of issues, from 0 to 200.
    #[serde(default = "default_limit", deserialize_with = "limit")]
    #[param(value_type = Option<u32>, default = 50)]
    limit: u32,
    /// `true` leaves out what bots keep for themselves, such as Renovate's dashboards and updates of
    /// dependencies.
    #[serde(default, deserialize_with = "is_true")]
    #[param(value_type = Option<bool>)]
    exclude_renovate: bool,
}

/// Lists open issues without a status label, most recently updated first.
#[utoipa::path(
    get,
    path = "/api/issues/untriaged",
    tag = "issues",
    operation_id = "listUntriagedIssues",
    params(UntriagedQuery),
    responses((status = 200, description = "The issues.", body = Vec<IssueRow<'_>>))
)]
pub(crate) async fn untriaged(
    Reader { state: app, .. }: Reader<App>,
    query: QueryString,
) -> Result<Response, Problem> {
    let query: UntriagedQuery = query.read();
    let command = service::board::ListUntriaged {
        repository: query.repo,
        limit: query.limit.min(MOST_UNTRIAGED),
        without_bots: query.exclude_renovate,
    };
    let whole = service::board::untriaged_issues(&app, command).await;
    let whole = whole.map_err(failed("Failed to fetch untriaged issues"))?;
    Ok(json(StatusCode::OK, &IssueRow::all(&whole).collect::<Vec<_>>()))
}

/// The result of deleting old closed issues.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PruneReport {
    /// Always true.
    success: bool,
    /// How many issues were deleted.
    pruned_count: usize,
    /// How long closed issues are retained, in days.
    retention_days: u32,
    /// Issues that were closed before this time were deleted.
    #[schema(value_type = String, format = DateTime)]
    cutoff_date: Timestamp,
}

/// Deletes closed issues from Dispatch that were closed before the retention
/// (`DISPATCH_CLOSED_ISSUE_RETENTION_DAYS`) and are no longer in Done. Those that are held, have an
/// unsettled change, or are named as a blocker by another issue remain. Nothing changes on GitHub.
#[utoipa::path(
    post,
    path = "/api/issues/prune-closed",
    tag = "issues",
    operation_id = "pruneClosedIssues",
    responses(
        SingleJob,
        (status = 200, description = "The issues were deleted.", body = PruneReport),
    )
)]
pub(crate) async fn prune_closed(
    Reader { state: app, .. }: Reader<App>,
) -> Result<Response, Problem> {
    let pruned = service::retention::prune_closed(&app).await.map_err(|error| match &error {
        Error::RateLimited { .. } => {
            Problem::from(error).with_status(StatusCode::CONFLICT).with("locked", true)
        }
        _ => failed("Failed to prune closed issues")(error),
    })?;
    let report = PruneReport {
        success: true,
        pruned_count: pruned.issues,
        retention_days: pruned.retention_days,
        cutoff_date: Timestamp(pruned.cutoff),
    };
    Ok(json(StatusCode::OK, &report))
}

/// Adds the parameters' conditions to a filter.
fn filter_of(
    query: &ListQuery,
    lanes: &Lanes,
    mut filter: NormalizedFilter,
) -> Result<NormalizedFilter, Problem> {
    filter.repositories = query.repo.as_ref().map(|name| vec![name.to_lowercase()]);
    filter.include_closed = query.include_closed;
    let labels =
        [(&query.agent, "agent/"), (&query.owner, "owner/"), (&query.priority, "priority/")];
    for (value, prefix) in labels {
        if let Some(value) = value {
            let is_label = value.contains('/');
            let label = if is_label { value.to_owned() } else { format!("{prefix}{value}") };
            filter.label_groups.push(vec![key(&label)]);
        }
    }
    if let Some(project) = &query.project {
        let name = strip_prefix(project, "project/").unwrap_or(project);
        filter.label_groups.push(vec![key(&format!("project/{name}"))]);
    }
    if let Some(word) = &query.status {
        let status: Status = word
            .parse()
            .map_err(|_| Problem::wrong("status", format!("Invalid status: {word}")))?;
        filter.label_groups.push(vec![status.label().to_owned()]);
    }
    if query.untriaged {
        let labels = Status::ALL.map(|status| status.label().to_owned());
        filter.excluded_labels.extend(labels);
    }
    filter.lanes = query.lane.as_deref().map(|called| lane(lanes, called)).transpose()?;
    Ok(filter)
}

/// Returns all stored names of the lane with this id or alias.
fn lane(lanes: &Lanes, called: &str) -> Result<Vec<String>, Problem> {
    let known = lanes.find(called).ok_or_else(|| unknown_lane(lanes, called))?;
    Ok(lanes.names_of(known))
}

/// The problem for a lane that is not configured.
pub(crate) fn unknown_lane(lanes: &Lanes, called: &str) -> Problem {
    let ids = lanes.listed();
    Problem::wrong("lane", format!("Invalid lane: \"{called}\". Must be one of: {ids}"))
}

/// The state of an issue.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct IssueStateRow<'a> {
    /// Opaque; pass it as `issueId`.
    #[schema(value_type = String, example = "iss_00001c")]
    issue_id: IssueId,
    /// The full name of the repository, spelled as on GitHub.
    repo_full_name: &'a str,
    /// Its number in the repository.
    number: i32,
    /// `open` or `closed`.
    #[schema(value_type = String, example = "open")]
    state: IssueState,
    /// When the issue was closed; null while it is open.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    closed_at: Option<Timestamp>,
    /// Label names in GitHub's order.
    #[schema(value_type = Vec<String>)]
    labels: &'a LabelSet,
}

/// The issue to look up.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StateQuery {
    /// The full name of its repository; case-insensitive.
    repo: String,
    /// Its number in the repository.
    #[param(value_type = i32, minimum = 1)]
    number: String,
}

/// Looks up an issue by its repository and number, even if the board does not show it.
#[utoipa::path(
    get,
    path = "/api/issues/state",
    tag = "issues",
    operation_id = "getIssueState",
    params(StateQuery),
    responses(
        (status = 200, description = "The state of the issue.", body = IssueStateRow<'_>),
        (status = 400, description = "A parameter is missing, or the number is not a number.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "`Issue not found in cache: <repo>#<number>`.", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn state(
    Reader { state: app, .. }: Reader<App>,
    query: QueryString,
) -> Result<Response, Problem> {
    query.require(&["repo", "number"], "Missing required query parameters: repo, number")?;
    let StateQuery { repo, number: text } = query.read();
    let number = text.parse().ok().and_then(issue_number);
    let number =
        number.ok_or_else(|| Problem::wrong("number", format!("Invalid number: {text}")))?;
    let missing = || Problem::not_found(format!("Issue not found in cache: {repo}#{text}"));
    let name = app.config.github.repository(&repo).map_err(|_| missing())?;
    let found = service::board::find_issue_by_number(&app, &name, number).await;
    let (issue, repository) = found.map_err(|error| match error {
        Error::NotFound { .. } => missing(),
        other => failed("Failed to fetch issue state")(other),
    })?;
    let row = IssueStateRow {
        issue_id: issue.id,
        repo_full_name: repository.full_name.as_str(),
        number: issue.number,
        state: issue.state,
        closed_at: issue.closed_at.map(Timestamp),
        labels: &issue.labels,
    };
    Ok(json(StatusCode::OK, &row))
}
