//! What a page of rows needs besides its rows, in one statement for each kind of thing.
//!
//! A resolver that has a page asks here, once, for the issues, repositories and bodies that the
//! query selects on it; `Lookahead` tells which. That takes the place of a data loader: nothing
//! waits for a batch to fill and no row pays for a lookup of its own. Not here: rules, and rows that
//! a use case loads. This is the one file above the services that takes a connection, to read by id.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, Lookahead};

use super::types::Issue;
use super::types::IssueBody as Body;
use crate::app::App;
use crate::domain::backoff::Backoff;
use crate::domain::{Actor, IssueId, RepositoryId};
use crate::service::{self, Error, Result};
use crate::store::{self, Page, issues};

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
                let wants = Wants::of(&context.look_ahead());
                Ok(issues_by_id(app(context), &[id], wants).await?.remove(&id))
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
        one_issue(app(context), row, Wants::of(&context.look_ahead())).await
    }
}

/// What a selection wants of issues besides their rows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wants {
    /// Their Markdown texts.
    pub(super) body: bool,
    /// Who holds them.
    pub(super) lease: bool,
    /// Whether they are left alone for a while.
    pub(super) backoff: bool,
}

impl Wants {
    /// What a selection on one issue wants.
    pub(super) fn of(issue: &Lookahead<'_>) -> Self {
        let has = |field| issue.field(field).exists();
        Self { body: has("body"), lease: has("lease"), backoff: has("backoff") }
    }

    /// What a selection on a connection of issues wants.
    pub(super) fn of_list(list: &Lookahead<'_>) -> Self {
        nodes(list).iter().map(Self::of).fold(Self::default(), Self::or)
    }

    fn or(self, other: Self) -> Self {
        Self {
            body: self.body || other.body,
            lease: self.lease || other.lease,
            backoff: self.backoff || other.backoff,
        }
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
    let wants = issue.iter().map(Wants::of).fold(Wants::default(), Wants::or);
    let ids: Vec<IssueId> = page.rows.iter().filter_map(&id_of).collect();
    let issues = issues_by_id(app(context), &ids, wants).await?;
    Ok(page.map(|row| {
        let issue = id_of(&row).and_then(|id| issues.get(&id).cloned());
        (row, Related::Known(issue))
    }))
}

/// The issues with these ids, without those that were removed or whose repository is not tracked.
pub(super) async fn issues_by_id(
    app: &App,
    ids: &[IssueId],
    wants: Wants,
) -> Result<HashMap<IssueId, Arc<Issue>>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = issues::by_ids(&mut *app.connection().await?, ids).await?;
    let rows = rows.into_iter().filter(|row| row.removed_at.is_none()).collect();
    let issues = all_issues(app, rows, wants).await?;
    let shown = issues.into_iter().filter(|issue| issue.repository.enabled);
    Ok(shown.map(|issue| (issue.row.id, issue)).collect())
}

/// An issue with its repository, and with what its selection wants.
pub(super) async fn one_issue(app: &App, row: store::Issue, wants: Wants) -> Result<Arc<Issue>> {
    let mut issues = all_issues(app, vec![row], wants).await?;
    Ok(issues.pop().expect("as many issues come out as go in"))
}

/// Issues with their repositories, and with what their selection wants.
pub(super) async fn all_issues(
    app: &App,
    rows: Vec<store::Issue>,
    wants: Wants,
) -> Result<Vec<Arc<Issue>>> {
    let page = Page { rows, has_previous: false, has_next: false };
    Ok(issues(app, page, wants).await?.rows)
}

/// A page of rows as issues.
pub(super) async fn issues(
    app: &App,
    page: Page<store::Issue>,
    wants: Wants,
) -> Result<Page<Arc<Issue>>> {
    let mut pages = issue_pages(app, vec![page], wants).await?;
    Ok(pages.pop().expect("as many pages come out as go in"))
}

/// Pages of rows as issues; what they need is loaded for all of them at once.
pub(super) async fn issue_pages(
    app: &App,
    pages: Vec<Page<store::Issue>>,
    wants: Wants,
) -> Result<Vec<Page<Arc<Issue>>>> {
    let rows = || pages.iter().flat_map(|page| &page.rows);
    let mut repository_ids: Vec<RepositoryId> = rows().map(|row| row.repository_id).collect();
    repository_ids.sort_unstable();
    repository_ids.dedup();
    let repositories = repositories(app, &repository_ids).await?;
    let mut bodies: HashMap<IssueId, Option<String>> = HashMap::new();
    let ids = || -> Vec<IssueId> { rows().map(|row| row.id).collect() };
    if wants.body {
        bodies.extend(service::board::bodies(app, &ids()).await?);
    }
    let mut leases: HashMap<IssueId, Arc<store::Lease>> = HashMap::new();
    if wants.lease {
        let live = service::leases::live_leases(app, &ids()).await?;
        leases.extend(live.into_iter().map(|lease| (lease.issue_id, Arc::new(lease))));
    }
    let mut backoffs: HashMap<IssueId, Backoff> = HashMap::new();
    if wants.backoff {
        let noted = service::backoffs::of_issues(app, &ids()).await?;
        backoffs.extend(noted.into_iter().map(|row| (row.issue_id, row.into())));
    }
    let mut issue = |row: store::Issue| {
        let repository = repositories.get(&row.repository_id).ok_or_else(|| {
            let (id, repository) = (row.id, row.repository_id);
            Error::Internal(anyhow::anyhow!("{id} belongs to {repository}, which is not there"))
        })?;
        let body = match wants.body {
            true => Body::Known(bodies.remove(&row.id).flatten()),
            false => Body::Left,
        };
        let lease = match wants.lease {
            true => Related::Known(leases.remove(&row.id)),
            false => Related::Left,
        };
        let backoff = match wants.backoff {
            true => Related::Known(backoffs.remove(&row.id)),
            false => Related::Left,
        };
        Ok(Arc::new(Issue { row, repository: Arc::clone(repository), body, lease, backoff }))
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
    wants: Wants,
) -> Result<Arc<Issue>> {
    let body = match wants.body {
        true => Body::Known(body(app, row.id).await?),
        false => Body::Left,
    };
    let lease = match wants.lease {
        true => Related::Known(lease(app, row.id).await?),
        false => Related::Left,
    };
    let backoff = match wants.backoff {
        true => Related::Known(backoff(app, row.id).await?),
        false => Related::Left,
    };
    Ok(Arc::new(Issue { row, repository: Arc::new(repository), body, lease, backoff }))
}

/// The Markdown text of one issue.
pub(super) async fn body(app: &App, id: IssueId) -> Result<Option<String>> {
    Ok(service::board::bodies(app, &[id]).await?.pop().and_then(|(_, body)| body))
}

/// The live lease of one issue.
pub(super) async fn lease(app: &App, id: IssueId) -> Result<Option<Arc<store::Lease>>> {
    Ok(service::leases::live_leases(app, &[id]).await?.pop().map(Arc::new))
}

/// What is noted of one issue that is left alone.
pub(super) async fn backoff(app: &App, id: IssueId) -> Result<Option<Backoff>> {
    Ok(service::backoffs::of_issues(app, &[id]).await?.pop().map(Backoff::from))
}

/// Both ways from a connection to its nodes.
fn nodes<'a>(list: &Lookahead<'a>) -> [Lookahead<'a>; 2] {
    [list.field("nodes"), list.field("edges").field("node")]
}
