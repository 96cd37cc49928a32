//! Keeps the dependencies of issues up to date.
//!
//! They come from phrases in their texts, GitHub's own relation, and pull requests that will close
//! them. Only changes are read and written. Whether a dependency is open is evaluated when the
//! queue is read.

use std::collections::{BTreeSet, HashMap};

use chrono::TimeDelta;
use diesel_async::AsyncConnection;

use crate::domain::dependencies::{Reference, references};
use crate::domain::{Actor, IssueId, IssueState};
use crate::github::{self, Links, PullRequest};
use crate::service::{App, Result};
use crate::store::board::blockers::{self, BlockerSource, Dependency, DependencyCounts, Linked};
use crate::store::{Connection, Issue, Repository, event_log};

/// How many dependencies of an issue are listed in each direction.
pub const MOST_LISTED: i32 = 100;

/// For each issue, how many open issues it waits for and how many wait for it, in no order. An
/// issue that is missing has none.
pub async fn counts(app: &App, issues: &[IssueId]) -> Result<Vec<(IssueId, DependencyCounts)>> {
    let mut connection = app.connection().await?;
    Ok(blockers::counts(&mut connection, issues).await?)
}

/// What some issues wait for: at most [`MOST_LISTED`] each, open ones first.
pub async fn blocked_by(app: &App, issues: &[IssueId]) -> Result<Vec<Dependency>> {
    let mut connection = app.connection().await?;
    Ok(blockers::blocked_by(&mut connection, issues, i64::from(MOST_LISTED)).await?)
}

/// What waits for some issues: at most [`MOST_LISTED`] each, open ones first.
pub async fn blocks(app: &App, issues: &[IssueId]) -> Result<Vec<Dependency>> {
    let mut connection = app.connection().await?;
    Ok(blockers::blocks(&mut connection, issues, i64::from(MOST_LISTED)).await?)
}

/// The links of issues on GitHub, by node id. An issue that is missing was not read, because the
/// stored links are still valid.
pub(crate) type IssueLinks = HashMap<String, Links>;

/// Reads the links of issues from GitHub where they may have changed: of issues that are open, have
/// any and changed since, or have different ones than stored.
pub(crate) async fn fetch_changed_links(
    app: &App,
    repository: &Repository,
    issues: &[github::Issue],
) -> Result<IssueLinks> {
    let mut wanted: Vec<&github::Issue> = issues.iter().filter(|issue| has_links(issue)).collect();
    if wanted.is_empty() {
        return Ok(IssueLinks::new());
    }
    let numbers: Vec<i32> = wanted.iter().map(|issue| issue.number).collect();
    let stored = {
        let mut connection = app.connection().await?;
        blockers::linked(&mut connection, repository.id, &numbers).await?
    };
    let is_stored = |issue: &github::Issue, row: &Linked| {
        let blockers = i64::from(issue.blockers_count.unwrap_or_default());
        issue.number == row.number
            && issue.updated_at == row.updated_at
            && blockers == row.blockers
            && (issue.pull_requests_count > Some(0)) == row.has_pull_request
    };
    wanted.retain(|issue| !stored.iter().any(|row| is_stored(issue, row)));
    fetch_links(app, repository, wanted.iter().map(|issue| issue.node_id.clone()).collect()).await
}

/// Reads the links of issues of a repository from GitHub, of those that are open and have any. One blocker may have
/// taken the place of another, which changes neither the count nor the time of the issue.
pub(crate) async fn fetch_links_of(
    app: &App,
    repository: &Repository,
    issues: &[github::Issue],
) -> Result<IssueLinks> {
    let linked = issues.iter().filter(|issue| has_links(issue));
    fetch_links(app, repository, linked.map(|issue| issue.node_id.clone()).collect()).await
}

fn has_links(issue: &github::Issue) -> bool {
    let links =
        issue.blockers_count.unwrap_or_default() + issue.pull_requests_count.unwrap_or_default();
    issue.state == IssueState::Open && links > 0
}

async fn fetch_links(app: &App, repository: &Repository, ids: Vec<String>) -> Result<IssueLinks> {
    if ids.is_empty() {
        return Ok(IssueLinks::new());
    }
    let links = app.github.for_owner(repository.full_name.owner()).links(&ids).await?;
    Ok(ids.into_iter().zip(links).filter_map(|(id, links)| Some((id, links?))).collect())
}

