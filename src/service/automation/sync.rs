//! Syncs the automation data of repositories.
//!
//! A sync sends conditional requests: what is unchanged since the last one writes no rows and no events,
//! and a timed sync of it is recorded as a time only. A repository that fails keeps its last data and has
//! the error; it never stops another.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncConnection;
use futures_util::{StreamExt as _, stream};
use uuid::Uuid;

use super::read::{KnownState, Parts, RepositoryReading, read};
use super::record::{self, Changes};
use super::{files, jobs, lock};
use crate::domain::github_budget::Feature;
use crate::domain::{AutomationSyncRunId, FullName, RepositoryId};
use crate::github;
use crate::service::{App, Error, Result};
use crate::store::automation::repositories::RepositoryWrite;
use crate::store::automation::sync_runs::SyncResult;
use crate::store::automation::{
    AutomationRepository, WorkflowRun, deployments, pull_requests, repositories as rows, runs,
    sync_runs, workflows,
};
use crate::store::repositories::{self, job_locks};
use crate::store::{Connection, Repository, event_log, pool};

/// How many repositories are read concurrently.
const AT_ONCE: usize = 4;

/// How long after its last sync a repository is synced again while webhooks report its runs. Then a sync only
/// finds what a lost delivery would have reported.
///
/// Webhooks count as working from a delivery about a run until a sync finds a run that no delivery reported
/// within [`DELIVERY_TIME`].
pub const INTERVAL_WITH_WEBHOOKS: Duration = Duration::from_secs(590);

/// The time in which a delivery about a change arrives. GitHub usually sends it within seconds.
const DELIVERY_TIME: TimeDelta = TimeDelta::seconds(60);

/// How long reading one repository may take.
const REPOSITORY_TIME: Duration = Duration::from_secs(120);

/// The result of syncing one repository.
#[derive(Debug)]
pub struct AutomationSync {
    /// Its full name.
    pub repository: FullName,
    /// The record of the sync; none when it could not be made, or a timed sync found nothing new.
    pub sync_run: Option<AutomationSyncRunId>,
    /// Why it failed.
    pub error: Option<Error>,
}

/// A running sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunningAutomationSync {
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How many repositories it reads.
    pub repositories: i32,
    /// How many repositories are finished, successful or not.
    pub repositories_done: i32,
}

/// The running sync of any replica; none when none runs.
pub async fn running_sync(app: &App) -> Result<Option<RunningAutomationSync>> {
    let alive_since = app.clock.now() - app.config.sync.lock_max_age;
    let job = job_locks::find(&mut *app.connection().await?, lock::JOB).await?;
    Ok(job.filter(|job| job.beaten_at >= alive_since).map(|job| RunningAutomationSync {
        started_at: job.acquired_at,
        repositories: job.steps,
        repositories_done: job.steps_done,
    }))
}

/// Syncs every tracked repository, or one.
///
/// # Errors
///
/// [`Error::NotFound`] for a repository that is not tracked, [`Error::RateLimited`] while another sync
/// runs. A repository that fails does not fail the call: see [`AutomationSync::error`].
pub async fn sync_automation(app: &App, only: Option<&FullName>) -> Result<Vec<AutomationSync>> {
    let chosen = {
        let mut connection = app.connection().await?;
        match only {
            None => repositories::tracked(&mut connection).await?,
            Some(name) => {
                let found = repositories::by_name(&mut connection, name).await?;
                let found = found.filter(|repository| repository.enabled);
                vec![found.ok_or_else(|| Error::no_repository(name))?]
            }
        }
    };
    sync_chosen(&app.for_feature(Feature::Refresh), chosen, Occasion::Request).await
}

/// Syncs the tracked repositories whose last sync ended longer than `fresh_enough` ago, so that the timers
/// of several replicas do not read GitHub several times.
///
/// A repository whose webhooks report its runs waits longer: see [`INTERVAL_WITH_WEBHOOKS`].
///
/// # Errors
///
/// As [`sync_automation`].
pub async fn sync_stale(app: &App, fresh_enough: Duration) -> Result<()> {
    let now = app.clock.now();
    let stale = {
        let mut connection = app.connection().await?;
        let mut tracked = repositories::tracked(&mut connection).await?;
        let ids: Vec<_> = tracked.iter().map(|repository| repository.id).collect();
        let synced = rows::of_repositories(&mut connection, &ids).await?;
        let by_id: HashMap<RepositoryId, &AutomationRepository> =
            synced.iter().map(|row| (row.repository_id, row)).collect();
        let is_fresh = |repository: &Repository| {
            let Some(row) = by_id.get(&repository.id) else { return false };
            let fresh_enough = match row.has_webhooks() && !fresh_enough.is_zero() {
                true => fresh_enough.max(INTERVAL_WITH_WEBHOOKS),
                false => fresh_enough,
            };
            row.attempted_at.is_some_and(|at| at > now - fresh_enough)
        };
        tracked.retain(|repository| !is_fresh(repository));
        tracked
    };
    if stale.is_empty() {
        return Ok(());
    }
    sync_chosen(&app.for_feature(Feature::Automation), stale, Occasion::Timer).await.map(drop)
}

