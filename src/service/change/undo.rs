//! Undoing a label change that GitHub applied only partly, with the response lost.
//!
//! The issue would be left with two status labels, or with none. Reading it back shows that, and
//! the change is undone, so that a change recorded as failed has changed nothing.

use chrono::{DateTime, TimeDelta, Utc};

use super::send::{ids_of, ids_to_add};
use crate::domain::LabelSet;
use crate::domain::labels::{LabelChange, LabelPlan, MOST_LABELS};
use crate::github::{self, LiveLabels};
use crate::store::AuditEntry;

/// How long after a request its change is undone. Later, somebody may want the issue as it is.
const UNDONE_WITHIN: TimeDelta = TimeDelta::minutes(10);

/// The change that undoes the part of a change that was applied; none if nothing or everything was.
pub(super) fn undoing(
    entry: &AuditEntry,
    found: &LabelSet,
    now: DateTime<Utc>,
) -> Option<LabelChange> {
    let before = &entry.before_labels;
    let plan = LabelPlan::from_entry(entry.target_status, before, &entry.after_labels);
    if plan.change(found).is_empty() || now - entry.requested_at > UNDONE_WITHIN {
        return None;
    }
    let wanted = plan.change(before);
    let is_lost = |name: &String| !found.contains(name);
    let is_gained = |name: &String| found.contains(name);
    let undoing = LabelChange {
        add: wanted.remove.into_iter().filter(is_lost).collect(),
        remove: wanted.add.into_iter().filter(is_gained).collect(),
    };
    (!undoing.is_empty()).then_some(undoing)
}

/// Sends it to GitHub and returns the labels that the issue then has.
///
/// # Errors
///
/// GitHub's.
pub(super) async fn undo(
    github: &github::Client,
    node_id: &str,
    undoing: &LabelChange,
) -> Result<github::LabelChangeResult, github::Error> {
    let other = undoing.add.first().map(String::as_str);
    let live: LiveLabels = github.live_labels(node_id, None, other).await?;
    let add = ids_to_add(github, &live, None, &undoing.add).await?;
    let remove = ids_of(&live, &undoing.remove);
    let removes_first = live.labels.len() + add.len() > MOST_LABELS;
    github.change_labels(node_id, &add, &remove, removes_first).await
}
