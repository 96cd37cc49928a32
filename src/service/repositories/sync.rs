//! Syncing: reads GitHub's issues into the cache.
//!
//! A repository is read completely once, then by update time from a high-water mark that comes only
//! from written rows. Each response has GitHub's count of open issues. When it differs from ours,
//! and once a day, a full sync follows, so that no issue is missing or stale on the board. An issue
//! that cannot be read is left out of its page, recorded and retried in every sync; it delays
//! nothing else. The progress of a run is in the row of its lock, visible in every replica and
//! deleted with the run.
//!
//! Invariants: nothing is written to GitHub; a newer row is never overwritten by an older page; a
//! failure of one repository never stops another; an issue with an unsettled change is left to its
//! settlement.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncConnection;
use futures_util::{StreamExt, stream};
use uuid::Uuid;

use super::unchanged::{FULL_SYNC_EVERY, Fingerprints, OVERLAP};
use crate::domain::github_budget::Feature;
use crate::domain::label_names::key;
use crate::domain::{Actor, FullName, IssueId, IssueState, LabelSet, RepositoryId};
use crate::github::{self, IssuePage, IssuesQuery, LabelPage, SkippedIssue, States};
use crate::service::board::dependencies::{self, IssueLinks};
use crate::service::board_events::{
    Rules, audit_event, issue_event, removal_event, resync_event, window_start, write_of,
};
use crate::service::change::end_unlabelled;
use crate::service::{App, Error, Result, failures};
use crate::store::audit::NewEntry;
use crate::store::board::issues::IssueWrite;
use crate::store::board::{blockers, issues, repository_labels};
use crate::store::claims::leases as lease_rows;
use crate::store::event_log::NewEvent;
use crate::store::repositories::SyncProgress;
use crate::store::repositories::unreadable_issues::{self, NewUnreadableIssue};
use crate::store::repositories::{self, job_locks};
use crate::store::{
    Connection, Issue, Lease, Repository, RepositoryLabel, UnreadableIssue, audit, event_log, pool,
};

/// The name of the lock that manual and timed syncs share.
const JOB: &str = "issue-sync";

/// How often a running sync renews its lock, unless the lock expires sooner.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// How long after its last sync a repository is synced again while its webhooks work. Then a sync only
/// finds what a lost delivery would have reported.
///
/// Webhooks count as working from a delivery about an issue until a sync finds a change that no
/// delivery reported within [`DELIVERY_TIME`].
pub const INTERVAL_WITH_WEBHOOKS: Duration = Duration::from_secs(590);

/// The time in which a delivery about a change arrives. GitHub usually sends it within seconds.
const DELIVERY_TIME: TimeDelta = TimeDelta::seconds(60);

/// How many repositories are read concurrently.
const AT_ONCE: usize = 4;

const PAGE_SIZE: u32 = 100;

/// How many unreadable issues are retried in one sync of a repository, least recently tried first.
const TRIED_AGAIN: i64 = 100;

/// How many unreadable issues are listed.
const LISTED_UNREADABLE: i64 = 100;

/// The sync state: how current the cache is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncState {
    /// The number of tracked repositories.
    pub repositories: usize,
    /// The number of those whose last sync failed.
    pub failing: usize,
    /// The number of their issues on the board.
    pub issues: i64,
    /// Everything shown is at least as new as GitHub was at this time: the oldest last successful
    /// sync of the tracked repositories; none while one of them was never synced.
    pub last_good_sync_at: Option<DateTime<Utc>>,
    /// The running sync of any replica.
    pub running: Option<RunningSync>,
    /// Since when GitHub has not answered this replica; none while it does.
    pub unanswered_since: Option<DateTime<Utc>>,
}

/// A running sync.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningSync {
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How many repositories it reads.
    pub repositories: i32,
    /// How many repositories are finished, successful or not.
    pub repositories_done: i32,
    /// How many issues have been read so far.
    pub issues_read: i32,
}

/// The current sync state. A run whose lock has expired counts as ended.
pub async fn sync_state(app: &App) -> Result<SyncState> {
    let filter = crate::service::board::normalized_filter(app, None);
    let alive_since = app.clock.now() - app.config.sync.lock_max_age;
    let mut connection = app.connection().await?;
    let tracked = repositories::tracked(&mut connection).await?;
    let counts = issues::count_by_status(&mut connection, &filter).await?;
    let job = job_locks::find(&mut connection, JOB).await?;
    let synced_at: Option<Vec<_>> = tracked.iter().map(|of| of.synced_at).collect();
    Ok(SyncState {
        repositories: tracked.len(),
        failing: tracked.iter().filter(|of| of.sync_error.is_some()).count(),
        issues: counts.iter().map(|(_, issues)| issues).sum(),
        last_good_sync_at: synced_at.and_then(|times| times.into_iter().min()),
        running: job.filter(|job| job.beaten_at >= alive_since).map(|job| RunningSync {
            started_at: job.acquired_at,
            repositories: job.steps,
            repositories_done: job.steps_done,
            issues_read: job.items,
        }),
        unanswered_since: *app.github.unanswered_since().borrow(),
    })
}

/// The result of syncing one repository.
#[derive(Debug)]
pub struct RepositorySync {
    /// Its full name.
    pub repository: FullName,
    /// How many issues were read; 0 after a failure.
    pub synced: u32,
    /// How many of its issues cannot be read; see [`mod@unreadable_issues`].
    pub unreadable: u32,
    /// Why it failed.
    pub error: Option<Error>,
}

/// The unreadable issues of a repository, by number, at most 100, and their total number. Each is
/// retried in every sync.
pub async fn unreadable_issues(
    app: &App,
    repository: RepositoryId,
) -> Result<(Vec<UnreadableIssue>, u32)> {
    let mut connection = app.connection().await?;
    let all = unreadable_issues::count(&mut connection, repository).await?;
    let first = match all {
        0 => vec![],
        _ => {
            let connection = &mut connection;
            unreadable_issues::of_repository(connection, repository, LISTED_UNREADABLE).await?
        }
    };
    Ok((first, u32::try_from(all).unwrap_or(u32::MAX)))
}

