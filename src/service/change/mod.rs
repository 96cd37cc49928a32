//! Changing an issue's labels on GitHub, and settling changes with an unknown outcome.
//!
//! The intent is written first (write-ahead): a pending audit entry is stored before GitHub is
//! asked, and settled by the labels that GitHub then has. Whatever fails in between, including a
//! crash, is repaired by the same second half: read the issue back, settle, publish. Invariants: an
//! issue has at most one unsettled change; a change with an unknown outcome is never sent twice;
//! the entry alone has everything that is needed to settle it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncConnection;

use super::audit::append_settled;
use super::board_events::{audit_event, issue_event, run_event, window_start};
use super::leases::end_unlabelled;
use super::{Error, Obstacle, Result, backoffs, comments, half_done, sync};
use crate::app::App;
use crate::domain::actor::Who;
use crate::domain::filter::is_on_board;
use crate::domain::labels::{
    LONGEST_LABEL, LabelChange, LabelPlan, MOST_LABELS, color_of, is_same,
};
use crate::domain::leases::{Hold, LeaseEnding, LeaseState, WorkOutcome};
use crate::domain::{
    Actor, EventCursor, IssueId, IssueState, LabelScheme, LabelSet, LeaseId, Status,
};
use crate::github::{self, LiveLabels};
use crate::store::agent_runs::NewAgentRun;
use crate::store::audit::{NewEntry, Outcome};
use crate::store::issues::LabelWrite;
use crate::store::leases::Wish;
use crate::store::{
    AgentRun, AuditEntry, Connection, Issue, Lease, Repository, agent_runs, audit, event_log,
    issues, leases, repositories,
};

/// Timeout for all requests to GitHub of one change.
pub const GITHUB_TIME: Duration = Duration::from_secs(5);

/// How long after its deadline any replica may settle a change.
pub(super) const GRACE: TimeDelta = TimeDelta::seconds(2);

/// When an unknown outcome is checked again: a late request may still arrive at GitHub.
pub(super) const RECHECK: TimeDelta = TimeDelta::seconds(60);

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

/// The state transition of the issue's lease in the transaction that settles a successful change.
#[derive(Debug, Default)]
pub(super) enum LeaseTransition<'a> {
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

/// Options of a change, mostly about the lease of its issue.
#[derive(Debug, Default)]
pub(super) struct ChangeOptions<'a> {
    /// The precondition.
    pub(super) precondition: Precondition,
    /// The state transition of the lease.
    pub(super) transition: LeaseTransition<'a>,
    /// The agent run to record.
    pub(super) run: Option<NewAgentRun>,
    /// A label that will probably be added, besides that of the target column.
    pub(super) label: Option<&'a str>,
    /// Whether labels of a closed issue may change.
    pub(super) closed_too: bool,
    /// If set, a failed read of GitHub is not audited.
    pub(super) is_quiet: bool,
}

/// A precondition, re-checked when the intent is stored because GitHub was read in between.
#[derive(Debug, Default)]
pub(super) enum Precondition {
    /// No precondition.
    #[default]
    None,
    /// The caller has the lease that it claims to have.
    Holds(Hold),
    /// This lease has expired and is not ended yet.
    IsOver(LeaseId),
    /// The issue has no lease.
    IsFree,
}

/// Who wants to change what on which issue: the audit entry that is written before GitHub is asked.
pub(super) struct Intent<'a> {
    pub(super) actor: &'a Actor,
    pub(super) action: &'a str,
    pub(super) issue: &'a Issue,
    pub(super) repository: &'a Repository,
    /// The target column of a move.
    pub(super) target: Option<Status>,
    /// The column in which the caller expects the issue.
    pub(super) expected_from: Option<Status>,
    /// The reason of a move to Blocked.
    pub(super) reason: Option<&'a str>,
}

