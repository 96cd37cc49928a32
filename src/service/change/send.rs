//! Sending a change of labels to GitHub.

use crate::domain::label_names::is_same;
use crate::domain::labels::{LabelPlan, MOST_LABELS, color_of};
use crate::domain::{LabelSet, Status};
use crate::github::{self, LiveLabels};
use crate::store::Issue;

/// The outcome of a change that was sent.
pub(super) enum SendOutcome {
    /// GitHub returned the labels that the issue now has, and an error for what it refused.
    Answered(github::LabelChangeResult, Option<github::Error>),
    /// GitHub refused; nothing was changed.
    Refused(github::Error),
    /// The outcome is unknown.
    Unknown(github::Error),
}

/// Sends the change as one document, additions before removals unless the issue has too many labels
/// for that. A partly applied change is undone once.
pub(super) async fn send(
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
        Err(error) if live.is_triager => return SendOutcome::Refused(error.for_single_issue()),
        Err(error) => return SendOutcome::Refused(error),
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
