//! A tracked repository and how its syncs went.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object};
use url::Url;

use crate::domain::{Instant, RepositoryId};
use crate::graphql::loaders::app;
use crate::store;

/// A row as the schema shows it. Many issues share one.
#[derive(Debug, Clone)]
pub(in crate::graphql) struct Repository(pub(in crate::graphql) Arc<store::Repository>);

/// Who asked for a repository first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
enum RepositorySource {
    /// The settings.
    Env,
    /// Somebody on the page or through a door.
    User,
}

/// A repository on GitHub that is or was tracked.
#[Object]
impl Repository {
    /// Opaque, and the same whatever the repository is called.
    pub(super) async fn id(&self) -> RepositoryId {
        self.0.id
    }

    /// `owner/name`, spelled as GitHub does; as typed until it was first synced.
    async fn full_name(&self) -> &str {
        self.0.full_name.as_str()
    }

    /// The person or organisation it belongs to.
    async fn owner(&self) -> &str {
        self.0.full_name.owner()
    }

    /// Its own name, without the owner.
    async fn name(&self) -> &str {
        self.0.full_name.name()
    }

    /// Its page on GitHub.
    async fn url(&self, context: &Context<'_>) -> String {
        format!("{}/{}", site(&app(context).config.github.api_url), self.0.full_name)
    }

    /// Whether it is tracked now. Issues of one that is not are hidden and kept.
    async fn enabled(&self) -> bool {
        self.0.enabled
    }

    /// Who asked for it first.
    async fn source(&self) -> RepositorySource {
        match self.0.source.as_str() {
            "env" => RepositorySource::Env,
            _ => RepositorySource::User,
        }
    }

    /// When a sync last ended well.
    async fn last_synced_at(&self) -> Option<Instant> {
        self.0.synced_at.map(Instant)
    }

    /// When a sync last ended, well or not.
    async fn last_attempted_at(&self) -> Option<Instant> {
        self.0.attempted_at.map(Instant)
    }

    /// Why the last sync failed; null after a good one.
    async fn sync_error(&self) -> Option<&str> {
        self.0.sync_error.as_deref()
    }
}

/// Where GitHub shows its pages, by the address of its API: an Enterprise server has both on one
/// host.
fn site(api: &Url) -> String {
    match api.path().trim_end_matches('/').ends_with("/api/v3") {
        true => api.origin().ascii_serialization(),
        false => "https://github.com".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enterprise_server_shows_pages_where_its_api_is() {
        let site = |api: &str| site(&api.parse().unwrap());
        assert_eq!(site("https://api.github.com"), "https://github.com");
        assert_eq!(site("https://ghe.example:8443/api/v3"), "https://ghe.example:8443");
    }
}