/// Applies the changes that `plan` computes from the issue's current labels on GitHub. Another
/// agent's lease is respected.
///
/// # Errors
///
/// [`Error::Conflict`] when the issue is closed, in another column than expected, or has an
/// unsettled change; [`Error::LeaseLost`] when another agent has the lease; [`Error::Unread`],
/// [`Error::Upstream`] or [`Error::Busy`] when GitHub refused, which is audited too.
pub(super) async fn change_labels(
    app: &App,
    intent: &Intent<'_>,
    plan: impl FnOnce(&LabelSet) -> LabelPlan,
) -> Result<Changed> {
    let precondition = Precondition::Holds(Hold { agent: intent.actor.agent(), token: None });
    let options = ChangeOptions { precondition, ..ChangeOptions::default() };
    change_labels_on(app, intent, options, |labels, _| Ok(plan(labels))).await
}

/// [`change_labels`] with options. `plan` gets the current labels and state on GitHub, and may
/// reject the change.
///
/// # Errors
///
/// As [`change_labels`], and those of `plan`.
pub(super) async fn change_labels_on(
    app: &App,
    intent: &Intent<'_>,
    options: ChangeOptions<'_>,
    plan: impl FnOnce(&LabelSet, IssueState) -> Result<LabelPlan>,
) -> Result<Changed> {
    let requested_at = app.clock.now();
    let Intent { issue, repository, target, expected_from, .. } = *intent;
    let github = app.github.within(GITHUB_TIME).with_labels(&repository.label_scheme);
    if let Some(refusal) = Error::read_only(intent.repository, issue.status) {
        return Err(refusal);
    }
    // A reservation was just made; it is checked when the intent is written.
    if !matches!(options.transition, LeaseTransition::Confirm { .. }) {
        check_precondition(
            &mut *app.connection().await?,
            &options.precondition,
            issue.id,
            requested_at,
        )
        .await?;
    }

    let asked = github.live_labels(&issue.node_id, target.map(Status::label), options.label);
    let live = match asked.await {
        Ok(live) => live,
        Err(error) => {
            if !options.is_quiet {
                let row = intent.row(target, &issue.labels, &issue.labels, requested_at);
                record_refusal(app, row, &error).await?;
            }
            return Err(Error::unread(error));
        }
    };
    let labels = LabelSet::from(live.names());
    let current = GithubState::of_live(&live, requested_at, &github);
    let checked = check(&live, &labels, expected_from, options.closed_too);
    let plan = match checked.and_then(|()| plan(&labels, live.state)) {
        Ok(plan) => plan,
        Err(refusal) => {
            refresh_row(app, issue.id, &current).await?;
            return Err(refusal);
        }
    };
    let change = plan.change(&labels);
    check_lengths(repository, &change)?;
    let wanted = labels.after(&change);
    let row = intent.row(plan.status, &labels, &wanted, requested_at);
    let Some(entry) = append_pending(app, &row, &options.precondition).await? else {
        return Err(unsettled(app, issue, &labels, live.state).await?);
    };
    if plan.change(&labels).is_empty() {
        return settle(app, &entry, &current, None, None, Some(&options)).await;
    }
    let outcome = send(&github, issue, &live, &plan).await;
    // Whoever may create no label may still be allowed to change those of issues.
    let is_about_label = matches!(outcome, SendOutcome::NotCreated(_));
    let concluded = Box::pin(conclude(app, &github, &entry, &live, outcome, &options)).await;
    // A claim records refusals itself and continues with other issues.
    let is_claim = matches!(
        options.transition,
        LeaseTransition::Confirm { .. } | LeaseTransition::Take { .. }
    );
    let noted = match &concluded {
        Ok(_) => backoffs::note_recovery(app, repository).await,
        Err(_) if is_claim || is_about_label => Ok(()),
        Err(error) => match error.refusal() {
            Some(refusal) => backoffs::note_refusal_to_others(app, repository, refusal).await,
            None => Ok(()),
        },
    };
    if let Err(error) = noted {
        // The change is settled, whatever could not be recorded of the repository.
        tracing::warn!(%error, repository = %repository.full_name, "a backoff was not recorded");
    }
    concluded
}

