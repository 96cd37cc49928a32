//! Setting and removing agent, owner and priority of an issue, and single labels.

use super::agent_work;
use super::leases::{Released, released};
use crate::domain::actor::{is_reserved, reserved_reason};
use crate::domain::label_names::{has_prefix, is_same, strip_prefix};
use crate::domain::labels::{LONGEST_LABEL, LabelPlan, is_plain};
use crate::domain::leases::{ExpectedHolder, LeaseEnding, agent_label, release_plan};
use crate::domain::{Actor, IssueId, LabelSet, Priority, Status};
use crate::service::agent_names::agent_for;
use crate::service::change::{
    ChangeOptions, ChangeOutcome, Intent, LeaseTransition, Precondition, change_labels,
    change_labels_on,
};
use crate::service::{App, Error, Result, board};
use crate::store::claims::leases;
use crate::store::{Issue, Repository};

/// Prefixes of labels that programs use as counters, which cannot be set by hand.
const KEPT_BY_PROGRAMS: [&str; 2] = ["blocked/infra-attempt/", "blocked/infra-model/"];

/// Assigns an issue to an agent, or to none. Any other agent is unassigned, and its lease ends.
///
/// # Errors
///
/// [`Error::Invalid`] for a name that cannot be a label's; otherwise as
/// [`move_issue`](crate::service::board::moves::move_issue).
pub async fn assign_agent(
    app: &App,
    actor: &Actor,
    issue: IssueId,
    agent: Option<&str>,
) -> Result<ChangeOutcome> {
    let label = label_of("agent", agent)?;
    let action = if label.is_some() { "assign_agent" } else { "unassign_agent" };
    let kept = label.clone();
    let takes_off = |own: &str| !kept.as_ref().is_some_and(|kept| is_same(kept, own));
    let plan = |labels: &LabelSet| LabelPlan::only(labels, "agent/", label);
    let (issue, repository) = board::find_issue(app, issue).await?;
    relabel_from_holder(app, &intent(actor, action, &issue, &repository), takes_off, plan).await
}

/// Removes an agent from an issue, with or without a lease: for callers that only know issues.
///
/// # Errors
///
/// [`Error::Invalid`] for an invalid name; [`Error::Forbidden`] for other callers;
/// [`Error::LeaseLost`] when another agent has the lease; [`Error::Conflict`] when the issue is not
/// assigned to the agent; otherwise as [`move_issue`](crate::service::board::moves::move_issue).
pub async fn release_issue(
    app: &App,
    actor: &Actor,
    issue: IssueId,
    agent: &str,
) -> Result<Released> {
    let agent = agent_for(app, actor, agent).await?;
    let actor = &actor.acting_for(&agent);
    let (issue, repository) = board::find_issue(app, issue).await?;
    let now = app.clock.now();
    let row = leases::of_issue(&mut *app.connection().await?, issue.id).await?;
    let live = row.filter(|lease| lease.is_live(now));
    let transition = match live.filter(|lease| is_same(&lease.agent, &agent)) {
        Some(own) => {
            LeaseTransition::End { lease: own.id(), ending: LeaseEnding::Released, outcome: None }
        }
        None => LeaseTransition::None,
    };
    let expected = ExpectedHolder { agent: Some(agent.clone()), token: None };
    let options = ChangeOptions {
        precondition: Precondition::Holds(expected),
        transition,
        ..ChangeOptions::default()
    };
    let action = match actor {
        Actor::Agent { .. } | Actor::Worker { .. } => "unclaim_issue",
        _ => "unclaim_issue_by_operator",
    };
    let label = agent_label(&agent);
    let reason = issue.blocked_reason.clone();
    let intent =
        Intent { target: Some(Status::Ready), ..intent(actor, action, &issue, &repository) };
    let changed = change_labels_on(app, &intent, options, |labels, state| {
        if !labels.contains(&label) {
            let current = Some(labels.effective_status(state));
            return Err(Error::permanent_conflict(
                format!("Issue is not assigned to {agent}"),
                current,
            ));
        }
        Ok(release_plan(&agent, labels, state, reason.as_deref()))
    })
    .await?;
    if action == "unclaim_issue_by_operator" {
        agent_work::release_of(app, actor, &agent, issue.id).await?;
    }
    Ok(released(changed))
}

/// Sets or removes the owner of an issue. Any other owner is removed.
///
/// # Errors
///
/// As [`assign_agent`].
pub async fn assign_owner(
    app: &App,
    actor: &Actor,
    issue: IssueId,
    owner: Option<&str>,
) -> Result<ChangeOutcome> {
    let label = label_of("owner", owner)?;
    let action = if label.is_some() { "assign_owner" } else { "unassign_owner" };
    have_only(app, actor, action, issue, "owner/", label).await
}

/// Sets or removes the priority of an issue.
///
/// # Errors
///
/// As [`move_issue`](crate::service::board::moves::move_issue).
pub async fn set_priority(
    app: &App,
    actor: &Actor,
    issue: IssueId,
    priority: Option<Priority>,
) -> Result<ChangeOutcome> {
    let label = priority.map(|priority| priority.label().to_owned());
    have_only(app, actor, "set_priority", issue, "priority/", label).await
}