/// The issues whose links changed with some pull requests, by number, with their current links on
/// GitHub.
pub(crate) async fn fetch_links_of_pull_requests(
    app: &App,
    repository: &Repository,
    changed: &[PullRequest],
) -> Result<(Vec<i32>, IssueLinks)> {
    let closed: Vec<String> =
        changed.iter().filter(|one| !one.is_open).map(|one| one.url.clone()).collect();
    let open = changed.iter().filter(|one| one.is_open);
    let closing: Vec<String> = open.flat_map(|one| one.closes.clone()).collect();
    if closed.is_empty() && closing.is_empty() {
        return Ok((vec![], IssueLinks::new()));
    }
    let rows = {
        let mut connection = app.connection().await?;
        blockers::changed_by_pull_requests(&mut connection, repository.id, &closed, &closing)
            .await?
    };
    let ids = rows.iter().map(|row| row.node_id.clone()).collect();
    let found = fetch_links(app, repository, ids).await?;
    Ok((rows.into_iter().map(|row| row.number).collect(), found))
}

/// Stores the dependencies in the texts of issues, and their links on GitHub, where they changed.
/// `rows` are the rows of the issues. Returns the issues whose dependencies changed.
pub(crate) async fn store_page(
    app: &App,
    connection: &mut Connection,
    repository: &Repository,
    found: &[github::Issue],
    links: &IssueLinks,
    rows: &[&Issue],
) -> Result<Vec<IssueId>> {
    let by_number: HashMap<i32, IssueId> = rows.iter().map(|row| (row.number, row.id)).collect();
    let host = app.config.github.host();
    let mut texts = HashMap::new();
    let mut relations = HashMap::new();
    let (mut closed_by, mut closed_by_none) = (Vec::new(), Vec::new());
    for issue in found {
        let Some(id) = by_number.get(&issue.number) else { continue };
        let body = issue.body.as_deref().unwrap_or_default();
        texts.insert(*id, references(body, &repository.full_name, issue.number, &host));
        let asked = links.get(&issue.node_id);
        match (issue.blockers_count, asked.and_then(|links| links.blockers.as_ref())) {
            (Some(0), _) => {
                relations.insert(*id, BTreeSet::new());
            }
            (_, Some(blockers)) => {
                relations.insert(*id, open_references(blockers));
            }
            (_, None) => {}
        }
        match asked {
            _ if issue.pull_requests_count == Some(0) => closed_by_none.push(*id),
            Some(links) => closed_by.push((*id, links.pull_request.as_deref())),
            None => {}
        }
    }
    store_references(connection, BlockerSource::Text, texts).await?;
    let mut changed = store_references(connection, BlockerSource::GitHub, relations).await?;
    changed.extend(store_open_states(app, connection, links).await?);
    changed.extend(blockers::forget_pull_requests(connection, &closed_by_none).await?);
    for (id, url) in closed_by {
        if blockers::set_pull_request(connection, id, url).await? {
            changed.push(id);
        }
    }
    Ok(changed)
}

fn open_references(blockers: &[(Reference, bool)]) -> BTreeSet<Reference> {
    blockers.iter().map(|(reference, _)| reference.clone()).collect()
}

/// How many uncached issues and pull requests one sync of a repository asks GitHub about: of those
/// that issues in the queue wait for, and of the others.
///
/// Anybody may open issues with references, so references of issues that nobody has made ready have
/// a low limit.
const FOREIGN: [(bool, i64); 2] = [(true, 20), (false, 5)];

/// How long something that is open, and something that is closed, is not read again from GitHub.
const FRESH: (TimeDelta, TimeDelta) = (TimeDelta::minutes(10), TimeDelta::days(1));