/// Checks a precondition.
async fn check_precondition(
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
        Precondition::Holds(hold) => hold.admits(live.map(Lease::held)),
        Precondition::IsFree => live.is_none(),
        Precondition::IsOver(id) => row.as_ref().is_some_and(|row| {
            row.id() == *id && row.state != LeaseState::Free && !row.is_live(now)
        }),
    };
    let holder = || live.map(|lease| lease.agent.clone());
    if holds { Ok(()) } else { Err(Error::LeaseLost { holder: holder() }) }
}

/// Checks that a change may proceed from the current state on GitHub.
fn check(
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
            obstacle: Obstacle::Passing,
        }),
        _ => Ok(()),
    }
}

/// Checks that GitHub accepts the lengths of the labels in a repository: its prefix of agents may
/// be longer than ours.
fn check_lengths(repository: &Repository, change: &LabelChange) -> Result<()> {
    let is_long =
        |name: &&String| repository.label_scheme.write(name).chars().count() > LONGEST_LABEL;
    change.add.iter().find(is_long).map_or(Ok(()), |name| {
        let name = repository.label_scheme.write(name);
        let reason =
            format!("`{name}` is too long: a label has at most {LONGEST_LABEL} characters");
        Err(Error::Invalid { field: "agent", reason })
    })
}

