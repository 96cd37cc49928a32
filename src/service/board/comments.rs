//! Posting comments on issues.
//!
//! As with labels, the intent is written first: the audit log has the text, pending, before GitHub
//! is asked. Unlike labels, comments are not idempotent: two equal ones are two comments, so the
//! presence of one does not prove that this request posted it. Invariants: a repeated request posts
//! once; a comment with an unknown outcome is searched for before it is posted again, and not
//! posted again while a late request may still arrive at GitHub.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::AsyncConnection;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::domain::events::Topic;
use crate::domain::{Actor, EventCursor, IssueId};
use crate::github::{self, Comment, Commented};
use crate::service::change::{self, ChangeOutcome, GITHUB_TIME, GRACE, Observed, Settlement};
use crate::service::{App, Error, Result, board};
use crate::store::audit::NewComment;
use crate::store::board::issues;
use crate::store::{AuditEntry, Event, Issue, Repository, audit, event_log};

/// How long the same text by the same actor counts as a repetition.
const REPETITION: TimeDelta = TimeDelta::seconds(60);

/// GitHub's own limit, in characters.
const LONGEST: usize = 65_536;

/// How far GitHub's clock may be behind ours.
const CLOCKS_APART: TimeDelta = TimeDelta::minutes(2);

/// A comment to post on an issue.
#[derive(Debug, Clone, async_graphql::InputObject)]
#[graphql(name = "AddCommentInput")]
pub struct AddComment {
    /// The issue.
    pub issue_id: IssueId,
    /// Markdown, up to 65,536 characters. The same text by the same caller within a minute counts
    /// as a repeated request and is posted only once.
    pub body: String,
}

/// A comment that is on GitHub.
#[derive(Debug, Clone)]
pub struct PostedComment {
    /// The issue as it is now.
    pub issue: Issue,
    /// The audit entry; the existing one for a repeated request.
    pub audit_entry: AuditEntry,
    /// The comment's page.
    pub url: String,
    /// The event that publishes it; the newest position for a repetition.
    pub cursor: EventCursor,
}

/// Posts a comment; the audit log calls it `add_comment`. Closed issues can be commented on.
///
/// # Errors
///
/// [`Error::Invalid`] for a text that is empty or too long, [`Error::NotFound`];
/// [`Error::Upstream`] or [`Error::RateLimited`] when GitHub refused or did not respond, which is
/// audited too. Retrying after any of them is safe.
pub async fn add(app: &App, actor: &Actor, command: AddComment) -> Result<PostedComment> {
    let text = text_of(&command.body)?;
    let (issue, repository) = board::find_issue(app, command.issue_id).await?;
    if let Some(refusal) = Error::read_only(&repository, issue.status) {
        return Err(refusal);
    }
    // Subscribe before reading, so that the end of a concurrent request is not missed in between.
    let events = app.bus.subscribe();
    match begin(app, actor, &issue, &repository, &text).await? {
        CommentRequest::First(entry) => post(app, &issue, &entry).await,
        CommentRequest::Repeated(entry) if entry.settled_at.is_none() => {
            wait_for(app, events, &entry).await?;
            outcome_of(app, &entry).await
        }
        CommentRequest::Repeated(entry) if entry.success == Some(true) => answer(app, entry).await,
        CommentRequest::Repeated(entry) => {
            recheck_repetition(app, actor, (&issue, &repository), &entry).await
        }
    }
}

/// The text as GitHub will store it.
fn text_of(given: &str) -> Result<String> {
    let text = given.replace("\r\n", "\n").replace('\r', "\n");
    let is_kept = |c: &char| *c >= ' ' || *c == '\n' || *c == '\t';
    let text: String = text.trim_end().chars().filter(is_kept).collect();
    let refused = |reason: &str| Err(Error::Invalid { field: "body", reason: reason.to_owned() });
    if text.trim().is_empty() {
        return refused("must not be empty");
    }
    if text.chars().count() > LONGEST {
        return refused("must not be longer than 65536 characters");
    }
    Ok(text)
}

/// Whether a request is the first or a repetition.
enum CommentRequest {
    First(AuditEntry),
    /// This entry is the same request: in progress, posted, or with an unknown outcome.
    Repeated(AuditEntry),
}

