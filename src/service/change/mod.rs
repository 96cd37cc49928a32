//! Changing an issue's labels on GitHub, and settling changes with an unknown outcome.
//!
//! The intent is written first (write-ahead): a pending audit entry is stored before the change is
//! sent to GitHub, and settled by the labels that GitHub then has. Whatever fails in between, including a
//! crash, is repaired by the same second half: read the issue back, settle, publish. Invariants: an
//! issue has at most one unsettled change; a change with an unknown outcome is never sent twice;
//! the entry alone has everything that is needed to settle it.

mod github_state;
mod intent;
mod lease_transition;
mod read_back;
mod row;
mod send;
mod settle;
mod undo;

use self::intent::{append_pending, check, check_precondition};
use self::intent::{record_refusal, unsettled};
use self::row::refresh_row;
use self::send::send;
use self::settle::conclude;
use super::{Error, Result, failures};
use crate::domain::labels::LabelPlan;
use crate::domain::leases::ExpectedHolder;
use crate::domain::{IssueState, LabelSet, Status};
use crate::service::App;

pub use self::intent::GITHUB_TIME;
pub use self::settle::ChangeOutcome;

pub(super) use self::github_state::GithubState;
pub(super) use self::intent::{ChangeOptions, GRACE, Intent, Precondition};
pub(super) use self::lease_transition::{LeaseTransition, end_unlabelled};
pub(super) use self::read_back::{read_back, undo_partial};
pub(super) use self::settle::{Observed, Settlement, settle, settle_by_reading};

/// Applies the changes that `plan` computes from the issue's current labels on GitHub. Another
/// agent's lease is respected.
///
/// # Errors
///
/// [`Error::Conflict`] when the repository is read-only, or the issue is closed, in another column
/// than expected, or has an unsettled change; [`Error::Invalid`] when a label would be too long;
/// [`Error::LeaseLost`] when another agent has the lease; [`Error::UpstreamUnreadable`],
/// [`Error::Upstream`] or [`Error::RateLimited`] when GitHub refused, which is audited too.
pub(super) async fn change_labels(
    app: &App,
    intent: &Intent<'_>,
    plan: impl FnOnce(&LabelSet) -> LabelPlan,
) -> Result<ChangeOutcome> {
    let precondition =
        Precondition::Holds(ExpectedHolder { agent: intent.actor.agent(), token: None });
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
) -> Result<ChangeOutcome> {
    let requested_at = app.clock.now();
    let Intent { issue, repository, target, expected_from, .. } = *intent;
    let github = app.github.within(GITHUB_TIME).for_owner(repository.full_name.owner());
    let github = github.with_labels(&repository.label_scheme);
    let github =
        github.for_issue(&repository.full_name, repository.node_id.as_deref(), issue.number);
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
            return Err(Error::upstream_unreadable(error));
        }
    };
    let labels = LabelSet::from(live.names());
    let current = GithubState::from_live(&live, requested_at, &github);
    let checked = check(&live, &labels, expected_from, options.closed_too);
    let plan = match checked.and_then(|()| plan(&labels, live.state)) {
        Ok(plan) => plan,
        Err(refusal) => {
            refresh_row(app, issue.id, current).await?;
            return Err(refusal);
        }
    };
    let change = plan.change(&labels);
    let lengths = repository.label_scheme.check_lengths(&change);
    lengths.map_err(|reason| Error::Invalid { field: "agent", reason })?;
    let wanted = labels.after(&change);
    let row = intent.row(plan.status, &labels, &wanted, requested_at);
    let Some(entry) = append_pending(app, &row, &options.precondition).await? else {
        return Err(unsettled(app, issue, &labels, live.state).await?);
    };
    if change.is_empty() {
        let settlement = Settlement::certain(Observed::Labels(current), None);
        return settle(app, &entry, settlement, Some(&options)).await;
    }
    let outcome = send(&github, issue, &live, &plan).await;
    let concluded = Box::pin(conclude(app, &github, &entry, &live, outcome, &options)).await;
    // A claim records refusals itself and continues with other issues.
    let is_claim = matches!(
        options.transition,
        LeaseTransition::Confirm { .. } | LeaseTransition::Take { .. }
    );
    let noted = match &concluded {
        Ok(_) => failures::record_recovery(app, repository).await,
        Err(_) if is_claim => Ok(()),
        Err(error) => match error.refusal() {
            Some(refusal) => failures::record_refusal_to_others(app, repository, refusal).await,
            None => Ok(()),
        },
    };
    if let Err(error) = noted {
        // The change is settled, whatever could not be recorded of the repository.
        tracing::warn!(error = error.with_causes(), repository = %repository.full_name, "a back-off was not recorded");
    }
    concluded
}
