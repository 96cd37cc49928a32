//! The life of a lease: renewed, released, finished, expired.
//!
//! Whether a lease is over is a comparison of times, so it ends without anything running. Its
//! labels on GitHub are cleaned up afterwards, by any replica. Invariants: only the newest fencing
//! token of the lease holder renews or ends a lease; nothing here closes an issue; labels change
//! before the lease ends, so that an issue without a lease is unassigned on GitHub too.

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncConnection;

use super::pauses;
use crate::domain::actor::ActorRef;
use crate::domain::bounds::plain;
use crate::domain::keys::lease_key;
use crate::domain::label_names::is_same;
use crate::domain::leases::{
    self as words, Checkpoint, ExpectedHolder, LeaseEnding, LeaseState, TERMS, WorkOutcome,
    fencing_token, release_plan,
};
use crate::domain::{Actor, IssueId, IssueState, LeaseId, LeaseMessageId, Status, Tier};
use crate::github;
use crate::metrics;
use crate::service::agent_names::agent_for;
use crate::service::board_events::{audit_event, issue_event};
use crate::service::change::{
    ChangeOptions, ChangeOutcome, Intent, LeaseTransition, Precondition, change_labels_on,
};
use crate::service::{App, Error, Result, agent_names, board};
use crate::store::agents::agent_runs;
use crate::store::agents::agent_runs::NewAgentRun;
use crate::store::audit::NewEntry;
use crate::store::board::issues;
use crate::store::claims::leases::Renewal;
use crate::store::claims::{lease_messages, leases};
use crate::store::{
    AgentRun, AuditEntry, Connection, Issue, Lease, LeaseMessage, Repository, audit, event_log,
};

/// How many expired leases one run cleans up.
const A_ROUND: i64 = 50;

/// The delay before the next attempt after GitHub refused: as long as attempts have failed so far,
/// within these bounds.
const AGAIN: (TimeDelta, TimeDelta) = (TimeDelta::seconds(30), TimeDelta::minutes(5));

/// Maximal length of a question that an agent waits for, in characters.
const LONGEST_QUESTION: usize = 2_000;

/// A renewal of a lease by its holder.
#[derive(Debug, Clone, async_graphql::InputObject)]
#[graphql(name = "RenewLeaseInput")]
pub struct RenewLease {
    /// The lease.
    pub lease_id: LeaseId,
    /// The fencing token of the lease, as returned by the claim.
    pub fencing_token: String,
    /// The progress of the work; unchanged when absent.
    pub checkpoint: Option<Checkpoint>,
    /// The duration of the lease in seconds from now, from 60 to 86400; unchanged when absent.
    pub lease_seconds: Option<i32>,
    /// The question that the holder wants a person to answer, up to 2,000 characters: the holder
    /// then counts as waiting for a person. Pass an empty string to clear it; unchanged when
    /// absent.
    pub awaiting_input: Option<String>,
    /// The last message that the holder has read. Renewals then return only later messages.
    pub read_message_id: Option<LeaseMessageId>,
}

/// The lease to release.
#[derive(Debug, Clone, async_graphql::InputObject)]
#[graphql(name = "ReleaseLeaseInput")]
pub struct ReleaseLease {
    /// The lease.
    pub lease_id: LeaseId,
    /// The fencing token of the lease, as returned by the claim.
    pub fencing_token: String,
    /// The reason, recorded in the audit log.
    pub reason: Option<String>,
}

/// The lease to finish, and the outcome of the work.
#[derive(Debug, Clone, async_graphql::InputObject)]
#[graphql(name = "FinishWorkInput")]
pub struct FinishWork {
    /// The lease.
    pub lease_id: LeaseId,
    /// The fencing token of the lease, as returned by the claim.
    pub fencing_token: String,
    /// The outcome of the work.
    pub outcome: WorkOutcome,
    /// A summary of the work. Required for BLOCKED, where it states what the issue waits for.
    pub summary: Option<String>,
    /// The http(s) URL of the pull request, if one exists.
    pub pull_request_url: Option<String>,
}

