//! Settling what a crash or an outage interrupted.
//!
//! A pending audit entry is settled here once its deadline has passed, by reading the issue back from
//! GitHub, with the same code that settles a change in its own request. Invariant: the entry alone
//! has everything that is needed to settle it.

use super::automation::control;
use super::board::comments;
use super::change::{
    GITHUB_TIME, GRACE, GithubState, Observed, Settlement, read_back, settle, settle_by_reading,
    undo_partial,
};
use super::repositories::sync;
use super::{App, Error, Result};
use crate::github;
use crate::metrics;
use crate::store::board::issues;
use crate::store::{AuditEntry, audit};

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
        if entry.action.starts_with(control::ACTIONS) {
            control::settle_interrupted(app, &entry).await?;
        } else if entry.comment.is_some() {
            Box::pin(comments::settle_one(app, &entry)).await?;
        } else {
            Box::pin(settle_one(app, &entry)).await?;
        }
    }
    for entry in rechecks {
        if let (Some(number), Ok(name)) = (entry.issue_number, entry.repository_full_name.parse()) {
            // Best effort: what cannot be read now, the next sync reads.
            if let Err(error) = sync::refresh_issue(app, &name, number).await {
                tracing::info!(error = error.with_causes(), entry = %entry.id, "re-checking a change failed");
            }
        }
    }
    Ok(())
}

async fn settle_one(app: &App, entry: &AuditEntry) -> Result<()> {
    let Some(issue) = entry.issue_id else { return Ok(()) };
    let found = issues::with_repository(&mut *app.connection().await?, issue).await?;
    let (row, repository) = found.ok_or_else(|| Error::no_issue(issue))?;
    let github = app.github.within(GITHUB_TIME).for_owner(repository.full_name.owner());
    let github = github.with_labels(&repository.label_scheme);
    let github = github.for_issue(&repository.full_name, repository.node_id.as_deref(), row.number);
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
        Ok(found) => settle_by_reading(app, entry, found, &lost, None).await,
        Err(error @ github::Error::NotFound { .. }) => {
            let observed = Observed::Labels(GithubState::from_row(&row));
            settle(app, entry, Settlement::certain(observed, Some(error)), None).await
        }
        Err(error) => {
            tracing::warn!(%error, entry = %entry.id, "an unsettled change waits for GitHub");
            return Ok(());
        }
    };
    match settled {
        Ok(_) | Err(Error::Upstream(_) | Error::RateLimited { .. } | Error::Conflict { .. }) => {
            app.metrics.add(&metrics::REPAIRS, &["settled_change"], 1);
            Ok(())
        }
        Err(error) => Err(error),
    }
}
