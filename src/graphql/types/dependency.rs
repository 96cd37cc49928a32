//! The dependencies of an issue: what blocks it, and what it blocks.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object};

use super::repository::site_of;
use crate::graphql::loaders::{Dependency, Issue, app};

/// Where a dependency was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(in crate::graphql) enum DependencySource {
    /// GitHub's relation "blocked by".
    #[graphql(name = "GITHUB")]
    GitHub,
    /// A phrase in the text of the blocked issue.
    Text,
}

/// A dependency of an issue: an issue or pull request that blocks it, or an issue that it blocks.
#[Object]
impl Dependency {
    /// The full name of the repository of the other issue or pull request; in lower case if that
    /// repository is not tracked.
    async fn repository(&self) -> &str {
        &self.row.repository
    }

    /// The number of the other issue or pull request in its repository.
    async fn number(&self) -> i32 {
        self.row.number
    }

    /// The other issue; null when it is not cached: a pull request, an issue of a repository that
    /// is not tracked, or an issue that no longer exists.
    async fn issue(&self, context: &Context<'_>) -> async_graphql::Result<Option<Arc<Issue>>> {
        Ok(self.issue.resolve(context, self.row.issue_id).await?)
    }

    /// Whether the other issue or pull request is open; null when it was not read from GitHub yet.
    async fn is_open(&self) -> Option<bool> {
        self.row.is_open
    }

    /// The page of the other issue or pull request on GitHub.
    async fn url(&self, context: &Context<'_>) -> String {
        let site = site_of(app(context));
        format!("{site}/{}/issues/{}", self.row.repository, self.row.number)
    }

    /// Where the dependency was found: in one place, or in both.
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