/// Syncs every tracked repository, or one.
///
/// # Errors
///
/// [`Error::NotFound`] for a repository that is not tracked, [`Error::RateLimited`] while another
/// sync runs. A repository that fails does not fail the call: see [`RepositorySync::error`].
pub async fn sync_issues(app: &App, only: Option<&FullName>) -> Result<Vec<RepositorySync>> {
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
    sync_chosen(&app.for_feature(Feature::Refresh), chosen).await
}

async fn sync_chosen(app: &App, chosen: Vec<Repository>) -> Result<Vec<RepositorySync>> {
    let run = take_lock(app, chosen.len()).await?;
    let work = sync_each(app, run, chosen);
    let done = tokio::select! {
        done = work => Ok(done),
        lost = keep_lock(app, run) => Err(lost),
    };
    job_locks::release(&mut *app.connection().await?, JOB, run).await?;
    dependencies::announce_missed(app).await?;
    done
}

/// Syncs the tracked repositories whose last sync ended longer than `fresh_enough` ago, so that the
/// timers of several replicas do not read GitHub several times.
///
/// A repository whose webhooks work waits longer: see [`INTERVAL_WITH_WEBHOOKS`].
///
/// # Errors
///
/// As [`sync_issues`].
pub async fn sync_stale(app: &App, fresh_enough: Duration) -> Result<()> {
    let app = &app.for_feature(Feature::Sweep);
    if let Some(refusal) = app.github.refusal() {
        return Err(refusal.into());
    }
    let now = app.clock.now();
    let is_due = |repository: &Repository| {
        let has_webhooks = repository.webhooks_seen_at.is_some() && repository.sync_error.is_none();
        let fresh_enough = match has_webhooks {
            true if !fresh_enough.is_zero() => fresh_enough.max(INTERVAL_WITH_WEBHOOKS),
            _ => fresh_enough,
        };
        repository.attempted_at.is_none_or(|at| at <= now - fresh_enough)
    };
    let stale = {
        let mut connection = app.connection().await?;
        let mut tracked = repositories::tracked(&mut connection).await?;
        tracked.retain(is_due);
        tracked
    };
    if stale.is_empty() {
        return Ok(());
    }
    sync_chosen(app, stale).await.map(drop)
}

/// Syncs the repositories that have not been synced since they were tracked, or since an event of a
/// webhook requested it.
///
/// # Errors
///
/// As [`sync_issues`].
pub async fn sync_new(app: &App) -> Result<()> {
    let new = repositories::awaiting_sync(&mut *app.connection().await?).await?;
    if new.is_empty() {
        return Ok(());
    }
    sync_chosen(&app.for_feature(Feature::Refresh), new).await.map(drop)
}

async fn sync_each(app: &App, run: Uuid, chosen: Vec<Repository>) -> Vec<RepositorySync> {
    let read_at = app.clock.now();
    let fingerprints = &Fingerprints::read(app, &chosen).await;
    stream::iter(chosen)
        .map(|repository| sync_repository(app, run, repository, (fingerprints, read_at)))
        .buffered(AT_ONCE)
        .collect()
        .await
}

async fn take_lock(app: &App, repositories: usize) -> Result<Uuid> {
    let steps = i32::try_from(repositories).unwrap_or(i32::MAX);
    let (run, now) = (app.clock.fresh_uuid(), app.clock.now());
    let stale = now - app.config.sync.lock_max_age;
    let mut connection = app.connection().await?;
    match job_locks::take(&mut connection, JOB, (run, steps), now, stale).await? {
        true => Ok(run),
        false => Err(Error::RateLimited {
            what: "A sync is already running. Try again later.".to_owned(),
            retry_at: None,
        }),
    }
}

/// Renews the lock until it is lost.
async fn keep_lock(app: &App, run: Uuid) -> Error {
    let pause = HEARTBEAT.min(app.config.sync.lock_max_age / 4);
    loop {
        tokio::time::sleep(pause).await;
        let beaten = async {
            let mut connection = app.connection().await?;
            Ok::<_, Error>(job_locks::beat(&mut connection, JOB, run, app.clock.now()).await?)
        };
        match beaten.await {
            Ok(true) => {}
            Ok(false) => {
                return Error::RateLimited {
                    what: "Another sync has taken over".to_owned(),
                    retry_at: None,
                };
            }
            Err(error) => {
                tracing::warn!(error = error.with_causes(), "a sync could not write its heartbeat")
            }
        }
    }
}

async fn sync_repository(
    app: &App,
    run: Uuid,
    mut repository: Repository,
    (fingerprints, read_at): (&Fingerprints, DateTime<Utc>),
) -> RepositorySync {
    let (id, name) = (repository.id, repository.full_name.clone());
    if let Err(error) = forget_request(app, &repository).await {
        return RepositorySync { repository: name, synced: 0, unreadable: 0, error: Some(error) };
    }
    let mut outcome = read_if_changed(app, run, &repository, fingerprints).await;
    for _ in 0..CHANGES_OF_SCHEME {
        let Err(Error::Conflict { .. }) = outcome else { break };
        let Ok(Some(changed)) = with_other_scheme(app, &repository).await else { break };
        repository = changed;
        outcome = read_repository(app, run, &repository).await;
    }
    let fingerprint = match &outcome {
        Ok(ReadResult { is_complete: true, .. }) => fingerprints.to_store(id, read_at),
        _ => None,
    };
    let outcome = outcome.map(|read| read.issues);
    let noted = record_outcome(app, run, &repository, outcome.as_ref().err(), fingerprint).await;
    match outcome.and_then(|synced| noted.map(|unreadable| (synced, unreadable))) {
        Ok((synced, unreadable)) => {
            RepositorySync { repository: name, synced, unreadable, error: None }
        }
        Err(error) => {
            tracing::warn!(repository = %name, error = error.with_causes(), "a repository could not be synced");
            RepositorySync { repository: name, synced: 0, unreadable: 0, error: Some(error) }
        }
    }
}

