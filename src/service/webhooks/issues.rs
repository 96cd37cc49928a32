//! Applies what deliveries report about issues.

use crate::app::App;
use crate::domain::webhooks::is_other_node;
use crate::github;
use crate::github::webhooks::{self, Envelope, IssueSnapshot};
use crate::service::board::dependencies::Found;
use crate::service::repositories::sync::{Written, write_issues};
use crate::service::webhooks::process::Outcome;
use crate::service::{Error, Result};
use crate::store::board::issues;
use crate::store::event_log::NewEvent;
use crate::store::{Connection, Issue, Repository, WebhookDelivery, repositories};

/// The repository of a payload: by GitHub's id, which a rename does not change, otherwise by name. None
/// if another repository has the name now.
pub(super) async fn repository_of(
    connection: &mut Connection,
    about: &Envelope,
) -> Result<Option<Repository>> {
    if let Some(node_id) = &about.repository_node_id
        && let Some(row) = repositories::by_node_id(connection, node_id).await?
    {
        return Ok(Some(row));
    }
    let Some(name) = &about.repository else { return Ok(None) };
    let row = repositories::by_name(connection, name).await?;
    let ids = |row: &Repository| row.node_id.clone().zip(about.repository_node_id.clone());
    let is_other =
        |row: &Repository| ids(row).is_some_and(|(one, other)| is_other_node(&one, &other));
    Ok(row.filter(|row| !is_other(row)))
}

/// Stores the issue of an event, unless the cache is newer.
///
/// GitHub's times are whole seconds. Of two different versions of one second nobody can tell which one
/// is newer, so the issue is read from GitHub.
pub(super) async fn store(
    app: &App,
    connection: &mut Connection,
    repository: &Repository,
    delivery: &WebhookDelivery,
    payload: &[u8],
) -> Result<(Outcome, Vec<NewEvent>)> {
    let snapshot = webhooks::issue(payload, &repository.full_name).map_err(Error::Upstream)?;
    let issue = match snapshot {
        IssueSnapshot::Whole(issue) => *issue,
        IssueSnapshot::Partial { number } => {
            return Ok((Outcome::Refresh(repository.full_name.clone(), number), vec![]));
        }
        IssueSnapshot::PullRequest => {
            return Ok((Outcome::Ignored("it is about a pull request".to_owned()), vec![]));
        }
    };
    let known = issues::lock_numbers(connection, repository.id, &[issue.number]).await?;
    let known = known.first();
    let labels = repository.label_scheme.read_all(issue.labels.clone());
    let mut issue = github::Issue { labels, ..issue };
    let mut read_at = delivery.received_at;
    if let Some((row, body)) = known {
        if is_same_issue(row, &issue) {
            issue.node_id.clone_from(&row.node_id);
        }
        if row.removed_at.is_some() && row.node_id == issue.node_id {
            return Ok((
                Outcome::Ignored("the issue was deleted or transferred".to_owned()),
                vec![],
            ));
        }
        if issue.updated_at > row.updated_at {
            // It is newer, even if the cache was read after it had arrived.
            read_at = read_at.max(row.read_at);
        } else if issue.updated_at == row.updated_at
            && read_at >= row.read_at
            && differs(&issue, row, body.as_deref())
        {
            return Ok((Outcome::Refresh(repository.full_name.clone(), issue.number), vec![]));
        }
    }
    let (found, links) = ([issue], Found::new());
    let Written { events, left_alone } =
        write_issues(app, connection, repository, (&found, &links), read_at).await?;
    match left_alone {
        None => Ok((Outcome::Processed, events)),
        Some(_) => {
            Ok((Outcome::Later("another change of this issue is not settled".into()), vec![]))
        }
    }
}

/// Whether a row and a payload are of one issue, although GitHub may have sent its id in another format.
fn is_same_issue(row: &Issue, issue: &github::Issue) -> bool {
    row.created_at == issue.created_at && !is_other_node(&row.node_id, &issue.node_id)
}

/// Whether two versions of an issue differ in what is stored, whatever the order of labels is.
fn differs(issue: &github::Issue, row: &Issue, body: Option<&str>) -> bool {
    let sorted = |texts: &[String]| {
        let mut texts: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
        texts.sort_unstable();
        texts
    };
    issue.title != row.title
        || issue.body.as_deref() != body
        || issue.state != row.state
        || sorted(&issue.labels) != sorted(row.labels.names())
        || sorted(&issue.assignees) != sorted(&row.assignees)
        || i64::from(issue.comments_count) != i64::from(row.comments_count)
        || issue.closed_at != row.closed_at
}