/// An issue that was released.
#[derive(Debug, Clone)]
pub struct Released {
    /// The issue as it is now.
    pub issue: Issue,
    /// The column in which it is now and why, as one sentence.
    pub note: String,
}

/// An issue whose work is finished.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The issue as it is now.
    pub issue: Issue,
    /// The recorded agent run.
    pub agent_run: AgentRun,
}

/// The lease time that a caller asks for, in seconds.
///
/// # Errors
///
/// [`Error::Invalid`] outside [`TERMS`].
pub(super) fn term(given: Option<i32>) -> Result<Option<i32>> {
    match given {
        Some(seconds) if !TERMS.contains(&seconds) => Err(Error::Invalid {
            field: "leaseSeconds",
            reason: format!("must be from {} to {}", TERMS.start(), TERMS.end()),
        }),
        seconds => Ok(seconds),
    }
}

/// The result of a renewal.
#[derive(Debug, Clone)]
pub struct Renewed {
    /// The lease as it is now.
    pub lease: Lease,
    /// Why the agent must stop, as one sentence; then the lease was not extended.
    pub stop: Option<String>,
    /// Messages that the holder has not marked as read, oldest first.
    pub messages: Vec<LeaseMessage>,
}

/// Extends a lease and records the agent's progress, unless the agent must stop. Idempotent.
///
/// # Errors
///
/// [`Error::Invalid`] for a time out of range or a token that was never this lease's;
/// [`Error::NotFound`]; [`Error::LeaseLost`] when it is over; [`Error::Forbidden`] for other
/// callers.
pub async fn renew_lease(app: &App, actor: &Actor, command: RenewLease) -> Result<Renewed> {
    let term_seconds = term(command.lease_seconds)?;
    let awaiting_input = question(command.awaiting_input.as_deref())?;
    let now = app.clock.now();
    let lease = own_lease(app, actor, command.lease_id, &command.fencing_token, now).await?;
    let found = issues::with_repository(&mut *app.connection().await?, lease.issue_id).await?;
    let (issue, repository) = found.ok_or_else(|| Error::no_issue(lease.issue_id))?;
    let mut connection = app.connection().await?;
    let stop = why_stop(app, &mut connection, &lease, (&issue, &repository), now).await?;
    let awaiting_input = awaiting_input.as_deref();
    let renewal = Renewal { checkpoint: command.checkpoint, term_seconds, awaiting_input, now };
    connection
        .transaction(async |connection| {
            let read = command.read_message_id;
            let messages = unread(connection, lease.id(), read, now).await?;
            if stop.is_some() {
                return Ok(Renewed { lease, stop, messages });
            }
            let Some(renewed) = leases::renew(connection, lease.id(), &renewal).await? else {
                let row = leases::of_issue(connection, issue.id).await?;
                return Err(lost(row.as_ref(), now));
            };
            let actor = ActorRef { kind: actor.kind(), name: &lease.agent };
            let event = issue_event(Some(&issue), &issue, false, &repository, actor, now);
            event_log::append(connection, &[event]).await?;
            Ok(Renewed { lease: renewed, stop: None, messages })
        })
        .await
}

/// The question that an agent waits for, as it is stored.
fn question(given: Option<&str>) -> Result<Option<String>> {
    let Some(text) = given.map(plain) else { return Ok(None) };
    if text.chars().count() > LONGEST_QUESTION {
        let reason = format!("must not be longer than {LONGEST_QUESTION} characters");
        return Err(Error::Invalid { field: "awaitingInput", reason });
    }
    Ok(Some(text))
}

/// The unread messages of a lease, after recording which are read.
///
/// # Errors
///
/// [`Error::Invalid`] for a message that was not sent to this lease.
async fn unread(
    connection: &mut Connection,
    lease: LeaseId,
    read: Option<LeaseMessageId>,
    now: DateTime<Utc>,
) -> Result<Vec<LeaseMessage>> {
    if let Some(read) = read {
        if !lease_messages::is_of(connection, lease, read).await? {
            let reason = format!("{read} is no message of {lease}");
            return Err(Error::Invalid { field: "readMessageId", reason });
        }
        lease_messages::mark_read(connection, lease, read, now).await?;
    }
    Ok(lease_messages::unread(connection, lease).await?)
}

