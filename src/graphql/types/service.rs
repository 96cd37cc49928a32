//! The properties of the installation that a client needs before it shows anything.

use async_graphql::{Context, Object};

use crate::config::AuthMode;
use crate::graphql::loaders::app;
use crate::service;

/// The running service. All is read when asked for.
#[derive(Debug)]
pub(in crate::graphql) struct Service;

/// The running service and its missing configuration.
#[Object]
impl Service {
    /// The version of Dispatch.
    async fn version(&self) -> &str {
        env!("CARGO_PKG_VERSION")
    }

    /// Whether the service runs on simulated data, with the built-in simulator instead of GitHub.
    async fn simulated(&self, context: &Context<'_>) -> bool {
        app(context).simulated
    }

    /// Whether Dispatch has a token for GitHub.
    async fn configured(&self, context: &Context<'_>) -> bool {
        app(context).config.is_configured()
    }

    /// The configuration that the board still needs: names of settings, and `GITHUB_REPOSITORIES`
    /// while no repository is tracked. Empty when nothing is missing.
    async fn missing(&self, context: &Context<'_>) -> async_graphql::Result<Vec<String>> {
        let app = app(context);
        let mut missing = Vec::new();
        if !app.config.is_configured() {
            missing.push("GITHUB_TOKEN".to_owned());
        }
        if service::repositories::tracking::tracked_repositories(app).await?.is_empty() {
            missing.push("GITHUB_REPOSITORIES".to_owned());
        }
        Ok(missing)
    }

    /// The authentication mode: `open` and `read-only` (not required), `basic` or `disabled`.
    async fn auth_mode(&self, context: &Context<'_>) -> &str {
        match app(context).config.auth.mode {
            AuthMode::Open => "open",
            AuthMode::ReadOnly => "read-only",
            AuthMode::Basic { .. } => "basic",
            AuthMode::Disabled => "disabled",
        }
    }

    /// Repositories that the settings name but that are not tracked. The settings are read once in
    /// the lifetime of an installation; a repository that is added to them later needs
    /// `trackRepository`.
    async fn untracked_bootstrap(
        &self,
        context: &Context<'_>,
    ) -> async_graphql::Result<Vec<String>> {
        let names = service::repositories::tracking::untracked_from_settings(app(context)).await?;
        Ok(names.iter().map(ToString::to_string).collect())
    }
}