async fn forget_request(app: &App, repository: &Repository) -> Result<()> {
    if repository.sync_requested_at.is_none() {
        return Ok(());
    }
    Ok(repositories::forget_request(&mut *app.connection().await?, repository.id).await?)
}

/// How often a repository is re-read in one sync because its label scheme was changed meanwhile.
const CHANGES_OF_SCHEME: usize = 3;

/// The repository, if its label scheme has changed.
async fn with_other_scheme(app: &App, repository: &Repository) -> Result<Option<Repository>> {
    let mut connection = app.connection().await?;
    let row = repositories::by_ids(&mut connection, &[repository.id]).await?.pop();
    Ok(row.filter(|row| row.label_scheme != repository.label_scheme))
}

/// Records the outcome of a repository's sync, and returns how many of its issues cannot be read.
async fn record_outcome(
    app: &App,
    run: Uuid,
    repository: &Repository,
    error: Option<&Error>,
    fingerprint: Option<&str>,
) -> Result<u32> {
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    match error {
        None => {
            repositories::set_synced(&mut connection, repository.id, now, fingerprint).await?;
        }
        Some(error) => {
            let text = error.with_advice();
            repositories::set_sync_error(&mut connection, repository.id, now, &text).await?;
        }
    }
    job_locks::advance(&mut connection, JOB, run, (1, 0)).await?;
    let unreadable = unreadable_issues::count(&mut connection, repository.id).await?;
    Ok(u32::try_from(unreadable).unwrap_or(u32::MAX))
}

/// What was read of a repository.
struct ReadResult {
    /// How many issues.
    issues: u32,
    /// Whether no issue has to be read again.
    is_complete: bool,
}

async fn read_if_changed(
    app: &App,
    run: Uuid,
    repository: &Repository,
    fingerprints: &Fingerprints,
) -> Result<ReadResult> {
    let now = app.clock.now();
    let is_unchanged = {
        let mut connection = app.connection().await?;
        fingerprints.is_unchanged(&mut connection, repository, now).await?
    };
    if !is_unchanged {
        return read_repository(app, run, repository).await;
    }
    RepositoryReader::new(app, run, repository.clone()).follow_foreign().await?;
    Ok(ReadResult { issues: 0, is_complete: true })
}

/// Reads what changed, and everything where a full sync is due.
async fn read_repository(app: &App, run: Uuid, repository: &Repository) -> Result<ReadResult> {
    let mut reader = RepositoryReader::new(app, run, repository.clone());
    let now = app.clock.now();
    let full_sync_is_due =
        repository.fully_synced_at.is_none_or(|ended_at| ended_at + FULL_SYNC_EVERY <= now);
    if full_sync_is_due {
        reader.read_everything().await?;
    } else {
        let open_on_github = reader.read_changes().await?;
        reader.retry_unreadable().await?;
        if reader.is_replaced() || reader.is_stranded(open_on_github).await? {
            reader.read_everything().await?;
        }
    }
    reader.follow_foreign().await?;
    Ok(ReadResult { issues: reader.received, is_complete: reader.left_alone.is_none() })
}

/// GitHub's response about an issue that was read by its id.
type IssueReadResult = std::result::Result<Option<github::Issue>, github::Error>;

/// The state of reading one repository page by page.
struct RepositoryReader<'a> {
    app: &'a App,
    run: Uuid,
    repository: Repository,
    /// What requests are for.
    feature: Feature,
    progress: SyncProgress,
    is_first_import: bool,
    page_size: u32,
    received: u32,
    /// The node ids of the issues that were in the pages, read or left out.
    seen: HashSet<String>,
    /// The oldest update time of the issues that were skipped because of an unsettled change. Their
    /// other changes must be read again.
    left_alone: Option<DateTime<Utc>>,
}

impl<'a> RepositoryReader<'a> {
    fn new(app: &'a App, run: Uuid, repository: Repository) -> Self {
        let progress = repository.progress();
        let is_first_import = progress.fully_synced_at.is_none();
        Self {
            app,
            run,
            repository,
            feature: app.github.feature(),
            progress,
            is_first_import,
            page_size: PAGE_SIZE,
            received: 0,
            seen: HashSet::new(),
            left_alone: None,
        }
    }

    /// Reads open and closed issues after the high-water mark; returns GitHub's count of open ones.
    async fn read_changes(&mut self) -> Result<u32> {
        let since = self.progress.synced_through.map(|mark| mark - OVERLAP);
        self.read_pages(States::Both, since, |progress, written_to| {
            progress.synced_through = progress.synced_through.max(Some(written_to));
        })
        .await
    }

    /// A full sync: reads every open issue, and the closed ones of the window of the Done column;
    /// then every other cached issue of the board by its id.
    ///
    /// An interrupted full sync is resumed.
    async fn read_everything(&mut self) -> Result<()> {
        self.left_alone = None;
        if self.feature == Feature::Sweep {
            self.feature = Feature::FullSync;
        }
        let began_at = self.app.clock.now();
        let closed_since = window_start(self.app, began_at);
        let (phase, reached) = (self.progress.pass_phase.take(), self.progress.pass_through.take());
        let resumed = |of: &str| reached.filter(|_| phase.as_deref() == Some(of));
        let mut mark = None;
        if phase.as_deref() != Some("open") {
            let since = resumed("closed").unwrap_or(closed_since);
            self.read_phase("closed", States::Closed, Some(since), began_at, &mut mark).await?;
        }
        let open_on_github =
            self.read_phase("open", States::Open, resumed("open"), began_at, &mut mark).await?;
        self.confirm_unseen().await?;
        self.retry_unreadable().await?;

        let open_cached = self.count_open().await?;
        let gap = (open_on_github != open_cached).then_some((open_on_github, open_cached));
        // A resumed full sync has not seen its first half, so its mark may be too low: never lower
        // it.
        self.progress.synced_through = self.progress.synced_through.max(mark);
        self.progress.fully_synced_at = Some(began_at);
        (self.progress.pass_phase, self.progress.pass_through) = (None, None);
        self.progress.gap_github = gap.map(|(github, _)| github);
        self.progress.gap_cached = gap.map(|(_, cached)| cached);
        self.finish_pass().await
    }

