//! Maintenance of agent work by maintainers and timers: abandoning it, reassigning it, sweeping
//! work of silent agents.

use chrono::{DateTime, Utc};
use diesel_async::AsyncConnection;
use uuid::Uuid;

use super::{TERM, abandon, issue_of, record, work_of_agent};
use crate::domain::labels::LabelPlan;
use crate::domain::leases::{LeaseState, agent_label, agent_name};
use crate::domain::progress::WorkState;
use crate::domain::{Actor, AgentWorkId, IssueId, LeaseId};
use crate::metrics;
use crate::service::change::{ChangeOptions, Intent, Precondition, change_labels_on};
use crate::service::claims::leases::release_for_agent;
use crate::service::{App, Error, Result, agent_names};
use crate::store::claims::agent_work::WorkFilter;
use crate::store::claims::{agent_work, leases};
use crate::store::repositories::job_locks;
use crate::store::{AgentWork, Connection};

/// The name of the lock for sweeps.
const JOB: &str = "stale-work";

/// How many pieces of silent work one sweep handles.
const A_SWEEP: i64 = 50;

/// How many pieces of work and how many leases one call releases.
const AT_ONCE: i64 = 500;

/// What to release.
#[derive(Debug, Clone)]
pub enum Release {
    /// A piece of work.
    Work(AgentWorkId),
    /// A lease.
    Lease(LeaseId),
    /// The lease and the work of an agent on an issue.
    Issue {
        /// The agent's name, with or without `agent/`.
        agent: String,
        /// The issue.
        issue: IssueId,
    },
    /// All leases and work, optionally of one agent.
    All {
        /// The agent's name, with or without `agent/`.
        agent: Option<String>,
    },
}

/// What was released.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReleaseSummary {
    /// The number of leases.
    pub leases: usize,
    /// The number of pieces of work.
    pub work: usize,
    /// Leases that could not be released, and why.
    pub failures: Vec<String>,
}

/// Reassigns a piece of work.
#[derive(Debug, Clone)]
pub struct Reassign {
    /// The work.
    pub work_id: AgentWorkId,
    /// The new agent, with or without `agent/`.
    pub agent: String,
    /// Why, for the audit log.
    pub reason: Option<String>,
}

/// The result of a sweep.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SweepOutcome {
    /// How many pieces of silent work were examined.
    pub examined: usize,
    /// How many are stale now.
    pub released: usize,
    /// How many were skipped because of a heartbeat meanwhile or a change of the issue in progress.
    pub skipped: usize,
    /// Failures, which will be tried again.
    pub errors: Vec<String>,
}

/// Releases work or leases of agents. Idempotent.
///
/// # Errors
///
/// [`Error::NotFound`]; [`Error::Conflict`] for work that ended in another way; [`Error::Invalid`]
/// for an invalid agent name; for one lease as
/// [`release_lease`](crate::service::claims::leases::release_lease).
pub async fn release(app: &App, actor: &Actor, what: Release) -> Result<ReleaseSummary> {
    match what {
        Release::Work(id) => release_work(app, actor, id).await,
        Release::Lease(id) => {
            let lease = leases::by_id(&mut *app.connection().await?, id).await?;
            let missing = || Error::NotFound { what: "Lease", id: id.to_string() };
            let lease = lease.ok_or_else(missing)?;
            if lease.state == LeaseState::Free {
                return Err(already_completed(
                    "Lease",
                    lease.ending.map_or("ended", |ending| ending.as_str()),
                ));
            }
            release_for_agent(app, actor, &lease, "lease_released").await?;
            Ok(ReleaseSummary { leases: 1, ..ReleaseSummary::default() })
        }
        Release::Issue { agent, issue } => {
            let agent = name(app, &agent).await?;
            let row = leases::of_issue(&mut *app.connection().await?, issue).await?;
            let held = row.filter(|row| row.agent == agent && row.state == LeaseState::Held);
            if let Some(lease) = &held {
                release_for_agent(app, actor, lease, "lease_released").await?;
            }
            let work = release_of(app, actor, &agent, issue).await?;
            Ok(ReleaseSummary { leases: usize::from(held.is_some()), work, failures: vec![] })
        }
        Release::All { agent } => release_all(app, actor, agent.as_deref()).await,
    }
}

async fn name(app: &App, given: &str) -> Result<String> {
    let name = agent_name(given).map_err(|reason| Error::Invalid { field: "agent", reason })?;
    agent_names::record(app, name).await
}

