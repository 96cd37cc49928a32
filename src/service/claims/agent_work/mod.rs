//! Progress reports of long-running agents: coarser than a lease, with a short timeout of their
//! own.
//!
//! They grant nothing: the lease alone decides who may work on an issue. Invariants: an agent has
//! at most one active piece of work; every step is stored with the work and in the audit log; an
//! agent that reports work on an issue that another agent has leased is asked to stop.

mod maintenance;

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncConnection;

use super::leases::release_orphans;
use crate::domain::bounds::plain;
use crate::domain::progress::{WorkCheckpoint, WorkState};
use crate::domain::{Actor, IssueId, LabelSet};
use crate::service::agent_names::agent_for;
use crate::service::board_events::audit_event;
use crate::service::{App, Error, Result, agent_names, board};
use crate::store::audit::NewEntry;
use crate::store::board::issues;
use crate::store::claims::agent_work::{NewAgentWork, WorkFilter};
use crate::store::claims::{agent_work, leases};
use crate::store::{
    AgentWork, Connection, Issue, Lease, Repository, audit, event_log, repositories,
};

pub(super) use maintenance::release_of;
pub use maintenance::{Reassign, Release, ReleaseSummary, SweepOutcome, reassign, release, sweep};

/// How long an agent may be silent.
pub const TERM: TimeDelta = TimeDelta::minutes(5);

/// How long the same end of work counts as a repetition.
const REPETITION: TimeDelta = TimeDelta::seconds(60);

/// Maximal number of pieces of work in a list.
const MOST: i64 = 500;

/// Maximal number of expired leases in a list.
const MOST_STALE: i64 = 50;

/// Maximal length of a branch, a run id or an address, in characters.
const LONGEST: usize = 500;

/// An agent starts a piece of work.
#[derive(Debug, Clone)]
pub struct StartWork {
    /// The agent's name, with or without `agent/`.
    pub agent: String,
    /// The issue it is about.
    pub issue_id: Option<IssueId>,
    /// The agent's own name for its run.
    pub run_id: Option<String>,
    /// The branch.
    pub branch: Option<String>,
}

/// An agent reached a checkpoint.
#[derive(Debug, Clone)]
pub struct RecordCheckpoint {
    /// The agent's name, with or without `agent/`.
    pub agent: String,
    /// How far it is.
    pub checkpoint: WorkCheckpoint,
    /// The agent's summary; unchanged if absent.
    pub summary: Option<String>,
    /// What it waits for; required when it is blocked.
    pub blocker_reason: Option<String>,
    /// The branch; unchanged if absent.
    pub branch: Option<String>,
    /// The pull request's page; unchanged if absent.
    pub pull_request_url: Option<String>,
}

/// An agent ends a piece of work.
#[derive(Debug, Clone)]
pub struct EndWork {
    /// The agent's name, with or without `agent/`.
    pub agent: String,
    /// The final state of the work.
    pub state: WorkState,
    /// The agent's summary; unchanged if absent.
    pub summary: Option<String>,
}

/// The result of a progress report.
#[derive(Debug, Clone)]
pub enum ProgressOutcome {
    /// The work as it is now.
    Work(Box<AgentWork>),
    /// There is none, but the agent had the lease of an issue that is gone, which was released.
    OrphanReleased,
}

/// A piece of work or a lease, with its issue.
#[derive(Debug, Clone)]
pub struct WithIssue<Row> {
    /// The work.
    pub row: Row,
    /// The issue and its repository, if known.
    pub issue: Option<(Issue, Repository)>,
}

/// What agents are working on.
#[derive(Debug, Clone)]
pub struct WorkOverview {
    /// Pieces of work, last changed first.
    pub work: Vec<WithIssue<AgentWork>>,
    /// Expired leases that have not been cleaned up yet, longest expired first.
    pub stale_leases: Vec<WithIssue<Lease>>,
}