impl<'a> Intent<'a> {
    fn row(
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

async fn append_pending(
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
async fn unsettled(
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
        obstacle: Obstacle::Passing,
    })
}

/// Audits a move that failed before anything was sent.
async fn record_refusal(app: &App, intent: NewEntry<'_>, error: &github::Error) -> Result<()> {
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

/// The outcome of a change that was sent.
enum SendOutcome {
    /// GitHub returned the labels that the issue now has, and an error for what it refused.
    Answered(github::Changed, Option<github::Error>),
    /// GitHub refused; nothing was changed.
    Refused(github::Error),
    /// A label that the change needs could not be created; nothing was changed.
    NotCreated(github::Error),
    /// The outcome is unknown.
    Unknown(github::Error),
}

/// Sends the change as one document, additions before removals unless the issue has too many labels
/// for that. A partly applied change is undone once.
async fn send(
    github: &github::Client,
    issue: &Issue,
    live: &LiveLabels,
    plan: &LabelPlan,
) -> SendOutcome {
    let before = LabelSet::from(live.names());
    let change = plan.change(&before);
    if before.after(&change).names().len() > MOST_LABELS {
        let message = format!("Issues cannot have more than {MOST_LABELS} labels");
        return SendOutcome::Refused(github::Error::Refused {
            status: 422,
            message,
            is_forbidden: false,
        });
    }
    let add = match ids_to_add(github, live, plan.status, &change.add).await {
        Ok(add) => add,
        // Whether or not the label was created, the issue does not have it.
        Err(error) => return SendOutcome::NotCreated(error),
    };
    let removes_first = live.labels.len() + add.len() > MOST_LABELS;
    let remove = ids_of(live, &change.remove);
    match github.change_labels(&issue.node_id, &add, &remove, removes_first).await {
        Ok(changed) if plan.change(&changed.labels.clone().into()).is_empty() => {
            SendOutcome::Answered(changed, None)
        }
        Ok(changed) => {
            let refusal = changed.errors.first().cloned().unwrap_or(github::Error::Refused {
                status: 422,
                message: "the labels were changed on GitHub at the same moment".to_owned(),
                is_forbidden: false,
            });
            let left = LabelSet::from(changed.labels.clone());
            let is_lost = |name: &&String| !left.contains(name);
            let lost: Vec<String> = change.remove.iter().filter(is_lost).cloned().collect();
            let is_gained = change.add.iter().any(|name| left.contains(name));
            let gained = if is_gained { add } else { vec![] };
            if lost.is_empty() && gained.is_empty() {
                return SendOutcome::Answered(changed, Some(refusal));
            }
            let lost = ids_of(live, &lost);
            match github.change_labels(&issue.node_id, &lost, &gained, removes_first).await {
                Ok(undone) => SendOutcome::Answered(undone, Some(refusal)),
                Err(error) => SendOutcome::Unknown(error),
            }
        }
        Err(error) if error.is_ambiguous() => SendOutcome::Unknown(error),
        Err(error) => SendOutcome::Refused(error),
    }
}

/// The ids of labels to add; missing ones are created in the repository.
pub(super) async fn ids_to_add(
    github: &github::Client,
    live: &LiveLabels,
    target: Option<Status>,
    names: &[String],
) -> std::result::Result<Vec<String>, github::Error> {
    let mut ids = Vec::with_capacity(names.len());
    for name in names {
        let is_target = target.is_some_and(|target| is_same(target.label(), name));
        let is_own = live.other_label.as_ref().filter(|label| is_same(&label.name, name));
        ids.push(match (&live.target_label_id, is_own) {
            (Some(id), _) if is_target => id.clone(),
            (_, Some(label)) => label.id.clone(),
            _ => github.create_label(&live.repository_node_id, name, color_of(name)).await?,
        });
    }
    Ok(ids)
}

pub(super) fn ids_of(live: &LiveLabels, names: &[String]) -> Vec<String> {
    let wanted = |label: &&github::Label| names.contains(&label.name);
    live.labels.iter().filter(wanted).map(|label| label.id.clone()).collect()
}

/// Settles a change by its known outcome, or by reading the issue back.
async fn conclude(
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

async fn read_back(
    app: &App,
    github: &github::Client,
    node_id: &str,
) -> std::result::Result<GithubState, github::Error> {
    let asked_at = app.clock.now();
    let live = github.live_labels(node_id, None, None).await?;
    Ok(GithubState::of_live(&live, asked_at, github))
}

/// The state of an issue on GitHub at one point in time, as far as a move needs it.
#[derive(Clone)]
struct GithubState {
    labels: LabelSet,
    state: IssueState,
    closed_at: Option<DateTime<Utc>>,
    updated_at: DateTime<Utc>,
    read_at: DateTime<Utc>,
    /// The label scheme in which the labels are expressed; none for that of the row.
    scheme: Option<Arc<LabelScheme>>,
}

impl GithubState {
    fn of_live(live: &LiveLabels, read_at: DateTime<Utc>, github: &github::Client) -> Self {
        Self {
            labels: LabelSet::from(live.names()),
            state: live.state,
            closed_at: live.closed_at,
            updated_at: live.updated_at,
            read_at,
            scheme: Some(Arc::clone(github.label_scheme())),
        }
    }

    /// The same in the repository's current label scheme, which is locked until the caller's
    /// transaction ends. Must be called before any lock of the issue's row.
    async fn in_current_scheme(
        &self,
        connection: &mut Connection,
        issue: IssueId,
    ) -> Result<Box<Self>> {
        let scheme = repositories::hold_label_scheme_of(connection, issue).await?;
        let read_by = self.scheme.as_ref().filter(|read_by| ***read_by != scheme);
        let translated = read_by.map(|read_by| read_by.translated(&self.labels, &scheme));
        let labels = translated.unwrap_or_else(|| self.labels.clone());
        Ok(Box::new(Self { labels, ..self.clone() }))
    }

    fn of_row(row: &Issue) -> Self {
        Self {
            labels: row.labels.clone(),
            state: row.state,
            closed_at: row.closed_at,
            updated_at: row.updated_at,
            read_at: row.read_at,
            scheme: None,
        }
    }

    fn write(
        &self,
        row: &Issue,
        blocked_reason: Option<String>,
        since: DateTime<Utc>,
    ) -> LabelWrite {
        let status = self.labels.effective_status(self.state);
        LabelWrite {
            labels: self.labels.clone(),
            state: self.state,
            closed_at: self.closed_at,
            on_board: row.removed_at.is_none() && is_on_board(self.state, self.closed_at, since),
            status,
            priority: self.labels.priority(),
            blocked_reason: blocked_reason.filter(|_| status == Status::Blocked),
            updated_at: self.updated_at,
            read_at: self.read_at.max(row.read_at),
        }
    }
}

/// The labels on GitHub after a partly applied change was undone.
///
/// # Errors
///
/// When the outcome of undoing is unknown: then the change is settled later.
async fn undo_partial(
    app: &App,
    github: &github::Client,
    entry: &AuditEntry,
    node_id: &str,
    found: GithubState,
) -> std::result::Result<GithubState, github::Error> {
    let Some(undoing) = half_done::undoing(entry, &found.labels, app.clock.now()) else {
        return Ok(found);
    };
    match half_done::undo(github, node_id, &undoing).await {
        Ok(changed) => Ok(GithubState {
            labels: LabelSet::from(changed.labels),
            updated_at: changed.updated_at,
            read_at: app.clock.now(),
            ..found
        }),
        Err(error) if error.is_ambiguous() => Err(error),
        Err(error) => {
            tracing::warn!(%error, entry = %entry.id, "a change stays done by half");
            Ok(found)
        }
    }
}

/// Settles a change with a lost response by reading the issue from GitHub.
async fn settle_by_reading(
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
async fn settle(
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
            let (lease, agent_run) = apply(app, connection, issue_id, options, now).await?;
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

/// Applies the state transition of the lease, and records the run, of a successful change.
async fn apply(
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
                backoffs::note_ending(app, connection, lease, *ending, *outcome).await?;
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

/// Stores the current state on GitHub where the cache is outdated. An issue with an unsettled
/// change is left to its settlement, which knows who made the change.
async fn refresh_row(app: &App, id: IssueId, current: &GithubState) -> Result<()> {
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            let current = &*Box::pin(current.in_current_scheme(connection, id)).await?;
            let row = issues::lock(connection, id).await?;
            if audit::unsettled_of(connection, id).await?.is_some() {
                return Ok(());
            }
            let reason = row.blocked_reason.clone();
            let actor = Actor::GitHub;
            store(app, connection, row, current, reason, actor.who(), &EventContext::default())
                .await?;
            Ok(())
        })
        .await
}

/// The context of the events that are written with a row.
#[derive(Default)]
struct EventContext<'a> {
    settled: Option<&'a AuditEntry>,
    agent_run: Option<&'a AgentRun>,
    /// Whether the issue's lease changed, which changes its card.
    has_other_lease: bool,
    /// Whether the settled change removes an agent's label: then that change also ends the lease.
    takes_agent_off: bool,
}

/// Writes the row if it changed, and the events: first of the issue, whose position is the one to
/// wait for, then of the audit entry.
async fn store(
    app: &App,
    connection: &mut Connection,
    row: Issue,
    current: &GithubState,
    blocked_reason: Option<String>,
    actor: Who<'_>,
    context: &EventContext<'_>,
) -> Result<(Issue, EventCursor)> {
    let now = app.clock.now();
    let mut write = current.write(&row, blocked_reason, window_start(app, now));
    let is_older = current.updated_at < row.updated_at;
    if is_older {
        write = LabelWrite { read_at: row.read_at, ..unchanged(&row) };
    }
    let is_seen = LabelWrite { read_at: row.read_at, updated_at: row.updated_at, ..write.clone() };
    let is_told = is_seen != unchanged(&row) || context.has_other_lease;
    // Read before the row is written: other changes of the repository wait from there to the end.
    let repository = match is_told {
        true => repositories::by_ids(connection, &[row.repository_id]).await?,
        false => vec![],
    };
    let issue = if write == unchanged(&row) {
        row.clone()
    } else {
        issues::set_labels(connection, row.id, &write).await?
    };
    let mut events = Vec::new();
    let mut ended = Vec::new();
    if is_told {
        let repository = repository.first().ok_or(diesel::result::Error::NotFound)?;
        events.push(issue_event(Some(&row), &issue, false, repository, actor, now));
        if !context.takes_agent_off {
            // A person may have removed the agent's label, and this is the first read that sees it.
            let pair = [(&row, &issue)];
            ended = Box::pin(end_unlabelled(connection, repository, &pair, now)).await?;
        }
    }
    events.extend(context.settled.map(audit_event));
    events.extend(context.agent_run.map(run_event));
    events.extend(ended);
    let last = match events.is_empty() {
        true => event_log::position(connection).await?,
        false => event_log::append(connection, &events).await?,
    };
    // Ids of one statement are consecutive, so the first is as far back as there are more events.
    let behind_first = i64::try_from(events.len().saturating_sub(1)).unwrap_or_default();
    Ok((issue, EventCursor(last.0 - behind_first)))
}

fn unchanged(row: &Issue) -> LabelWrite {
    LabelWrite {
        labels: row.labels.clone(),
        state: row.state,
        closed_at: row.closed_at,
        on_board: row.on_board,
        status: row.status,
        priority: row.priority,
        blocked_reason: row.blocked_reason.clone(),
        updated_at: row.updated_at,
        read_at: row.read_at,
    }
}

/// Settles every change whose deadline has passed, and re-checks those that were settled by reading
/// back. Safe to run in any replica, any number of times.
///
/// # Errors
///
/// When the database fails; if GitHub cannot be read, the next run tries again.
pub async fn settle_overdue(app: &App) -> Result<()> {
    let now = app.clock.now();
    let (overdue, rechecks) = {
        let mut connection = app.connection().await?;
        let overdue = audit::overdue(&mut connection, now - GRACE).await?;
        (overdue, audit::take_rechecks(&mut connection, now).await?)
    };
    for entry in overdue {
        if entry.comment.is_some() {
            comments::settle_one(app, &entry).await?;
        } else {
            settle_one(app, &entry).await?;
        }
    }
    for entry in rechecks {
        if let (Some(number), Ok(name)) = (entry.issue_number, entry.repository_full_name.parse()) {
            // Best effort: what cannot be read now, the next sync reads.
            if let Err(error) = sync::refresh_issue(app, &name, number).await {
                tracing::info!(%error, entry = %entry.id, "a second look at a move failed");
            }
        }
    }
    Ok(())
}

async fn settle_one(app: &App, entry: &AuditEntry) -> Result<()> {
    let Some(issue) = entry.issue_id else { return Ok(()) };
    let found = issues::with_repository(&mut *app.connection().await?, issue).await?;
    let (row, repository) = found.ok_or_else(|| Error::no_issue(issue))?;
    let github = app.github.within(GITHUB_TIME).with_labels(&repository.label_scheme);
    let lost = github::Error::Unreachable {
        reason: "GitHub's answer was lost, and the labels were not changed".to_owned(),
        timed_out: true,
        ambiguous: true,
    };
    let found = match read_back(app, &github, &row.node_id).await {
        Ok(found) => undo_partial(app, &github, entry, &row.node_id, found).await,
        Err(error) => Err(error),
    };
    let settled = match found {
        Ok(found) => settle_by_reading(app, entry, &found, &lost, None).await,
        Err(error @ github::Error::NotFound { .. }) => {
            settle(app, entry, &GithubState::of_row(&row), Some(error), None, None).await
        }
        Err(error) => {
            tracing::warn!(%error, entry = %entry.id, "an unsettled move waits for GitHub");
            return Ok(());
        }
    };
    match settled {
        Ok(_) | Err(Error::Upstream(_) | Error::Busy { .. } | Error::Conflict { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

async fn row_of(app: &App, issue: IssueId) -> Result<Issue> {
    let mut connection = app.connection().await?;
    issues::by_id(&mut connection, issue).await?.ok_or_else(|| Error::no_issue(issue))
}