    /// One half of a full sync. `mark` becomes the newest update time written before the full sync
    /// began: later changes may have been missed by the half that was already finished.
    async fn read_phase(
        &mut self,
        phase: &'static str,
        states: States,
        since: Option<DateTime<Utc>>,
        began_at: DateTime<Utc>,
        mark: &mut Option<DateTime<Utc>>,
    ) -> Result<i32> {
        let open = self
            .read_pages(states, since, |progress, written_to| {
                progress.pass_phase = Some(phase.to_owned());
                progress.pass_through = Some(written_to);
                *mark = (*mark).max(Some(written_to.min(began_at)));
            })
            .await?;
        Ok(i32::try_from(open).unwrap_or(i32::MAX))
    }

    /// Reads pages until the last one, and writes each in its own transaction, together with the
    /// progress that `advance` computes from the newest update time on it.
    async fn read_pages(
        &mut self,
        states: States,
        since: Option<DateTime<Utc>>,
        mut advance: impl FnMut(&mut SyncProgress, DateTime<Utc>) + Send,
    ) -> Result<u32> {
        let mut after = None;
        loop {
            let asked_at = self.app.clock.now();
            let is_first = after.is_none();
            let page = self.fetch(states, since, after).await?;
            self.follow(&page).await?;
            let links =
                dependencies::fetch_changed_links(self.app, &self.repository, &page.issues).await?;
            self.received += u32::try_from(page.issues.len()).unwrap_or(u32::MAX);
            self.seen.extend(page.issues.iter().map(|issue| issue.node_id.clone()));
            let read = (&page.issues[..], &page.skipped[..], &links);
            self.write_page(read, asked_at, &mut advance).await?;
            if is_first {
                self.follow_pull_requests(&page.pull_requests).await?;
            }
            if let Some(labels) = page.labels {
                self.follow_labels(labels).await?;
            }
            self.publish_progress(page.issues.len()).await?;
            after = page.next;
            if after.is_none() {
                return Ok(page.open_count);
            }
        }
    }

    /// Publishes that this many more issues have been read.
    async fn publish_progress(&self, issues: usize) -> Result<()> {
        if issues == 0 {
            return Ok(());
        }
        let issues = i32::try_from(issues).unwrap_or(i32::MAX);
        let mut connection = self.app.connection().await?;
        Ok(job_locks::advance(&mut connection, JOB, self.run, (0, issues)).await?)
    }

    /// The GitHub client with the repository's label scheme.
    fn github(&self) -> github::Client {
        let github = self.app.github.for_owner(self.repository.full_name.owner());
        github.for_feature(self.feature).with_labels(&self.repository.label_scheme)
    }

    /// Reads a page, or a smaller one if GitHub times out.
    async fn fetch(
        &mut self,
        states: States,
        since: Option<DateTime<Utc>>,
        after: Option<String>,
    ) -> Result<IssuePage> {
        loop {
            let query =
                IssuesQuery { states, since, after: after.clone(), page_size: self.page_size };
            match self.github().issues(&self.repository.full_name, query).await {
                Err(error) if error.is_timeout() && self.page_size > 1 => self.page_size /= 2,
                answer => return Ok(answer?),
            }
        }
    }

    /// Updates the repository's own id and name, which a rename on GitHub changes.
    async fn follow(&mut self, page: &IssuePage) -> Result<()> {
        let found = &page.repository;
        let is_known = self.repository.node_id.as_deref() == Some(found.node_id.as_str())
            && self.repository.full_name == found.full_name
            && self.repository.read_only == found.read_only;
        if is_known {
            return Ok(());
        }
        let is_other_access = self.repository.read_only != found.read_only;
        let old_name = self.repository.full_name.clone();
        let known = self.repository.node_id.as_deref();
        let is_renamed = known == Some(found.node_id.as_str()) && old_name != found.full_name;
        if known.is_some_and(|known| known != found.node_id) {
            self.progress.fully_synced_at = None;
        }
        let mut connection = self.app.connection().await?;
        let written = repositories::set_identity(
            &mut connection,
            &self.repository,
            &found.node_id,
            &found.full_name,
            found.read_only,
            self.app.clock.now(),
        )
        .await;
        match written {
            Ok(repository) => {
                self.repository = repository;
                if is_other_access {
                    drop(connection);
                    failures::record_recovery(self.app, &self.repository).await?;
                    connection = self.app.connection().await?;
                }
                if is_other_access && !self.is_first_import {
                    self.announce_access(&mut connection).await?;
                }
                if is_renamed {
                    self.announce_name(&mut connection, &old_name).await?;
                }
                Ok(())
            }
            Err(diesel::result::Error::DatabaseError(
                diesel::result::DatabaseErrorKind::UniqueViolation,
                _,
            )) => self.merge(&mut connection, found).await,
            Err(error) => Err(error.into()),
        }
    }