/// Lists what agents are working on, optionally of one state and one agent. `with_stale` adds
/// expired leases.
pub async fn list(
    app: &App,
    agent: Option<&str>,
    state: Option<WorkState>,
    with_stale: bool,
) -> Result<WorkOverview> {
    let states = state.map_or_else(|| WorkState::OPEN.to_vec(), |state| vec![state]);
    let agent = match agent {
        Some(agent) => Some(agent_names::find(app, agent).await?),
        None => None,
    };
    let agent = agent.as_deref();
    let filter = WorkFilter { agent, issue: None, states: &states };
    let mut connection = app.connection().await?;
    let work = agent_work::list(&mut connection, filter, MOST).await?;
    let now = app.clock.now();
    let stale = match with_stale {
        true => leases::lapsed(&mut connection, agent, now, MOST_STALE).await?,
        false => vec![],
    };
    let ids: Vec<IssueId> = work
        .iter()
        .filter_map(|work| work.issue_id)
        .chain(stale.iter().map(|lease| lease.issue_id))
        .collect();
    let issues = issues::by_ids(&mut connection, &ids).await?;
    let of: Vec<_> = issues.iter().map(|issue| issue.repository_id).collect();
    let repositories = repositories::by_ids(&mut connection, &of).await?;
    let find = |id: Option<IssueId>| {
        let issue = issues.iter().find(|issue| Some(issue.id) == id)?;
        let repository = repositories.iter().find(|row| row.id == issue.repository_id)?;
        Some((issue.clone(), repository.clone()))
    };
    let shown = |row: AgentWork| WithIssue { issue: find(row.issue_id), row };
    let shown_lease = |row: Lease| WithIssue { issue: find(Some(row.issue_id)), row };
    Ok(WorkOverview {
        work: work.into_iter().map(shown).collect(),
        stale_leases: stale.into_iter().map(shown_lease).collect(),
    })
}

/// Starts a piece of work, and abandons the agent's previous one. Repeating it before any progress
/// counts as a heartbeat.
///
/// # Errors
///
/// [`Error::Invalid`] for an invalid agent name or a text that is too long; [`Error::Forbidden`]
/// for callers that may not act for the agent; [`Error::NotFound`] for an unknown issue;
/// [`Error::LeaseLost`] when another agent has the lease.
pub async fn start(app: &App, actor: &Actor, command: StartWork) -> Result<AgentWork> {
    let agent = agent_for(app, actor, &command.agent).await?;
    let actor = &actor.acting_for(&agent);
    check_length("runId", command.run_id.as_deref())?;
    check_length("branch", command.branch.as_deref())?;
    let found = match command.issue_id {
        Some(id) => Some(board::find_issue(app, id).await?),
        None => None,
    };
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            agent_work::serialize_by_agent(connection, &agent).await?;
            check_hold(connection, command.issue_id, &agent, now).await?;
            let active = work_of_agent(connection, &agent, None, &WorkState::ACTIVE).await?;
            let is_same = |work: &&AgentWork| {
                work.checkpoint == WorkCheckpoint::Claimed
                    && work.issue_id == command.issue_id
                    && work.run_id == command.run_id
                    && work.branch == command.branch
            };
            if let Some(same) = active.iter().find(is_same) {
                let mut work = same.clone();
                (work.lease_expires_at, work.last_heartbeat_at) = (now + TERM, now);
                agent_work::write(connection, &work, "start").await?;
                return Ok(work);
            }
            abandon(connection, active, "released_by_new_claim", now).await?;
            let work = NewAgentWork {
                agent_name: &agent,
                issue_id: command.issue_id,
                run_id: command.run_id.as_deref(),
                state: WorkState::Claimed,
                checkpoint: WorkCheckpoint::Claimed,
                branch: command.branch.as_deref(),
                lease_expires_at: now + TERM,
                last_heartbeat_at: now,
                created_at: now,
                updated_at: now,
            };
            let work = agent_work::start(connection, &work).await?;
            agent_work::append_step(connection, &work, "start").await?;
            record(connection, actor, "agent_work_started", found.as_ref(), None, now).await?;
            Ok(work)
        })
        .await
}