/// Adds a label to an issue; idempotent. A status label is a move, so that the issue keeps exactly
/// one.
///
/// # Errors
///
/// [`Error::Invalid`] for an invalid label, or one that cannot be set by hand; otherwise as
/// [`move_issue`](crate::service::board::moves::move_issue).
pub async fn add_label(
    app: &App,
    actor: &Actor,
    issue: IssueId,
    label: &str,
) -> Result<ChangeOutcome> {
    let label = plain_label(label)?;
    let (issue, repository) = board::find_issue(app, issue).await?;
    let label = repository.label_scheme.meant(&label).into_owned();
    if let Some(prefix) = KEPT_BY_PROGRAMS.iter().find(|prefix| has_prefix(&label, prefix)) {
        let reason = format!("must not start with {prefix}, which programs keep for themselves");
        return Err(Error::Invalid { field: "label", reason });
    }
    let plan = match Status::from_label(&label) {
        Some(status) => LabelPlan::to_status(status),
        None if has_prefix(&label, "status/") => {
            let reason = format!("Invalid status label: {label}");
            return Err(Error::Invalid { field: "label", reason });
        }
        None => LabelPlan { add: vec![label], ..LabelPlan::default() },
    };
    let target = plan.status;
    let intent = Intent { target, ..intent(actor, "add_label", &issue, &repository) };
    change_labels(app, &intent, |_| plan).await
}

/// Removes a label from an issue; idempotent. Removing the label of the agent that has the lease
/// ends the lease.
///
/// # Errors
///
/// As [`add_label`].
pub async fn remove_label(
    app: &App,
    actor: &Actor,
    issue: IssueId,
    label: &str,
) -> Result<ChangeOutcome> {
    let label = plain_label(label)?;
    let (issue, repository) = board::find_issue(app, issue).await?;
    let taken = repository.label_scheme.meant(&label).into_owned();
    let removed = LabelPlan { remove: vec![taken.clone()], ..LabelPlan::default() };
    let intent = intent(actor, "remove_label", &issue, &repository);
    relabel_from_holder(app, &intent, |own| is_same(&taken, own), |_| removed).await
}

/// Changes labels; if that removes the label of the agent that has the lease, the lease ends.
async fn relabel_from_holder(
    app: &App,
    intent: &Intent<'_>,
    takes_off: impl Fn(&str) -> bool,
    plan: impl FnOnce(&LabelSet) -> LabelPlan,
) -> Result<ChangeOutcome> {
    let row = leases::of_issue(&mut *app.connection().await?, intent.issue.id).await?;
    let live = row.filter(|lease| lease.is_live(app.clock.now()));
    let transition = match live.filter(|lease| takes_off(&agent_label(&lease.agent))) {
        None => LeaseTransition::None,
        Some(lease) => {
            LeaseTransition::End { lease: lease.id(), ending: LeaseEnding::Released, outcome: None }
        }
    };
    let precondition =
        Precondition::Holds(ExpectedHolder { agent: intent.actor.agent(), token: None });
    let options = ChangeOptions { precondition, transition, ..ChangeOptions::default() };
    change_labels_on(app, intent, options, |labels, _| Ok(plan(labels))).await
}

fn intent<'a>(
    actor: &'a Actor,
    action: &'a str,
    issue: &'a Issue,
    repository: &'a Repository,
) -> Intent<'a> {
    let (target, expected_from, reason) = (None, None, None);
    Intent { actor, action, issue, repository, target, expected_from, reason }
}

/// The label as GitHub accepts it.
fn plain_label(label: &str) -> Result<String> {
    let label = label.trim();
    // Emoji of several code points are common in labels, and have characters that no name may have.
    let is_odd = |c: char| c.is_control() || c == ',';
    if (1..=LONGEST_LABEL).contains(&label.chars().count()) && !label.contains(is_odd) {
        return Ok(label.to_owned());
    }
    let reason = format!("must have 1 to {LONGEST_LABEL} characters and no comma");
    Err(Error::Invalid { field: "label", reason })
}

async fn have_only(
    app: &App,
    actor: &Actor,
    action: &str,
    issue: IssueId,
    prefix: &str,
    label: Option<String>,
) -> Result<ChangeOutcome> {
    let (issue, repository) = board::find_issue(app, issue).await?;
    let intent = intent(actor, action, &issue, &repository);
    change_labels(app, &intent, |labels| LabelPlan::only(labels, prefix, label)).await
}

/// The label for a name that is given with or without its prefix.
fn label_of(kind: &'static str, name: Option<&str>) -> Result<Option<String>> {
    let Some(name) = name else { return Ok(None) };
    let prefix = format!("{kind}/");
    let bare = strip_prefix(name.trim(), &prefix).unwrap_or(name.trim());
    let label = format!("{prefix}{bare}");
    if kind == "agent" && is_reserved(bare) {
        return Err(Error::Invalid { field: kind, reason: reserved_reason() });
    }
    if is_plain(bare) && label.chars().count() <= LONGEST_LABEL {
        return Ok(Some(label));
    }
    let longest = LONGEST_LABEL - prefix.len();
    let reason = format!("must have 1 to {longest} characters and no comma, to be a label");
    Err(Error::Invalid { field: kind, reason })
}