/// Writes the intent, unless the same comment was posted lately. The issue's row is locked, so one
/// of two equal requests is the first.
async fn begin(
    app: &App,
    actor: &Actor,
    issue: &Issue,
    repository: &Repository,
    text: &str,
) -> Result<CommentRequest> {
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            let row = issues::lock(connection, issue.id).await?;
            let now = app.clock.now();
            let since = now - REPETITION;
            let same =
                audit::same_comment(connection, row.id, actor.actor_ref(), text, since).await?;
            let stands =
                |entry: &AuditEntry| entry.success != Some(false) || is_in_doubt(entry, now);
            if let Some(entry) = same.filter(stands) {
                return Ok(CommentRequest::Repeated(entry));
            }
            let intent = intent(actor, &row, repository, text, now);
            Ok(CommentRequest::First(audit::append_comment(connection, &intent).await?))
        })
        .await
}

/// Whether the request may still arrive although GitHub did not have the comment when it was read.
fn is_in_doubt(entry: &AuditEntry, now: DateTime<Utc>) -> bool {
    entry.recheck_at.is_some_and(|recheck_at| recheck_at > now)
}

fn intent<'a>(
    actor: &'a Actor,
    issue: &'a Issue,
    repository: &'a Repository,
    text: &'a str,
    now: DateTime<Utc>,
) -> NewComment<'a> {
    NewComment {
        actor: actor.name(),
        actor_kind: actor.kind(),
        action: "add_comment",
        repository_full_name: repository.full_name.as_str(),
        issue_number: Some(issue.number),
        issue_id: Some(issue.id),
        before_labels: &issue.labels,
        after_labels: &issue.labels,
        comment: text,
        requested_at: now,
        deadline_at: Some(now + GITHUB_TIME),
    }
}

/// The client for the repository of a comment.
fn client(app: &App, entry: &AuditEntry) -> github::Client {
    let github = app.github.within(GITHUB_TIME);
    match entry.repository_full_name.split_once('/') {
        Some((owner, _)) => github.for_owner(owner),
        None => github,
    }
}

async fn post(app: &App, issue: &Issue, entry: &AuditEntry) -> Result<PostedComment> {
    let github = client(app, entry);
    let text = entry.comment.as_deref().unwrap_or_default();
    match github.add_comment(&issue.node_id, text).await {
        Ok(commented) => settle(app, entry, certain(Ok(commented))).await,
        Err(error) if error.is_ambiguous() => match find(app, &github, issue, entry).await {
            Ok(found) => settle(app, entry, read_back(app, found, error)).await,
            // That failed too: the entry stays pending and is settled after its deadline.
            Err(_) => Err(error.into()),
        },
        Err(error) => settle(app, entry, certain(Err(error))).await,
    }
}

/// The outcome of a comment with a known response.
fn certain(posted: std::result::Result<Commented, github::Error>) -> Settlement {
    match posted {
        Ok(commented) => Settlement::certain(Observed::Comment(Some(commented)), None),
        Err(error) => Settlement::certain(Observed::Comment(None), Some(error)),
    }
}

/// The outcome of a comment with a lost response, after searching for it.
fn read_back(app: &App, found: Option<Commented>, lost: github::Error) -> Settlement {
    let lost = found.is_none().then_some(lost);
    Settlement::read_back(Observed::Comment(found), lost, app.clock.now())
}

/// Searches the newest comments of the issue for the one of an entry: by us, with the same text,
/// not older than the entry, and not that of another entry.
async fn find(
    app: &App,
    github: &github::Client,
    issue: &Issue,
    entry: &AuditEntry,
) -> Result<Option<Commented>> {
    let recent = github.recent_comments(&issue.node_id).await?;
    let since = entry.requested_at - CLOCKS_APART;
    let text = entry.comment.as_deref().unwrap_or_default();
    let is_it = |comment: &&Comment| {
        comment.is_own && comment.created_at >= since && comment.body.trim_end() == text
    };
    let urls: Vec<String> =
        recent.comments.iter().filter(is_it).map(|comment| comment.url.clone()).collect();
    let mut connection = app.connection().await?;
    let known = audit::known_comments(&mut connection, issue.id, &urls).await?;
    let ours = urls.into_iter().find(|url| !known.contains(url));
    Ok(ours.map(|url| Commented { url, issue: Some((recent.count, recent.updated_at)) }))
}