/// Why a sync runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Occasion {
    /// Somebody asked for it: it is recorded in any case.
    Request,
    /// A timer: it is recorded if it found something new, or failed.
    Timer,
}

async fn sync_chosen(
    app: &App,
    chosen: Vec<Repository>,
    occasion: Occasion,
) -> Result<Vec<AutomationSync>> {
    let run = lock::take(app, chosen.len()).await?;
    let work = stream::iter(chosen)
        .map(|repository| sync_repository(app, run, repository, occasion))
        .buffered(AT_ONCE)
        .collect();
    let done = tokio::select! {
        done = work => Ok(done),
        lost = lock::keep(app, run) => Err(lost),
    };
    lock::release(app, run).await?;
    done
}

async fn sync_repository(
    app: &App,
    run: Uuid,
    repository: Repository,
    occasion: Occasion,
) -> AutomationSync {
    let name = repository.full_name.clone();
    let synced = sync_and_record(app, &repository, occasion).await;
    let advanced = async {
        let mut connection = app.connection().await?;
        Ok::<_, Error>(job_locks::advance(&mut connection, lock::JOB, run, (1, 0)).await?)
    };
    if let Err(error) = advanced.await {
        tracing::debug!(error = error.with_causes(), "the progress of a sync could not be written");
    }
    match synced {
        Ok((sync_run, error)) => {
            if let Some(error) = &error {
                tracing::warn!(repository = %name, error = error.with_causes(), "automation data could not be synced");
            }
            AutomationSync { repository: name, sync_run, error }
        }
        Err(error) => {
            tracing::warn!(repository = %name, error = error.with_causes(), "a sync could not be recorded");
            AutomationSync { repository: name, sync_run: None, error: Some(error) }
        }
    }
}

/// What one sync did.
#[derive(Debug, Default)]
struct SyncTally {
    requests: u32,
    workflows: usize,
    runs: usize,
    notes: Vec<String>,
    is_changed: bool,
}

async fn sync_and_record(
    app: &App,
    repository: &Repository,
    occasion: Occasion,
) -> Result<(Option<AutomationSyncRunId>, Option<Error>)> {
    let began_at = app.clock.now();
    let begun = match occasion {
        Occasion::Request => {
            let mut connection = app.connection().await?;
            Some(sync_runs::begin(&mut connection, repository.id, began_at).await?.id)
        }
        Occasion::Timer => None,
    };
    let mut tally = SyncTally::default();
    let work = tokio::time::timeout(
        REPOSITORY_TIME,
        read_and_store(app, repository, (occasion, &mut tally)),
    );
    let error = match work.await {
        Ok(done) => done.err(),
        Err(_) => Some(Error::Upstream(github::Error::Unreachable {
            reason: "Reading the repository took too long".to_owned(),
            timed_out: true,
            ambiguous: false,
        })),
    };
    let mut connection = app.connection().await?;
    let now = app.clock.now();
    match &error {
        None => rows::set_synced(&mut connection, &[repository.id], now).await?,
        Some(error) => {
            rows::lock(&mut connection, repository.id).await?;
            let text = error.with_advice();
            rows::set_sync_error(&mut connection, repository.id, (now, &text)).await?;
        }
    }
    let id = match begun {
        Some(id) => Some(id),
        None if tally.is_changed || error.is_some() => {
            Some(sync_runs::begin(&mut connection, repository.id, began_at).await?.id)
        }
        None => None,
    };
    if let Some(id) = id {
        let result = result_of(&tally, error.as_ref(), now);
        sync_runs::end(&mut connection, id, &result).await?;
        if error.is_none() && (tally.is_changed || occasion == Occasion::Request) {
            announce(app, &mut connection, repository, (id, &tally, occasion)).await?;
        }
    }
    Ok((id, error))
}