fn already_completed(what: &str, how: &str) -> Error {
    Error::permanent_conflict(format!("{what} is already completed ({how})"), None)
}

async fn release_work(app: &App, actor: &Actor, id: AgentWorkId) -> Result<ReleaseSummary> {
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            let work = locked(connection, id).await?;
            if !work.state.is_open() && work.state != WorkState::Released {
                return Err(already_completed("Work", work.state.as_str()));
            }
            if work.state.is_open() {
                release_row(connection, actor, work, now).await?;
            }
            Ok(ReleaseSummary { work: 1, ..ReleaseSummary::default() })
        })
        .await
}

async fn locked(connection: &mut Connection, id: AgentWorkId) -> Result<AgentWork> {
    let missing = || Error::NotFound { what: "Work", id: id.to_string() };
    agent_work::lock(connection, id).await?.ok_or_else(missing)
}

async fn release_row(
    connection: &mut Connection,
    actor: &Actor,
    work: AgentWork,
    now: DateTime<Utc>,
) -> Result<()> {
    let found = issue_of(connection, &work).await?;
    let is_there = found.as_ref().is_some_and(|(issue, _)| issue.removed_at.is_none());
    let action = if is_there { "agent_work_released" } else { "orphan_work_released" };
    let notes = format!("{} of {}", work.id, work.agent_name);
    abandon(connection, vec![work], "released", now).await?;
    record(connection, actor, action, found.as_ref(), Some(&notes), now).await
}

/// Abandons the work of an agent on an issue, and returns how many pieces that were.
pub(in crate::service) async fn release_of(
    app: &App,
    actor: &Actor,
    agent: &str,
    issue: IssueId,
) -> Result<usize> {
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            agent_work::serialize_by_agent(connection, agent).await?;
            let all = work_of_agent(connection, agent, Some(issue), &WorkState::OPEN).await?;
            let pieces = all.len();
            for work in all {
                release_row(connection, actor, work, now).await?;
            }
            Ok(pieces)
        })
        .await
}

async fn release_all(app: &App, actor: &Actor, agent: Option<&str>) -> Result<ReleaseSummary> {
    let agent = match agent {
        Some(agent) => Some(name(app, agent).await?),
        None => None,
    };
    let agent = agent.as_deref();
    let mut released = ReleaseSummary::default();
    let all = leases::unended(&mut *app.connection().await?, agent, AT_ONCE).await?;
    for lease in all {
        match release_for_agent(app, actor, &lease, "lease_released").await {
            Ok(_) => released.leases += 1,
            Err(error @ Error::Internal(_)) => return Err(error),
            Err(error) => released.failures.push(format!("{}: {error}", lease.id())),
        }
    }
    let now = app.clock.now();
    let filter = WorkFilter { agent, issue: None, states: &WorkState::OPEN };
    let mut connection = app.connection().await?;
    released.work = connection
        .transaction(async |connection| {
            let all = agent_work::list(connection, filter, AT_ONCE).await?;
            let mut pieces = 0;
            for work in all {
                let work = locked(connection, work.id).await?;
                if work.state.is_open() {
                    release_row(connection, actor, work, now).await?;
                    pieces += 1;
                }
            }
            Ok::<_, Error>(pieces)
        })
        .await?;
    Ok(released)
}

/// Reassigns a piece of work to another agent, whose previous work is abandoned. Idempotent.
///
/// # Errors
///
/// [`Error::Invalid`] for an invalid agent name; [`Error::NotFound`]; [`Error::Conflict`] when the
/// work is over.
pub async fn reassign(app: &App, actor: &Actor, command: Reassign) -> Result<AgentWork> {
    let agent = name(app, &command.agent).await?;
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            agent_work::serialize_by_agent(connection, &agent).await?;
            let mut work = locked(connection, command.work_id).await?;
            if !work.state.is_open() {
                return Err(already_completed("Work", work.state.as_str()));
            }
            if work.agent_name == agent {
                return Ok(work);
            }
            if WorkState::ACTIVE.contains(&work.state) {
                let active = work_of_agent(connection, &agent, None, &WorkState::ACTIVE).await?;
                abandon(connection, active, "released_by_new_claim", now).await?;
            }
            let notes = match &command.reason {
                Some(reason) => format!("From {} to {agent}: {reason}", work.agent_name),
                None => format!("From {} to {agent}", work.agent_name),
            };
            work.agent_name.clone_from(&agent);
            (work.lease_expires_at, work.last_heartbeat_at, work.updated_at) =
                (now + TERM, now, now);
            agent_work::write(connection, &work, "reassigned").await?;
            let found = issue_of(connection, &work).await?;
            let action = "agent_work_reassigned";
            record(connection, actor, action, found.as_ref(), Some(&notes), now).await?;
            Ok(work)
        })
        .await
}