/// Extends the first acquired live lease of an agent, of those that it may resume.
pub(super) async fn resume(
    app: &App,
    agent: &str,
    term_seconds: i32,
    is_sought: impl Fn(&Lease) -> bool,
) -> Result<Option<Lease>> {
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    let mut held = leases::held(&mut connection, Some(agent), now).await?;
    held.sort_by_key(|lease| lease.acquired_at);
    for lease in held.iter().filter(|lease| is_sought(lease)) {
        let found = issues::with_repository(&mut connection, lease.issue_id).await?;
        let Some((issue, repository)) = found else { continue };
        let stop = why_stop(app, &mut connection, lease, (&issue, &repository), now).await?;
        if stop.is_some() {
            continue;
        }
        let term_seconds = Some(term_seconds);
        let renewal = Renewal { checkpoint: None, term_seconds, awaiting_input: None, now };
        if let Some(renewed) = leases::renew(&mut connection, lease.id(), &renewal).await? {
            return Ok(Some(renewed));
        }
    }
    Ok(None)
}

/// Why the agent with a lease must stop, as one sentence: because of its issue, a stop request, or
/// a pause.
async fn why_stop(
    app: &App,
    connection: &mut Connection,
    lease: &Lease,
    (issue, repository): (&Issue, &Repository),
    now: DateTime<Utc>,
) -> Result<Option<String>> {
    let known = stop_reason(issue, repository).or_else(|| stop_requested(lease));
    match known {
        None => pauses::stop_reason(app, connection, lease, repository, now).await,
        known => Ok(known),
    }
}

/// Why the agent was asked to stop, as one sentence; none if it was not.
fn stop_requested(lease: &Lease) -> Option<String> {
    let by = lease.stop_requested_by.as_ref()?;
    Some(match &lease.stop_reason {
        Some(reason) => format!("{by} asked to stop: {reason}"),
        None => format!("{by} asked to stop"),
    })
}

/// Why any agent must stop working on an issue, judged by the issue alone.
fn stop_reason(issue: &Issue, repository: &Repository) -> Option<String> {
    if issue.removed_at.is_some() || !repository.enabled {
        return Some("The issue is gone from GitHub, or its repository is not tracked".to_owned());
    }
    if let Some(reason) = repository.read_only {
        return Some(format!("{} {}", repository.full_name, reason.phrase()));
    }
    if issue.state == IssueState::Closed {
        return Some("The issue was closed".to_owned());
    }
    let title = issue.status.title();
    (issue.status != Status::InProgress).then(|| format!("The issue was moved to {title}"))
}

/// Releases an issue: the agent's label is removed, and work in progress becomes ready.
///
/// # Errors
///
/// As [`renew_lease`]; otherwise as [`move_issue`](crate::service::board::moves::move_issue).
pub async fn release_lease(app: &App, actor: &Actor, command: ReleaseLease) -> Result<Released> {
    let now = app.clock.now();
    let lease = own_lease(app, actor, command.lease_id, &command.fencing_token, now).await?;
    let actor = &actor.acting_for(&lease.agent);
    let (issue, repository) = board::find_issue(app, lease.issue_id).await?;
    let reason = command.reason.map(|reason| plain(&reason));
    let transition =
        LeaseTransition::End { lease: lease.id(), ending: LeaseEnding::Released, outcome: None };
    let expected =
        ExpectedHolder { agent: Some(lease.agent.clone()), token: Some(lease.fencing_token) };
    let options = ChangeOptions {
        precondition: Precondition::Holds(expected),
        transition,
        closed_too: true,
        ..ChangeOptions::default()
    };
    let release = IssueRelease { issue: &issue, repository: &repository, agent: &lease.agent };
    let changed =
        Box::pin(release_issue(app, actor, "release_lease", &release, reason.as_deref(), options))
            .await?;
    Ok(released(changed))
}

