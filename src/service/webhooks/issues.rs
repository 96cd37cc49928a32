//! Applies what deliveries report about issues.

use chrono::TimeDelta;

use crate::domain::Actor;
use crate::domain::webhooks::is_other_node;
use crate::github;
use crate::github::webhooks::{self, IssueSnapshot};
use crate::service::App;
use crate::service::board::dependencies::IssueLinks;
use crate::service::board_events::{Rules, removal_event, write_of};
use crate::service::repositories::sync::{PageChanges, write_issues};
use crate::service::webhooks::outcome::Outcome;
use crate::service::{Error, Result};
use crate::store::board::issues::{self, IssueWrite};
use crate::store::event_log::NewEvent;
use crate::store::repositories::{self, unreadable_issues};
use crate::store::{Connection, Issue, Repository, WebhookDelivery};

/// How far GitHub's clock may be ahead of ours.
const AHEAD: TimeDelta = TimeDelta::minutes(10);

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
    if issue.updated_at > delivery.received_at + AHEAD {
        // Stored, it would count as newer than every later version.
        return Ok((Outcome::Refresh(repository.full_name.clone(), issue.number), vec![]));
    }
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
        if issue.updated_at < row.updated_at && is_same_issue(row, &issue) {
            // What its text refers to is older, too.
            return Ok((Outcome::Processed, vec![]));
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
    let (found, links) = ([issue], IssueLinks::new());
    let PageChanges { events, left_alone, .. } =
        write_issues(app, connection, repository, (&found, &links), read_at).await?;
    match left_alone {
        None => Ok((Outcome::Processed, events)),
        Some(_) => {
            Ok((Outcome::Later("another change of this issue is not settled".into()), vec![]))
        }
    }
}

/// Removes an issue that was deleted or transferred. One that is not cached yet is stored as removed, so
/// that an older event which arrives later does not add it.
pub(super) async fn remove(
    app: &App,
    connection: &mut Connection,
    repository: &Repository,
    payload: &[u8],
) -> Result<(Outcome, Vec<NewEvent>)> {
    let (number, issue) =
        match webhooks::issue(payload, &repository.full_name).map_err(Error::Upstream)? {
            IssueSnapshot::Whole(issue) => (issue.number, Some(*issue)),
            IssueSnapshot::Partial { number } => (number, None),
            IssueSnapshot::PullRequest => {
                return Ok((Outcome::Ignored("it is about a pull request".to_owned()), vec![]));
            }
        };
    let now = app.clock.now();
    let known = issues::lock_numbers(connection, repository.id, &[number]).await?;
    let Some((row, _)) = known.first() else {
        if let Some(issue) = issue {
            unreadable_issues::forget(connection, repository.id, &[&issue.node_id]).await?;
            let rules = Rules::at(app, now);
            let write = write_of(&issue, repository.id, None, now, &rules);
            let removed = IssueWrite { on_board: false, removed_at: Some(now), ..write };
            issues::write(connection, &[removed]).await?;
        }
        return Ok((Outcome::Processed, vec![]));
    };
    if issue.is_some_and(|issue| is_other_node(&row.node_id, &issue.node_id)) {
        return Ok((Outcome::Ignored("the number belongs to another issue".to_owned()), vec![]));
    }
    unreadable_issues::forget(connection, repository.id, &[&row.node_id]).await?;
    let removed = issues::remove(connection, &[row.id], now).await?;
    let event = |issue| removal_event(issue, repository, Actor::GitHub.actor_ref(), now);
    let was_on_board = row.on_board;
    Ok((Outcome::Processed, removed.iter().filter(|_| was_on_board).map(event).collect()))
}

/// Which issue must be read again because it waits for something else now. That does not update the
/// issue, so the payload does not tell whether it is newer than the cache.
pub(super) async fn blocked(
    connection: &mut Connection,
    repository: &Repository,
    payload: &[u8],
) -> Result<Outcome> {
    let (number, name) = webhooks::blocked_issue(payload).map_err(Error::Upstream)?;
    let name = name.unwrap_or_else(|| repository.full_name.clone());
    let row = repositories::by_name(connection, &name).await?;
    Ok(match row.filter(|row| row.enabled) {
        Some(row) => Outcome::Refresh(row.full_name, number),
        None => Outcome::Ignored(format!("{name} is not tracked")),
    })
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
