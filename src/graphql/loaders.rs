//! Loads the related data of a page of rows, with one statement for each kind of data.
//!
//! A resolver that has a page calls this module once, for the issues, repositories and bodies that
//! the query selects, as `Lookahead` reports. This replaces a data loader: nothing waits for a
//! batch to fill, and no row needs a query of its own. Not here: rules, and rows that a use case
//! loads. This is the only file above the services that uses a connection, to read by id.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, Lookahead};
use futures_util::future::BoxFuture;

use crate::domain::backoff::Backoff;
use crate::domain::{Actor, IssueId, IssueState, RepositoryId};
use crate::service::{self, App, Error, Result};
use crate::store::automation::PullRequest;
use crate::store::board::blockers::{self, DependencyCounts};
use crate::store::board::issues;
use crate::store::{self, Page};

/// The running service, which every execution has.
pub(super) fn app<'a>(context: &Context<'a>) -> &'a App {
    context.data_unchecked()
}

/// Who asks, which every execution knows.
pub(super) fn actor<'a>(context: &Context<'a>) -> &'a Actor {
    context.data_unchecked()
}

/// A thing that hangs on a row, loaded along with the rows of its page or not.
#[derive(Debug, Clone)]
pub(super) enum Related<T> {
    /// Loaded: there, or not there.
    Known(Option<T>),
    /// Nobody seemed to want it.
    Left,
}

/// An issue with what its page brought along.
#[derive(Debug)]
pub(super) struct Issue {
    pub(super) row: store::Issue,
    pub(super) repository: Arc<store::Repository>,
    pub(super) body: Related<String>,
    pub(super) lease: Related<Arc<store::Lease>>,
    pub(super) backoff: Related<Backoff>,
    pub(super) counts: Related<DependencyCounts>,
    pub(super) pull_requests: Related<Vec<Arc<PullRequest>>>,
    pub(super) blocked_by: Related<Vec<Dependency>>,
    pub(super) blocks: Related<Vec<Dependency>>,
}

/// A dependency, from the view of one of its two issues.
#[derive(Debug, Clone)]
pub(super) struct Dependency {
    pub(super) row: blockers::Dependency,
    pub(super) issue: Related<Arc<Issue>>,
}

impl Related<Arc<Issue>> {
    /// The issue, whose id the row has.
    pub(super) async fn resolve(
        &self,
        context: &Context<'_>,
        id: Option<IssueId>,
    ) -> Result<Option<Arc<Issue>>> {
        match (self, id) {
            (Self::Known(issue), _) => Ok(issue.clone()),
            (Self::Left, None) => Ok(None),
            (Self::Left, Some(id)) => {
                let fields = RequestedFields::from_lookahead(&context.look_ahead());
                Ok(issues_by_id(app(context), &[id], fields).await?.remove(&id))
            }
        }
    }
}

impl Related<Arc<Issue>> {
    /// The issue, also one that was removed or whose repository is no longer tracked: rows leave by a
    /// mark, so what refers to them always finds them.
    pub(super) async fn resolve_any(
        &self,
        context: &Context<'_>,
        id: IssueId,
    ) -> Result<Arc<Issue>> {
        if let Self::Known(Some(issue)) = self {
            return Ok(Arc::clone(issue));
        }
        let row = issues::by_id(&mut *app(context).connection().await?, id).await?;
        let row = row.ok_or_else(|| Error::no_issue(id))?;
        one_issue(app(context), row, RequestedFields::from_lookahead(&context.look_ahead())).await
    }
}

/// The fields of issues that a selection requests besides their rows.
#[derive(Debug, Clone, Default)]
pub(super) struct RequestedFields {
    /// Their Markdown texts.
    pub(super) body: bool,
    /// Who holds them.
    pub(super) lease: bool,
    /// Whether they are in back-off.
    pub(super) backoff: bool,
    /// How many issues they wait for, and how many wait for them.
    pub(super) counts: bool,
    /// The pull requests that close them.
    pub(super) pull_requests: bool,
    /// What they wait for.
    pub(super) blocked_by: Option<Edges>,
    /// What waits for them.
    pub(super) blocks: Option<Edges>,
}

