//! Applies what deliveries report about runs, jobs, checks, releases, pushes, deployments, packages and pull
//! requests. Every payload has the object as it was, so the newest wins, whatever the order is. What no
//! payload has, such as the state of all checks of a pull request, is marked to be read.

use crate::domain::automation::facts::CheckFacts;
use crate::domain::automation::pull_requests::AFTER_EVENT;
use crate::domain::webhooks::AutomationEvent;
use crate::github::webhooks::{self, PushedCommit};
use crate::service::App;
use crate::service::automation::pull_requests::count_open;
use crate::service::automation::record::{self, Changes};
use crate::service::webhooks::outcome::Outcome;
use crate::service::{Error, Result};
use crate::store::automation::repositories::{RepositoryWrite, write};
use crate::store::automation::{deployments, pull_requests, releases, repositories as rows, runs};
use crate::store::event_log::NewEvent;
use crate::store::{Connection, Repository, WebhookDelivery};

/// The reason why an event is not used.
const INCOMPLETE: &str = "a member of its object is missing that is needed";

/// Stores the object of an event, unless what is stored is newer.
pub(super) async fn apply(
    app: &App,
    connection: &mut Connection,
    (repository, event): (&Repository, AutomationEvent),
    delivery: &WebhookDelivery,
    payload: &[u8],
) -> Result<(Outcome, Vec<NewEvent>)> {
    let mut changes = Changes::default();
    let now = app.clock.now();
    let due_at = now + AFTER_EVENT;
    let is_used = match event {
        AutomationEvent::Run => {
            rows::record_webhook(connection, repository.id, now).await?;
            let found = webhooks::workflow_run(payload).map_err(Error::Upstream)?;
            record::runs(connection, repository, (found.as_slice(), now), &mut changes).await?;
            found.is_some()
        }
        AutomationEvent::Job => {
            let Some(job) = webhooks::workflow_job(payload).map_err(Error::Upstream)? else {
                return Ok((Outcome::Ignored(INCOMPLETE.to_owned()), vec![]));
            };
            let run = runs::by_github_id(connection, repository.id, job.run_github_id).await?;
            // The jobs of a run are read when they are needed.
            let Some(run) = run else {
                return Ok((Outcome::Ignored("its run is not known".to_owned()), vec![]));
            };
            record::jobs(connection, &run, &[job], &mut changes).await?;
            true
        }
        AutomationEvent::Check => {
            let found = webhooks::check_run(payload).map_err(Error::Upstream)?;
            let row = rows::lock(connection, repository.id).await?;
            let newest = row.latest_commit_sha;
            let is_shown = |check: &&CheckFacts| {
                // Those of GitHub Actions are stored as jobs.
                check.app.as_deref() != Some("GitHub Actions")
                    && newest.as_ref().is_none_or(|sha| *sha == check.head_sha)
            };
            let shown = found.as_ref().filter(is_shown);
            record::checks(connection, repository, shown.cloned().as_slice(), &mut changes).await?;
            if let Some(check) = &found {
                let commits = [check.head_sha.as_str()];
                let of = (commits.as_slice(), due_at);
                pull_requests::mark_commits(connection, repository.id, of).await?;
            }
            found.is_some()
        }
        AutomationEvent::CommitChecks => {
            let commit = webhooks::checked_commit(payload).map_err(Error::Upstream)?;
            if let Some(commit) = &commit {
                let commits = [commit.as_str()];
                let of = (commits.as_slice(), due_at);
                pull_requests::mark_commits(connection, repository.id, of).await?;
            }
            commit.is_some()
        }
        AutomationEvent::Release => {
            let found = webhooks::release(payload).map_err(Error::Upstream)?;
            match &found {
                Some(release) if delivery.action.as_deref() == Some("deleted") => {
                    let id = release.github_id;
                    changes.note(releases::delete(connection, repository.id, id).await? > 0);
                }
                found => {
                    let found = found.as_slice();
                    record::releases(connection, repository, found, &mut changes).await?;
                }
            }
            found.is_some()
        }
        AutomationEvent::Push => {
            if let Some(commit) = webhooks::pushed_commit(payload).map_err(Error::Upstream)? {
                let of = (commit.branch.as_str(), due_at);
                pull_requests::mark_base(connection, repository.id, of).await?;
                push(connection, repository, commit, &mut changes).await?;
            }
            true
        }
        AutomationEvent::Deployment => {
            let found = webhooks::deployment(payload).map_err(Error::Upstream)?;
            record::deployments(connection, repository, found.as_slice(), &mut changes).await?;
            found.is_some()
        }
        AutomationEvent::Package => {
            let found = webhooks::package(payload).map_err(Error::Upstream)?;
            record::packages(connection, repository, found.as_slice(), &mut changes).await?;
            found.is_some()
        }
        AutomationEvent::PullRequest => {
            let found = webhooks::pull_request(payload).map_err(Error::Upstream)?;
            let of = (found.as_slice(), Some(due_at));
            record::pull_requests(connection, repository, of, &mut changes).await?;
            if let Some(one) = &found {
                // A review changes the decision, and not always the time of the last change.
                let commits = [one.head_sha.as_str()];
                let of = (commits.as_slice(), due_at);
                pull_requests::mark_commits(connection, repository.id, of).await?;
            }
            count_open(connection, repository).await?;
            found.is_some()
        }
    };
    if !is_used {
        return Ok((Outcome::Ignored(INCOMPLETE.to_owned()), vec![]));
    }
    Ok(match changes.is_empty() {
        true => (Outcome::Processed, vec![]),
        false => (Outcome::Processed, changes.events(repository.id, now)),
    })
}

/// Stores the newest commit of the default branch. An older push that arrives late is left out by the time
/// of its commit.
async fn push(
    connection: &mut Connection,
    repository: &Repository,
    pushed: PushedCommit,
    changes: &mut Changes,
) -> Result<()> {
    if pushed.branch != repository.default_branch {
        return Ok(());
    }
    let row = rows::lock(connection, repository.id).await?;
    if row.latest_commit_at.is_some_and(|at| at > pushed.commit.at) {
        return Ok(());
    }
    let commit = pushed.commit;
    let is_other = row.latest_commit_sha.as_ref() != Some(&commit.sha);
    if is_other {
        deployments::delete_other_checks(connection, repository.id, &commit.sha).await?;
    }
    let new = RepositoryWrite {
        latest_commit_sha: Some(commit.sha),
        latest_commit_title: Some(commit.title),
        latest_commit_author: commit.author,
        latest_commit_url: Some(commit.url),
        latest_commit_at: Some(commit.at),
        ..RepositoryWrite::default()
    };
    let new = new.changes_of(&row);
    if new != RepositoryWrite::default() {
        write(connection, repository.id, &new).await?;
        changes.note(true);
    }
    Ok(())
}
