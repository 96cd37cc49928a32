//! Settling a change: one transaction records its outcome and what GitHub then has, and publishes
//! both.

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncConnection;

use super::github_state::GithubState;
use super::intent::ChangeOptions;
use super::lease_transition;
use super::read_back::{read_back, undo_partial};
use super::row::{EventContext, publish, write_comment_count, write_labels};
use super::send::SendOutcome;
use crate::domain::labels::LabelPlan;
use crate::domain::{Actor, EventCursor, IssueId, LabelSet};
use crate::github::{self, Commented, LiveLabels};
use crate::service::board_events::audit_event;
use crate::service::{App, ConflictKind, Error, Result, failures};
use crate::store::audit::Outcome;
use crate::store::board::{conversations, issues};
use crate::store::{AgentRun, AuditEntry, Connection, Issue, Lease, audit};

/// A change that was applied.
#[derive(Debug, Clone)]
pub struct ChangeOutcome {
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
const RECHECK: TimeDelta = TimeDelta::seconds(60);

/// Settles a change by its known outcome, or by reading the issue back.
pub(super) async fn conclude(
    app: &App,
    github: &github::Client,
    entry: &AuditEntry,
    live: &LiveLabels,
    outcome: SendOutcome,
    options: &ChangeOptions<'_>,
) -> Result<ChangeOutcome> {
    let now = app.clock.now();
    let before = GithubState::from_live(live, now, github);
    match outcome {
        SendOutcome::Answered(changed, refusal) => {
            let current = Observed::Labels(before.changed_to(changed, now));
            settle(app, entry, Settlement::certain(current, refusal), Some(options)).await
        }
        SendOutcome::Refused(error) => {
            let unchanged = Observed::Labels(before);
            settle(app, entry, Settlement::certain(unchanged, Some(error)), Some(options)).await
        }
        SendOutcome::Unknown(error) => {
            let issue = entry.issue_id.ok_or_else(|| Error::no_issue(entry.id))?;
            let row = row_of(app, issue).await?;
            match read_back(app, github, &row.node_id).await {
                Ok(found) => {
                    let found = undo_partial(app, github, entry, &row.node_id, found).await?;
                    settle_by_reading(app, entry, found, &error, Some(options)).await
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
    found: GithubState,
    lost: &github::Error,
    options: Option<&ChangeOptions<'_>>,
) -> Result<ChangeOutcome> {
    let plan =
        LabelPlan::from_entry(entry.target_status, &entry.before_labels, &entry.after_labels);
    let lost = (!plan.change(&found.read.labels).is_empty()).then(|| lost.clone());
    let settlement = Settlement::read_back(Observed::Labels(found), lost, app.clock.now());
    settle(app, entry, settlement, options).await
}

/// What GitHub has after a change.
pub(in crate::service) enum Observed {
    /// The labels of the issue.
    Labels(GithubState),
    /// The comment that was posted; none if it does not exist.
    Comment(Option<Commented>),
}

/// The outcome of a change, to be recorded.
pub(in crate::service) struct Settlement {
    observed: Observed,
    /// Why the change failed; none if it succeeded.
    error: Option<github::Error>,
    recheck_at: Option<DateTime<Utc>>,
}

impl Settlement {
    /// A certain outcome, known from GitHub's response.
    pub(in crate::service) fn certain(observed: Observed, error: Option<github::Error>) -> Self {
        Self { observed, error, recheck_at: None }
    }

    /// The outcome of a change with a lost response, found by reading GitHub. A failure is uncertain:
    /// `lost` is returned for it, and GitHub is read again later.
    pub(in crate::service) fn read_back(
        observed: Observed,
        lost: Option<github::Error>,
        now: DateTime<Utc>,
    ) -> Self {
        let recheck_at = lost.as_ref().map(|_| now + RECHECK);
        Self { observed, error: lost, recheck_at }
    }

    /// Why the change failed; none if it succeeded.
    pub(in crate::service) fn error(&self) -> Option<&github::Error> {
        self.error.as_ref()
    }
}

/// Settles a change in one transaction: audit entry, row, lease and events.
///
/// # Errors
///
/// The error of a change that failed; [`Error::Conflict`] when it was settled already.
pub(in crate::service) async fn settle(
    app: &App,
    entry: &AuditEntry,
    settlement: Settlement,
    options: Option<&ChangeOptions<'_>>,
) -> Result<ChangeOutcome> {
    let now = app.clock.now();
    let Settlement { observed, error, recheck_at } = settlement;
    let message = error.as_ref().map(ToString::to_string);
    let issue_id = entry.issue_id.ok_or_else(|| Error::no_issue(entry.id))?;
    let mut connection = app.connection().await?;
    let changed = connection
        .transaction(async |connection| {
            let observed = observed.in_current_scheme(connection, issue_id).await?;
            let outcome = Outcome {
                after_labels: observed.labels().unwrap_or(&entry.after_labels),
                comment_url: observed.comment_url(),
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
                    kind: ConflictKind::Temporary,
                });
            };
            match observed {
                Observed::Labels(state) => {
                    let of = (entry, settled);
                    let applied = apply_labels(app, connection, row, &state, of, options, now);
                    Box::pin(applied).await
                }
                Observed::Comment(comment) => {
                    apply_comment(connection, row, comment.as_ref(), settled, now).await
                }
            }
        })
        .await?;
    error.map_or(Ok(changed), |error| Err(error.into()))
}

impl Observed {
    /// The same in the repository's current label scheme, which is locked until the caller's
    /// transaction ends.
    async fn in_current_scheme(self, connection: &mut Connection, issue: IssueId) -> Result<Self> {
        Ok(match self {
            Self::Labels(state) => {
                Self::Labels(Box::pin(state.in_current_scheme(connection, issue)).await?)
            }
            Self::Comment(_) => self,
        })
    }

    fn labels(&self) -> Option<&LabelSet> {
        match self {
            Self::Labels(state) => Some(&state.read.labels),
            Self::Comment(_) => None,
        }
    }

    fn comment_url(&self) -> Option<&str> {
        match self {
            Self::Comment(Some(comment)) => Some(&comment.url),
            _ => None,
        }
    }
}

/// Applies a settled change of labels to the issue, its lease and its back-off.
async fn apply_labels(
    app: &App,
    connection: &mut Connection,
    row: Issue,
    current: &GithubState,
    (entry, settled): (&AuditEntry, AuditEntry),
    options: Option<&ChangeOptions<'_>>,
    now: DateTime<Utc>,
) -> Result<ChangeOutcome> {
    let has_succeeded = settled.success == Some(true);
    let has_moved = has_succeeded && settled.target_status.is_some();
    let reason = if has_moved { settled.reason.clone() } else { row.blocked_reason.clone() };
    let actor = if has_succeeded { settled.actor_ref() } else { Actor::GitHub.actor_ref() };
    let options = options.filter(|_| has_succeeded);
    if has_succeeded {
        failures::record_success(connection, &row, settled.actor_kind).await?;
    }
    let (lease, agent_run) = match options {
        Some(ChangeOptions { transition, run, .. }) => {
            lease_transition::apply(app, connection, row.id, transition, run.as_ref(), now).await?
        }
        None => (None, None),
    };
    let context = EventContext {
        settled: Some(&settled),
        agent_run: agent_run.as_ref(),
        lease_changed: lease.is_some(),
        takes_agent_off: entry
            .before_labels
            .agents()
            .any(|agent| !entry.after_labels.names_agent(agent)),
    };
    let (issue, cursor) =
        write_labels(app, connection, row, current, reason, actor, &context).await?;
    Ok(ChangeOutcome { issue, audit_entry: settled, cursor, lease, agent_run })
}

/// Applies a settled comment to the issue's number of comments.
async fn apply_comment(
    connection: &mut Connection,
    row: Issue,
    comment: Option<&Commented>,
    settled: AuditEntry,
    now: DateTime<Utc>,
) -> Result<ChangeOutcome> {
    if comment.is_some() {
        conversations::record_post(connection, row.id).await?;
    }
    let counted = comment.and_then(|comment| comment.issue);
    let (issue, event) = write_comment_count(connection, row, counted, &settled, now).await?;
    let events: Vec<_> = event.into_iter().chain([audit_event(&settled)]).collect();
    let cursor = publish(connection, &events).await?;
    Ok(ChangeOutcome { issue, audit_entry: settled, cursor, lease: None, agent_run: None })
}

async fn row_of(app: &App, issue: IssueId) -> Result<Issue> {
    let mut connection = app.connection().await?;
    issues::by_id(&mut connection, issue).await?.ok_or_else(|| Error::no_issue(issue))
}