    /// Stops tracking this row, because another row already has the repository's current name: it
    /// was tracked under a former name and the current one.
    ///
    /// Reading continues into the other row, which is then read completely.
    async fn merge(
        &mut self,
        connection: &mut Connection,
        found: &github::PageRepository,
    ) -> Result<()> {
        let now = self.app.clock.now();
        let gone = self.repository.clone();
        self.repository = connection
            .transaction(async |connection| {
                let (id, name) = (&found.node_id, &found.full_name);
                let kept =
                    repositories::merge(connection, &gone, id, name, found.read_only, now).await?;
                let kept =
                    kept.ok_or_else(|| Error::conflict("The repository was just renamed"))?;
                let source = LabelSet::from(vec![gone.source.clone()]);
                let none = LabelSet::default();
                let entry = NewEntry {
                    repository_full_name: gone.full_name.as_str(),
                    after_labels: &none,
                    ..NewEntry::done(Actor::GitHub.actor_ref(), "remove_tracked_repo", &source, now)
                };
                let entry = audit::append(connection, &entry).await?;
                let text = format!("{} is now called {}", gone.full_name, kept.full_name);
                let events =
                    [resync_event(text, Actor::GitHub.actor_ref(), now), audit_event(&entry)];
                event_log::append(connection, &events).await?;
                Ok::<_, Error>(kept)
            })
            .await?;
        self.progress = SyncProgress::default();
        Ok(())
    }

    /// Writes what is newer than the cache with its events, the issues that were left out, and the
    /// progress that `advance` computes from the newest update time.
    ///
    /// The progress stops before an issue that was skipped, so that the next sync reads it again.
    async fn write_page(
        &mut self,
        (found, skipped, links): (&[github::Issue], &[SkippedIssue], &IssueLinks),
        asked_at: DateTime<Utc>,
        advance: impl FnOnce(&mut SyncProgress, DateTime<Utc>) + Send,
    ) -> Result<()> {
        let known = skipped.iter().filter_map(|one| one.identity.as_ref());
        self.seen.extend(known.map(|identity| identity.node_id.clone()));
        let mut connection = self.app.connection().await?;
        connection
            .transaction(async |connection| {
                pool::take_time(connection).await?;
                let (repository, read) = (&self.repository, (found, links));
                let skipped = unreadable(self.repository.id, skipped, asked_at);
                unreadable_issues::upsert(connection, &skipped).await?;
                let PageChanges { events, left_alone, oldest_written } =
                    write_issues(self.app, connection, repository, read, asked_at).await?;
                let is_unreported = oldest_written.is_some_and(|at| at + DELIVERY_TIME < asked_at);
                if is_unreported && repository.webhooks_seen_at.is_some() {
                    repositories::forget_webhooks(connection, repository.id).await?;
                }
                self.left_alone = earlier(self.left_alone, left_alone);
                let newest = found.iter().map(|issue| issue.updated_at).max();
                if let Some(newest) = newest {
                    let reached = self.left_alone.map_or(newest, |limit| limit.min(newest));
                    advance(&mut self.progress, reached);
                }
                if self.progress != self.repository.progress() {
                    repositories::set_progress(connection, self.repository.id, &self.progress)
                        .await?;
                }
                if self.is_first_import {
                    // Subscribers reload when the first full sync ends, so these changes need no
                    // events.
                    blockers::forget_changes(connection, self.repository.id).await?;
                } else if !events.is_empty() {
                    event_log::append(connection, &events).await?;
                    return Ok(());
                }
                event_log::append_dependents(connection, Actor::GitHub.actor_ref(), asked_at)
                    .await?;
                Ok(())
            })
            .await
    }

    /// Records which issues have a different open pull request, or none any more: that does not
    /// update the issue, so it is not in the pages.
    async fn follow_pull_requests(&self, changed: &[github::PullRequest]) -> Result<()> {
        let (app, repository) = (self.app, &self.repository);
        let (numbers, links) =
            dependencies::fetch_links_of_pull_requests(app, repository, changed).await?;
        if links.is_empty() {
            return Ok(());
        }
        let now = app.clock.now();
        let mut connection = app.connection().await?;
        connection
            .transaction(async |connection| {
                let known = issues::lock_numbers(connection, repository.id, &numbers).await?;
                let rows: Vec<&Issue> = known.iter().map(|(row, _)| row).collect();
                let changed = dependencies::store_links(app, connection, &links, &rows).await?;
                let events = link_events(repository, &changed, &rows, now);
                if !events.is_empty() {
                    event_log::append(connection, &events).await?;
                }
                Ok(())
            })
            .await
    }

    /// Publishes a change of the repository's access, which every card of it shows, so subscribers
    /// reload.
    async fn announce_access(&self, connection: &mut Connection) -> Result<()> {
        let name = &self.repository.full_name;
        let text = match self.repository.read_only {
            Some(reason) => format!("{name} {}", reason.phrase()),
            None => format!("The issues of {name} can be changed again"),
        };
        let event = resync_event(text, Actor::GitHub.actor_ref(), self.app.clock.now());
        connection
            .transaction(async |connection| {
                if self.repository.read_only.is_none() {
                    lease_rows::retry_now(connection, self.repository.id).await?;
                }
                Ok(event_log::append(connection, &[event]).await?)
            })
            .await
            .map(drop)
    }

    /// Publishes a rename. Events have the repository's name, so subscribers with the old name
    /// reload.
    async fn announce_name(&self, connection: &mut Connection, old: &FullName) -> Result<()> {
        let text = format!("{old} was renamed to {}", self.repository.full_name);
        let event = resync_event(text, Actor::GitHub.actor_ref(), self.app.clock.now());
        connection
            .transaction(async |connection| Ok(event_log::append(connection, &[event]).await?))
            .await
            .map(drop)
    }

    /// Reads the state of uncached dependencies from GitHub, and publishes which issues are
    /// eligible now, or no longer.
    async fn follow_foreign(&self) -> Result<()> {
        let changed = dependencies::follow_foreign(self.app, &self.repository).await?;
        let (now, actor) = (self.app.clock.now(), Actor::GitHub);
        let mut connection = self.app.connection().await?;
        let mut events = Vec::new();
        for id in changed {
            // It may be an issue of another repository with the same dependency.
            if let Some((row, of)) = issues::with_repository(&mut connection, id).await? {
                events.push(issue_event(Some(&row), &row, false, &of, actor.actor_ref(), now));
            }
        }
        if events.is_empty() {
            return Ok(());
        }
        connection
            .transaction(async |connection| Ok(event_log::append(connection, &events).await?))
            .await
            .map(drop)
    }

