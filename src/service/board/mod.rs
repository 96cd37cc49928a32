//! Reading the board: columns with counts and cards, and issues one by one or as a list.

pub mod comments;
pub mod conversations;
pub mod dependencies;
pub mod label_schemes;
pub mod moves;
pub mod overview;
pub mod snapshot;
pub mod views;

use std::collections::{HashMap, HashSet};

use crate::domain::filter::NormalizedFilter;
use crate::domain::ranking::is_bots_own;
use crate::domain::{EventCursor, FullName, IssueFilter, IssueId, RepositoryId, Status};
use crate::service::{App, Error, Result};
use crate::store::board::issues;
use crate::store::claims::decompositions;
use crate::store::{
    Connection, Decomposition, Issue, Page, PageRequest, Repository, event_log, repositories,
};

/// The board at one point in time.
#[derive(Debug, Clone)]
pub struct Board {
    /// The position that was read before the rows: the rows may be newer, never older.
    pub as_of: EventCursor,
    /// All six columns in board order.
    pub columns: Vec<Column>,
}

/// One column and its first cards.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its status.
    pub status: Status,
    /// The number of cards.
    pub total: i64,
    /// The first cards, most recently updated first.
    pub cards: Page<Issue>,
}

/// The normalized filter, with the issues that the settings hide.
pub fn normalized_filter(app: &App, filter: Option<IssueFilter>) -> NormalizedFilter {
    filter.unwrap_or_default().normalize(&app.config.board.excluded_labels)
}

/// The same for events, which have the current names of repositories: a filter by a former name
/// matches both names.
///
/// # Errors
///
/// When the database fails.
pub async fn normalized_filter_for_events(
    app: &App,
    filter: Option<IssueFilter>,
) -> Result<NormalizedFilter> {
    let mut filter = normalized_filter(app, filter);
    if let Some(names) = &mut filter.repositories {
        let rows = repositories::tracked(&mut *app.connection().await?).await?;
        let is_present = |name: &String| rows.iter().any(|row| row.full_name.key() == *name);
        let former: Vec<&String> = names.iter().filter(|name| !is_present(name)).collect();
        let is_meant =
            |row: &&Repository| former.iter().any(|name| row.former_names.contains(*name));
        let present: Vec<String> =
            rows.iter().filter(is_meant).map(|row| row.full_name.key()).collect();
        names.extend(present);
    }
    Ok(filter)
}

/// All columns with their counts and the first `cards` cards of each.
pub async fn board(app: &App, filter: &NormalizedFilter, cards: u32) -> Result<Board> {
    let request = PageRequest::first(cards);
    let mut connection = app.connection().await?;
    let as_of = event_log::position(&mut connection).await?;
    let totals = issues::count_by_status(&mut connection, filter).await?;
    let rows = match cards {
        0 => vec![],
        _ => issues::first_of_each_column(&mut connection, filter, request.rows_to_read()).await?,
    };
    let mut by_column = Status::ALL.map(|_| Vec::new());
    for issue in rows {
        by_column[issue.status as usize].push(issue);
    }
    let column = |(status, rows): (Status, Vec<Issue>)| {
        let total = totals.iter().find(|(of, _)| *of == status).map_or(0, |(_, total)| *total);
        Column { status, total, cards: Page::new(rows, &request) }
    };
    let columns = Status::ALL.into_iter().zip(by_column).map(column).collect();
    Ok(Board { as_of, columns })
}

/// A page of one column.
pub async fn column_page(
    app: &App,
    filter: &NormalizedFilter,
    status: Status,
    request: &PageRequest,
) -> Result<Page<Issue>> {
    let mut connection = app.connection().await?;
    Ok(issues::page_of_column(&mut connection, filter, status, request).await?)
}

/// A page of all matching issues, most recently updated first.
pub async fn issues(
    app: &App,
    filter: &NormalizedFilter,
    request: &PageRequest,
) -> Result<Page<Issue>> {
    let mut connection = app.connection().await?;
    Ok(issues::page(&mut connection, filter, request).await?)
}

/// The number of matching issues.
pub async fn count(app: &App, filter: &NormalizedFilter) -> Result<i64> {
    let mut connection = app.connection().await?;
    let totals = issues::count_by_status(&mut connection, filter).await?;
    Ok(totals.into_iter().map(|(_, total)| total).sum())
}

/// An issue with its repository, even if the board hides it. Removed issues and issues of
/// repositories that are no longer tracked are not found.
///
/// # Errors
///
/// [`Error::NotFound`].
pub async fn find_issue(app: &App, id: IssueId) -> Result<(Issue, Repository)> {
    let mut connection = app.connection().await?;
    issues::with_repository(&mut connection, id)
        .await?
        .filter(|(issue, repository)| issue.removed_at.is_none() && repository.enabled)
        .ok_or_else(|| Error::no_issue(id))
}

