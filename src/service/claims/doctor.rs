//! The queue's doctor: finds inconsistencies, and repairs each on request.

use chrono::TimeDelta;
use diesel_async::AsyncConnection;

use super::backoffs;
use super::leases::{end_orphan, release_for_agent};
use crate::domain::circles::circles;
use crate::domain::doctor::Inconsistency;
use crate::domain::{Actor, IssueId, Status, Tier};
use crate::metrics;
use crate::service::change::{ChangeOptions, Intent, Precondition, change_labels_on};
use crate::service::{App, Error, Result, allows};
use crate::store::board::blockers::{self, Edge};
use crate::store::board::issues;
use crate::store::claims::leases;
use crate::store::claims::queue::{self, DoctorThresholds, InconsistencyRow};
use crate::store::{AuditEntry, Issue, Repository};

/// All inconsistencies of the queue, oldest first.
pub async fn diagnose(app: &App) -> Result<Vec<InconsistencyRow>> {
    let now = app.clock.now();
    let stuck_after = TimeDelta::from_std(app.config.queue.stuck_after).unwrap_or(TimeDelta::MAX);
    let meant_for = TimeDelta::from_std(app.config.queue.meant_for).unwrap_or(TimeDelta::MAX);
    let thresholds = DoctorThresholds { stuck: now - stuck_after, meant: now - meant_for };
    let mut connection = app.connection().await?;
    let mut found = queue::inconsistencies(&mut connection, now, thresholds).await?;
    found.extend(in_circles(&blockers::edges(&mut connection).await?));
    found.sort_by_key(|found| (found.since, found.issue_id));
    Ok(found)
}

/// A finding for each circular dependency, with the issues on the circle.
fn in_circles(edges: &[Edge]) -> Vec<InconsistencyRow> {
    let pairs: Vec<_> = edges.iter().map(|edge| (edge.waiting, edge.blocker)).collect();
    let of = |issue: &IssueId| edges.iter().find(|edge| edge.waiting == *issue);
    let finding = |circle: Vec<IssueId>| {
        let first = of(circle.first()?)?;
        let names: Vec<&str> =
            circle.iter().skip(1).filter_map(of).map(|edge| edge.name.as_str()).collect();
        let way = names.iter().chain([&first.name.as_str()]).copied().collect::<Vec<_>>();
        Some(InconsistencyRow {
            issue_id: first.waiting,
            ailment: Inconsistency::BlockedInCircle,
            agent: None,
            since: first.updated_at,
            detail: Some(format!("{} waits for {}", first.name, way.join(", which waits for "))),
        })
    };
    circles(&pairs).into_iter().filter_map(finding).collect()
}

/// Repairs one inconsistency; the audit log calls it `repair_work`.
///
/// # Errors
///
/// [`Error::Unauthenticated`] or [`Error::Forbidden`] for callers that are not maintainers,
/// [`Error::NotFound`], [`Error::Conflict`] when the issue no longer has this inconsistency;
/// otherwise as [`move_issue`](crate::service::board::moves::move_issue).
pub async fn repair(
    app: &App,
    actor: &Actor,
    issue: IssueId,
    ailment: Inconsistency,
) -> Result<AuditEntry> {
    let repaired = Box::pin(repair_one(app, actor, issue, ailment)).await;
    if repaired.is_ok() {
        app.metrics.add(&metrics::REPAIRS, &["doctor"], 1);
    }
    repaired
}

async fn repair_one(
    app: &App,
    actor: &Actor,
    issue: IssueId,
    ailment: Inconsistency,
) -> Result<AuditEntry> {
    if !allows(app, actor, Tier::Maintainer) {
        return Err(Error::denied(actor, "Repairing the queue needs a maintainer"));
    }
    let found = issues::with_repository(&mut *app.connection().await?, issue).await?;
    let (issue, repository) = found.ok_or_else(|| Error::no_issue(issue))?;
    match ailment {
        Inconsistency::LeaseOnVanishedIssue => {
            return end_lease(app, actor, &issue, &repository).await;
        }
        Inconsistency::LeaseOutsideInProgress => return end_moved_lease(app, actor, &issue).await,
        Inconsistency::RefusedByGithub | Inconsistency::NeedsHuman => {
            return backoffs::retry(app, actor, "repair_work", issue.id).await;
        }
        Inconsistency::BlockedInCircle => {
            let what = "A circle is broken by editing one of its issues on GitHub";
            return Err(Error::permanent_conflict(what, Some(issue.status)));
        }
        _ => {}
    }
    let intent = Intent {
        actor,
        action: "repair_work",
        issue: &issue,
        repository: &repository,
        target: None,
        expected_from: None,
        reason: None,
    };
    let precondition = match ailment {
        Inconsistency::AssignedWithoutLease | Inconsistency::InProgressWithoutLease => {
            Precondition::IsFree
        }
        _ => Precondition::None,
    };
    let options = ChangeOptions { precondition, closed_too: true, ..ChangeOptions::default() };
    let changed = change_labels_on(app, &intent, options, |labels, state| {
        ailment.plan(labels, state).ok_or_else(nothing_to_repair)
    })
    .await?;
    Ok(changed.audit_entry)
}

fn nothing_to_repair() -> Error {
    Error::conflict("Nothing of the kind is wrong with the issue by now")
}

/// Ends the lease of an issue that was moved to another column; the column stays.
async fn end_moved_lease(app: &App, actor: &Actor, issue: &Issue) -> Result<AuditEntry> {
    let row = leases::of_issue(&mut *app.connection().await?, issue.id).await?;
    let live = row.filter(|lease| lease.is_live(app.clock.now()));
    match live.filter(|_| issue.status != Status::InProgress) {
        Some(lease) => release_for_agent(app, actor, &lease, "repair_work").await,
        None => Err(nothing_to_repair()),
    }
}

/// Ends the lease of an issue that is gone.
async fn end_lease(
    app: &App,
    actor: &Actor,
    issue: &Issue,
    repository: &Repository,
) -> Result<AuditEntry> {
    if issue.removed_at.is_none() && repository.enabled {
        return Err(nothing_to_repair());
    }
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            end_orphan(connection, actor, "repair_work", (issue, repository), now).await
        })
        .await
        .map_err(|error| match error {
            Error::LeaseLost { .. } => nothing_to_repair(),
            other => other,
        })
}