pub(super) fn released(changed: ChangeOutcome) -> Released {
    let ChangeOutcome { issue, .. } = changed;
    let note = words::resting_note(issue.status, issue.blocked_reason.as_deref());
    Released { issue, note }
}

/// An issue and the agent that releases it.
struct IssueRelease<'a> {
    issue: &'a Issue,
    repository: &'a Repository,
    agent: &'a str,
}

async fn release_issue(
    app: &App,
    actor: &Actor,
    action: &str,
    release: &IssueRelease<'_>,
    reason: Option<&str>,
    options: ChangeOptions<'_>,
) -> Result<ChangeOutcome> {
    let blocked_reason = release.issue.blocked_reason.as_deref();
    let intent = intent(actor, action, release.issue, release.repository, reason);
    let changed = change_labels_on(app, &intent, options, |labels, state| {
        Ok(release_plan(release.agent, labels, state, blocked_reason))
    })
    .await?;
    Ok(changed)
}

/// Releases a lease, live or expired, on behalf of its agent.
///
/// # Errors
///
/// As [`release_lease`].
pub(super) async fn release_for_agent(
    app: &App,
    actor: &Actor,
    lease: &Lease,
    action: &str,
) -> Result<AuditEntry> {
    let now = app.clock.now();
    let found = issues::with_repository(&mut *app.connection().await?, lease.issue_id).await?;
    let (issue, repository) = found.ok_or_else(|| Error::no_issue(lease.issue_id))?;
    if is_fixed(&issue, &repository) {
        let mut connection = app.connection().await?;
        return connection
            .transaction(async |connection| {
                end_orphan(connection, actor, action, (&issue, &repository), now).await
            })
            .await;
    }
    let precondition = match lease.is_live(now) {
        true => Precondition::Holds(ExpectedHolder {
            agent: Some(lease.agent.clone()),
            token: Some(lease.fencing_token),
        }),
        false => Precondition::IsOver(lease.id()),
    };
    let transition =
        LeaseTransition::End { lease: lease.id(), ending: LeaseEnding::Released, outcome: None };
    let options =
        ChangeOptions { precondition, transition, closed_too: true, ..ChangeOptions::default() };
    let release = IssueRelease { issue: &issue, repository: &repository, agent: &lease.agent };
    Ok(Box::pin(release_issue(app, actor, action, &release, None, options)).await?.audit_entry)
}

/// Whether an issue is gone for Dispatch: then its lease ends without a change of labels.
fn is_gone(issue: &Issue, repository: &Repository) -> bool {
    issue.removed_at.is_some() || !repository.enabled
}

/// Whether the labels of an issue cannot be changed, now or permanently.
fn is_fixed(issue: &Issue, repository: &Repository) -> bool {
    is_gone(issue, repository) || repository.read_only.is_some()
}

/// Ends the lease of an issue that is gone, in the caller's transaction.
///
/// # Errors
///
/// [`Error::LeaseLost`] when there is none to end.
pub(super) async fn end_orphan(
    connection: &mut Connection,
    actor: &Actor,
    action: &str,
    (issue, repository): (&Issue, &Repository),
    now: DateTime<Utc>,
) -> Result<AuditEntry> {
    let none = || Error::LeaseLost { holder: None };
    let row = leases::of_issue(connection, issue.id).await?.ok_or_else(none)?;
    let ended = match is_gone(issue, repository) {
        true => leases::end(connection, row.id(), LeaseEnding::Released, None, now).await?,
        // Its labels are removed once they can be changed.
        false => leases::expire_now(connection, row.id(), actor.name(), now).await?,
    };
    ended.ok_or_else(none)?;
    let entry = NewEntry {
        repository_full_name: repository.full_name.as_str(),
        issue_number: Some(issue.number),
        issue_id: Some(issue.id),
        notes: Some("The lease on an issue that is gone or cannot be changed was ended"),
        ..NewEntry::done(actor.actor_ref(), action, &issue.labels, now)
    };
    let entry = audit::append(connection, &entry).await?;
    let changed = issue_event(Some(issue), issue, false, repository, actor.actor_ref(), now);
    event_log::append(connection, &[changed, audit_event(&entry)]).await?;
    Ok(entry)
}

