//! What a client must know of the installation before it shows anything.

use async_graphql::{Context, Object};

use crate::config::AuthMode;
use crate::graphql::loaders::app;
use crate::service;

/// The running service. All is read when asked for.
#[derive(Debug)]
pub(in crate::graphql) struct Service;

/// The running service and what it still lacks.
#[Object]
impl Service {
    /// The version of Dispatch.
    async fn version(&self) -> &str {
        env!("CARGO_PKG_VERSION")
    }

    /// Whether the issues are made up and GitHub is the built-in simulator.
    async fn simulated(&self, context: &Context<'_>) -> bool {
        app(context).simulated
    }

    /// Whether Dispatch can talk to GitHub: it has a token.
    async fn configured(&self, context: &Context<'_>) -> bool {
        app(context).config.is_configured()
    }

    /// What is missing for the board to work: names of settings, and `GITHUB_REPOSITORIES`
    /// while no repository is tracked. Empty when nothing is.
    async fn missing(&self, context: &Context<'_>) -> async_graphql::Result<Vec<String>> {
        let app = app(context);
        let mut missing = Vec::new();
        if !app.config.is_configured() {
            missing.push("GITHUB_TOKEN".to_owned());
        }
        if service::tracking::tracked_repositories(app).await?.is_empty() {
            missing.push("GITHUB_REPOSITORIES".to_owned());
        }
        Ok(missing)
    }

    /// How people prove who they are: `open` and `read-only` (not at all), `basic` or `disabled`.
    async fn auth_mode(&self, context: &Context<'_>) -> &str {
        match app(context).config.auth.mode {
            AuthMode::Open => "open",
            AuthMode::ReadOnly => "read-only",
            AuthMode::Basic { .. } => "basic",
            AuthMode::Disabled => "disabled",
        }
    }

    /// Repositories that the settings name and nobody tracks. The settings are read once in the
    /// life of an installation, so what was added to them later needs `trackRepository`.
    async fn untracked_bootstrap(
        &self,
        context: &Context<'_>,
    ) -> async_graphql::Result<Vec<String>> {
        let names = service::tracking::untracked_from_settings(app(context)).await?;
        Ok(names.iter().map(ToString::to_string).collect())
    }
}