fn result_of(tally: &SyncTally, error: Option<&Error>, now: DateTime<Utc>) -> SyncResult {
    let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    SyncResult {
        status: if error.is_none() { "completed" } else { "failed" },
        requests: i32::try_from(tally.requests).unwrap_or(i32::MAX),
        workflows_fetched: number(tally.workflows),
        runs_fetched: number(tally.runs),
        error: error.map(ToString::to_string),
        notes: (!tally.notes.is_empty()).then(|| tally.notes.join("; ")),
        completed_at: Some(now),
    }
}

/// Publishes that a sync completed, as activity if somebody asked for it: those of the timer would hide all
/// other activity.
async fn announce(
    app: &App,
    connection: &mut Connection,
    repository: &Repository,
    (id, tally, occasion): (AutomationSyncRunId, &SyncTally, Occasion),
) -> Result<()> {
    let now = app.clock.now();
    let title = format!(
        "Sync read {} workflows and {} runs of {}",
        tally.workflows, tally.runs, repository.full_name
    );
    connection
        .transaction(async |connection| {
            let mut changes = Changes::default();
            if occasion == Occasion::Request {
                let of = (id.0, title);
                record::sync_completed(connection, repository, of, now, &mut changes).await?;
            }
            // The page shows when it was synced.
            changes.note(true);
            event_log::append(connection, &changes.events(repository.id, now)).await?;
            Ok::<_, Error>(())
        })
        .await
}

/// Reads what changed and stores it.
async fn read_and_store(
    app: &App,
    repository: &Repository,
    (occasion, tally): (Occasion, &mut SyncTally),
) -> Result<()> {
    let has_webhooks;
    let known = {
        let mut connection = app.connection().await?;
        let row = rows::find(&mut connection, repository.id).await?;
        let newest_run = runs::newest(&mut connection, repository.id).await?;
        has_webhooks = row.as_ref().is_some_and(AutomationRepository::has_webhooks);
        let (etags, sha) = row.map(|row| (row.etags, row.latest_commit_sha)).unwrap_or_default();
        KnownState { etags, newest_run, sha }
    };
    let interval = match has_webhooks {
        true => app.config.automation.interval.max(INTERVAL_WITH_WEBHOOKS),
        false => app.config.automation.interval,
    };
    let is_first = known.etags.0.is_empty();
    let parts = match occasion {
        Occasion::Timer if !is_first => Parts::at(app.clock.now(), interval),
        Occasion::Timer | Occasion::Request => Parts::All,
    };
    let reading = read(app, repository, &known, parts).await?;
    tally.requests += reading.requests;
    tally.workflows = reading.workflows.as_ref().map_or(0, Vec::len);
    tally.runs = reading.runs.as_ref().map_or(0, Vec::len);
    if reading.unreadable > 0 {
        tally.notes.push(format!("{} items could not be read", reading.unreadable));
    }
    for part in &reading.missing {
        tally.notes.push(format!("The token may not read {part}"));
    }
    let are_runs_new = reading.runs.is_some();
    tally.is_changed |= store(app, repository, &reading, parts == Parts::All).await?;
    if let Some(files) = &reading.files {
        let (requests, is_changed) = files::refresh(app, repository, files).await?;
        tally.requests += requests;
        tally.is_changed |= is_changed;
    }
    if are_runs_new {
        let (requests, is_changed) = jobs::read_needed(app, repository).await?;
        tally.requests += requests;
        tally.is_changed |= is_changed;
    }
    // Last, so that an interrupted sync reads again what it did not store.
    store_etags(app, repository, reading).await
}

