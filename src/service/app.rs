//! What every use case needs, in one value that is cheap to clone and passed first.

use std::sync::Arc;

use super::error::Error;
use super::monitoring::LastReading;
use super::name_cache::NameCache;
use super::shutdown::Shutdown;
use super::tasks::Tasks;
use super::wait_queue::WaitQueue;
use super::webhooks::Inbox;
use crate::bus::Bus;
use crate::clock::Clock;
use crate::config::{Config, GitHubConfig};
use crate::domain::github_budget::Feature;
use crate::github;
use crate::metrics::Metrics;
use crate::store::{Pool, PooledConnection};
use crate::traces::Traces;

/// The running service: settings, database, GitHub, events and time.
#[derive(Clone)]
pub struct App {
    /// All settings.
    pub config: Arc<Config>,
    /// Connections that requests share.
    pub pool: Pool,
    /// The client of GitHub.
    pub github: github::Client,
    /// What happened, as it happens.
    pub bus: Bus,
    /// Who waits for work in this process.
    pub wait_queue: WaitQueue,
    /// Deliveries of webhooks in this process.
    pub inbox: Inbox,
    /// What agents are called.
    pub agent_names: NameCache,
    /// The only "now".
    pub clock: Clock,
    /// What monitoring is told.
    pub metrics: Metrics,
    /// The spans of its work.
    pub traces: Traces,
    /// When monitoring last read the database.
    pub last_reading: LastReading,
    /// The background tasks of this process.
    pub tasks: Tasks,
    /// The end of this process.
    pub shutdown: Shutdown,
    /// Whether GitHub is the built-in simulator.
    pub simulated: bool,
}

/// The settings of a client of GitHub.
pub fn github_settings(config: &GitHubConfig) -> github::Settings {
    let token = config.token.as_ref().map(|token| token.expose().to_owned());
    let app = config.app.as_ref().map(|app| github::AppCredentials {
        app_id: app.id.clone(),
        installation_id: app.installation_id,
        private_key: app.private_key.expose().to_owned(),
    });
    let budget =
        github::BudgetLimits { reserve: config.reserve, secondary: config.secondary_limits };
    github::Settings { app, budget, ..github::Settings::new(config.api_url.clone(), token) }
}

impl App {
    /// The same service, whose requests to GitHub are for a feature.
    pub fn for_feature(&self, feature: Feature) -> Self {
        Self { github: self.github.for_feature(feature), ..self.clone() }
    }

    /// A connection from the pool.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when the database cannot be reached.
    pub async fn connection(&self) -> Result<PooledConnection, Error> {
        self.pool.get().await.map_err(|error| {
            tracing::warn!(%error, "no connection to the database");
            Error::Unavailable { reason: "the database cannot be reached".to_owned() }
        })
    }
}