/// Reads the state of uncached dependencies of a repository's open issues from GitHub: pull
/// requests, and issues of other repositories.
///
/// Returns the issues for which it changed. What GitHub cannot return now is read in the next sync.
pub(crate) async fn follow_foreign(app: &App, repository: &Repository) -> Result<Vec<IssueId>> {
    let now = app.clock.now();
    let since = (now - FRESH.0, now - FRESH.1);
    let mut wanted = Vec::new();
    for (is_queued, limit) in FOREIGN {
        let mut connection = app.connection().await?;
        let of = (repository.id, is_queued);
        let unasked = blockers::due_for_reading(&mut connection, of, since, limit).await?;
        wanted.extend(unasked.into_iter().filter(|one| !wanted.contains(one)).collect::<Vec<_>>());
    }
    if wanted.is_empty() {
        return Ok(vec![]);
    }
    let github = app.github.for_owner(repository.full_name.owner());
    let mut found = Vec::with_capacity(wanted.len());
    for reference in wanted {
        match github.is_open(&reference).await {
            Ok(is_open) => found.push((reference, is_open)),
            Err(error @ (github::Error::RateLimited { .. } | github::Error::Saved { .. })) => {
                return Err(error.into());
            }
            Err(error) => {
                tracing::warn!(%error, repository = reference.repository, number = reference.number,
                    "whether something is open that an issue waits for could not be read");
            }
        }
    }
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            blockers::forget_unreferenced(connection).await?;
            Ok(blockers::set_open(connection, &found, now).await?)
        })
        .await
}

/// Publishes changes of dependencies that had no event, and corrects the queue accordingly.
pub(crate) async fn announce_missed(app: &App) -> Result<()> {
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            blockers::mend_queue(connection, None).await?;
            let actor = Actor::System.actor_ref();
            Ok(event_log::append_dependents(connection, actor, app.clock.now()).await?)
        })
        .await
}

/// Stores the links of some issues on GitHub, and returns the issues whose links changed.
pub(crate) async fn store_links(
    app: &App,
    connection: &mut Connection,
    links: &IssueLinks,
    rows: &[&Issue],
) -> Result<Vec<IssueId>> {
    let mut relations = HashMap::new();
    let mut changed = Vec::new();
    for row in rows {
        let Some(links) = links.get(&row.node_id) else { continue };
        if let Some(blockers) = &links.blockers {
            relations.insert(row.id, open_references(blockers));
        }
        if blockers::set_pull_request(connection, row.id, links.pull_request.as_deref()).await? {
            changed.push(row.id);
        }
    }
    changed.extend(store_references(connection, BlockerSource::GitHub, relations).await?);
    changed.extend(store_open_states(app, connection, links).await?);
    Ok(changed)
}

/// Stores which of the issues in GitHub's relation are open. For cached issues the cache is newer;
/// the stored state is used once they are no longer cached.
async fn store_open_states(
    app: &App,
    connection: &mut Connection,
    links: &IssueLinks,
) -> Result<Vec<IssueId>> {
    let blockers = links.values().filter_map(|links| links.blockers.as_ref());
    let found: Vec<(Reference, bool)> = blockers.flatten().cloned().collect();
    Ok(blockers::set_open(connection, &found, app.clock.now()).await?)
}

/// Stores the dependencies of issues from one source where they changed, and returns those issues.
async fn store_references(
    connection: &mut Connection,
    source: BlockerSource,
    mut wanted: HashMap<IssueId, BTreeSet<Reference>>,
) -> Result<Vec<IssueId>> {
    let ids: Vec<IssueId> = wanted.keys().copied().collect();
    let mut stored: HashMap<IssueId, BTreeSet<Reference>> = HashMap::new();
    for row in blockers::of_issues(connection, source, &ids).await? {
        let reference = Reference { repository: row.repository, number: row.number };
        stored.entry(row.issue_id).or_default().insert(reference);
    }
    wanted.retain(|id, references| stored.get(id).unwrap_or(&BTreeSet::new()) != references);
    let changed: Vec<IssueId> = wanted.keys().copied().collect();
    if changed.is_empty() {
        return Ok(changed);
    }
    blockers::forget(connection, source, &changed).await?;
    let new: Vec<(IssueId, Reference)> = wanted
        .into_iter()
        .flat_map(|(id, references)| references.into_iter().map(move |one| (id, one)))
        .collect();
    if !new.is_empty() {
        blockers::insert(connection, source, &new).await?;
    }
    Ok(changed)
}
