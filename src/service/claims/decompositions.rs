//! Issues that are split into others, and so are not worked on themselves.

use std::collections::HashSet;

use diesel_async::AsyncConnection;

use crate::domain::{Actor, IssueId};
use crate::service::board_events::{audit_event, issue_event};
use crate::service::{App, Error, Result, board};
use crate::store::audit::NewEntry;
use crate::store::board::issues;
use crate::store::claims::decompositions;
use crate::store::{Decomposition, audit, event_log};

/// Marks an issue as split into others, or as whole.
#[derive(Debug, Clone)]
pub struct DecomposeIssue {
    /// The issue.
    pub issue_id: IssueId,
    /// Whether it is split; otherwise it becomes whole again.
    pub is_split: bool,
    /// A note about the split.
    pub note: Option<String>,
    /// Pages of the issues that it was split into; http(s) addresses.
    pub follow_up_urls: Vec<String>,
}

/// Which of some issues are split.
pub async fn split_among(app: &App, issues: &[IssueId]) -> Result<HashSet<IssueId>> {
    let rows = decompositions::among(&mut *app.connection().await?, issues).await?;
    Ok(rows.into_iter().map(|row| row.issue_id).collect())
}

/// Marks an issue as split into others, or as whole again. The audit log calls it
/// `issue_decomposed` and `issue_reactivated`. Idempotent.
///
/// # Errors
///
/// [`Error::Invalid`] for an invalid address; [`Error::NotFound`].
pub async fn decompose_issue(
    app: &App,
    actor: &Actor,
    command: DecomposeIssue,
) -> Result<Option<Decomposition>> {
    let is_address = |url: &String| url.starts_with("http://") || url.starts_with("https://");
    if !command.follow_up_urls.iter().all(is_address) {
        let reason = "must be an array of http(s) URLs".to_owned();
        return Err(Error::Invalid { field: "followUpUrls", reason });
    }
    let (issue, repository) = board::find_issue(app, command.issue_id).await?;
    let mut connection = app.connection().await?;
    connection
        .transaction(async |connection| {
            let issue = issues::lock(connection, issue.id).await?;
            let now = app.clock.now();
            let known = decompositions::among(connection, &[issue.id]).await?.pop();
            let is_said = |known: &Decomposition| {
                known.note == command.note && known.follow_up_urls == command.follow_up_urls
            };
            if known.as_ref().map_or(!command.is_split, |known| command.is_split && is_said(known))
            {
                return Ok(known);
            }
            let row = command.is_split.then(|| Decomposition {
                issue_id: issue.id,
                decomposed_at: now,
                decomposed_by: actor.name().to_owned(),
                note: command.note.clone(),
                follow_up_urls: command.follow_up_urls.clone(),
            });
            match &row {
                Some(row) => decompositions::write(connection, row).await?,
                None => decompositions::remove(connection, issue.id).await?,
            }
            let action = if row.is_some() { "issue_decomposed" } else { "issue_reactivated" };
            let entry = NewEntry {
                repository_full_name: repository.full_name.as_str(),
                issue_number: Some(issue.number),
                issue_id: Some(issue.id),
                notes: command.note.as_deref(),
                ..NewEntry::done(actor.actor_ref(), action, &issue.labels, now)
            };
            let entry = audit::append(connection, &entry).await?;
            // A waiting claim may be served now.
            let actor = actor.actor_ref();
            let changed = issue_event(Some(&issue), &issue, false, &repository, actor, now);
            event_log::append(connection, &[changed, audit_event(&entry)]).await?;
            Ok(row)
        })
        .await
}
