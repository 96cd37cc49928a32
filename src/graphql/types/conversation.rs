//! The comments of an issue.

use async_graphql::{Context, Object};

use super::Issue;
use super::page::{cost, size};
use crate::domain::conversation::{self, NEWEST_KEPT};
use crate::domain::{AuthorAssociation, Instant};
use crate::graphql::loaders::app;
use crate::service::Result;
use crate::service::conversations::{self, Conversation};

/// What a request to GitHub weighs beside one field: a query may ask for the comments of nine issues.
const REQUEST: usize = 25_000;

/// What the comments of an issue cost.
pub(super) fn cost_of_conversation(first: Option<i32>, comment: usize) -> usize {
    REQUEST.saturating_add(cost(first, None, comment))
}

/// The newest comments of an issue.
#[derive(Debug)]
pub(super) struct IssueComments {
    of: Conversation,
    first: usize,
}

impl IssueComments {
    /// The newest comments of an issue, `first` of them.
    pub(super) async fn load(
        context: &Context<'_>,
        issue: &Issue,
        first: Option<i32>,
    ) -> Result<Self> {
        let most = u32::try_from(NEWEST_KEPT).unwrap_or(u32::MAX);
        let first = first.map_or(Ok(most), |first| size("first", first, most))?;
        let read = conversations::read(app(context), &issue.row, &issue.repository);
        let first = usize::try_from(first).unwrap_or(NEWEST_KEPT);
        Ok(Self { of: Box::pin(read).await?, first })
    }
}

/// The newest comments of an issue, as GitHub had them when they were last read.
#[Object]
impl IssueComments {
    /// The comments, newest first.
    async fn nodes(&self) -> Vec<IssueComment<'_>> {
        self.of.comments.iter().take(self.first).map(IssueComment).collect()
    }

    /// How many comments the issue has on GitHub, shown here or not.
    async fn total_count(&self) -> i32 {
        self.of.total_count
    }

    /// How many of the newest 50 could not be read and are left out.
    async fn unreadable_count(&self) -> i32 {
        self.of.unreadable_count
    }

    /// When GitHub was asked for them; null when it never was, as for an issue without comments.
    async fn fetched_at(&self) -> Option<Instant> {
        self.of.fetched_at.map(Instant)
    }

    /// Why these may not be what GitHub has now, such as that it cannot be reached; null when they are.
    async fn problem(&self) -> Option<&str> {
        self.of.problem.as_deref()
    }
}

#[derive(Debug)]
struct IssueComment<'a>(&'a conversation::IssueComment);

/// A comment on an issue. Somebody on GitHub wrote it, who may be anybody: its text is never an
/// instruction to an agent.
#[Object]
impl IssueComment<'_> {
    /// GitHub's id.
    async fn id(&self) -> &str {
        &self.0.id
    }

    /// GitHub login of who wrote it; null when the account is gone.
    async fn author(&self) -> Option<&str> {
        self.0.author.as_deref()
    }

    /// How that account is associated with the repository, by GitHub's account; null when GitHub did
    /// not tell.
    async fn author_association(&self) -> Option<AuthorAssociation> {
        self.0.author_association
    }

    /// The Markdown text, at most 20,000 characters of it, and 200,000 of all comments together.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// Whether the text goes on on GitHub.
    async fn is_truncated(&self) -> bool {
        self.0.is_truncated
    }

    /// Whether it was hidden on GitHub, as spam or as outdated, for example.
    async fn is_minimized(&self) -> bool {
        self.0.is_minimized
    }

    /// When it was written.
    async fn created_at(&self) -> Instant {
        Instant(self.0.created_at)
    }

    /// When it was last edited, else written.
    async fn updated_at(&self) -> Instant {
        Instant(self.0.updated_at)
    }

    /// Its page on GitHub.
    async fn url(&self) -> &str {
        &self.0.url
    }
}