/// Settles a comment, or returns the outcome that a concurrent reader has recorded.
async fn settle(app: &App, entry: &AuditEntry, settlement: Settlement) -> Result<PostedComment> {
    let failure = settlement.error().cloned();
    match change::settle(app, entry, settlement, None).await {
        Ok(ChangeOutcome { issue, audit_entry, cursor, .. }) => {
            let url = audit_entry.comment_url.clone().unwrap_or_default();
            Ok(PostedComment { issue, audit_entry, url, cursor })
        }
        Err(Error::Conflict { .. }) => match failure {
            Some(error) => Err(error.into()),
            None => outcome_of(app, entry).await,
        },
        Err(error) => Err(error),
    }
}

/// Waits until a concurrent request for the same comment has its outcome, or its deadline has
/// passed.
async fn wait_for(app: &App, mut events: Receiver<Arc<Event>>, entry: &AuditEntry) -> Result<()> {
    let end = entry.deadline_at.unwrap_or(entry.requested_at) + GRACE;
    let settled = async {
        loop {
            match events.recv().await {
                Ok(event) if event.topic == Topic::Audit && event.record_id == Some(entry.id.0) => {
                    break;
                }
                // A receiver that lagged may have missed the event, and then waits for the
                // deadline.
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    };
    tokio::select! {
        () = settled => {}
        () = app.clock.sleep_until(end) => {}
    }
    settle_one(app, entry).await
}

/// The outcome of an entry that a concurrent request has settled.
async fn outcome_of(app: &App, entry: &AuditEntry) -> Result<PostedComment> {
    let entry = {
        let mut connection = app.connection().await?;
        audit::pending_or_not(&mut connection, entry.id).await?
    };
    match entry.success {
        Some(true) => answer(app, entry).await,
        Some(false) => Err(lost(entry.error_message).into()),
        None => Err(lost(None).into()),
    }
}

/// The response to a repetition.
async fn answer(app: &App, entry: AuditEntry) -> Result<PostedComment> {
    let id = entry.issue_id.ok_or_else(|| Error::no_issue(entry.id))?;
    let (issue, _) = board::find_issue(app, id).await?;
    let mut connection = app.connection().await?;
    let cursor = event_log::position(&mut connection).await?;
    let url = entry.comment_url.clone().unwrap_or_default();
    Ok(PostedComment { issue, audit_entry: entry, url, cursor })
}

/// Responds to a repetition of a comment that was not found on GitHub a moment ago. If it has
/// arrived since, that is recorded; otherwise nothing is posted.
async fn recheck_repetition(
    app: &App,
    actor: &Actor,
    (issue, repository): (&Issue, &Repository),
    entry: &AuditEntry,
) -> Result<PostedComment> {
    let github = client(app, entry);
    let Some(found) = find(app, &github, issue, entry).await? else {
        return Err(lost(entry.error_message.clone()).into());
    };
    let text = entry.comment.as_deref().unwrap_or_default();
    let late = {
        let mut connection = app.connection().await?;
        let intent = intent(actor, issue, repository, text, app.clock.now());
        audit::append_comment(&mut connection, &intent).await?
    };
    settle(app, &late, certain(Ok(found))).await
}

fn lost(message: Option<String>) -> github::Error {
    github::Error::Unreachable {
        reason: message
            .unwrap_or_else(|| "GitHub's answer was lost, and the comment is not there".to_owned()),
        timed_out: true,
        ambiguous: true,
    }
}

/// Settles a comment with a lost response by searching for it, unless that has been done. If GitHub
/// cannot be read, the next run tries again.
///
/// # Errors
///
/// When the database fails.
pub(crate) async fn settle_one(app: &App, entry: &AuditEntry) -> Result<()> {
    let Some(id) = entry.issue_id else { return Ok(()) };
    let issue = {
        let mut connection = app.connection().await?;
        let is_settled =
            audit::pending_or_not(&mut connection, entry.id).await?.settled_at.is_some();
        match issues::by_id(&mut connection, id).await? {
            Some(issue) if !is_settled => issue,
            _ => return Ok(()),
        }
    };
    let github = client(app, entry);
    let settled = match find(app, &github, &issue, entry).await {
        Ok(found) => settle(app, entry, read_back(app, found, lost(None))).await,
        Err(Error::Upstream(error @ github::Error::NotFound { .. })) => {
            settle(app, entry, certain(Err(error))).await
        }
        Err(error @ (Error::Upstream(_) | Error::RateLimited { .. })) => {
            tracing::warn!(%error, entry = %entry.id, "an unsettled comment waits for GitHub");
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    match settled {
        Ok(_) | Err(Error::Upstream(_) | Error::RateLimited { .. } | Error::NotFound { .. }) => {
            Ok(())
        }
        Err(error) => Err(error),
    }
}
