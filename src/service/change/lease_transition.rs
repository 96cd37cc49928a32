//! The state transition of an issue's lease, in the transaction that writes its labels.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::leases::{LeaseEnding, LeaseState, WorkOutcome};
use crate::domain::{Actor, IssueId, LeaseId};
use crate::service::board_events::audit_event;
use crate::service::{App, Result, failures};
use crate::store::agents::agent_runs;
use crate::store::agents::agent_runs::NewAgentRun;
use crate::store::audit::NewEntry;
use crate::store::claims::leases;
use crate::store::claims::leases::LeaseRequest;
use crate::store::event_log::NewEvent;
use crate::store::{AgentRun, Connection, Issue, Lease, Repository, audit};

/// The state transition of the issue's lease in the transaction that settles a successful change.
#[derive(Debug, Default)]
pub(in crate::service) enum LeaseTransition<'a> {
    /// The lease does not change.
    #[default]
    None,
    /// A reservation becomes a lease.
    Confirm { lease: LeaseId, term: TimeDelta },
    /// The agent gets the lease, whoever had it.
    Take { request: LeaseRequest<'a>, term: TimeDelta },
    /// The lease ends.
    End { lease: LeaseId, ending: LeaseEnding, outcome: Option<WorkOutcome> },
}

/// Applies the state transition of the lease, and records the run, of a successful change.
pub(super) async fn apply(
    app: &App,
    connection: &mut Connection,
    issue: IssueId,
    transition: &LeaseTransition<'_>,
    run: Option<&NewAgentRun>,
    now: DateTime<Utc>,
) -> Result<(Option<Lease>, Option<AgentRun>)> {
    let lease = match transition {
        LeaseTransition::None => None,
        LeaseTransition::Confirm { lease, term } => {
            leases::confirm(connection, *lease, now + *term).await?
        }
        LeaseTransition::Take { request, term } => {
            let reserved = leases::take(connection, request, issue).await?;
            leases::confirm(connection, reserved.id(), now + *term).await?
        }
        LeaseTransition::End { lease, ending, outcome } => {
            let before = leases::of_issue(connection, issue).await?;
            let was_held = before.is_some_and(|row| row.state == LeaseState::Held);
            let ended = leases::end(connection, *lease, *ending, *outcome, now).await?;
            if let Some(lease) = ended.as_ref().filter(|_| was_held) {
                failures::record_ending(app, connection, lease, *ending, *outcome).await?;
            }
            ended
        }
    };
    let run = match run {
        Some(run) => match agent_runs::record(connection, run).await? {
            None => {
                let key = run.idempotency_key.as_deref().unwrap_or_default();
                agent_runs::by_key(connection, &[key]).await?
            }
            recorded => recorded,
        },
        None => None,
    };
    Ok((lease, run))
}

/// Ends the leases of issues whose agent's label was removed on GitHub, in the caller's
/// transaction. `changed` are the issues before and after.
pub(in crate::service) async fn end_unlabelled(
    connection: &mut Connection,
    repository: &Repository,
    changed: &[(&Issue, &Issue)],
    now: DateTime<Utc>,
) -> Result<Vec<NewEvent>> {
    let is_taken_off = |(before, after): &&(&Issue, &Issue)| {
        before.labels.agents().any(|agent| !after.labels.names_agent(agent))
    };
    let mut events = Vec::new();
    for (before, after) in changed.iter().filter(is_taken_off) {
        let row = leases::of_issue(connection, after.id).await?;
        let lost = row.filter(|lease| {
            lease.state == LeaseState::Held
                && lease.is_live(now)
                && before.labels.names_agent(&lease.agent)
                && !after.labels.names_agent(&lease.agent)
        });
        let Some(lease) = lost else { continue };
        leases::end(connection, lease.id(), LeaseEnding::Released, None, now).await?;
        let notes = format!("agent/{} was taken off at GitHub", lease.agent);
        let entry = NewEntry {
            repository_full_name: repository.full_name.as_str(),
            issue_number: Some(after.number),
            issue_id: Some(after.id),
            before_labels: &before.labels,
            notes: Some(&notes),
            ..NewEntry::done(Actor::GitHub.actor_ref(), "lease_released", &after.labels, now)
        };
        events.push(audit_event(&audit::append(connection, &entry).await?));
    }
    Ok(events)
}