/// Marks work as stale whose agent has been silent for longer than [`TERM`].
///
/// The agent's label is removed from an issue without a lease; a lease is kept until it expires.
/// GitHub is changed first, so that after a crash the work is swept again.
///
/// # Errors
///
/// [`Error::RateLimited`] while another sweep runs; when the database fails.
pub async fn sweep(app: &App, actor: &Actor) -> Result<SweepOutcome> {
    let (run, now) = (app.clock.fresh_uuid(), app.clock.now());
    let silent = {
        let mut connection = app.connection().await?;
        let given_up = now - app.config.sync.lock_max_age;
        if !job_locks::take(&mut connection, JOB, (run, 1), now, given_up).await? {
            let what = "A sweep of stale work is already running".to_owned();
            return Err(Error::RateLimited { what, retry_at: None });
        }
        agent_work::silent(&mut connection, now - TERM, A_SWEEP).await
    };
    let swept = match silent {
        Ok(silent) => sweep_each(app, actor, run, silent).await,
        Err(error) => Err(error.into()),
    };
    job_locks::release(&mut *app.connection().await?, JOB, run).await?;
    swept
}

async fn sweep_each(
    app: &App,
    actor: &Actor,
    run: Uuid,
    silent: Vec<AgentWork>,
) -> Result<SweepOutcome> {
    let mut swept = SweepOutcome { examined: silent.len(), ..SweepOutcome::default() };
    for work in silent {
        job_locks::beat(&mut *app.connection().await?, JOB, run, app.clock.now()).await?;
        match sweep_one(app, actor, &work).await {
            Ok(true) => {
                app.metrics.add(&metrics::REPAIRS, &["stale_work"], 1);
                swept.released += 1;
            }
            Ok(false) => swept.skipped += 1,
            Err(error @ Error::Internal(_)) => return Err(error),
            Err(error) => swept.errors.push(format!("{}: {error}", work.id)),
        }
    }
    Ok(swept)
}

/// Sweeps one piece of work. Returns whether it is stale now.
async fn sweep_one(app: &App, actor: &Actor, work: &AgentWork) -> Result<bool> {
    let is_audited = match take_label_off(app, actor, work).await {
        Ok(is_audited) => is_audited,
        // The issue has a lease, whose holder decides about the labels.
        Err(Error::LeaseLost { .. }) => false,
        Err(Error::Conflict { .. }) => return Ok(false),
        Err(error) => return Err(error),
    };
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            let row = locked(connection, work.id).await?;
            let is_silent = row.last_heartbeat_at == work.last_heartbeat_at
                && row.agent_name == work.agent_name
                && WorkState::ACTIVE.contains(&row.state);
            if !is_silent {
                return Ok(false);
            }
            let found = issue_of(connection, &row).await?;
            let row = AgentWork { state: WorkState::Stale, updated_at: now, ..row };
            agent_work::write(connection, &row, "stale").await?;
            if !is_audited {
                let (action, notes) = ("stale_agentwork_released", row.id.to_string());
                record(connection, actor, action, found.as_ref(), Some(&notes), now).await?;
            }
            Ok(true)
        })
        .await
}

/// Removes the label of a silent agent from its issue. Returns whether there was anything to do,
/// which is audited.
async fn take_label_off(app: &App, actor: &Actor, work: &AgentWork) -> Result<bool> {
    let found = issue_of(&mut *app.connection().await?, work).await?;
    let label = agent_label(&work.agent_name);
    let Some((issue, repository)) = found.filter(|(issue, repository)| {
        issue.removed_at.is_none() && repository.enabled && issue.labels.contains(&label)
    }) else {
        return Ok(false);
    };
    let intent = Intent {
        actor,
        action: "stale_agentwork_released",
        issue: &issue,
        repository: &repository,
        target: None,
        expected_from: None,
        reason: None,
    };
    let options = ChangeOptions {
        precondition: Precondition::IsFree,
        closed_too: true,
        ..ChangeOptions::default()
    };
    change_labels_on(app, &intent, options, |labels, _| {
        let remove = if labels.contains(&label) { vec![label.clone()] } else { vec![] };
        Ok(LabelPlan { remove, ..LabelPlan::default() })
    })
    .await?;
    Ok(true)
}
