//! Reads what only GitHub's GraphQL API has of pull requests: the issues that they close, the review
//! decision, the state of all checks, and conflicts.
//!
//! A sync that somebody requests, and the first one, read all that are open and those that ended last. In
//! between, a pull request is marked when a list or an event reports something about it, and a task reads the
//! marked ones of all repositories with one request at a time. So the number of requests does not depend on
//! the number of events.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncConnection;

use super::record::{self, Changes};
use crate::domain::automation::facts::PullRequestFacts;
use crate::domain::automation::pull_requests::next_reading;
use crate::domain::github_budget::Feature;
use crate::domain::{FullName, RepositoryId};
use crate::github::{self, Client, PullRequestList, PullRequestStates};
use crate::service::{App, Error, Result};
use crate::store::automation::PullRequest;
use crate::store::automation::pull_requests::{self, NextReading};
use crate::store::automation::repositories::{self as rows, RepositoryWrite};
use crate::store::{Connection, Repository, event_log, pool, repositories};

/// How many pages of fifty open pull requests are read.
const OPEN_PAGES: u32 = 10;

/// How many pages of those that were merged or closed last.
const ENDED_PAGES: u32 = 1;

/// How many marked pull requests are read at a time.
const AT_ONCE: i64 = 50;

/// When a pull request is read again whose reading was interrupted or failed.
const AFTER_FAILURE: TimeDelta = TimeDelta::minutes(1);

/// When one is read again that GitHub does not return.
const AFTER_ABSENCE: TimeDelta = TimeDelta::hours(1);

/// Reads the open pull requests of a repository, and those that ended last.
pub(super) async fn read_all(
    github: &Client,
    name: &FullName,
) -> std::result::Result<PullRequestList, github::Error> {
    let mut list = github.pull_requests(name, (PullRequestStates::Open, OPEN_PAGES)).await?;
    let ended = github.pull_requests(name, (PullRequestStates::Ended, ENDED_PAGES)).await?;
    // One that ended between the two requests is in both lists.
    list.items.retain(|one| !ended.items.iter().any(|other| other.number == one.number));
    list.items.extend(ended.items);
    list.unreadable += ended.unreadable;
    list.requests += ended.requests;
    list.lacks_checks |= ended.lacks_checks;
    Ok(list)
}

/// Stores pull requests that were read since a time, and when they are to be read again. `taken` is the
/// time that was given to those which the task took.
pub(super) async fn store(
    connection: &mut Connection,
    repository: &Repository,
    (facts, began_at, taken): (&[PullRequestFacts], DateTime<Utc>, Option<DateTime<Utc>>),
    changes: &mut Changes,
) -> Result<()> {
    record::pull_requests(connection, repository, (facts, None), changes).await?;
    let next: Vec<NextReading> =
        facts.iter().map(|one| (one.number, next_of(one, began_at))).collect();
    pull_requests::set_due(connection, repository.id, (&next, began_at, taken)).await?;
    Ok(())
}

fn next_of(one: &PullRequestFacts, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let words = (one.check_state.as_deref(), one.mergeable.as_deref());
    next_reading(one.state == "open", words, now)
}

/// Reads the pull requests that are marked and due, of all repositories, and returns how many there were. At
/// most [`AT_ONCE`] are read, so one request is sent for each owner with credentials of its own.
///
/// # Errors
///
/// The first failure. What could not be read is due again in a minute.
pub async fn read_due(app: &App) -> Result<usize> {
    let now = app.clock.now();
    let again_at = now + AFTER_FAILURE;
    let (taken, owners) = {
        let mut connection = app.connection().await?;
        let taken = pull_requests::take_due(&mut connection, (now, again_at), AT_ONCE).await?;
        let ids: BTreeSet<RepositoryId> = taken.iter().map(|row| row.repository_id).collect();
        let ids: Vec<RepositoryId> = ids.into_iter().collect();
        (taken, repositories::by_ids(&mut connection, &ids).await?)
    };
    let count = taken.len();
    let mut by_owner: BTreeMap<String, Vec<(Repository, Vec<PullRequest>)>> = BTreeMap::new();
    for repository in owners {
        let of = |row: &&PullRequest| row.repository_id == repository.id;
        let rows = taken.iter().filter(of).cloned().collect();
        let owner = repository.full_name.owner().to_lowercase();
        by_owner.entry(owner).or_default().push((repository, rows));
    }
    let mut failure = None;
    for (owner, repositories) in by_owner {
        if let Err(error) = read_of_owner(app, &owner, &repositories, (now, again_at)).await {
            tracing::warn!(owner, error = error.with_causes(), "pull requests could not be read");
            failure = failure.or(Some(error));
        }
    }
    failure.map_or(Ok(count), Err)
}

async fn read_of_owner(
    app: &App,
    owner: &str,
    repositories: &[(Repository, Vec<PullRequest>)],
    (began_at, taken): (DateTime<Utc>, DateTime<Utc>),
) -> Result<()> {
    let rows = repositories.iter().flat_map(|(_, rows)| rows);
    let ids: Vec<String> = rows.map(|row| row.node_id.clone()).collect();
    let found = app
        .github
        .for_owner(owner)
        .for_feature(Feature::Automation)
        .pull_requests_by_id(&ids)
        .await?;
    let mut found = ids.into_iter().zip(found.items).collect::<BTreeMap<_, _>>();
    for (repository, rows) in repositories {
        let (mut facts, mut absent) = (Vec::new(), Vec::new());
        for row in rows {
            match found.remove(&row.node_id) {
                Some(Ok(Some(one))) if one.number == row.number => facts.push(one),
                answer => {
                    tracing::debug!(
                        number = row.number,
                        ?answer,
                        "a pull request was not returned"
                    );
                    absent.push((row.number, Some(began_at + AFTER_ABSENCE)));
                }
            }
        }
        let of = (facts.as_slice(), absent.as_slice());
        store_due(app, repository, of, (began_at, taken)).await?;
    }
    Ok(())
}

async fn store_due(
    app: &App,
    repository: &Repository,
    (facts, absent): (&[PullRequestFacts], &[NextReading]),
    (began_at, taken): (DateTime<Utc>, DateTime<Utc>),
) -> Result<()> {
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            pool::take_time(connection).await?;
            rows::lock(connection, repository.id).await?;
            let mut changes = Changes::default();
            store(connection, repository, (facts, began_at, Some(taken)), &mut changes).await?;
            let of = (absent, began_at, Some(taken));
            pull_requests::set_due(connection, repository.id, of).await?;
            if changes.is_empty() {
                return Ok(());
            }
            count_open(connection, repository).await?;
            let now = app.clock.now();
            event_log::append(connection, &changes.events(repository.id, now)).await?;
            Ok::<_, Error>(())
        })
        .await
}

/// Counts the open pull requests of a repository again.
pub(crate) async fn count_open(connection: &mut Connection, repository: &Repository) -> Result<()> {
    let row = rows::lock(connection, repository.id).await?;
    let open = pull_requests::count_open(connection, repository.id).await?;
    let open = i32::try_from(open).unwrap_or(i32::MAX);
    if row.open_pull_requests != open {
        let new = RepositoryWrite { open_pull_requests: Some(open), ..RepositoryWrite::default() };
        rows::write(connection, repository.id, &new).await?;
    }
    Ok(())
}
