//! The mutation that posts a comment.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};

use crate::domain::EventCursor;
use crate::graphql::edits::ChangeIssuePayload;
use crate::graphql::loaders::{actor, app};
use crate::graphql::types::page::cost;
use crate::graphql::types::{AuditEntry, Issue};
use crate::service::board::comments::{self, AddComment};
use crate::service::change::ChangeOutcome;

/// The result of posting a comment.
#[derive(SimpleObject)]
struct AddCommentPayload {
    /// The current state of the issue.
    issue: Arc<Issue>,
    /// The comment's page on GitHub.
    url: String,
    /// The audit entry; the existing one for a repeated request.
    audit_entry: AuditEntry,
    /// The position of the event that subscribers receive; the newest position for a repeated
    /// request.
    cursor: EventCursor,
}

#[derive(Debug, Default)]
pub(crate) struct CommentMutation;

#[Object]
impl CommentMutation {
    /// Posts a comment on an issue on GitHub. The same text by the same caller within a minute is
    /// posted only once, so it is safe to retry after a failure.
    #[graphql(complexity = "cost(Some(1), None, child_complexity)")]
    async fn add_comment(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The issue and the text.")] input: AddComment,
    ) -> async_graphql::Result<AddCommentPayload> {
        let actor = actor(context);
        let posted = comments::add(app(context), actor, input).await?;
        let comments::PostedComment { issue, audit_entry, url, cursor } = posted;
        let changed = ChangeOutcome { issue, audit_entry, cursor, lease: None, agent_run: None };
        let ChangeIssuePayload { issue, audit_entry, cursor } =
            ChangeIssuePayload::load(context, changed).await?;
        Ok(AddCommentPayload { issue, url, audit_entry, cursor })
    }
}