impl RequestedFields {
    /// What a selection on one issue wants.
    pub(super) fn from_lookahead(issue: &Lookahead<'_>) -> Self {
        let has = |field| issue.field(field).exists();
        let edges = |field| Some(issue.field(field)).filter(Lookahead::exists);
        Self {
            body: has("body"),
            lease: has("lease"),
            backoff: has("backoff"),
            counts: has("openBlockers") || has("unblocks") || has("queueScore"),
            pull_requests: has("pullRequests"),
            blocked_by: edges("blockedBy").map(|of| Edges::from_lookahead(&of)),
            blocks: edges("blocks").map(|of| Edges::from_lookahead(&of)),
        }
    }

    /// What a selection on a connection of issues wants.
    pub(super) fn from_connection_lookahead(list: &Lookahead<'_>) -> Self {
        nodes(list).iter().map(Self::from_lookahead).fold(Self::default(), Self::or)
    }

    fn or(self, other: Self) -> Self {
        Self {
            body: self.body || other.body,
            lease: self.lease || other.lease,
            backoff: self.backoff || other.backoff,
            counts: self.counts || other.counts,
            pull_requests: self.pull_requests || other.pull_requests,
            blocked_by: either(self.blocked_by, other.blocked_by, Edges::or),
            blocks: either(self.blocks, other.blocks, Edges::or),
        }
    }
}

/// What a selection on dependencies wants of the other issues; none where it does not ask for those.
#[derive(Debug, Clone, Default)]
pub(super) struct Edges(Option<Box<RequestedFields>>);

impl Edges {
    /// What a selection on a list of dependencies wants.
    pub(super) fn from_lookahead(list: &Lookahead<'_>) -> Self {
        let issue = Some(list.field("issue")).filter(Lookahead::exists);
        Self(issue.map(|issue| Box::new(RequestedFields::from_lookahead(&issue))))
    }

    fn or(self, other: Self) -> Self {
        Self(either(self.0, other.0, |one, other| Box::new(one.or(*other))))
    }
}

fn either<T>(one: Option<T>, other: Option<T>, both: impl FnOnce(T, T) -> T) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(both(one, other)),
        (one, other) => one.or(other),
    }
}

/// Rows with the issues that hang on them, when the page's selection wants those.
pub(super) async fn with_issues<Row>(
    context: &Context<'_>,
    page: Page<Row>,
    id_of: impl Fn(&Row) -> Option<IssueId>,
) -> Result<Page<(Row, Related<Arc<Issue>>)>> {
    let nodes = nodes(&context.look_ahead());
    let issue = nodes.map(|node| node.field("issue"));
    if !issue.iter().any(Lookahead::exists) {
        return Ok(page.map(|row| (row, Related::Left)));
    }
    let fields = issue
        .iter()
        .map(RequestedFields::from_lookahead)
        .fold(RequestedFields::default(), RequestedFields::or);
    let ids: Vec<IssueId> = page.rows.iter().filter_map(&id_of).collect();
    let issues = issues_by_id(app(context), &ids, fields).await?;
    Ok(page.map(|row| {
        let issue = id_of(&row).and_then(|id| issues.get(&id).cloned());
        (row, Related::Known(issue))
    }))
}

/// The issues with these ids, without those that were removed or whose repository is not tracked.
pub(super) async fn issues_by_id(
    app: &App,
    ids: &[IssueId],
    fields: RequestedFields,
) -> Result<HashMap<IssueId, Arc<Issue>>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = issues::by_ids(&mut *app.connection().await?, ids).await?;
    let rows = rows.into_iter().filter(|row| row.removed_at.is_none()).collect();
    let issues = all_issues(app, rows, fields).await?;
    let shown = issues.into_iter().filter(|issue| issue.repository.enabled);
    Ok(shown.map(|issue| (issue.row.id, issue)).collect())
}

