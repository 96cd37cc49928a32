//! Recording failures of agents and refusals by GitHub, which put an issue or a repository in
//! back-off.
//!
//! A failure is recorded in the transaction that ends the work. A change that GitHub accepts clears
//! refusals; finished work, or a person's edit of the issue, clears failures too.

use chrono::{DateTime, Utc};
use diesel_async::AsyncConnection;

use super::board_events::{issue_event, resync_event};
use super::{App, Result};
use crate::domain::actor::ActorKind;
use crate::domain::backoff::{BackoffCause, failure_of, repository_delay};
use crate::domain::label_names::is_same;
use crate::domain::leases::{LeaseEnding, WorkOutcome};
use crate::domain::{Actor, IssueId, RepositoryId};
use crate::github::{self, Concern};
use crate::store::board::issues;
use crate::store::claims::backoffs::{self, BackoffRow};
use crate::store::claims::leases;
use crate::store::{Connection, Issue, Lease, Repository, event_log, repositories};

/// How many characters of GitHub's error are stored and shown.
const LONGEST_REASON: usize = 300;

/// A failure of work on an issue.
struct WorkFailure {
    cause: BackoffCause,
    reason: String,
    /// The earliest time at which the issue may be served again.
    not_before: DateTime<Utc>,
}

/// Records it in the caller's transaction, which has locked the issue's row.
async fn record_backoff(
    app: &App,
    connection: &mut Connection,
    issue: IssueId,
    failure: WorkFailure,
) -> Result<BackoffRow> {
    let now = app.clock.now();
    let known = backoffs::of_issue(connection, issue).await?;
    let is_attempt = failure.cause.is_attempt();
    let counted = |of: Option<i32>, counts: bool| of.unwrap_or_default() + i32::from(counts);
    let failed_attempts = counted(known.as_ref().map(|row| row.failed_attempts), is_attempt);
    let refusals = counted(known.as_ref().map(|row| row.refusals), !is_attempt);
    let needs_human = failed_attempts >= app.config.queue.max_attempts;
    let delay = failure.cause.delay(if is_attempt { failed_attempts } else { refusals });
    let retry_at = match needs_human {
        true => now,
        false => failure.not_before.max(now) + delay,
    };
    let row = BackoffRow {
        issue_id: issue,
        failed_attempts,
        refusals,
        cause: failure.cause,
        reason: failure.reason,
        first_at: known.as_ref().map_or(now, |row| row.first_at),
        last_at: now,
        retry_at,
        is_over: known.as_ref().is_some_and(|row| row.needs_human && row.is_over),
        needs_human,
        escalated_at: known.as_ref().and_then(|row| row.escalated_at),
    };
    backoffs::write(connection, &row).await?;
    Ok(row)
}

/// Applies the end of a lease to its issue's back-off, in the transaction that ends the lease.
pub(super) async fn record_ending(
    app: &App,
    connection: &mut Connection,
    lease: &Lease,
    ending: LeaseEnding,
    outcome: Option<WorkOutcome>,
) -> Result<()> {
    let cause = match (ending, outcome) {
        (LeaseEnding::Finished, Some(WorkOutcome::Failed)) => BackoffCause::Failed,
        (LeaseEnding::Expired, _) => BackoffCause::Expired,
        (LeaseEnding::Finished, Some(outcome)) if outcome != WorkOutcome::Blocked => {
            backoffs::forget(connection, &[lease.issue_id]).await?;
            return Ok(());
        }
        _ => return Ok(()),
    };
    if cause == BackoffCause::Failed {
        return record_failure(app, connection, lease.issue_id, &lease.agent).await;
    }
    let known = backoffs::of_issue(connection, lease.issue_id).await?;
    if known.is_some_and(|row| row.cause.is_attempt() && row.last_at > lease.acquired_at) {
        // The agent reported a failure and never ended the lease.
        return Ok(());
    }
    let reason = failure_of(&lease.agent, cause);
    let not_before = app.clock.now();
    record_backoff(app, connection, lease.issue_id, WorkFailure { cause, reason, not_before })
        .await
        .map(drop)
}

/// Clears the back-off of an issue because its last lease holder reports that the work is done.
pub(super) async fn record_reported_success(
    connection: &mut Connection,
    issue: IssueId,
    agent: &str,
) -> Result<()> {
    issues::lock(connection, issue).await?;
    let lease = leases::of_issue(connection, issue).await?;
    if lease.is_some_and(|lease| is_same(&lease.agent, agent)) {
        backoffs::forget(connection, &[issue]).await?;
    }
    Ok(())
}

/// Records that an agent failed on an issue, once for each lease. Only the last lease holder can
/// fail on an issue, because any worker may report on any issue.
pub(super) async fn record_failure(
    app: &App,
    connection: &mut Connection,
    issue: IssueId,
    agent: &str,
) -> Result<()> {
    let cause = BackoffCause::Failed;
    let (reason, not_before) = (failure_of(agent, cause), app.clock.now());
    issues::lock(connection, issue).await?;
    let lease = leases::of_issue(connection, issue).await?;
    let Some(lease) = lease.filter(|lease| is_same(&lease.agent, agent)) else { return Ok(()) };
    let known = backoffs::of_issue(connection, issue).await?;
    if known.is_some_and(|row| row.reason == reason && row.last_at >= lease.acquired_at) {
        return Ok(());
    }
    record_backoff(app, connection, issue, WorkFailure { cause, reason, not_before })
        .await
        .map(drop)
}