/// Records a checkpoint of the agent's current work, which counts as a heartbeat.
///
/// # Errors
///
/// [`Error::Invalid`] for an invalid agent name, a text that is too long, an invalid address, and
/// blocked work without a reason; [`Error::NotFound`] when the agent has no active work;
/// [`Error::LeaseLost`] when another agent has the lease; otherwise as [`start`].
pub async fn record_checkpoint(
    app: &App,
    actor: &Actor,
    command: RecordCheckpoint,
) -> Result<ProgressOutcome> {
    let agent = agent_for(app, actor, &command.agent).await?;
    let actor = &actor.acting_for(&agent);
    check_checkpoint(&command)?;
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    let recorded = connection
        .transaction(async |connection| {
            agent_work::serialize_by_agent(connection, &agent).await?;
            let Some(before) = agent_work::open_of(connection, &agent).await? else {
                return Ok(None);
            };
            check_hold(connection, before.issue_id, &agent, now).await?;
            let work = after(&before, &command, now);
            agent_work::write(connection, &work, "checkpoint").await?;
            let found = issue_of(connection, &work).await?;
            let notes = Some(command.checkpoint.as_str());
            record(connection, actor, "agent_work_checkpoint", found.as_ref(), notes, now).await?;
            Ok::<_, Error>(Some(work))
        })
        .await?;
    drop(connection);
    match recorded {
        Some(work) => Ok(ProgressOutcome::Work(Box::new(work))),
        None => no_work(app, actor, &agent, "orphan_lease_released_during_checkpoint").await,
    }
}

/// Ends the agent's current work. The same end within a minute is a repetition.
///
/// # Errors
///
/// As [`record_checkpoint`], except that the lease is not checked.
pub async fn end(app: &App, actor: &Actor, command: EndWork) -> Result<ProgressOutcome> {
    let agent = agent_for(app, actor, &command.agent).await?;
    let actor = &actor.acting_for(&agent);
    let summary = command.summary.as_deref().map(plain);
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    let ended = connection
        .transaction(async |connection| {
            agent_work::serialize_by_agent(connection, &agent).await?;
            let Some(before) = agent_work::open_of(connection, &agent).await? else {
                let newest = agent_work::newest_of(connection, &agent).await?;
                let is_repetition = |work: &AgentWork| {
                    let is_same_end = work.state == command.state
                        && (summary.is_none() || work.summary == summary);
                    is_same_end && work.updated_at >= now - REPETITION
                };
                return Ok(newest.filter(is_repetition));
            };
            let mut work = before;
            work.state = command.state;
            work.summary = summary.clone().or(work.summary);
            if command.state == WorkState::Done {
                work.checkpoint = WorkCheckpoint::Done;
            }
            if command.state != WorkState::Blocked {
                work.blocker_reason = None;
            }
            (work.lease_expires_at, work.last_heartbeat_at, work.updated_at) = (now, now, now);
            agent_work::write(connection, &work, "finish").await?;
            let found = issue_of(connection, &work).await?;
            let notes = Some(command.state.as_str());
            record(connection, actor, "agent_work_finished", found.as_ref(), notes, now).await?;
            Ok::<_, Error>(Some(work))
        })
        .await?;
    drop(connection);
    match ended {
        Some(work) => Ok(ProgressOutcome::Work(Box::new(work))),
        None => no_work(app, actor, &agent, "orphan_lease_released_during_finish").await,
    }
}

/// The newest work of an agent on an issue, if it has reported any.
pub(crate) async fn newest_on(app: &App, agent: &str, issue: IssueId) -> Result<Option<AgentWork>> {
    Ok(agent_work::newest_on(&mut *app.connection().await?, agent, issue).await?)
}

fn after(before: &AgentWork, command: &RecordCheckpoint, now: DateTime<Utc>) -> AgentWork {
    let mut work = before.clone();
    work.state = work.state.at(command.checkpoint);
    work.checkpoint = command.checkpoint;
    work.summary = command.summary.as_deref().map(plain).or(work.summary);
    work.branch = command.branch.clone().or(work.branch);
    work.pr_url = command.pull_request_url.clone().or(work.pr_url);
    work.blocker_reason = match work.state {
        WorkState::Blocked => command.blocker_reason.as_deref().map(plain).or(work.blocker_reason),
        _ => None,
    };
    (work.lease_expires_at, work.last_heartbeat_at, work.updated_at) = (now + TERM, now, now);
    work
}