/// An issue with its repository, and with what its selection wants.
pub(super) async fn one_issue(
    app: &App,
    row: store::Issue,
    fields: RequestedFields,
) -> Result<Arc<Issue>> {
    let mut issues = all_issues(app, vec![row], fields).await?;
    Ok(issues.pop().expect("as many issues come out as go in"))
}

/// Issues with their repositories, and with what their selection wants.
pub(super) async fn all_issues(
    app: &App,
    rows: Vec<store::Issue>,
    fields: RequestedFields,
) -> Result<Vec<Arc<Issue>>> {
    let page = Page { rows, has_previous: false, has_next: false };
    Ok(issues(app, page, fields).await?.rows)
}

/// A page of rows as issues.
pub(super) async fn issues(
    app: &App,
    page: Page<store::Issue>,
    fields: RequestedFields,
) -> Result<Page<Arc<Issue>>> {
    let mut pages = issue_pages(app, vec![page], fields).await?;
    Ok(pages.pop().expect("as many pages come out as go in"))
}

/// Pages of rows as issues; what they need is loaded for all of them at once.
pub(super) async fn issue_pages(
    app: &App,
    pages: Vec<Page<store::Issue>>,
    fields: RequestedFields,
) -> Result<Vec<Page<Arc<Issue>>>> {
    let rows = || pages.iter().flat_map(|page| &page.rows);
    let mut repository_ids: Vec<RepositoryId> = rows().map(|row| row.repository_id).collect();
    repository_ids.sort_unstable();
    repository_ids.dedup();
    let repositories = repositories(app, &repository_ids).await?;
    let mut bodies: HashMap<IssueId, Option<String>> = HashMap::new();
    let ids = || -> Vec<IssueId> { rows().map(|row| row.id).collect() };
    if fields.body {
        bodies.extend(service::board::bodies(app, &ids()).await?);
    }
    let mut leases: HashMap<IssueId, Arc<store::Lease>> = HashMap::new();
    if fields.lease {
        let live = service::claims::leases::live_leases(app, &ids()).await?;
        leases.extend(live.into_iter().map(|lease| (lease.issue_id, Arc::new(lease))));
    }
    let mut backoffs: HashMap<IssueId, Backoff> = HashMap::new();
    if fields.backoff {
        let noted = service::claims::backoffs::of_issues(app, &ids()).await?;
        backoffs.extend(noted.into_iter().map(|row| (row.issue_id, row.into())));
    }
    let pull_requests = match fields.pull_requests {
        true => Some(closing(app, rows().collect(), &repositories).await?),
        false => None,
    };
    let mut related = Dependencies::load(app, &ids(), &fields).await?;
    let mut issue = |row: store::Issue| {
        let repository = repositories.get(&row.repository_id).ok_or_else(|| {
            let (id, repository) = (row.id, row.repository_id);
            Error::Internal(anyhow::anyhow!("{id} belongs to {repository}, which is not there"))
        })?;
        let body = match fields.body {
            true => Related::Known(bodies.remove(&row.id).flatten()),
            false => Related::Left,
        };
        let lease = match fields.lease {
            true => Related::Known(leases.remove(&row.id)),
            false => Related::Left,
        };
        let backoff = match fields.backoff {
            true => Related::Known(backoffs.remove(&row.id)),
            false => Related::Left,
        };
        let pull_requests = match &pull_requests {
            Some(known) => Related::Known(known.get(&row.id).cloned()),
            None => Related::Left,
        };
        let (counts, blocked_by, blocks) = related.take(&row);
        let repository = Arc::clone(repository);
        Ok(Arc::new(Issue {
            row,
            repository,
            body,
            lease,
            backoff,
            counts,
            pull_requests,
            blocked_by,
            blocks,
        }))
    };
    let mut page = |page: Page<store::Issue>| {
        let Page { rows, has_previous, has_next } = page;
        let rows = rows.into_iter().map(&mut issue).collect::<Result<_>>()?;
        Ok(Page { rows, has_previous, has_next })
    };
    pages.into_iter().map(&mut page).collect()
}

