//! A tracked repository and how its syncs went.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object, SimpleObject};
use url::Url;

use super::backoff::{RepositoryBackoff, ServesPeoplesWork};
use crate::domain::{Priority, ReadOnlyReason, RepositoryId, Status, Timestamp};
use crate::graphql::loaders::app;
use crate::service::{self, App};
use crate::store;

/// A row as the schema shows it. Many issues share one.
#[derive(Debug, Clone)]
pub(in crate::graphql) struct Repository(pub(in crate::graphql) Arc<store::Repository>);

/// Who first asked to track a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum RepositorySource {
    /// The settings.
    Env,
    /// A user of the web page, or a client of an API.
    User,
}

/// A repository on GitHub that is or was tracked.
#[Object]
impl Repository {
    /// Opaque, and unchanged when the repository is renamed.
    pub(super) async fn id(&self) -> RepositoryId {
        self.0.id
    }

    /// `owner/name`, spelled as on GitHub; as entered until the first sync.
    async fn full_name(&self) -> &str {
        self.0.full_name.as_str()
    }

    /// The user or organisation that owns it.
    async fn owner(&self) -> &str {
        self.0.full_name.owner()
    }

    /// Its own name, without the owner.
    async fn name(&self) -> &str {
        self.0.full_name.name()
    }

    /// Its page on GitHub.
    async fn url(&self, context: &Context<'_>) -> String {
        url(app(context), &self.0)
    }

    /// Whether it is tracked now. Issues of an untracked repository are kept but hidden.
    async fn enabled(&self) -> bool {
        self.0.enabled
    }

    /// Who first asked to track it.
    async fn source(&self) -> RepositorySource {
        RepositorySource::from_row(&self.0)
    }

    /// When the last successful sync ended.
    async fn last_synced_at(&self) -> Option<Timestamp> {
        self.0.synced_at.map(Timestamp)
    }

    /// When the last sync ended, whether successful or not.
    async fn last_attempted_at(&self) -> Option<Timestamp> {
        self.0.attempted_at.map(Timestamp)
    }

    /// When a webhook last reported a change of one of its issues, to the minute. Null when none did,
    /// or when a sync has since found a change that no webhook reported. While this is set, the
    /// repository is synced every 10 minutes.
    async fn webhooks_seen_at(&self) -> Option<Timestamp> {
        self.0.webhooks_seen_at.map(Timestamp)
    }

    /// Why its issues cannot be moved, claimed or changed, as of its last sync; null when they can.
    async fn read_only_reason(&self) -> Option<ReadOnlyReason> {
        self.0.read_only_reason()
    }

    /// Why the last sync failed; null when it succeeded.
    async fn sync_error(&self) -> Option<&str> {
        self.0.sync_error.as_deref()
    }

    /// The back-off after GitHub rejected changes to its issues; null when there is none.
    async fn backoff(&self) -> Option<RepositoryBackoff> {
        Some(RepositoryBackoff {
            refusals: self.0.refusals,
            reason: self.0.refusal.clone()?,
            retry_at: Timestamp(self.0.retry_at?),
        })
    }

    /// Which issues agents are served although people work on them.
    async fn serves_peoples_work(&self) -> ServesPeoplesWork {
        ServesPeoplesWork {
            in_progress: self.0.serves_in_progress,
            assigned: self.0.serves_assigned,
            owned: self.0.serves_owned,
        }
    }

    /// The names of its status, priority and agent labels on GitHub.
    async fn label_scheme(&self) -> LabelScheme {
        let scheme = &self.0.label_scheme;
        let label = |ours| scheme.label_of(ours).to_owned();
        LabelScheme {
            statuses: Status::ALL
                .into_iter()
                .map(|status| StatusLabel { status, label: label(status.label()) })
                .collect(),
            priorities: Priority::ALL
                .into_iter()
                .map(|priority| PriorityLabel { priority, label: label(priority.label()) })
                .collect(),
            agent_prefix: scheme.agent_prefix().to_owned(),
        }
    }

    /// Issues that could not be read, and are therefore missing from the board or outdated. Every
    /// sync requests them again until it can read them.
    async fn unreadable_issues(
        &self,
        context: &Context<'_>,
    ) -> async_graphql::Result<UnreadableIssues> {
        let (nodes, total_count) =
            service::repositories::sync::unreadable_issues(app(context), self.0.id).await?;
        Ok(UnreadableIssues {
            nodes: nodes.into_iter().map(UnreadableIssue).collect(),
            total_count,
        })
    }
}

/// The names of a repository's status, priority and agent labels on GitHub.
#[derive(SimpleObject)]
pub(super) struct LabelScheme {
    /// The label of each status, in board order.
    statuses: Vec<StatusLabel>,
    /// The label of each priority, the most urgent first.
    priorities: Vec<PriorityLabel>,
    /// The prefix of agent labels.
    agent_prefix: String,
}

/// The name of a status label on GitHub.
#[derive(SimpleObject)]
pub(super) struct StatusLabel {
    /// The status.
    status: Status,
    /// The label.
    label: String,
}

/// The name of a priority label on GitHub.
#[derive(SimpleObject)]
pub(super) struct PriorityLabel {
    /// The priority.
    priority: Priority,
    /// The label.
    label: String,
}

/// Issues of a repository that could not be read.
#[derive(SimpleObject)]
pub(super) struct UnreadableIssues {
    /// The first 100 by number.
    nodes: Vec<UnreadableIssue>,
    /// The total number of unreadable issues.
    total_count: u32,
}

/// As the sync noted it.
pub(super) struct UnreadableIssue(store::UnreadableIssue);

/// An issue that could not be read from GitHub.
#[Object]
impl UnreadableIssue {
    /// Its number in the repository; null when GitHub did not report it.
    async fn number(&self) -> Option<i32> {
        self.0.number
    }

    /// Why it could not be read.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// When reading it failed for the first time.
    async fn since(&self) -> Timestamp {
        Timestamp(self.0.first_at)
    }

    /// When reading it failed for the last time.
    async fn last_attempted_at(&self) -> Timestamp {
        Timestamp(self.0.last_at)
    }
}

impl RepositorySource {
    /// Who asked for this one.
    pub(super) fn from_row(row: &store::Repository) -> Self {
        if row.source == "env" { Self::Env } else { Self::User }
    }
}

/// A repository's page on GitHub.
pub(super) fn url(app: &App, row: &store::Repository) -> String {
    format!("{}/{}", site_of(app), row.full_name)
}

/// Where GitHub shows its pages.
pub(super) fn site_of(app: &App) -> String {
    site(&app.config.github.api_url)
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
