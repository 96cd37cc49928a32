//! A line of the audit log, and lists of them.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::Issue;
use super::page::{Arguments, MAX, connection};
use crate::domain::actor::ActorKind;
use crate::domain::{AuditEntryId, Instant};
use crate::graphql::loaders::{self, Related};
use crate::service::{self, Result};
use crate::store::audit::AuditFilter;
use crate::store::{self, Position};

connection! {
    /// A page of audit entries.
    AuditEntryConnection of
    /// An audit entry and its cursor.
    AuditEntryEdge,
    AuditEntry, 'a'
}

/// A settled entry with the issue that its page brought along.
#[derive(Debug)]
pub(in crate::graphql) struct AuditEntry {
    pub(in crate::graphql) row: store::AuditEntry,
    pub(in crate::graphql) issue: Related<Arc<Issue>>,
}

/// Something that somebody did, or tried to do, and what came of it. Kept for good.
#[Object]
impl AuditEntry {
    /// Opaque, and the same for good.
    pub(super) async fn id(&self) -> AuditEntryId {
        self.row.id
    }

    /// Who did it.
    async fn actor(&self) -> &str {
        &self.row.actor
    }

    /// What kind of caller that was. A name alone proves nothing.
    async fn actor_kind(&self) -> ActorKind {
        self.row.actor_kind
    }

    /// What was done: `move_issue`, `set_status`, `add_tracked_repo`, `remove_tracked_repo`, …
    async fn action(&self) -> &str {
        &self.row.action
    }

    /// The repository, as it was called then.
    async fn repository_full_name(&self) -> &str {
        &self.row.repository_full_name
    }

    /// The issue's number in it; null when no issue is concerned.
    async fn issue_number(&self) -> Option<i32> {
        self.row.issue_number
    }

    /// The issue; null when none is concerned or it is no longer shown.
    async fn issue(&self, context: &Context<'_>) -> async_graphql::Result<Option<Arc<Issue>>> {
        Ok(self.issue.resolve(context, self.row.issue_id).await?)
    }

    /// The labels GitHub had before.
    async fn before_labels(&self) -> &[String] {
        self.row.before_labels.names()
    }

    /// The labels GitHub had afterwards.
    async fn after_labels(&self) -> &[String] {
        self.row.after_labels.names()
    }

    /// Whether it worked.
    async fn success(&self) -> bool {
        self.row.success.unwrap_or_default()
    }

    /// Why it did not work.
    async fn error_message(&self) -> Option<&str> {
        self.row.error_message.as_deref()
    }

    /// The text of the comment, when that is what was done.
    async fn comment(&self) -> Option<&str> {
        self.row.comment.as_deref()
    }

    /// GitHub's page of that comment; null when it is not known to be there.
    async fn comment_url(&self) -> Option<&str> {
        self.row.comment_url.as_deref()
    }

    /// Particulars that the labels do not show: the reason for a request to stop, the text of a message,
    /// what was paused, from which lane an issue came.
    async fn notes(&self) -> Option<&str> {
        self.row.notes.as_deref()
    }

    /// When its outcome was known, which is also the order of the log.
    async fn created_at(&self) -> Instant {
        Instant(self.row.created_at())
    }

    /// When it was asked for.
    async fn requested_at(&self) -> Instant {
        Instant(self.row.requested_at)
    }
}

impl AuditEntry {
    /// An entry by itself.
    pub(in crate::graphql) fn alone(row: store::AuditEntry) -> Self {
        Self { row, issue: Related::Left }
    }

    /// Where it stands in a list.
    fn position(&self) -> Position {
        self.row.position()
    }
}

impl AuditEntryConnection {
    /// A page of entries, newest first.
    pub(in crate::graphql) async fn load(
        context: &Context<'_>,
        filter: &AuditFilter,
        arguments: Arguments,
    ) -> Result<Self> {
        let app = loaders::app(context);
        let page = service::audit::audit_log(app, filter, &arguments.request::<'a'>(MAX)?).await?;
        let page = loaders::with_issues(context, page, |row| row.issue_id).await?;
        Ok(Self { page: page.map(|(row, issue)| AuditEntry { row, issue }) })
    }
}
