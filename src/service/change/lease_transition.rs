//! The state transition of an issue's lease, in the transaction that settles a change.

use chrono::{DateTime, TimeDelta, Utc};

use super::intent::ChangeOptions;
use crate::app::App;
use crate::domain::leases::{LeaseEnding, LeaseState, WorkOutcome};
use crate::domain::{IssueId, LeaseId};
use crate::service::{Result, failures};
use crate::store::leases::Wish;
use crate::store::{AgentRun, Connection, Lease, agent_runs, leases};

/// The state transition of the issue's lease in the transaction that settles a successful change.
#[derive(Debug, Default)]
pub(in crate::service) enum LeaseTransition<'a> {
    /// The lease does not change.
    #[default]
    None,
    /// A reservation becomes a lease.
    Confirm { lease: LeaseId, term: TimeDelta },
    /// The agent gets the lease, whoever had it.
    Take { wish: Wish<'a>, term: TimeDelta },
    /// The lease ends.
    End { lease: LeaseId, ending: LeaseEnding, outcome: Option<WorkOutcome> },
}

/// Applies the state transition of the lease, and records the run, of a successful change.
pub(super) async fn apply(
    app: &App,
    connection: &mut Connection,
    issue: IssueId,
    options: Option<&ChangeOptions<'_>>,
    now: DateTime<Utc>,
) -> Result<(Option<Lease>, Option<AgentRun>)> {
    let Some(options) = options else { return Ok((None, None)) };
    let lease = match &options.transition {
        LeaseTransition::None => None,
        LeaseTransition::Confirm { lease, term } => {
            leases::confirm(connection, *lease, now + *term).await?
        }
        LeaseTransition::Take { wish, term } => {
            let reserved = leases::take(connection, wish, issue).await?;
            leases::confirm(connection, reserved.id(), now + *term).await?
        }
        LeaseTransition::End { lease, ending, outcome } => {
            let before = leases::of_issue(connection, issue).await?;
            let was_held = before.is_some_and(|row| row.state == LeaseState::Held);
            let ended = leases::end(connection, *lease, *ending, *outcome, now).await?;
            if let Some(lease) = ended.as_ref().filter(|_| was_held) {
                failures::note_ending(app, connection, lease, *ending, *outcome).await?;
            }
            ended
        }
    };
    let run = match &options.run {
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
