//! The intent: who wants to change what, and under which precondition. It is stored as a pending
//! audit entry before the change is sent to GitHub (write-ahead).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncConnection;

use super::lease_transition::LeaseTransition;
use crate::domain::leases::{ExpectedHolder, LeaseState};
use crate::domain::{Actor, IssueId, IssueState, LabelSet, LeaseId, Status};
use crate::github::{self, LiveLabels};
use crate::service::audit::append_settled;
use crate::service::{App, ConflictKind, Error, Result};
use crate::store::agents::agent_runs::NewAgentRun;
use crate::store::audit::NewEntry;
use crate::store::claims::leases;
use crate::store::{AuditEntry, Connection, Issue, Lease, Repository, audit};

/// Timeout for all requests to GitHub of one change. GitHub gives up on a request after ten seconds,
/// which changes that share a document may need; who stops waiting earlier does not know the outcome.
pub const GITHUB_TIME: Duration = Duration::from_secs(12);

/// How long after its deadline any replica may settle a change.
pub(in crate::service) const GRACE: TimeDelta = TimeDelta::seconds(2);

/// Who wants to change what on which issue: the audit entry that is written
/// before the change is sent to GitHub.
pub(in crate::service) struct Intent<'a> {
    pub(in crate::service) actor: &'a Actor,
    pub(in crate::service) action: &'a str,
    pub(in crate::service) issue: &'a Issue,
    pub(in crate::service) repository: &'a Repository,
    /// The target column of a move.
    pub(in crate::service) target: Option<Status>,
    /// The column in which the caller expects the issue.
    pub(in crate::service) expected_from: Option<Status>,
    /// The reason of a move to Blocked.
    pub(in crate::service) reason: Option<&'a str>,
}

/// Options of a change, mostly about the lease of its issue.
#[derive(Debug, Default)]
pub(in crate::service) struct ChangeOptions<'a> {
    /// The precondition.
    pub(in crate::service) precondition: Precondition,
    /// The state transition of the lease.
    pub(in crate::service) transition: LeaseTransition<'a>,
    /// The agent run to record.
    pub(in crate::service) run: Option<NewAgentRun>,
    /// A label that will probably be added, besides that of the target column.
    pub(in crate::service) label: Option<&'a str>,
    /// Whether labels of a closed issue may change.
    pub(in crate::service) closed_too: bool,
    /// If set, a failed read of GitHub is not audited.
    pub(in crate::service) is_quiet: bool,
}

/// A precondition, re-checked when the intent is stored because GitHub was read in between.
#[derive(Debug, Default)]
pub(in crate::service) enum Precondition {
    /// No precondition.
    #[default]
    None,
    /// The caller has the lease that it claims to have.
    Holds(ExpectedHolder),
    /// This lease has expired and is not ended yet.
    IsOver(LeaseId),
    /// The issue has no lease.
    IsFree,
}

impl<'a> Intent<'a> {
    pub(super) fn row(
        &self,
        target: Option<Status>,
        before: &'a LabelSet,
        wanted: &'a LabelSet,
        requested_at: DateTime<Utc>,
    ) -> NewEntry<'a> {
        NewEntry {
            actor: self.actor.name(),
            actor_kind: self.actor.kind(),
            action: self.action,
            repository_full_name: self.repository.full_name.as_str(),
            issue_number: Some(self.issue.number),
            issue_id: Some(self.issue.id),
            before_labels: before,
            after_labels: wanted,
            target_status: target,
            reason: self.reason,
            success: None,
            error_message: None,
            notes: None,
            requested_at,
            deadline_at: Some(requested_at + GITHUB_TIME),
            settled_at: None,
        }
    }
}

/// Checks a precondition.
pub(super) async fn check_precondition(
    connection: &mut Connection,
    precondition: &Precondition,
    issue: IssueId,
    now: DateTime<Utc>,
) -> Result<()> {
    if matches!(precondition, Precondition::None) {
        return Ok(());
    }
    let row = leases::of_issue(connection, issue).await?;
    let live = row.as_ref().filter(|lease| lease.is_live(now));
    let holds = match precondition {
        Precondition::None => true,
        Precondition::Holds(expected) => expected.admits(live.map(Lease::held)),
        Precondition::IsFree => live.is_none(),
        Precondition::IsOver(id) => row.as_ref().is_some_and(|row| {
            row.id() == *id && row.state != LeaseState::Free && !row.is_live(now)
        }),
    };
    let holder = || live.map(|lease| lease.agent.clone());
    if holds { Ok(()) } else { Err(Error::LeaseLost { holder: holder() }) }
}

/// Checks that a change may proceed from the current state on GitHub.
pub(super) fn check(
    live: &LiveLabels,
    labels: &LabelSet,
    expected: Option<Status>,
    closed_too: bool,
) -> Result<()> {
    let current = labels.effective_status(live.state);
    if live.state == IssueState::Closed && !closed_too {
        return Err(Error::closed("Cannot move a closed issue"));
    }
    match expected {
        Some(expected) if expected != current => Err(Error::Conflict {
            what: format!(
                "The issue is in {} by now, not in {}",
                current.title(),
                expected.title()
            ),
            current: Some(current),
            pending: None,
            kind: ConflictKind::Temporary,
        }),
        _ => Ok(()),
    }
}

pub(super) async fn append_pending(
    app: &App,
    intent: &NewEntry<'_>,
    precondition: &Precondition,
) -> Result<Option<AuditEntry>> {
    let mut connection = app.connection().await?;
    let Some(issue) = intent.issue_id.filter(|_| !matches!(precondition, Precondition::None))
    else {
        return Ok(audit::append_pending(&mut connection, intent).await?);
    };
    connection
        .transaction(async |connection| {
            let entry = audit::append_pending(connection, intent).await?;
            if entry.is_some() {
                // No other change of this issue can begin any more, and earlier ones have ended, so
                // this check is final.
                check_precondition(connection, precondition, issue, app.clock.now()).await?;
            }
            Ok(entry)
        })
        .await
}

/// The conflict of a move with an unsettled one.
pub(super) async fn unsettled(
    app: &App,
    issue: &Issue,
    labels: &LabelSet,
    state: IssueState,
) -> Result<Error> {
    let mut connection = app.connection().await?;
    let other = audit::unsettled_of(&mut connection, issue.id).await?;
    Ok(Error::Conflict {
        what: "Another change of this issue is under way".to_owned(),
        current: Some(labels.effective_status(state)),
        pending: other.and_then(|other| other.target_status),
        kind: ConflictKind::Temporary,
    })
}

/// Audits a move that failed before anything was sent.
pub(super) async fn record_refusal(
    app: &App,
    intent: NewEntry<'_>,
    error: &github::Error,
) -> Result<()> {
    let message = error.to_string();
    let row = NewEntry {
        success: Some(false),
        error_message: Some(&message),
        deadline_at: None,
        settled_at: Some(app.clock.now()),
        ..intent
    };
    append_settled(app, &row).await
}