/// Applies a successful change of an issue to its back-off, in the transaction that settles it:
/// GitHub accepts changes, and a person who changes the issue has looked at it.
pub(super) async fn record_success(
    connection: &mut Connection,
    issue: &Issue,
    kind: ActorKind,
) -> Result<()> {
    match kind {
        ActorKind::Person | ActorKind::Operator => {
            backoffs::forget(connection, &[issue.id]).await?;
        }
        _ => backoffs::forget_refusals(connection, issue.id).await?,
    }
    Ok(())
}

/// Clears the back-off of issues that a person has edited on GitHub.
pub(super) async fn record_edits(connection: &mut Connection, issues: &[IssueId]) -> Result<()> {
    if !issues.is_empty() {
        backoffs::forget(connection, issues).await?;
    }
    Ok(())
}

/// Records that GitHub refused a claim of an issue or did not respond, and what that means for the
/// whole repository. Returns false if it means nothing for either, because nothing can be claimed.
///
/// # Errors
///
/// When the database fails.
pub(super) async fn record_refusal(
    app: &App,
    issue: &Issue,
    repository: &Repository,
    error: &github::Error,
) -> Result<bool> {
    let cause = match error.concern() {
        Concern::Everything => return Ok(false),
        Concern::Repository => BackoffCause::Forbidden,
        Concern::Issue => BackoffCause::Refused,
        Concern::Unknown => BackoffCause::Unanswered,
    };
    let message: String = error.to_string().chars().take(LONGEST_REASON).collect();
    let reason = match cause {
        BackoffCause::Unanswered => format!("GitHub did not answer ({message})"),
        _ => format!("GitHub refused to change it ({message})"),
    };
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            let row = issues::lock(connection, issue.id).await?;
            let mut not_before = now;
            if cause == BackoffCause::Forbidden {
                not_before = record_forbidden(connection, repository, &message, now).await?;
            }
            record_backoff(app, connection, issue.id, WorkFailure { cause, reason, not_before })
                .await?;
            announce(connection, &row, repository, now).await?;
            Ok(true)
        })
        .await
}

/// Starts a back-off of a repository in which GitHub refused a change that was no claim, if the refusal
/// concerns the whole repository. The issue keeps its own back-off, which counts attempts of agents.
///
/// # Errors
///
/// When the database fails.
pub(super) async fn record_refusal_to_others(
    app: &App,
    repository: &Repository,
    error: &github::Error,
) -> Result<()> {
    if error.concern() != Concern::Repository {
        return Ok(());
    }
    let message: String = error.to_string().chars().take(LONGEST_REASON).collect();
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            record_forbidden(connection, repository, &message, now).await.map(drop)
        })
        .await
}

/// Starts or extends the back-off of a repository, and returns its end. Every card there shows that
/// changes are refused, so subscribers reload when that begins.
async fn record_forbidden(
    connection: &mut Connection,
    repository: &Repository,
    message: &str,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>> {
    let known = repositories::lock(connection, repository.id).await?;
    let refusals = known.refusals.saturating_add(1);
    let retry_at = now + repository_delay(refusals);
    backoffs::set_repository(connection, known.id, refusals, message, retry_at).await?;
    if known.read_only_reason().is_none() {
        let text = format!("GitHub refuses changes of the issues of {}", known.full_name);
        let event = resync_event(text, Actor::GitHub.actor_ref(), now);
        event_log::append(connection, &[event]).await?;
    }
    Ok(retry_at)
}

/// Records that GitHub accepted a change in a repository that was in back-off.
///
/// # Errors
///
/// When the database fails.
pub(super) async fn record_recovery(app: &App, repository: &Repository) -> Result<()> {
    if repository.refusals == 0 {
        return Ok(());
    }
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| end_of_repository(connection, repository.id, now).await)
        .await
}

/// Ends the back-off of a repository. Subscribers reload: every card there may be changed again.
pub(super) async fn end_of_repository(
    connection: &mut Connection,
    id: RepositoryId,
    now: DateTime<Utc>,
) -> Result<()> {
    let known = repositories::lock(connection, id).await?;
    if known.refusals == 0 {
        return Ok(());
    }
    let freed = backoffs::forget_repository(connection, id).await?;
    for row in issues::by_ids(connection, &freed).await? {
        announce(connection, &row, &known, now).await?;
    }
    if known.read_only.is_none() {
        let text = format!("The issues of {} can be changed again", known.full_name);
        let event = resync_event(text, Actor::GitHub.actor_ref(), now);
        event_log::append(connection, &[event]).await?;
    }
    Ok(())
}

/// Publishes that an issue is served again, or no longer.
pub(super) async fn announce(
    connection: &mut Connection,
    issue: &Issue,
    repository: &Repository,
    now: DateTime<Utc>,
) -> Result<()> {
    let actor = Actor::System;
    let event = issue_event(Some(issue), issue, false, repository, actor.actor_ref(), now);
    event_log::append(connection, &[event]).await?;
    Ok(())
}