fn check_length(field: &'static str, text: Option<&str>) -> Result<()> {
    if text.is_none_or(|text| text.chars().count() <= LONGEST) {
        return Ok(());
    }
    let reason = format!("must be at most {LONGEST} characters");
    Err(Error::Invalid { field, reason })
}

fn check_checkpoint(command: &RecordCheckpoint) -> Result<()> {
    check_length("branch", command.branch.as_deref())?;
    check_length("prUrl", command.pull_request_url.as_deref())?;
    let is_address = |url: &String| url.starts_with("http://") || url.starts_with("https://");
    if !command.pull_request_url.iter().all(is_address) {
        let reason = "must be an http(s) address".to_owned();
        return Err(Error::Invalid { field: "prUrl", reason });
    }
    let has_reason =
        command.blocker_reason.as_ref().is_some_and(|reason| !reason.trim().is_empty());
    if command.checkpoint == WorkCheckpoint::Blocked && !has_reason {
        let reason = "tell what is waited for, because the checkpoint is BLOCKED".to_owned();
        return Err(Error::Invalid { field: "blockerReason", reason });
    }
    Ok(())
}

/// Checks that an agent may report work on an issue: no other agent may have the lease.
async fn check_hold(
    connection: &mut Connection,
    issue: Option<IssueId>,
    agent: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let Some(issue) = issue else { return Ok(()) };
    let lease = leases::of_issue(connection, issue).await?;
    match lease.filter(|lease| lease.is_live(now) && lease.agent != agent) {
        Some(lease) => Err(Error::LeaseLost { holder: Some(lease.agent) }),
        None => Ok(()),
    }
}

/// The work of an agent in some states, optionally on one issue.
async fn work_of_agent(
    connection: &mut Connection,
    agent: &str,
    issue: Option<IssueId>,
    states: &[WorkState],
) -> Result<Vec<AgentWork>> {
    let filter = WorkFilter { agent: Some(agent), issue, states };
    Ok(agent_work::list(connection, filter, MOST).await?)
}

/// Abandons pieces of work, and returns how many.
async fn abandon(
    connection: &mut Connection,
    all: Vec<AgentWork>,
    action: &str,
    now: DateTime<Utc>,
) -> Result<usize> {
    let pieces = all.len();
    for mut work in all {
        work.state = WorkState::Released;
        (work.lease_expires_at, work.updated_at) = (now, now);
        agent_work::write(connection, &work, action).await?;
    }
    Ok(pieces)
}

async fn issue_of(
    connection: &mut Connection,
    work: &AgentWork,
) -> Result<Option<(Issue, Repository)>> {
    match work.issue_id {
        Some(id) => Ok(issues::with_repository(connection, id).await?),
        None => Ok(None),
    }
}

/// Writes an audit entry and its event.
async fn record(
    connection: &mut Connection,
    actor: &Actor,
    action: &str,
    found: Option<&(Issue, Repository)>,
    notes: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    let none = LabelSet::default();
    let labels = found.map_or(&none, |(issue, _)| &issue.labels);
    let entry = NewEntry {
        repository_full_name: found.map_or("", |(_, repository)| repository.full_name.as_str()),
        issue_number: found.map(|(issue, _)| issue.number),
        issue_id: found.map(|(issue, _)| issue.id),
        notes,
        ..NewEntry::done(actor.actor_ref(), action, labels, now)
    };
    let entry = audit::append(connection, &entry).await?;
    event_log::append(connection, &[audit_event(&entry)]).await?;
    Ok(())
}

/// The result for an agent without active work: it may have the lease of an issue that is gone,
/// which is released here.
async fn no_work(app: &App, actor: &Actor, agent: &str, action: &str) -> Result<ProgressOutcome> {
    match release_orphans(app, actor, agent, action).await? {
        0 => Err(Error::NotFound { what: "Active work", id: agent.to_owned() }),
        _ => Ok(ProgressOutcome::OrphanReleased),
    }
}