/// An issue by its number; see [`find_issue`].
///
/// # Errors
///
/// [`Error::NotFound`].
pub async fn find_issue_by_number(
    app: &App,
    name: &FullName,
    number: i32,
) -> Result<(Issue, Repository)> {
    let missing = || Error::no_issue(format!("{name}#{number}"));
    let mut connection = app.connection().await?;
    let repository = repositories::by_name(&mut connection, name)
        .await?
        .filter(|repository| repository.enabled)
        .ok_or_else(missing)?;
    let issue =
        issues::by_number(&mut connection, repository.id, number).await?.ok_or_else(missing)?;
    Ok((issue, repository))
}

/// Issues with their Markdown texts and their repositories.
#[derive(Debug, Clone, Default)]
pub struct WholeIssues {
    /// The issues, in the requested order.
    pub issues: Vec<(Issue, Option<String>)>,
    /// Their repositories.
    pub repositories: HashMap<RepositoryId, Repository>,
    /// The decompositions of those that were split.
    pub split: HashMap<IssueId, Decomposition>,
}

/// All matching issues, most recently updated first, without pages, for clients that cannot page.
pub async fn all_issues(app: &App, filter: &NormalizedFilter) -> Result<WholeIssues> {
    let mut connection = app.connection().await?;
    let issues = issues::all_with_bodies(&mut connection, filter).await?;
    with_repositories(&mut connection, issues).await
}

/// Which issues without a status label to list.
#[derive(Debug, Clone)]
pub struct ListUntriaged {
    /// The full name of their repository, in any case; all repositories when absent.
    pub repository: Option<String>,
    /// The maximal number of issues.
    pub limit: u32,
    /// Whether to leave out what bots keep for themselves.
    pub without_bots: bool,
}

/// Open issues without a status label, most recently updated first.
pub async fn untriaged_issues(app: &App, command: ListUntriaged) -> Result<WholeIssues> {
    let ListUntriaged { repository, limit, without_bots } = command;
    let mut filter = normalized_filter(app, None);
    filter.repositories = repository.map(|name| vec![name.to_lowercase()]);
    filter.excluded_labels.extend(Status::ALL.map(|status| status.label().to_owned()));
    // A closed issue is Done, and an open one without a label is in Backlog.
    filter.statuses = Some(vec![Status::Backlog]);
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut found, mut after) = (Vec::new(), None);
    let mut connection = app.connection().await?;
    while found.len() < wanted {
        let request = PageRequest::after(limit, after);
        let page = issues::page(&mut connection, &filter, &request).await?;
        after = page.rows.last().map(Issue::position);
        let is_listed = |issue: &Issue| !(without_bots && is_bots_own(&issue.title, &issue.labels));
        found.extend(page.rows.into_iter().filter(is_listed).map(|issue| issue.id));
        if !page.has_next {
            break;
        }
    }
    found.truncate(wanted);
    drop(connection);
    let mut whole = whole_issues(app, &found).await?;
    let place = |id: IssueId| found.iter().position(|other| *other == id);
    whole.issues.sort_by_cached_key(|(issue, _)| place(issue.id));
    Ok(whole)
}

/// Issues by id, in no order, including removed ones.
pub async fn whole_issues(app: &App, ids: &[IssueId]) -> Result<WholeIssues> {
    if ids.is_empty() {
        return Ok(WholeIssues::default());
    }
    let mut connection = app.connection().await?;
    let issues = issues::by_ids_with_bodies(&mut connection, ids).await?;
    with_repositories(&mut connection, issues).await
}

async fn with_repositories(
    connection: &mut Connection,
    issues: Vec<(Issue, Option<String>)>,
) -> Result<WholeIssues> {
    let ids: HashSet<_> = issues.iter().map(|(issue, _)| issue.repository_id).collect();
    let ids: Vec<_> = ids.into_iter().collect();
    let repositories = repositories::by_ids(connection, &ids).await?;
    let repositories = repositories.into_iter().map(|row| (row.id, row)).collect();
    let ids: Vec<_> = issues.iter().map(|(issue, _)| issue.id).collect();
    let split = decompositions::among(connection, &ids).await?;
    let split = split.into_iter().map(|row| (row.issue_id, row)).collect();
    Ok(WholeIssues { issues, repositories, split })
}

/// The Markdown texts of issues, in no order.
pub async fn bodies(app: &App, ids: &[IssueId]) -> Result<Vec<(IssueId, Option<String>)>> {
    let mut connection = app.connection().await?;
    Ok(issues::bodies(&mut connection, ids).await?)
}

/// Repositories by id, tracked or not, in no order.
pub async fn repositories(app: &App, ids: &[RepositoryId]) -> Result<Vec<Repository>> {
    let mut connection = app.connection().await?;
    Ok(repositories::by_ids(&mut connection, ids).await?)
}