/// Ends an agent's leases of issues that are gone, and returns how many.
///
/// # Errors
///
/// When the database fails.
pub(crate) async fn release_orphans(
    app: &App,
    actor: &Actor,
    agent: &str,
    action: &str,
) -> Result<usize> {
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    let mut ended = 0;
    for lease in leases::held(&mut connection, Some(agent), now).await? {
        let found = issues::with_repository(&mut connection, lease.issue_id).await?;
        let gone = found.filter(|(issue, repository)| is_fixed(issue, repository));
        let Some((issue, repository)) = gone else { continue };
        let outcome = connection
            .transaction(async |connection| {
                end_orphan(connection, actor, action, (&issue, &repository), now).await
            })
            .await;
        match outcome {
            Ok(_) => ended += 1,
            // A concurrent request was faster.
            Err(Error::LeaseLost { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(ended)
}

fn intent<'a>(
    actor: &'a Actor,
    action: &'a str,
    issue: &'a Issue,
    repository: &'a Repository,
    reason: Option<&'a str>,
) -> Intent<'a> {
    Intent {
        actor,
        action,
        issue,
        repository,
        target: Some(Status::Ready),
        expected_from: None,
        reason,
    }
}

/// Finishes work on an issue: records the run, moves the issue to the column of its outcome,
/// releases it. Never closes it.
///
/// # Errors
///
/// [`Error::Invalid`] for BLOCKED without a summary or an invalid address; otherwise as
/// [`release_lease`].
pub async fn finish_work(app: &App, actor: &Actor, command: FinishWork) -> Result<Finished> {
    let now = app.clock.now();
    let summary = command.summary.as_deref().map(plain).filter(|summary| !summary.is_empty());
    check_outcome(&command, summary.as_deref())?;
    let (id, token) = (command.lease_id, command.fencing_token.as_str());
    let (meant, row) = referenced_lease(app, actor, id, token).await?;
    if meant.ending == Some(LeaseEnding::Finished) && meant.outcome == Some(command.outcome) {
        return finished_before(app, &meant).await;
    }
    let lease = live(row, id, now)?;
    let actor = &actor.acting_for(&lease.agent);
    let (issue, repository) = board::find_issue(app, lease.issue_id).await?;
    let outcome = command.outcome;
    let run = run_of(&lease, &issue, &command, summary.clone(), now);
    let transition = LeaseTransition::End {
        lease: lease.id(),
        ending: LeaseEnding::Finished,
        outcome: Some(outcome),
    };
    let expected =
        ExpectedHolder { agent: Some(lease.agent.clone()), token: Some(lease.fencing_token) };
    let precondition = Precondition::Holds(expected);
    let options = ChangeOptions {
        precondition,
        transition,
        run: Some(run),
        closed_too: true,
        ..ChangeOptions::default()
    };
    let reason = summary.as_deref().filter(|_| outcome == WorkOutcome::Blocked);
    let target = Some(outcome.status());
    let intent = Intent { target, ..intent(actor, "finish_work", &issue, &repository, reason) };
    let changed = change_labels_on(app, &intent, options, |labels, state| {
        Ok(outcome.plan(&lease.agent, labels, state))
    })
    .await?;
    let agent_run = changed.agent_run.ok_or_else(|| {
        Error::Internal(anyhow::anyhow!("{} was finished without a run", lease.id()))
    })?;
    Ok(Finished { issue: changed.issue, agent_run })
}

/// The result of an earlier request with the same outcome.
async fn finished_before(app: &App, lease: &Lease) -> Result<Finished> {
    let (issue, _) = board::find_issue(app, lease.issue_id).await?;
    let key = lease_key(&lease.agent, lease.id());
    let run = agent_runs::by_key(&mut *app.connection().await?, &[&key]).await?;
    // Runs are pruned eventually.
    let agent_run = run.ok_or(Error::LeaseLost { holder: None })?;
    Ok(Finished { issue, agent_run })
}

fn check_outcome(command: &FinishWork, summary: Option<&str>) -> Result<()> {
    if command.outcome == WorkOutcome::Blocked && summary.is_none() {
        let reason = "an outcome of BLOCKED needs a summary that tells what is waited for";
        return Err(Error::Invalid { field: "summary", reason: reason.to_owned() });
    }
    let is_address = |url: &String| url.starts_with("http://") || url.starts_with("https://");
    if !command.pull_request_url.iter().all(is_address) {
        let reason = "must be an http(s) address".to_owned();
        return Err(Error::Invalid { field: "pullRequestUrl", reason });
    }
    Ok(())
}

fn run_of(
    lease: &Lease,
    issue: &Issue,
    command: &FinishWork,
    summary: Option<String>,
    now: DateTime<Utc>,
) -> NewAgentRun {
    let urls = std::iter::once(issue.url.clone()).chain(command.pull_request_url.clone());
    let is_failure = matches!(command.outcome, WorkOutcome::Failed | WorkOutcome::Blocked);
    NewAgentRun {
        agent_name: lease.agent.clone(),
        run_type: "implement".to_owned(),
        status: command.outcome.run_status().to_owned(),
        outcome: Some(command.outcome.as_str().to_owned()),
        started_at: lease.acquired_at,
        finished_at: Some(now),
        error_message: summary.clone().filter(|_| is_failure),
        summary,
        touched_issue_urls: urls.map(|url| plain(&url)).collect(),
        issue_id: Some(issue.id),
        idempotency_key: Some(lease_key(&lease.agent, lease.id())),
        created_at: now,
    }
}

/// The live lease that a caller refers to and may act on.
///
/// # Errors
///
/// As [`referenced_lease`]; [`Error::LeaseLost`] when it is over, however it ended.
async fn own_lease(
    app: &App,
    actor: &Actor,
    id: LeaseId,
    token: &str,
    now: DateTime<Utc>,
) -> Result<Lease> {
    let (_, row) = referenced_lease(app, actor, id, token).await?;
    live(row, id, now).inspect_err(|_| app.metrics.add(&metrics::LEASE_LOSSES, &["rejected"], 1))
}

/// The newest lease of an issue, if it is the given one and not over.
pub(super) fn live(row: Option<Lease>, id: LeaseId, now: DateTime<Utc>) -> Result<Lease> {
    match row {
        Some(row) if row.id() == id && row.is_live(now) => Ok(row),
        row => Err(lost(row.as_ref(), now)),
    }
}

/// The lease that a caller refers to and may act on, live or over, and the newest lease of its
/// issue.
///
/// # Errors
///
/// [`Error::NotFound`]; [`Error::Invalid`] for a token that was never this lease's;
/// [`Error::Forbidden`] for callers that may not act for its agent; [`Error::LeaseLost`] for
/// another agent.
async fn referenced_lease(
    app: &App,
    actor: &Actor,
    id: LeaseId,
    token: &str,
) -> Result<(Lease, Option<Lease>)> {
    let token =
        fencing_token(token).map_err(|reason| Error::Invalid { field: "fencingToken", reason })?;
    let (meant, row) = {
        let mut connection = app.connection().await?;
        let meant = leases::by_id(&mut connection, id).await?;
        (meant, leases::of_issue(&mut connection, id.issue).await?)
    };
    let meant = meant.ok_or_else(|| no_lease(id))?;
    if token != id.token {
        let reason = format!("{token} is not the token of {id}; send the one that came with it");
        return Err(Error::Invalid { field: "fencingToken", reason });
    }
    agent_for(app, actor, &meant.agent).await?;
    if actor.agent().is_some_and(|agent| !is_same(&agent, &meant.agent))
        && !actor.may(Tier::Maintainer)
    {
        return Err(Error::LeaseLost { holder: Some(meant.agent) });
    }
    Ok((meant, row))
}

pub(super) fn lost(row: Option<&Lease>, now: DateTime<Utc>) -> Error {
    let live = row.filter(|lease| lease.is_live(now));
    Error::LeaseLost { holder: live.map(|lease| lease.agent.clone()) }
}

/// Reads a lease, live or over.
///
/// # Errors
///
/// [`Error::NotFound`].
pub async fn find_lease(app: &App, id: LeaseId) -> Result<Lease> {
    let mut connection = app.connection().await?;
    leases::by_id(&mut connection, id).await?.ok_or_else(|| no_lease(id))
}

pub(super) fn no_lease(id: LeaseId) -> Error {
    Error::NotFound { what: "Lease", id: id.to_string() }
}

/// The live leases of some issues, in no order.
pub async fn live_leases(app: &App, issues: &[IssueId]) -> Result<Vec<Lease>> {
    if issues.is_empty() {
        return Ok(vec![]);
    }
    let mut connection = app.connection().await?;
    Ok(leases::held_of_issues(&mut connection, issues, app.clock.now()).await?)
}

/// How many leases of an agent one response lists.
const MOST_LISTED: usize = 100;

/// The live leases of an agent, last renewed first; the caller's own if no agent is given.
///
/// # Errors
///
/// [`Error::Invalid`] if no agent is given and the caller is not one; [`Error::Forbidden`] for
/// callers that may not act for it.
pub async fn my_work(app: &App, actor: &Actor, agent: Option<&str>) -> Result<Vec<Lease>> {
    let own = actor.agent();
    let Some(agent) = agent.or(own.as_deref()) else {
        let reason = "is needed, because the caller has no name of its own".to_owned();
        return Err(Error::Invalid { field: "agent", reason });
    };
    let agent = agent_for(app, actor, agent).await?;
    let mut held = leases_of(app, &agent).await?;
    held.truncate(MOST_LISTED);
    Ok(held)
}

/// A leased issue with everything that its agent must know.
#[derive(Debug, Clone)]
pub struct HeldLease {
    /// The lease.
    pub lease: Lease,
    /// The issue.
    pub issue: Issue,
    /// Its repository.
    pub repository: Repository,
    /// Why the agent must stop, as one sentence.
    pub stop: Option<String>,
    /// Messages that the agent has not confirmed, oldest first.
    pub messages: Vec<LeaseMessage>,
}

/// The same as [`my_work`], with everything that a restarted agent must know.
///
/// # Errors
///
/// As [`my_work`].
pub async fn my_work_in_full(
    app: &App,
    actor: &Actor,
    agent: Option<&str>,
) -> Result<Vec<HeldLease>> {
    let rows = my_work(app, actor, agent).await?;
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    let mut all = Vec::with_capacity(rows.len());
    for lease in rows {
        let found = issues::with_repository(&mut connection, lease.issue_id).await?;
        let Some((issue, repository)) = found else { continue };
        let stop = why_stop(app, &mut connection, &lease, (&issue, &repository), now).await?;
        let messages = lease_messages::unread(&mut connection, lease.id()).await?;
        all.push(HeldLease { lease, issue, repository, stop, messages });
    }
    Ok(all)
}

/// A message that the agent has not confirmed.
#[derive(Debug, Clone)]
pub struct UnreadMessage {
    /// The issue, in people's notation: `acme/tools#3`.
    pub issue: String,
    /// The lease that it was sent to.
    pub lease: LeaseId,
    /// The message.
    pub message: LeaseMessage,
}

/// The unread messages of all live leases of an agent, oldest first.
///
/// # Errors
///
/// As [`my_work`].
pub async fn unread_messages(app: &App, actor: &Actor, agent: &str) -> Result<Vec<UnreadMessage>> {
    let name =
        words::agent_name(agent).map_err(|reason| Error::Invalid { field: "agent", reason })?;
    actor.check_acts_for(name).map_err(|action| Error::Forbidden { action })?;
    let agent = agent_names::find(app, name).await?;
    let mut connection = app.connection().await?;
    let rows = lease_messages::unread_of_agent(&mut connection, &agent, app.clock.now()).await?;
    Ok(rows
        .into_iter()
        .map(|(message, name, number)| {
            let lease = LeaseId { issue: message.issue_id, token: message.fencing_token };
            UnreadMessage { issue: format!("{name}#{number}"), lease, message }
        })
        .collect())
}

/// The live leases of an agent, last renewed first.
pub async fn leases_of(app: &App, agent: &str) -> Result<Vec<Lease>> {
    let agent = &agent_names::find(app, agent).await?;
    let mut connection = app.connection().await?;
    Ok(leases::held(&mut connection, Some(agent), app.clock.now()).await?)
}

/// The leases of an agent since `since`, live or over, last acquired first.
pub async fn past_leases_of(
    app: &App,
    agent: &str,
    since: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<Lease>> {
    let agent = &agent_names::find(app, agent).await?;
    let mut connection = app.connection().await?;
    Ok(leases::history(&mut connection, agent, since, i64::from(limit)).await?)
}

/// Cleans up expired leases on GitHub: the agent's label is removed, and work in progress becomes
/// ready. Safe to run in any replica, any number of times.
///
/// # Errors
///
/// When the database fails; what GitHub refuses now is tried again later.
pub async fn expire_leases(app: &App) -> Result<()> {
    let now = app.clock.now();
    let over = leases::expired(&mut *app.connection().await?, now, A_ROUND).await?;
    for lease in over {
        match expire(app, &lease).await {
            // A concurrent run handles it, or the issue has a new lease.
            Err(Error::Conflict { .. } | Error::LeaseLost { .. }) => {}
            Ok(()) => {
                app.metrics.add(&metrics::REPAIRS, &["expired_lease"], 1);
                if lease.state == LeaseState::Held && lease.stop_requested_at.is_none() {
                    app.metrics.add(&metrics::LEASE_LOSSES, &["expired"], 1);
                }
            }
            Err(error @ Error::Internal(_)) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, lease = %lease.id(), "what a lease left waits for GitHub");
                retry_later(app, &lease, lease.expires_at).await?;
            }
        }
    }
    Ok(())
}

/// Schedules the next attempt to end a lease that should be over since `since`.
pub(super) async fn retry_later(app: &App, lease: &Lease, since: DateTime<Utc>) -> Result<()> {
    let now = app.clock.now();
    let until = now + (now - since).clamp(AGAIN.0, AGAIN.1);
    Ok(leases::retry(&mut *app.connection().await?, lease.id(), until).await?)
}

async fn expire(app: &App, lease: &Lease) -> Result<()> {
    let found = issues::with_repository(&mut *app.connection().await?, lease.issue_id).await?;
    let Some((issue, repository)) = found else { return Ok(()) };
    if lease.state == LeaseState::Reserved {
        leases::forget_request(&mut *app.connection().await?, lease.id()).await?;
    }
    // An agent that was asked to stop did not fail.
    let ending = match lease.stop_requested_at {
        Some(_) => LeaseEnding::Released,
        None => LeaseEnding::Expired,
    };
    let ended = LeaseTransition::End { lease: lease.id(), ending, outcome: None };
    if is_gone(&issue, &repository) {
        return end_quietly(app, lease).await;
    }
    if repository.read_only.is_some() {
        // It is over, and its cleanup is due once its labels can be changed.
        return retry_later(app, lease, lease.expires_at).await;
    }
    let options = ChangeOptions {
        precondition: Precondition::IsOver(lease.id()),
        transition: ended,
        closed_too: true,
        is_quiet: true,
        ..ChangeOptions::default()
    };
    let release = IssueRelease { issue: &issue, repository: &repository, agent: &lease.agent };
    match Box::pin(release_issue(app, &Actor::System, "expire_lease", &release, None, options))
        .await
    {
        Err(Error::UpstreamUnreadable(github::Error::NotFound { .. })) => {
            end_quietly(app, lease).await
        }
        outcome => outcome.map(drop),
    }
}

/// Ends the lease of an issue that GitHub no longer has, or whose repository is no longer tracked.
async fn end_quietly(app: &App, lease: &Lease) -> Result<()> {
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    leases::end(&mut connection, lease.id(), LeaseEnding::Expired, None, now).await?;
    Ok(())
}