async fn repositories(
    app: &App,
    ids: &[RepositoryId],
) -> Result<HashMap<RepositoryId, Arc<store::Repository>>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = service::board::repositories(app, ids).await?;
    Ok(rows.into_iter().map(|row| (row.id, Arc::new(row))).collect())
}

/// An issue and its repository as a use case found them.
pub(super) async fn issue(
    app: &App,
    (row, repository): (store::Issue, store::Repository),
    fields: RequestedFields,
) -> Result<Arc<Issue>> {
    let body = match fields.body {
        true => Related::Known(body(app, row.id).await?),
        false => Related::Left,
    };
    let lease = match fields.lease {
        true => Related::Known(lease(app, row.id).await?),
        false => Related::Left,
    };
    let backoff = match fields.backoff {
        true => Related::Known(backoff(app, row.id).await?),
        false => Related::Left,
    };
    let repository = Arc::new(repository);
    let pull_requests = match fields.pull_requests {
        true => Related::Known(Some(pull_requests(app, &row, &repository).await?)),
        false => Related::Left,
    };
    let (counts, blocked_by, blocks) =
        Dependencies::load(app, &[row.id], &fields).await?.take(&row);
    Ok(Arc::new(Issue {
        row,
        repository,
        body,
        lease,
        backoff,
        counts,
        pull_requests,
        blocked_by,
        blocks,
    }))
}

/// The pull requests that close one issue.
pub(super) async fn pull_requests(
    app: &App,
    row: &store::Issue,
    repository: &Arc<store::Repository>,
) -> Result<Vec<Arc<PullRequest>>> {
    let repositories = [(repository.id, Arc::clone(repository))].into();
    Ok(closing(app, vec![row], &repositories).await?.remove(&row.id).unwrap_or_default())
}

/// The pull requests that close issues, the one that changed last first.
async fn closing(
    app: &App,
    rows: Vec<&store::Issue>,
    repositories: &HashMap<RepositoryId, Arc<store::Repository>>,
) -> Result<HashMap<IssueId, Vec<Arc<PullRequest>>>> {
    let reference = |row: &&store::Issue| {
        let repository = repositories.get(&row.repository_id)?;
        Some(((repository.full_name.as_str().to_lowercase(), row.number), row.id))
    };
    let ids: HashMap<(String, i32), IssueId> = rows.iter().filter_map(reference).collect();
    let references: Vec<(String, i32)> = ids.keys().cloned().collect();
    let found = service::automation::lists::closing_pull_requests(app, &references).await?;
    let shared = |rows: Vec<PullRequest>| rows.into_iter().map(Arc::new).collect();
    Ok(found.into_iter().filter_map(|(one, rows)| Some((*ids.get(&one)?, shared(rows)))).collect())
}

/// The Markdown text of one issue.
pub(super) async fn body(app: &App, id: IssueId) -> Result<Option<String>> {
    Ok(service::board::bodies(app, &[id]).await?.pop().and_then(|(_, body)| body))
}

/// The live lease of one issue.
pub(super) async fn lease(app: &App, id: IssueId) -> Result<Option<Arc<store::Lease>>> {
    Ok(service::claims::leases::live_leases(app, &[id]).await?.pop().map(Arc::new))
}

/// The back-off of one issue, if there is one.
pub(super) async fn backoff(app: &App, id: IssueId) -> Result<Option<Backoff>> {
    Ok(service::claims::backoffs::of_issues(app, &[id]).await?.pop().map(Backoff::from))
}

/// The dependency counts of one issue.
pub(super) async fn dependency_counts(app: &App, row: &store::Issue) -> Result<DependencyCounts> {
    let fields = RequestedFields { counts: true, ..RequestedFields::default() };
    match Dependencies::load(app, &[row.id], &fields).await?.take(row) {
        (Related::Known(Some(counts)), ..) => Ok(counts),
        _ => Ok(DependencyCounts::default()),
    }
}

