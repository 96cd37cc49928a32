//! Settling a change: one transaction records its outcome and what GitHub then has, and publishes
//! both.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncConnection;

use super::github_state::GithubState;
use super::intent::ChangeOptions;
use super::lease_transition;
use super::read_back::{read_back, undo_partial};
use super::row::{EventContext, store};
use super::send::SendOutcome;
use crate::app::App;
use crate::domain::labels::LabelPlan;
use crate::domain::{Actor, EventCursor, IssueId, LabelSet};
use crate::github::{self, LiveLabels};
use crate::service::{Error, Obstacle, Result, backoffs};
use crate::store::audit::Outcome;
use crate::store::{AgentRun, AuditEntry, Issue, Lease, audit, issues};

/// A change that was applied.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The issue as it is now.
    pub issue: Issue,
    /// Its audit entry.
    pub audit_entry: AuditEntry,
    /// The event that publishes it; the newest position if nothing changed.
    pub cursor: EventCursor,
    /// The lease that changed with it.
    pub lease: Option<Lease>,
    /// The agent run that was recorded with it.
    pub agent_run: Option<AgentRun>,
}

/// When an unknown outcome is checked again: a late request may still arrive at GitHub.
pub(in crate::service) const RECHECK: TimeDelta = TimeDelta::seconds(60);

/// Settles a change by its known outcome, or by reading the issue back.
pub(super) async fn conclude(
    app: &App,
    github: &github::Client,
    entry: &AuditEntry,
    live: &LiveLabels,
    outcome: SendOutcome,
    options: &ChangeOptions<'_>,
) -> Result<Changed> {
    let now = app.clock.now();
    let current = |labels, updated_at| GithubState {
        labels,
        state: live.state,
        closed_at: live.closed_at,
        updated_at,
        read_at: now,
        scheme: Some(Arc::clone(github.label_scheme())),
    };
    match outcome {
        SendOutcome::Answered(changed, refusal) => {
            let current = current(LabelSet::from(changed.labels), changed.updated_at);
            settle(app, entry, &current, refusal, None, Some(options)).await
        }
        SendOutcome::Refused(error) | SendOutcome::NotCreated(error) => {
            let before = current(LabelSet::from(live.names()), live.updated_at);
            settle(app, entry, &before, Some(error), None, Some(options)).await
        }
        SendOutcome::Unknown(error) => {
            let issue = entry.issue_id.ok_or_else(|| Error::no_issue(entry.id))?;
            let row = row_of(app, issue).await?;
            match read_back(app, github, &row.node_id).await {
                Ok(found) => {
                    let found = undo_partial(app, github, entry, &row.node_id, found).await?;
                    settle_by_reading(app, entry, &found, &error, Some(options)).await
                }
                // That failed too: the entry stays pending and is settled after its deadline.
                Err(_) => Err(error.into()),
            }
        }
    }
}

/// Settles a change with a lost response by reading the issue from GitHub.
pub(in crate::service) async fn settle_by_reading(
    app: &App,
    entry: &AuditEntry,
    found: &GithubState,
    lost: &github::Error,
    options: Option<&ChangeOptions<'_>>,
) -> Result<Changed> {
    let plan = LabelPlan::of_entry(entry.target_status, &entry.before_labels, &entry.after_labels);
    let is_done = plan.change(&found.labels).is_empty();
    let error = if is_done { None } else { Some(lost.clone()) };
    let recheck = if is_done { None } else { Some(app.clock.now() + RECHECK) };
    settle(app, entry, found, error, recheck, options).await
}

/// One transaction: labels, entry, events. It settles the move as a success, or as a failure with
/// `error`.
pub(in crate::service) async fn settle(
    app: &App,
    entry: &AuditEntry,
    current: &GithubState,
    error: Option<github::Error>,
    recheck_at: Option<DateTime<Utc>>,
    options: Option<&ChangeOptions<'_>>,
) -> Result<Changed> {
    let now = app.clock.now();
    let message = error.as_ref().map(ToString::to_string);
    let issue_id = entry.issue_id.ok_or_else(|| Error::no_issue(entry.id))?;
    let mut connection = app.connection().await?;
    let changed = connection
        .transaction(async |connection| {
            let current = &*Box::pin(current.in_current_scheme(connection, issue_id)).await?;
            let outcome = Outcome {
                after_labels: &current.labels,
                comment_url: None,
                error_message: message.as_deref(),
                settled_at: now,
                recheck_at,
            };
            let row = issues::lock(connection, issue_id).await?;
            let Some(settled) = audit::settle(connection, entry.id, &outcome).await? else {
                return Err(Error::Conflict {
                    what: "The outcome of this change was settled by somebody else".to_owned(),
                    current: Some(row.status),
                    pending: None,
                    obstacle: Obstacle::Passing,
                });
            };
            let has_moved = settled.success == Some(true) && settled.target_status.is_some();
            let reason =
                if has_moved { settled.reason.clone() } else { row.blocked_reason.clone() };
            let actor = match settled.success {
                Some(true) => settled.who(),
                _ => Actor::GitHub.who(),
            };
            let options = options.filter(|_| settled.success == Some(true));
            if settled.success == Some(true) {
                backoffs::note_success(connection, &row, settled.actor_kind).await?;
            }
            let (lease, agent_run) =
                lease_transition::apply(app, connection, issue_id, options, now).await?;
            let context = EventContext {
                settled: Some(&settled),
                agent_run: agent_run.as_ref(),
                has_other_lease: lease.is_some(),
                takes_agent_off: entry
                    .before_labels
                    .agents()
                    .any(|agent| !entry.after_labels.names_agent(agent)),
            };
            let (issue, cursor) =
                store(app, connection, row, current, reason, actor, &context).await?;
            Ok(Changed { issue, audit_entry: settled, cursor, lease, agent_run })
        })
        .await?;
    error.map_or(Ok(changed), |error| Err(error.into()))
}

async fn row_of(app: &App, issue: IssueId) -> Result<Issue> {
    let mut connection = app.connection().await?;
    issues::by_id(&mut connection, issue).await?.ok_or_else(|| Error::no_issue(issue))
}
