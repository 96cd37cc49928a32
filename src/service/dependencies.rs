//! Keeping up with what stands in the way of issues.
//!
//! Phrases in their texts, GitHub's own relation and pull requests that are to close them. Only what
//! is news is asked for and written; whether an issue that is waited for is open is asked when the
//! queue is read.

use std::collections::{BTreeSet, HashMap};

use chrono::TimeDelta;
use diesel_async::AsyncConnection;

use crate::app::App;
use crate::domain::dependencies::{Reference, references};
use crate::domain::{Actor, IssueId, IssueState};
use crate::github::{self, Links, PullRequest};
use crate::service::Result;
use crate::store::blockers::{self, Dependency, DependencyCounts, Linked, Source};
use crate::store::{Connection, Issue, Repository, event_log};

/// How many dependencies of an issue are listed in each direction.
pub const MOST_LISTED: i32 = 100;

/// How many open issues some issues wait for, and how many wait for them, in no order. What is missing
/// has none.
pub async fn counts(app: &App, issues: &[IssueId]) -> Result<Vec<(IssueId, DependencyCounts)>> {
    let mut connection = app.connection().await?;
    Ok(blockers::counts(&mut connection, issues).await?)
}

/// What some issues wait for: of each at most [`MOST_LISTED`], open ones first.
pub async fn blocked_by(app: &App, issues: &[IssueId]) -> Result<Vec<Dependency>> {
    let mut connection = app.connection().await?;
    Ok(blockers::blocked_by(&mut connection, issues, i64::from(MOST_LISTED)).await?)
}

/// What waits for some issues: of each at most [`MOST_LISTED`], open ones first.
pub async fn blocks(app: &App, issues: &[IssueId]) -> Result<Vec<Dependency>> {
    let mut connection = app.connection().await?;
    Ok(blockers::blocks(&mut connection, issues, i64::from(MOST_LISTED)).await?)
}

/// What GitHub says stands in the way of issues, by its ids. An issue that is missing was not asked
/// about, because what is noted of it still holds.
pub(super) type Found = HashMap<String, Links>;

/// Asks GitHub for the links of issues as far as they are news: of those that are open, have any and
/// changed since, or have others than noted.
pub(super) async fn ask_links(
    app: &App,
    repository: &Repository,
    issues: &[github::Issue],
) -> Result<Found> {
    let has_any = |issue: &&github::Issue| {
        let links = issue.blockers_count.unwrap_or_default() + issue.pull_requests_count;
        issue.state == IssueState::Open && links > 0
    };
    let mut wanted: Vec<&github::Issue> = issues.iter().filter(has_any).collect();
    if wanted.is_empty() {
        return Ok(Found::new());
    }
    let numbers: Vec<i32> = wanted.iter().map(|issue| issue.number).collect();
    let noted = {
        let mut connection = app.connection().await?;
        blockers::linked(&mut connection, repository.id, &numbers).await?
    };
    let is_noted = |issue: &github::Issue, row: &Linked| {
        let blockers = i64::from(issue.blockers_count.unwrap_or_default());
        issue.number == row.number
            && issue.updated_at == row.updated_at
            && blockers == row.blockers
            && (issue.pull_requests_count > 0) == row.has_pull_request
    };
    wanted.retain(|issue| !noted.iter().any(|row| is_noted(issue, row)));
    ask(app, wanted.iter().map(|issue| issue.node_id.clone()).collect()).await
}

async fn ask(app: &App, ids: Vec<String>) -> Result<Found> {
    if ids.is_empty() {
        return Ok(Found::new());
    }
    let links = app.github.links(&ids).await?;
    Ok(ids.into_iter().zip(links).filter_map(|(id, links)| Some((id, links?))).collect())
}

/// The issues whose links changed with some pull requests, by number, and what GitHub now says.
pub(super) async fn ask_after(
    app: &App,
    repository: &Repository,
    changed: &[PullRequest],
) -> Result<(Vec<i32>, Found)> {
    let closed: Vec<String> =
        changed.iter().filter(|one| !one.is_open).map(|one| one.url.clone()).collect();
    let open = changed.iter().filter(|one| one.is_open);
    let closing: Vec<String> = open.flat_map(|one| one.closes.clone()).collect();
    if closed.is_empty() && closing.is_empty() {
        return Ok((vec![], Found::new()));
    }
    let rows = {
        let mut connection = app.connection().await?;
        blockers::changed_by_pull_requests(&mut connection, repository.id, &closed, &closing)
            .await?
    };
    let found = ask(app, rows.iter().map(|row| row.node_id.clone()).collect()).await?;
    Ok((rows.into_iter().map(|row| row.number).collect(), found))
}

