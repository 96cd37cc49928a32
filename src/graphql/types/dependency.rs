//! What an issue waits for, and what waits for it.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object};

use super::issue::Issue;
use super::repository::site_of;
use crate::graphql::loaders::{Related, app};
use crate::store::blockers;

/// A dependency, seen from one of its two issues.
#[derive(Debug, Clone)]
pub(in crate::graphql) struct Dependency {
    pub(in crate::graphql) row: blockers::Dependency,
    pub(in crate::graphql) issue: Related<Arc<Issue>>,
}

/// Where a dependency was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(in crate::graphql) enum DependencySource {
    /// GitHub's own relation "blocked by".
    #[graphql(name = "GITHUB")]
    GitHub,
    /// A phrase in the text of the issue that waits.
    Text,
}

/// An issue or pull request that stands in the way of an issue, or an issue in whose way it stands.
#[Object]
impl Dependency {
    /// The full name of the other's repository; in lower case where it is not tracked.
    async fn repository(&self) -> &str {
        &self.row.repository
    }

    /// The other's number in its repository.
    async fn number(&self) -> i32 {
        self.row.number
    }

    /// The other; null when it is not cached: a pull request, an issue of a repository that is not
    /// tracked, or one that is gone.
    async fn issue(&self, context: &Context<'_>) -> async_graphql::Result<Option<Arc<Issue>>> {
        Ok(self.issue.resolve(context, self.row.issue_id).await?)
    }

    /// Whether the other is open; null when GitHub was not asked yet.
    async fn is_open(&self) -> Option<bool> {
        self.row.is_open
    }

    /// The other's page on GitHub.
    async fn url(&self, context: &Context<'_>) -> String {
        let site = site_of(app(context));
        format!("{site}/{}/issues/{}", self.row.repository, self.row.number)
    }

    /// Where this was read: one place, or both.
    async fn sources(&self) -> Vec<DependencySource> {
        let mut sources = Vec::with_capacity(2);
        if self.row.in_relation {
            sources.push(DependencySource::GitHub);
        }
        if self.row.in_text {
            sources.push(DependencySource::Text);
        }
        sources
    }
}
