//! The budget of GitHub's rate limits, which all replicas share.
//!
//! A timer exchanges what this process knows with what the database has, once a second and never with
//! each request. So a pause that GitHub asks for reaches other replicas within a second. The rules
//! are in `domain::github_budget`, the counters in `github::budget`.

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncConnection as _;

use super::{App, Result};
use crate::domain::github_budget::Resource;
pub use crate::github::{Rate, Snapshot};
use crate::github::{Report, Shared};
use crate::store::github_budgets::{self, BudgetRow};

/// How far back spending is read: an hour, and the minute in which it began.
const WINDOW: TimeDelta = TimeDelta::minutes(62);

/// How long spending is kept.
const KEPT: TimeDelta = TimeDelta::days(1);

/// The word for a pause of all requests.
const ALL: &str = "all";

/// Exchanges the budget of each principal with the other replicas.
///
/// # Errors
///
/// The first failure of the database. What a principal spent and could not be stored is stored the next
/// time; one principal does not stop another.
pub async fn exchange(app: &App) -> Result<()> {
    app.github.name_principal().await;
    let mut outcome = Ok(());
    for (principal, report) in app.github.take_reports() {
        match store(app, &principal, &report).await {
            Ok(shared) => app.github.adopt(&principal, shared),
            Err(error) => {
                app.github.take_back(&principal, report);
                outcome = outcome.and(Err(error));
            }
        }
    }
    outcome
}

/// What each principal has spent, and what is left.
pub fn budgets(app: &App) -> Vec<Snapshot> {
    app.github.budget_snapshots()
}

/// Deletes old spending.
///
/// # Errors
///
/// When the database fails.
pub async fn prune(app: &App) -> Result<usize> {
    let before = app.clock.now() - KEPT;
    Ok(github_budgets::prune(&mut *app.connection().await?, before).await?)
}

async fn store(app: &App, principal: &str, report: &Report) -> Result<Shared> {
    let now = app.clock.now();
    let mut connection = app.connection().await?;
    let known = github_budgets::of_principal(&mut connection, principal).await?;
    let changed: Vec<BudgetRow> =
        rows(report).into_iter().filter(|row| !known.contains(row)).collect();
    connection
        .transaction(async |connection| {
            for row in &changed {
                github_budgets::merge(connection, principal, row, now).await?;
            }
            if !report.spent.is_empty() {
                github_budgets::add(connection, principal, &report.spent).await?;
            }
            let known = match changed.is_empty() {
                true => known,
                false => github_budgets::of_principal(connection, principal).await?,
            };
            let spent = github_budgets::spent_since(connection, principal, now - WINDOW).await?;
            Ok(Shared { spent, ..shared(&known) })
        })
        .await
}

/// The rows of a report, in the order of their resources: locks are then always taken in one order.
fn rows(report: &Report) -> Vec<BudgetRow> {
    let blocked = |what: Option<Resource>| -> Option<DateTime<Utc>> {
        report.blocked.iter().find(|(of, _)| *of == what).map(|(_, until)| *until)
    };
    let mut rows = Vec::new();
    if let Some(until) = blocked(None) {
        rows.push(BudgetRow {
            resource: ALL.to_owned(),
            points_limit: None,
            remaining: None,
            resets_at: None,
            blocked_until: Some(until),
        });
    }
    for resource in [Resource::Core, Resource::Graphql] {
        let rate = report.rates.iter().find(|(of, _)| *of == resource).map(|(_, rate)| rate);
        let blocked_until = blocked(Some(resource));
        if rate.is_some() || blocked_until.is_some() {
            rows.push(BudgetRow {
                resource: resource.as_str().to_owned(),
                points_limit: rate.map(|rate| rate.limit),
                remaining: rate.map(|rate| rate.remaining),
                resets_at: rate.map(|rate| rate.resets_at),
                blocked_until,
            });
        }
    }
    rows
}

fn shared(rows: &[BudgetRow]) -> Shared {
    let mut shared = Shared::default();
    for row in rows {
        let resource: Option<Resource> = row.resource.parse().ok();
        if let Some(until) = row.blocked_until {
            shared.blocked.push((resource, until));
        }
        if let (Some(resource), Some(limit), Some(remaining), Some(resets_at)) =
            (resource, row.points_limit, row.remaining, row.resets_at)
        {
            shared.rates.push((resource, Rate { limit, remaining, resets_at }));
        }
    }
    shared
}
