//! The end of back-offs: serving an issue again, escalating it to a lane or a person, and retrying it
//! by hand.
//!
//! Invariants: every reason that withholds an issue is shown by `explainWork`, by the queue's doctor
//! and on the issue itself; every back-off that does not need a person ends by the clock alone; its end is published as an event, so that waiting claims are woken.

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncConnection;

use crate::domain::backoff::NEEDS_HUMAN;
use crate::domain::label_names::is_same;
use crate::domain::labels::LabelPlan;
use crate::domain::leases::LeaseEnding;
use crate::domain::{Actor, IssueId, Lane, LaneRole};
use crate::github::Concern;
use crate::service::board::comments::{self, AddComment};
use crate::service::board_events::{audit_event, issue_event};
use crate::service::change::{ChangeOptions, Intent, change_labels_on};
use crate::service::failures::{announce, end_of_repository};
use crate::service::{App, Error, Result, board};
use crate::store::audit::NewEntry;
use crate::store::board::issues;
use crate::store::claims::backoffs::{self, BackoffRow};
use crate::store::claims::leases;
use crate::store::{AuditEntry, Issue, Lease, Repository, audit, event_log};

/// How many rows one run handles.
const A_ROUND: i64 = 50;

/// The delay before the next attempt to label an issue on GitHub as needing a person: as long as
/// the attempts have failed so far, within these bounds.
const AGAIN: (TimeDelta, TimeDelta) = (TimeDelta::minutes(1), TimeDelta::hours(1));

/// How long after the end of a repository's back-off changes are offered again, if nothing was tried.
const OFFERED_AGAIN_AFTER: TimeDelta = TimeDelta::minutes(15);

/// Publishes back-offs that have ended, and labels issues on GitHub that need a person now. Safe to
/// run in any replica, any number of times.
///
/// # Errors
///
/// When the database fails; what GitHub refuses now is tried again later.
pub async fn end_backoffs(app: &App) -> Result<()> {
    let now = app.clock.now();
    let untried = {
        let mut connection = app.connection().await?;
        backoffs::repositories_until(&mut connection, now - OFFERED_AGAIN_AFTER).await?
    };
    for id in untried {
        let mut connection = app.connection().await?;
        connection
            .transaction(async |connection| end_of_repository(connection, id, now).await)
            .await?;
    }
    let due = backoffs::due(&mut *app.connection().await?, app.clock.now(), A_ROUND).await?;
    for row in due {
        let found = issues::with_repository(&mut *app.connection().await?, row.issue_id).await?;
        let Some((issue, repository)) = found else { continue };
        let is_gone = issue.removed_at.is_some() || !repository.enabled;
        if !row.needs_human || is_gone {
            end_backoff(app, &row, (&issue, &repository), None).await?;
            continue;
        }
        match escalate(app, &row, &issue, &repository).await {
            Ok(()) => {}
            Err(error @ Error::Internal(_)) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, issue = %issue.id, "an escalation waits for GitHub");
                let now = app.clock.now();
                let until = now + (now - row.last_at).clamp(AGAIN.0, AGAIN.1);
                backoffs::postpone(&mut *app.connection().await?, &row, until).await?;
            }
        }
    }
    Ok(())
}

async fn end_backoff(
    app: &App,
    row: &BackoffRow,
    (issue, repository): (&Issue, &Repository),
    escalated_at: Option<DateTime<Utc>>,
) -> Result<()> {
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            if backoffs::complete_action(connection, row, escalated_at).await? {
                announce(connection, issue, repository, now).await?;
            }
            Ok(())
        })
        .await
}

/// Escalates an issue on which agents have failed too often: to the escalation lane if one is
/// configured, otherwise to a person. Each step is idempotent.
async fn escalate(
    app: &App,
    row: &BackoffRow,
    issue: &Issue,
    repository: &Repository,
) -> Result<()> {
    let lanes = &app.config.lanes;
    let is_escalation = |lane: &&Lane| lane.claimable && lane.role == Some(LaneRole::Escalation);
    let lane = lanes.all().iter().find(is_escalation);
    let lane = lane.filter(|lane| !lanes.is_in(&issue.lane, lane));
    if repository.read_only.is_none() {
        let body = marker_comment(app, row, issue, lane).await?;
        let since = row.first_at;
        let posted = {
            let (mut connection, actor) = (app.connection().await?, Actor::System);
            audit::same_comment(&mut connection, issue.id, actor.actor_ref(), &body, since).await?
        };
        if posted.is_none_or(|entry| entry.success != Some(true)) {
            let command = AddComment { issue_id: issue.id, body };
            match comments::add(app, &Actor::System, command).await {
                // For example a locked conversation: people see the label or the lane anyway.
                Err(Error::Upstream(refusal)) if refusal.concern() != Concern::Unknown => {
                    tracing::warn!(error = %refusal, issue = %issue.id,
                        "GitHub refused the comment that lists the attempts");
                }
                posted => drop(posted?),
            }
        }
    }
    if let Some(lane) = lane {
        return hand_to_lane(app, issue, repository, lane).await;
    }
    if repository.read_only.is_none() {
        let of = (issue, repository);
        change_label(app, &Actor::System, "escalate_issue", of, true).await?;
    }
    end_backoff(app, row, (issue, repository), Some(app.clock.now())).await
}