/// What one issue waits for.
pub(super) async fn blocked_by(app: &App, id: IssueId, edges: Edges) -> Result<Vec<Dependency>> {
    let rows = service::board::dependencies::blocked_by(app, &[id]).await?;
    Ok(by_issue(app, rows, &edges).await?.remove(&id).unwrap_or_default())
}

/// What waits for one issue.
pub(super) async fn blocks(app: &App, id: IssueId, edges: Edges) -> Result<Vec<Dependency>> {
    let rows = service::board::dependencies::blocks(app, &[id]).await?;
    Ok(by_issue(app, rows, &edges).await?.remove(&id).unwrap_or_default())
}

type ByIssue = HashMap<IssueId, Vec<Dependency>>;

/// The dependencies of some issues, as far as their selection wants them.
struct Dependencies {
    counts: Option<HashMap<IssueId, DependencyCounts>>,
    blocked_by: Option<ByIssue>,
    blocks: Option<ByIssue>,
}

impl Dependencies {
    async fn load(app: &App, ids: &[IssueId], fields: &RequestedFields) -> Result<Self> {
        let counts = match fields.counts {
            true => {
                Some(service::board::dependencies::counts(app, ids).await?.into_iter().collect())
            }
            false => None,
        };
        let blocked_by = match &fields.blocked_by {
            Some(edges) => {
                let rows = service::board::dependencies::blocked_by(app, ids).await?;
                Some(by_issue(app, rows, edges).await?)
            }
            None => None,
        };
        let blocks = match &fields.blocks {
            Some(edges) => {
                let rows = service::board::dependencies::blocks(app, ids).await?;
                Some(by_issue(app, rows, edges).await?)
            }
            None => None,
        };
        Ok(Self { counts, blocked_by, blocks })
    }

    /// What was loaded of one issue.
    fn take(
        &mut self,
        row: &store::Issue,
    ) -> (Related<DependencyCounts>, Related<Vec<Dependency>>, Related<Vec<Dependency>>) {
        let is_open = row.state == IssueState::Open;
        let counts = |counts: &mut HashMap<IssueId, DependencyCounts>| {
            counts.remove(&row.id).filter(|_| is_open)
        };
        let list = |lists: &mut ByIssue| lists.remove(&row.id);
        (
            self.counts.as_mut().map_or(Related::Left, |all| Related::Known(counts(all))),
            self.blocked_by.as_mut().map_or(Related::Left, |all| Related::Known(list(all))),
            self.blocks.as_mut().map_or(Related::Left, |all| Related::Known(list(all))),
        )
    }
}

/// Dependencies by the issue whose they are, with the other issues where those are wanted.
async fn by_issue(app: &App, rows: Vec<blockers::Dependency>, edges: &Edges) -> Result<ByIssue> {
    let others = match &edges.0 {
        Some(fields) => {
            let mut ids: Vec<IssueId> = rows.iter().filter_map(|row| row.issue_id).collect();
            ids.sort_unstable();
            ids.dedup();
            Some(others(app, ids, fields).await?)
        }
        None => None,
    };
    let mut lists = ByIssue::new();
    for row in rows {
        let issue = match (&others, row.issue_id) {
            (Some(others), Some(id)) => Related::Known(others.get(&id).cloned()),
            (Some(_), None) => Related::Known(None),
            (None, _) => Related::Left,
        };
        lists.entry(row.of).or_default().push(Dependency { row, issue });
    }
    Ok(lists)
}

/// Issues by id. Boxed, because their selection may want their dependencies in turn.
fn others<'a>(
    app: &'a App,
    ids: Vec<IssueId>,
    fields: &'a RequestedFields,
) -> BoxFuture<'a, Result<HashMap<IssueId, Arc<Issue>>>> {
    Box::pin(async move { issues_by_id(app, &ids, fields.clone()).await })
}

/// Both ways from a connection to its nodes.
fn nodes<'a>(list: &Lookahead<'a>) -> [Lookahead<'a>; 2] {
    [list.field("nodes"), list.field("edges").field("node")]
}