    /// Compares the repository's labels with those of the last sync, and re-reads the issues that
    /// have a renamed or deleted label.
    ///
    /// Such a change does not update issues, so it is not in the pages.
    async fn follow_labels(&mut self, first: LabelPage) -> Result<()> {
        let LabelPage { mut labels, mut next } = first;
        while let Some(after) = next {
            let page = self.github().labels(&self.repository.full_name, after).await?;
            labels.extend(page.labels);
            next = page.next;
        }
        let row = |label: github::Label| RepositoryLabel { node_id: label.id, name: label.name };
        let found: HashSet<RepositoryLabel> = labels.into_iter().map(row).collect();
        let id = self.repository.id;
        let stale = {
            let mut connection = self.app.connection().await?;
            let known = repository_labels::by_repository(&mut connection, id).await?;
            let gone: Vec<_> = known.iter().filter(|label| !found.contains(*label)).collect();
            if gone.is_empty() && known.len() == found.len() {
                return Ok(());
            }
            let scheme = &self.repository.label_scheme;
            let ours = |label: &RepositoryLabel| scheme.read(&label.name).into_owned();
            if known.is_empty() {
                let names: Vec<_> = found.iter().map(ours).collect();
                issues::node_ids_with_other_labels(&mut connection, id, &names).await?
            } else {
                let keys: Vec<_> = gone.iter().map(|label| key(&ours(label))).collect();
                issues::node_ids_with_labels(&mut connection, id, &keys).await?
            }
        };
        let asked_at = self.app.clock.now();
        let answers = self.github().issues_by_node_id(&stale).await?;
        let read = answers.iter().filter(|answer| matches!(answer, Ok(Some(_)))).count();
        self.received += u32::try_from(read).unwrap_or(u32::MAX);
        // Issues that are gone now are confirmed by the next full sync.
        self.write_found(stale.iter().zip(answers).collect(), asked_at).await?;
        let found: Vec<_> = found.into_iter().collect();
        let mut connection = self.app.connection().await?;
        connection
            .transaction(async |connection| {
                Ok(repository_labels::replace(connection, id, &found).await?)
            })
            .await
    }

    /// Reads by id the issues of the board that the full sync did not see. An issue counts as gone
    /// only if GitHub says so; one that still exists is written.
    async fn confirm_unseen(&mut self) -> Result<()> {
        let unseen: Vec<(IssueId, String)> = {
            let mut connection = self.app.connection().await?;
            let mut shown = issues::node_ids_on_board(&mut connection, self.repository.id).await?;
            shown.retain(|(_, node_id)| !self.seen.contains(node_id));
            shown
        };
        let asked_at = self.app.clock.now();
        let node_ids: Vec<String> = unseen.iter().map(|(_, node_id)| node_id.clone()).collect();
        let answers = self.github().issues_by_node_id(&node_ids).await?;
        let gone = self.write_found(node_ids.iter().zip(answers).collect(), asked_at).await?;
        let gone: HashSet<&str> = gone.iter().map(String::as_str).collect();
        let gone = unseen.iter().filter(|(_, node_id)| gone.contains(node_id.as_str()));
        let gone: Vec<IssueId> = gone.map(|(id, _)| *id).collect();
        if gone.is_empty() { Ok(()) } else { self.remove(&gone).await }
    }

    /// Reads unreadable issues again, unless they were seen in this run. If the whole request
    /// fails, the next sync repeats it.
    async fn retry_unreadable(&mut self) -> Result<()> {
        let node_ids = {
            let (connection, id) = (&mut self.app.connection().await?, self.repository.id);
            let mut untried =
                unreadable_issues::longest_untried(connection, id, TRIED_AGAIN).await?;
            untried.retain(|node_id| !self.seen.contains(node_id));
            untried
        };
        if node_ids.is_empty() {
            return Ok(());
        }
        let asked_at = self.app.clock.now();
        match self.github().issues_by_node_id(&node_ids).await {
            Ok(answers) => {
                let answers = node_ids.iter().zip(answers).collect();
                self.write_found(answers, asked_at).await.map(drop)
            }
            Err(error @ (github::Error::RateLimited { .. } | github::Error::Saved { .. })) => {
                Err(error.into())
            }
            Err(error) => {
                tracing::warn!(repository = %self.repository.full_name, %error,
                    "issues that could not be read could not be asked for again");
                Ok(())
            }
        }
    }

    /// Writes issues that were read by id, and returns the ids of those that are gone.
    async fn write_found(
        &mut self,
        answers: Vec<(&String, IssueReadResult)>,
        asked_at: DateTime<Utc>,
    ) -> Result<Vec<String>> {
        let is_ours = |issue: &github::Issue| {
            issue.repository_full_name.key() == self.repository.full_name.key()
        };
        let (mut there, mut gone, mut unreadable) = (Vec::new(), Vec::new(), Vec::new());
        for (node_id, answer) in answers {
            match answer {
                Ok(Some(issue)) if is_ours(&issue) => there.push(issue),
                Ok(_) => gone.push(node_id.clone()),
                Err(reason) => unreadable.push((node_id, reason)),
            }
        }
        self.seen.extend(there.iter().map(|issue| issue.node_id.clone()));
        let links = dependencies::fetch_changed_links(self.app, &self.repository, &there).await?;
        self.write_page((&there, &[], &links), asked_at, |_, _| ()).await?;
        let mut connection = self.app.connection().await?;
        let connection = &mut connection;
        let id = self.repository.id;
        let gone_ids: Vec<&str> = gone.iter().map(String::as_str).collect();
        unreadable_issues::forget(connection, id, &gone_ids).await?;
        for (node_id, reason) in unreadable {
            unreadable_issues::update_reason(
                connection,
                id,
                node_id,
                &reason.to_string(),
                asked_at,
            )
            .await?;
        }
        Ok(gone)
    }

