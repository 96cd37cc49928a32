//! Jobs and artifacts of runs, and why a run failed: read from GitHub when somebody looks, and kept.
//!
//! A sync reads the jobs only of the newest run of each workflow and branch that failed or is not completed.

use chrono::TimeDelta;
use diesel_async::AsyncConnection;

use super::record::{self, Changes};
use super::waiting;
use crate::domain::automation::facts::JobFacts;
use crate::domain::automation::log::excerpt;
use crate::domain::github_budget::Feature;
use crate::github;
use crate::service::{App, Error, Result};
use crate::store::automation::{Artifact, WorkflowJob, WorkflowRun, jobs, runs, statistics};
use crate::store::{Repository, event_log, repositories};

/// Of how many runs a sync reads the jobs.
const READ_AT_ONCE: i64 = 20;

/// How old the jobs of a run may be that is not completed.
const FRESH: TimeDelta = TimeDelta::seconds(15);

/// Why a run failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFailure {
    /// The first job that failed.
    pub job: WorkflowJob,
    /// The end of its log up to the error, without times and colours; empty when GitHub no longer has
    /// it.
    pub log: Vec<String>,
}

/// The jobs of a run. They are read from GitHub if they are not stored, or the run is not completed and
/// they are older than a few seconds. When GitHub does not respond, the stored ones are returned.
pub async fn jobs_of(app: &App, run: &WorkflowRun) -> Result<Vec<WorkflowJob>> {
    let is_old = match run.jobs_read_at {
        None => true,
        Some(at) => run.status != "completed" && at + FRESH < app.clock.now(),
    };
    if is_old && let Some(repository) = repository_of(app, run).await? {
        match read_jobs(&app.for_feature(Feature::Refresh), &repository, run).await {
            Ok(_) => {}
            Err(Error::Upstream(_) | Error::RateLimited { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(jobs::of_runs(&mut *app.connection().await?, &[run.id]).await?)
}

/// The artifacts of a run, read from GitHub if they were not since it changed.
pub async fn artifacts_of(app: &App, run: &WorkflowRun) -> Result<Vec<Artifact>> {
    if run.artifacts_read_at.is_none()
        && let Some(repository) = repository_of(app, run).await?
    {
        let github =
            app.github.for_owner(repository.full_name.owner()).for_feature(Feature::Refresh);
        match github.artifacts(&repository.full_name, run.github_id).await {
            Ok(list) => {
                let mut connection = app.connection().await?;
                jobs::write_artifacts(&mut connection, run.id, &list.items).await?;
                runs::set_artifacts_read(&mut connection, run.id, app.clock.now()).await?;
            }
            Err(error) => {
                tracing::debug!(%error, run = %run.id, "artifacts could not be read");
            }
        }
    }
    Ok(jobs::artifacts_of_runs(&mut *app.connection().await?, &[run.id]).await?)
}

/// The job and the step that failed, with an excerpt of the log. The log is not stored. None for a run
/// that did not fail.
///
/// # Errors
///
/// When GitHub does not return the log.
pub async fn failure_of(app: &App, run: &WorkflowRun) -> Result<Option<RunFailure>> {
    if !run.run_conclusion().is_some_and(|conclusion| conclusion.is_failure()) {
        return Ok(None);
    }
    let jobs = jobs_of(app, run).await?;
    let has_failed = |job: &WorkflowJob| {
        matches!(job.conclusion.as_deref(), Some("failure" | "timed_out" | "startup_failure"))
    };
    let Some(job) = jobs.into_iter().find(has_failed) else { return Ok(None) };
    let Some(repository) = repository_of(app, run).await? else { return Ok(None) };
    let github = app.github.for_owner(repository.full_name.owner()).for_feature(Feature::Refresh);
    let log = match github.job_log(&repository.full_name, job.github_id).await {
        Ok(log) => excerpt(&log),
        Err(github::Error::NotFound { .. }) => vec![],
        Err(error) => return Err(error.into()),
    };
    Ok(Some(RunFailure { job, log }))
}

async fn repository_of(app: &App, run: &WorkflowRun) -> Result<Option<Repository>> {
    let mut connection = app.connection().await?;
    let found = repositories::by_ids(&mut connection, &[run.repository_id]).await?.pop();
    Ok(found.filter(|repository| repository.enabled && app.github.is_configured()))
}

/// Reads the jobs that a sync needs. Returns how many requests were sent, and whether anything changed.
pub(super) async fn read_needed(app: &App, repository: &Repository) -> Result<(u32, bool)> {
    let needed = {
        let mut connection = app.connection().await?;
        let mut needed = runs::without_jobs(&mut connection, repository.id, READ_AT_ONCE).await?;
        for run in runs::active(&mut connection, repository.id, READ_AT_ONCE).await? {
            if !needed.iter().any(|one| one.id == run.id) {
                needed.push(run);
            }
        }
        needed
    };
    let (mut requests, mut is_changed) = (0, false);
    for run in needed {
        requests += 1;
        match read_jobs(app, repository, &run).await {
            Ok(changed) => is_changed |= changed,
            // One run that is gone costs only itself.
            Err(Error::Upstream(github::Error::NotFound { .. })) => {}
            Err(Error::Upstream(github::Error::Refused { .. })) => {}
            Err(error) => return Err(error),
        }
    }
    Ok((requests, is_changed))
}

/// Reads and stores the jobs of a run, and why it waits.
async fn read_jobs(app: &App, repository: &Repository, run: &WorkflowRun) -> Result<bool> {
    let github = app.github.for_owner(repository.full_name.owner());
    let list = match github.jobs(&repository.full_name, run.github_id).await {
        Ok(list) => list,
        Err(error @ github::Error::NotFound { .. }) => {
            forget_if_gone(app, repository, run).await?;
            return Err(error.into());
        }
        Err(error) => return Err(error.into()),
    };
    let reason = waiting::reason(app, repository, run, &list.items).await?;
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            let mut changes = Changes::default();
            record::jobs(connection, run, &list.items, &mut changes).await?;
            runs::set_jobs_read(connection, run.id, (now, end_of(&list.items))).await?;
            statistics::refresh(connection, &[run.workflow_id]).await?;
            if let Some(run) = runs::set_waiting_for(connection, run.id, reason.as_deref()).await?
                && changes.runs.is_empty()
            {
                changes.runs.push(run);
            }
            if changes.is_empty() {
                return Ok(false);
            }
            event_log::append(connection, &changes.events(repository.id, now)).await?;
            Ok::<_, Error>(true)
        })
        .await
}

/// When the last job completed; none while one has not.
fn end_of(jobs: &[JobFacts]) -> Option<chrono::DateTime<chrono::Utc>> {
    let ends: Option<Vec<_>> = jobs.iter().map(|job| job.completed_at).collect();
    ends.and_then(|ends| ends.into_iter().max())
}

/// Deletes a run that GitHub no longer has.
async fn forget_if_gone(app: &App, repository: &Repository, run: &WorkflowRun) -> Result<()> {
    let github = app.github.for_owner(repository.full_name.owner());
    if github.run(&repository.full_name, run.github_id).await?.is_some() {
        return Ok(());
    }
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            let mut changes = Changes::default();
            record::forget_run(connection, run, &mut changes).await?;
            if !changes.is_empty() {
                event_log::append(connection, &changes.events(repository.id, now)).await?;
            }
            Ok::<_, Error>(())
        })
        .await
}