/// Adds or removes the label that says that an issue needs a person.
async fn change_label(
    app: &App,
    actor: &Actor,
    action: &str,
    (issue, repository): (&Issue, &Repository),
    needs_human: bool,
) -> Result<AuditEntry> {
    let intent = Intent {
        actor,
        action,
        issue,
        repository,
        target: None,
        expected_from: None,
        reason: None,
    };
    let options =
        ChangeOptions { label: Some(NEEDS_HUMAN), closed_too: true, ..ChangeOptions::default() };
    let changed = change_labels_on(app, &intent, options, |labels, _| {
        let named: Vec<String> =
            labels.names().iter().filter(|name| is_same(name, NEEDS_HUMAN)).cloned().collect();
        Ok(match needs_human {
            true if named.is_empty() => {
                LabelPlan { add: vec![NEEDS_HUMAN.to_owned()], ..LabelPlan::default() }
            }
            true => LabelPlan::default(),
            false => LabelPlan { remove: named, ..LabelPlan::default() },
        })
    })
    .await?;
    Ok(changed.audit_entry)
}

async fn hand_to_lane(
    app: &App,
    issue: &Issue,
    repository: &Repository,
    lane: &Lane,
) -> Result<()> {
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            let before = issues::lock(connection, issue.id).await?;
            let after = issues::set_lane(connection, issue.id, &lane.id).await?;
            backoffs::forget(connection, &[issue.id]).await?;
            let notes = format!("From {} to {}", before.lane, after.lane);
            let entry = NewEntry {
                repository_full_name: repository.full_name.as_str(),
                issue_number: Some(issue.number),
                issue_id: Some(issue.id),
                notes: Some(&notes),
                ..NewEntry::done(Actor::System.actor_ref(), "escalate_issue", &after.labels, now)
            };
            let entry = audit::append(connection, &entry).await?;
            let actor = Actor::System;
            let event =
                issue_event(Some(&before), &after, false, repository, actor.actor_ref(), now);
            event_log::append(connection, &[event, audit_event(&entry)]).await?;
            Ok(())
        })
        .await
}

/// The comment that lists the attempts for people. An HTML comment in it identifies it later.
async fn marker_comment(
    app: &App,
    row: &BackoffRow,
    issue: &Issue,
    lane: Option<&Lane>,
) -> Result<String> {
    let most = usize::try_from(row.failed_attempts).unwrap_or_default();
    let mut connection = app.connection().await?;
    let mut failed = leases::failures(&mut connection, issue.id).await?;
    failed.truncate(most);
    let attempts: Vec<String> = failed.iter().rev().map(attempt_line).collect();
    let what_now = match lane {
        Some(lane) => format!("It waits in the lane `{}` now.", lane.id),
        None => format!(
            "It has the label `{NEEDS_HUMAN}` now. Agents are given it again when a person takes \
             that label off."
        ),
    };
    Ok(format!(
        "<!-- dispatch:failed-attempts:{} -->\nAgents failed on this issue {}. {}\n\n{}",
        row.first_at.timestamp_millis(),
        match row.failed_attempts {
            1 => "once".to_owned(),
            times => format!("{times} times in a row"),
        },
        what_now,
        attempts.join("\n")
    ))
}

fn attempt_line(lease: &Lease) -> String {
    let at = lease.ended_at.unwrap_or(lease.expires_at).format("%Y-%m-%d %H:%M UTC");
    let what = match lease.ending {
        Some(LeaseEnding::Finished) => "failed",
        _ => "lease ran out",
    };
    // A name must not end the code span that it is in.
    format!("- {at}: `{}`, {what}", lease.agent.replace('`', "'"))
}

/// Ends the back-off of an issue, including the need for a person, and of its repository. The audit
/// log calls it `retry_issue`.
///
/// # Errors
///
/// [`Error::NotFound`]; [`Error::Conflict`] when the issue is not in back-off; otherwise as
/// [`move_issue`](crate::service::board::moves::move_issue).
pub async fn retry_issue(app: &App, actor: &Actor, issue: IssueId) -> Result<Issue> {
    retry(app, actor, "retry_issue", issue).await?;
    board::find_issue(app, issue).await.map(|(issue, _)| issue)
}

/// [`retry_issue`] with another action in the audit log.
pub(super) async fn retry(
    app: &App,
    actor: &Actor,
    action: &str,
    issue: IssueId,
) -> Result<AuditEntry> {
    let (issue, repository) = board::find_issue(app, issue).await?;
    let known = backoffs::of_issue(&mut *app.connection().await?, issue.id).await?;
    let has_label = issue.labels.contains(NEEDS_HUMAN);
    if known.is_none() && !has_label && repository.retry_at.is_none() {
        let what = "Nothing keeps the issue from agents for a while";
        return Err(Error::permanent_conflict(what, Some(issue.status)));
    }
    let labelled = match has_label {
        true => Some(change_label(app, actor, action, (&issue, &repository), false).await?),
        false => None,
    };
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            let row = issues::lock(connection, issue.id).await?;
            backoffs::forget(connection, &[issue.id]).await?;
            end_of_repository(connection, repository.id, now).await?;
            let mut events =
                vec![issue_event(Some(&row), &row, false, &repository, actor.actor_ref(), now)];
            let entry = match labelled {
                Some(entry) => entry,
                None => {
                    let entry = NewEntry {
                        repository_full_name: repository.full_name.as_str(),
                        issue_number: Some(issue.number),
                        issue_id: Some(issue.id),
                        ..NewEntry::done(actor.actor_ref(), action, &row.labels, now)
                    };
                    let entry = audit::append(connection, &entry).await?;
                    events.push(audit_event(&entry));
                    entry
                }
            };
            event_log::append(connection, &events).await?;
            Ok(entry)
        })
        .await
}

/// The back-offs of some issues, in no order.
pub async fn of_issues(app: &App, issues: &[IssueId]) -> Result<Vec<BackoffRow>> {
    if issues.is_empty() {
        return Ok(vec![]);
    }
    Ok(backoffs::of_issues(&mut *app.connection().await?, issues).await?)
}
