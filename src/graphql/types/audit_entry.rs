//! An audit entry, and lists of them.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::Issue;
use super::page::{MAX, PageArguments, connection};
use crate::domain::actor::ActorKind;
use crate::domain::{AuditEntryId, Timestamp};
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

/// A settled entry with the issue that was loaded with its page.
#[derive(Debug)]
pub(in crate::graphql) struct AuditEntry {
    pub(in crate::graphql) row: store::AuditEntry,
    pub(in crate::graphql) issue: Related<Arc<Issue>>,
}

/// An audit entry: what somebody did, or tried to do, and the outcome. Entries are kept
/// permanently.
#[Object]
impl AuditEntry {
    /// Opaque and permanent.
    pub(super) async fn id(&self) -> AuditEntryId {
        self.row.id
    }

    /// The name of the caller.
    async fn actor(&self) -> &str {
        &self.row.actor
    }

    /// The kind of caller. The name alone does not prove who acted.
    async fn actor_kind(&self) -> ActorKind {
        self.row.actor_kind
    }

    /// The action: `move_issue`, `set_status`, `add_tracked_repo`, `remove_tracked_repo`, …
    async fn action(&self) -> &str {
        &self.row.action
    }

    /// The full name that the repository had at that time.
    async fn repository_full_name(&self) -> &str {
        &self.row.repository_full_name
    }

    /// The issue's number in the repository; null when the action concerns no issue.
    async fn issue_number(&self) -> Option<i32> {
        self.row.issue_number
    }

    /// The issue; null when the action concerns none, or when it is no longer shown.
    async fn issue(&self, context: &Context<'_>) -> async_graphql::Result<Option<Arc<Issue>>> {
        Ok(self.issue.resolve(context, self.row.issue_id).await?)
    }

    /// The issue's labels on GitHub before the action.
    async fn before_labels(&self) -> &[String] {
        self.row.before_labels.names()
    }

    /// The issue's labels on GitHub after the action.
    async fn after_labels(&self) -> &[String] {
        self.row.after_labels.names()
    }

    /// Whether the action succeeded.
    async fn success(&self) -> bool {
        self.row.success.unwrap_or_default()
    }

    /// Why the action failed.
    async fn error_message(&self) -> Option<&str> {
        self.row.error_message.as_deref()
    }

    /// The text of the comment, if the action is a comment.
    async fn comment(&self) -> Option<&str> {
        self.row.comment.as_deref()
    }

    /// The page of the comment on GitHub; null when it is not known to exist.
    async fn comment_url(&self) -> Option<&str> {
        self.row.comment_url.as_deref()
    }

    /// Details that the labels do not show: the reason for a request to stop, the text of a
    /// message, what was paused, the previous lane of an issue.
    async fn notes(&self) -> Option<&str> {
        self.row.notes.as_deref()
    }

    /// When the outcome became known. Entries are ordered by this time.
    async fn created_at(&self) -> Timestamp {
        Timestamp(self.row.created_at())
    }

    /// When the action was requested.
    async fn requested_at(&self) -> Timestamp {
        Timestamp(self.row.requested_at)
    }

    /// The id of the trace in which the action was requested, as 32 hexadecimal digits: that of the
    /// request's header `traceparent`, else one of Dispatch's own if it sends traces; null when there
    /// was none.
    async fn trace_id(&self) -> Option<&str> {
        self.row.trace_id.as_deref()
    }
}

impl AuditEntry {
    /// An entry without related data.
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
        arguments: PageArguments,
    ) -> Result<Self> {
        let app = loaders::app(context);
        let page = service::audit::audit_log(app, filter, &arguments.request::<'a'>(MAX)?).await?;
        let page = loaders::with_issues(context, page, |row| row.issue_id).await?;
        Ok(Self { page: page.map(|(row, issue)| AuditEntry { row, issue }) })
    }
}