/// Notes what the texts of issues say they wait for, and what GitHub says of their links, where that
/// is news. `rows` are their rows. Tells whose links are others now.
pub(super) async fn note_page(
    app: &App,
    connection: &mut Connection,
    repository: &Repository,
    found: &[github::Issue],
    links: &Found,
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
                relations.insert(*id, of_references(blockers));
            }
            (_, None) => {}
        }
        match asked {
            _ if issue.pull_requests_count == 0 => closed_by_none.push(*id),
            Some(links) => closed_by.push((*id, links.pull_request.as_deref())),
            None => {}
        }
    }
    note(connection, Source::Text, texts).await?;
    let mut changed = note(connection, Source::GitHub, relations).await?;
    changed.extend(note_states(app, connection, links).await?);
    changed.extend(blockers::forget_pull_requests(connection, &closed_by_none).await?);
    for (id, url) in closed_by {
        if blockers::set_pull_request(connection, id, url).await? {
            changed.push(id);
        }
    }
    Ok(changed)
}

fn of_references(blockers: &[(Reference, bool)]) -> BTreeSet<Reference> {
    blockers.iter().map(|(reference, _)| reference.clone()).collect()
}

/// About how many of what is not cached GitHub is asked in one sync of a repository: of what issues in
/// the queue wait for, and of what the others do. Anybody may open issues with references, so those that
/// nobody has made ready cost little.
const FOREIGN: [(bool, i64); 2] = [(true, 20), (false, 5)];

/// How long something counts as open, and as closed, before GitHub is asked about it again.
const FRESH: (TimeDelta, TimeDelta) = (TimeDelta::minutes(10), TimeDelta::days(1));

/// Asks GitHub about what open issues of a repository wait for and what is not cached: pull requests,
/// and issues elsewhere. Answers the issues for which that is news. What GitHub cannot tell now is asked
/// for in the next sync.
pub(super) async fn follow_foreign(app: &App, repository: &Repository) -> Result<Vec<IssueId>> {
    let now = app.clock.now();
    let since = (now - FRESH.0, now - FRESH.1);
    let mut wanted = Vec::new();
    for (is_queued, limit) in FOREIGN {
        let mut connection = app.connection().await?;
        let of = (repository.id, is_queued);
        let unasked = blockers::unasked(&mut connection, of, since, limit).await?;
        wanted.extend(unasked.into_iter().filter(|one| !wanted.contains(one)).collect::<Vec<_>>());
    }
    if wanted.is_empty() {
        return Ok(vec![]);
    }
    let mut found = Vec::with_capacity(wanted.len());
    for reference in wanted {
        match app.github.is_open(&reference).await {
            Ok(is_open) => found.push((reference, is_open)),
            Err(error @ github::Error::RateLimited { .. }) => return Err(error.into()),
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

/// Announces changes of dependencies that no event told of, and puts right what they left in the queue.
pub(super) async fn announce_missed(app: &App) -> Result<()> {
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            blockers::mend_queue(connection, None).await?;
            let who = Actor::System.who();
            Ok(event_log::append_dependents(connection, who, app.clock.now()).await?)
        })
        .await
}

/// Notes what GitHub says of the links of some issues, and tells whose are others now.
pub(super) async fn note_links(
    app: &App,
    connection: &mut Connection,
    links: &Found,
    rows: &[&Issue],
) -> Result<Vec<IssueId>> {
    let mut relations = HashMap::new();
    let mut changed = Vec::new();
    for row in rows {
        let Some(links) = links.get(&row.node_id) else { continue };
        if let Some(blockers) = &links.blockers {
            relations.insert(row.id, of_references(blockers));
        }
        if blockers::set_pull_request(connection, row.id, links.pull_request.as_deref()).await? {
            changed.push(row.id);
        }
    }
    changed.extend(note(connection, Source::GitHub, relations).await?);
    changed.extend(note_states(app, connection, links).await?);
    Ok(changed)
}

/// Notes which of the issues that GitHub's relation names are open. Of those that are cached, the cache
/// knows it better; the note waits for the day when they are not.
async fn note_states(
    app: &App,
    connection: &mut Connection,
    links: &Found,
) -> Result<Vec<IssueId>> {
    let blockers = links.values().filter_map(|links| links.blockers.as_ref());
    let found: Vec<(Reference, bool)> = blockers.flatten().cloned().collect();
    Ok(blockers::set_open(connection, &found, app.clock.now()).await?)
}

/// Notes what one source says issues wait for, where that is news, and tells whose is.
async fn note(
    connection: &mut Connection,
    source: Source,
    mut wanted: HashMap<IssueId, BTreeSet<Reference>>,
) -> Result<Vec<IssueId>> {
    let ids: Vec<IssueId> = wanted.keys().copied().collect();
    let mut noted: HashMap<IssueId, BTreeSet<Reference>> = HashMap::new();
    for row in blockers::of_issues(connection, source, &ids).await? {
        let reference = Reference { repository: row.repository, number: row.number };
        noted.entry(row.issue_id).or_default().insert(reference);
    }
    wanted.retain(|id, references| noted.get(id).unwrap_or(&BTreeSet::new()) != references);
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
        blockers::note(connection, source, &new).await?;
    }
    Ok(changed)
}
