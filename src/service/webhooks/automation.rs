//! Applies what deliveries report about runs, jobs, checks, releases, pushes, deployments, packages and pull
//! requests. Every payload has the object as it was, so the newest wins, whatever the order is.

use crate::domain::webhooks::AutomationEvent;
use crate::github::webhooks::{self, PushedCommit};
use crate::service::App;
use crate::service::automation::record::{self, Changes};
use crate::service::webhooks::outcome::Outcome;
use crate::service::{Error, Result};
use crate::store::automation::repositories::{RepositoryWrite, write};
use crate::store::automation::{deployments, releases, repositories as rows, runs};
use crate::store::event_log::NewEvent;
use crate::store::{Connection, Repository, WebhookDelivery};

/// Stores the object of an event, unless what is stored is newer.
pub(super) async fn apply(
    app: &App,
    connection: &mut Connection,
    (repository, event): (&Repository, AutomationEvent),
    delivery: &WebhookDelivery,
    payload: &[u8],
) -> Result<(Outcome, Vec<NewEvent>)> {
    let mut changes = Changes::default();
    let changes_ref = &mut changes;
    match event {
        AutomationEvent::Run => {
            let run = webhooks::workflow_run(payload).map_err(Error::Upstream)?;
            record::runs(connection, repository, &[run], changes_ref).await?;
        }
        AutomationEvent::Job => {
            let job = webhooks::workflow_job(payload).map_err(Error::Upstream)?;
            let run = runs::by_github_id(connection, repository.id, job.run_github_id).await?;
            // The jobs of a run are read when they are needed.
            let Some(run) = run else {
                return Ok((Outcome::Ignored("its run is not known".to_owned()), vec![]));
            };
            record::jobs(connection, &run, &[job], changes_ref).await?;
        }
        AutomationEvent::Check => {
            if let Some(check) = webhooks::check_run(payload).map_err(Error::Upstream)? {
                let row = rows::lock(connection, repository.id).await?;
                if row.latest_commit_sha.is_none_or(|sha| sha == check.head_sha) {
                    record::checks(connection, repository, &[check], changes_ref).await?;
                }
            }
        }
        AutomationEvent::Release => {
            let release = webhooks::release(payload).map_err(Error::Upstream)?;
            if delivery.action.as_deref() == Some("deleted") {
                let id = release.github_id;
                changes.note(releases::delete(connection, repository.id, id).await? > 0);
            } else {
                record::releases(connection, repository, &[release], changes_ref).await?;
            }
        }
        AutomationEvent::Push => {
            let commit = webhooks::pushed_commit(payload).map_err(Error::Upstream)?;
            if let Some(commit) = commit {
                push(connection, repository, commit, changes_ref).await?;
            }
        }
        AutomationEvent::Deployment => {
            let deployment = webhooks::deployment(payload).map_err(Error::Upstream)?;
            record::deployments(connection, repository, &[deployment], changes_ref).await?;
        }
        AutomationEvent::Package => {
            let package = webhooks::package(payload).map_err(Error::Upstream)?;
            record::packages(connection, repository, &[package], changes_ref).await?;
        }
        AutomationEvent::PullRequest => {
            let found = webhooks::pull_request(payload).map_err(Error::Upstream)?;
            record::pull_requests(connection, repository, (&[found], false), changes_ref).await?;
            count_pull_requests(connection, repository).await?;
        }
    }
    let now = app.clock.now();
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

/// Counts the open pull requests anew.
async fn count_pull_requests(connection: &mut Connection, repository: &Repository) -> Result<()> {
    let row = rows::lock(connection, repository.id).await?;
    let open = crate::store::automation::pull_requests::count_open(connection, repository.id);
    let open = i32::try_from(open.await?).unwrap_or(i32::MAX);
    if row.open_pull_requests != open {
        let new = RepositoryWrite { open_pull_requests: Some(open), ..RepositoryWrite::default() };
        write(connection, repository.id, &new).await?;
    }
    Ok(())
}