/// Stores what was read, and returns whether it changed anything.
async fn store(
    app: &App,
    repository: &Repository,
    reading: &RepositoryReading,
    is_whole: bool,
) -> Result<bool> {
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            pool::take_time(connection).await?;
            let row = rows::lock(connection, repository.id).await?;
            let mut changes = Changes::default();
            if let Some(found) = &reading.workflows {
                record::workflows(connection, repository, found, &mut changes).await?;
            }
            if let Some(found) = &reading.runs {
                record::runs(connection, repository, (found, now), &mut changes).await?;
                let is_unreported =
                    |run: &WorkflowRun| run.updated_at + DELIVERY_TIME < reading.began_at;
                if row.has_webhooks() && changes.runs.iter().any(is_unreported) {
                    rows::forget_webhooks(connection, repository.id).await?;
                }
            }
            // Last, because runs of a workflow that GitHub no longer lists add it.
            if let Some(found) = &reading.workflows {
                let listed: Vec<i64> = found.iter().map(|one| one.github_id).collect();
                let of = (listed.as_slice(), now);
                let deleted = workflows::delete_unlisted(connection, repository.id, of).await?;
                changes.note(deleted > 0);
            }
            store_others(connection, repository, (reading, now), &mut changes).await?;
            let mut write = RepositoryWrite {
                open_secret_alerts: reading.secret_alerts,
                missing_permissions: missing_of(reading, &row.missing_permissions, is_whole),
                ..RepositoryWrite::default()
            };
            if let Some(commit) = reading.commit.as_ref().and_then(|commits| commits.first()) {
                deployments::delete_other_checks(connection, repository.id, &commit.sha).await?;
                if row.latest_commit_sha.as_ref() != Some(&commit.sha) {
                    let of = (repository.default_branch.as_str(), now);
                    pull_requests::mark_base(connection, repository.id, of).await?;
                }
                write.latest_commit_sha = Some(commit.sha.clone());
                write.latest_commit_title = Some(commit.title.clone());
                write.latest_commit_author.clone_from(&commit.author);
                write.latest_commit_url = Some(commit.url.clone());
                write.latest_commit_at = Some(commit.at);
            }
            if reading.pull_requests.is_some() || reading.pull_request_details.is_some() {
                let open = pull_requests::count_open(connection, repository.id).await?;
                write.open_pull_requests = Some(i32::try_from(open).unwrap_or(i32::MAX));
            }
            let write = write.changes_of(&row);
            if write != RepositoryWrite::default() {
                rows::write(connection, repository.id, &write).await?;
                changes.note(true);
            }
            if changes.is_empty() {
                return Ok(false);
            }
            event_log::append(connection, &changes.events(repository.id, now)).await?;
            Ok::<_, Error>(true)
        })
        .await
}

/// Stores releases, pull requests, deployments, checks and packages.
async fn store_others(
    connection: &mut Connection,
    repository: &Repository,
    (reading, now): (&RepositoryReading, DateTime<Utc>),
    changes: &mut Changes,
) -> Result<()> {
    if let Some(found) = &reading.releases {
        record::releases(connection, repository, found, changes).await?;
    }
    store_pull_requests(connection, repository, (reading, now), changes).await?;
    if let Some(found) = &reading.deployments {
        record::deployments(connection, repository, found, changes).await?;
    }
    if let Some(found) = &reading.checks {
        record::checks(connection, repository, found, changes).await?;
    }
    if let Some(found) = &reading.packages {
        record::packages(connection, repository, found, changes).await?;
    }
    Ok(())
}

/// Stores pull requests, and closes those that are not listed as open. What has checks and reviews is stored
/// first, so that the same from a list marks nothing to be read.
async fn store_pull_requests(
    connection: &mut Connection,
    repository: &Repository,
    (reading, now): (&RepositoryReading, DateTime<Utc>),
    changes: &mut Changes,
) -> Result<()> {
    let mut listed: Option<Vec<i32>> = None;
    if let Some(details) = &reading.pull_request_details {
        let of = (details.items.as_slice(), reading.began_at, None);
        super::pull_requests::store(connection, repository, of, changes).await?;
        let open = details.items.iter().filter(|one| one.state == "open");
        listed = (!details.has_more).then(|| open.map(|one| one.number).collect());
    }
    if let Some(list) = &reading.pull_requests {
        let of = (list.items.as_slice(), Some(now));
        record::pull_requests(connection, repository, of, changes).await?;
        if !list.has_more {
            listed.get_or_insert_default().extend(list.items.iter().map(|one| one.number));
        }
    }
    if let Some(listed) = listed {
        record::unlisted_pull_requests(connection, repository, (&listed, now), changes).await?;
    }
    Ok(())
}

/// The parts that the token may not read: those of this sync, and after a part of a sync those known before.
fn missing_of(
    reading: &RepositoryReading,
    before: &[String],
    is_whole: bool,
) -> Option<Vec<String>> {
    let mut missing: BTreeSet<String> =
        reading.missing.iter().map(|part| (*part).to_owned()).collect();
    if !is_whole {
        missing.extend(before.iter().cloned());
    }
    Some(missing.into_iter().collect())
}

async fn store_etags(app: &App, repository: &Repository, reading: RepositoryReading) -> Result<()> {
    let mut connection = app.connection().await?;
    let Some(row) = rows::find(&mut connection, repository.id).await? else { return Ok(()) };
    let write = RepositoryWrite { etags: Some(reading.etags), ..RepositoryWrite::default() };
    let write = write.changes_of(&row);
    if write != RepositoryWrite::default() {
        rows::write(&mut connection, repository.id, &write).await?;
    }
    Ok(())
}