    async fn remove(&self, gone: &[IssueId]) -> Result<()> {
        let now = self.app.clock.now();
        let mut connection = self.app.connection().await?;
        connection
            .transaction(async |connection| {
                pool::take_time(connection).await?;
                let removed = issues::remove(connection, gone, now).await?;
                let event =
                    |issue| removal_event(issue, &self.repository, Actor::GitHub.actor_ref(), now);
                let events: Vec<_> = removed.iter().map(event).collect();
                if !events.is_empty() {
                    event_log::append(connection, &events).await?;
                }
                Ok(())
            })
            .await
    }

    /// Ends a full sync; the first one makes every subscriber reload.
    async fn finish_pass(&mut self) -> Result<()> {
        let now = self.app.clock.now();
        let text = format!("{} was imported", self.repository.full_name);
        let event = resync_event(text, Actor::GitHub.actor_ref(), now);
        let (id, progress) = (self.repository.id, &self.progress);
        let began_at = progress.fully_synced_at.unwrap_or(now);
        let is_first_import = self.is_first_import;
        let mut connection = self.app.connection().await?;
        connection
            .transaction(async |connection| {
                repositories::set_progress(connection, id, progress).await?;
                unreadable_issues::forget_nameless(connection, id, began_at).await?;
                if is_first_import {
                    event_log::append(connection, &[event]).await?;
                }
                Ok::<_, Error>(())
            })
            .await?;
        self.is_first_import = false;
        Ok(())
    }

    /// Whether the name now belongs to another repository, because it was deleted and recreated or
    /// renamed, so that nothing read under the name is valid.
    fn is_replaced(&self) -> bool {
        self.progress.fully_synced_at.is_none()
    }

    /// Whether GitHub's count differs from the cache, and not just as the last full sync left it.
    async fn is_stranded(&self, open_on_github: u32) -> Result<bool> {
        let github = i32::try_from(open_on_github).unwrap_or(i32::MAX);
        let cached = self.count_open().await?;
        let is_known_gap =
            self.progress.gap_github == Some(github) && self.progress.gap_cached == Some(cached);
        Ok(github != cached && !is_known_gap)
    }

    /// The number of open issues that are cached or known to be unreadable.
    async fn count_open(&self) -> Result<i32> {
        let (connection, id) = (&mut self.app.connection().await?, self.repository.id);
        let cached = issues::count_open(connection, id).await?;
        let skipped = unreadable_issues::count_open_and_not_cached(connection, id).await?;
        Ok(i32::try_from(cached + skipped).unwrap_or(i32::MAX))
    }
}

fn unreadable(
    repository_id: RepositoryId,
    skipped: &[SkippedIssue],
    at: DateTime<Utc>,
) -> Vec<NewUnreadableIssue> {
    let row = |one: &SkippedIssue| NewUnreadableIssue {
        repository_id,
        node_id: one.identity.as_ref().map(|identity| identity.node_id.clone()),
        number: one.identity.as_ref().map(|identity| identity.number),
        state: one.identity.as_ref().map_or(IssueState::Open, |identity| identity.state),
        reason: one.reason.to_string(),
        first_at: at,
        last_at: at,
    };
    skipped.iter().map(row).collect()
}

/// The result of writing issues.
#[derive(Default)]
pub(in crate::service) struct PageChanges {
    /// The events of the changes.
    pub(in crate::service) events: Vec<NewEvent>,
    /// The oldest update time of the issues that were skipped.
    pub(in crate::service) left_alone: Option<DateTime<Utc>>,
    /// The oldest update time of the issues that were new or newer.
    oldest_written: Option<DateTime<Utc>>,
}

fn earlier(one: Option<DateTime<Utc>>, other: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    one.into_iter().chain(other).min()
}

/// Writes issues that are new or newer than the cache, but skips those with an unsettled change,
/// whose settlement stores what GitHub then has.
pub(in crate::service) async fn write_issues(
    app: &App,
    connection: &mut Connection,
    repository: &Repository,
    (found, links): (&[github::Issue], &IssueLinks),
    asked_at: DateTime<Utc>,
) -> Result<PageChanges> {
    if found.is_empty() {
        return Ok(PageChanges::default());
    }
    if repositories::lock_label_scheme(connection, repository.id, false).await?
        != repository.label_scheme
    {
        let what = "The label scheme was changed during the sync; sync again";
        return Err(Error::conflict(what));
    }
    let now = app.clock.now();
    let rules = Rules::at(app, now);
    let read: Vec<&str> = found.iter().map(|issue| issue.node_id.as_str()).collect();
    unreadable_issues::forget(connection, repository.id, &read).await?;
    let numbers: Vec<i32> = found.iter().map(|issue| issue.number).collect();
    let known = issues::lock_numbers(connection, repository.id, &numbers).await?;
    let ids: Vec<IssueId> = known.iter().map(|(issue, _)| issue.id).collect();
    let unsettled = audit::unsettled_among(connection, &ids).await?;
    let row_of = |number| known.iter().find(|(issue, _)| issue.number == number);

    let mut writes: Vec<IssueWrite> = Vec::new();
    let mut left_alone = None;
    for issue in found {
        let row = row_of(issue.number);
        if row.is_some_and(|(row, _)| unsettled.contains(&row.id)) {
            left_alone = earlier(left_alone, Some(issue.updated_at));
            continue;
        }
        let write = write_of(issue, repository.id, row.map(|(row, _)| row), asked_at, &rules);
        let is_newer = row.is_none_or(|(row, body)| is_newer(&write, row, body.as_deref()));
        // A page can have an issue twice when it moved while the pages were read: the later one
        // wins.
        if is_newer {
            writes.retain(|earlier| earlier.number != write.number);
            writes.push(write);
        }
    }
    let written = match writes.is_empty() {
        true => vec![],
        false => issues::write(connection, &writes).await?,
    };
    let is_written = |row: &Issue| written.iter().any(|written| written.id == row.id);
    let kept = known.iter().map(|(row, _)| row).filter(|row| !is_written(row));
    let rows: Vec<&Issue> = kept.chain(&written).collect();
    let mut relinked =
        dependencies::store_page(app, connection, repository, found, links, &rows).await?;
    relinked.retain(|id| !written.iter().any(|row| row.id == *id));
    let event = |issue: &Issue| {
        let before = row_of(issue.number);
        let body = writes.iter().find(|write| write.number == issue.number).map(|w| &w.body);
        let body_changed = before.is_some_and(|(_, before)| body != Some(before));
        let row = before.map(|(row, _)| row);
        issue_event(row, issue, body_changed, repository, Actor::GitHub.actor_ref(), now)
    };
    let mut events: Vec<NewEvent> = written.iter().map(event).collect();
    let is_edited = |issue: &&Issue| {
        let write = writes.iter().find(|write| write.number == issue.number);
        row_of(issue.number).zip(write).is_some_and(|((row, body), write)| {
            row.title != issue.title
                || row.state != issue.state
                || row.labels != issue.labels
                || row.assignees != issue.assignees
                || *body != write.body
        })
    };
    let mut edited: Vec<&Issue> = written.iter().filter(is_edited).collect();
    let ids: Vec<IssueId> = edited.iter().map(|issue| issue.id).collect();
    let rows_of_leases = lease_rows::of_issues(connection, &ids).await?;
    edited.retain(|issue| !rows_of_leases.iter().any(|lease| is_during_lease(lease, issue)));
    let edited: Vec<IssueId> = edited.iter().map(|issue| issue.id).collect();
    failures::record_edits(connection, &edited).await?;
    let changed: Vec<(&Issue, &Issue)> = written
        .iter()
        .filter_map(|after| Some((row_of(after.number).map(|(row, _)| row)?, after)))
        .collect();
    let ended = end_unlabelled(connection, repository, &changed, now).await?;
    events.extend(ended);
    events.extend(link_events(repository, &relinked, &rows, now));
    let oldest_written = written.iter().map(|issue| issue.updated_at).min();
    Ok(PageChanges { events, left_alone, oldest_written })
}

/// Whether an issue was last changed on GitHub during a lease. Then the change may be the agent's,
/// which ticks boxes and sets labels, and does not show that a person has looked at it.
fn is_during_lease(lease: &Lease, issue: &Issue) -> bool {
    let ended_at = lease.ended_at.unwrap_or(lease.expires_at);
    lease.acquired_at < issue.updated_at && issue.updated_at < ended_at
}

/// The events of issues with changed links and no other change.
fn link_events(
    repository: &Repository,
    changed: &[IssueId],
    rows: &[&Issue],
    now: DateTime<Utc>,
) -> Vec<NewEvent> {
    let changed: HashSet<IssueId> = changed.iter().copied().collect();
    let rows = rows.iter().filter(|row| changed.contains(&row.id));
    let event = |row: &&Issue| {
        issue_event(Some(row), row, false, repository, Actor::GitHub.actor_ref(), now)
    };
    rows.map(event).collect()
}

/// Whether what was read is newer than the row: by update time, or read later and different, or a
/// different issue with the number because the repository was replaced.
///
/// GitHub's times are whole seconds, so two changes within one second look equally new.
fn is_newer(write: &IssueWrite, row: &Issue, body: Option<&str>) -> bool {
    if write.node_id != row.node_id {
        return write.read_at >= row.read_at;
    }
    if write.updated_at != row.updated_at {
        return write.updated_at > row.updated_at;
    }
    let is_same = write.title == row.title
        && write.body.as_deref() == body
        && write.state == row.state
        && write.labels == row.labels
        && write.assignees == row.assignees
        && write.author == row.author
        && write.author_association == row.author_association
        && write.comments_count == row.comments_count
        && write.closed_at == row.closed_at
        && write.on_board == row.on_board
        && write.details == row.details
        && row.removed_at.is_none();
    write.read_at >= row.read_at && !is_same
}

/// The result of refreshing one issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    /// The issue was not cached before.
    Created,
    /// The issue was cached; it may be unchanged.
    Updated,
}

/// Reads one issue from GitHub.
///
/// # Errors
///
/// [`Error::NotFound`] when the repository is not tracked, [`Error::Upstream`] when GitHub does not
/// have the issue or it is a pull request.
pub async fn refresh_issue(app: &App, name: &FullName, number: i32) -> Result<Refreshed> {
    let repository = {
        let mut connection = app.connection().await?;
        repositories::by_name(&mut connection, name)
            .await?
            .filter(|repository| repository.enabled)
            .ok_or_else(|| Error::no_repository(name))?
    };
    let app = &app.for_feature(Feature::Refresh);
    let asked_at = app.clock.now();
    let github = app.github.for_owner(repository.full_name.owner());
    let github = github.with_labels(&repository.label_scheme);
    let issues = [github.issue(&repository.full_name, number).await?];
    let links = dependencies::fetch_links_of(app, &repository, &issues).await?;
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            let number = issues[0].number;
            let known = issues::lock_numbers(connection, repository.id, &[number]).await?;
            let read = (&issues[..], &links);
            let PageChanges { events, .. } =
                write_issues(app, connection, &repository, read, asked_at).await?;
            if !events.is_empty() {
                event_log::append(connection, &events).await?;
            }
            Ok(if known.is_empty() { Refreshed::Created } else { Refreshed::Updated })
        })
        .await
}
