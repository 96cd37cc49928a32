//! What the automation pages show of a repository as a whole.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::RepositoryId;
use crate::domain::automation::Etags;
use crate::store::schema::automation_repositories;

/// The automation data of a repository as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = automation_repositories, check_for_backend(diesel::pg::Pg))]
pub struct AutomationRepository {
    /// Its repository.
    pub repository_id: RepositoryId,
    /// The newest commit of the default branch; none until known.
    pub latest_commit_sha: Option<String>,
    /// The first line of its message.
    pub latest_commit_title: Option<String>,
    /// The login of its author, or the name in the commit.
    pub latest_commit_author: Option<String>,
    /// Its page.
    pub latest_commit_url: Option<String>,
    /// When it was committed.
    pub latest_commit_at: Option<DateTime<Utc>>,
    /// How many pull requests are open.
    pub open_pull_requests: i32,
    /// How many alerts of secret scanning are open; none when they could not be read.
    pub open_secret_alerts: Option<i32>,
    /// Parts that the token may not read: words of `AutomationPart`.
    pub missing_permissions: Vec<String>,
    /// ETags of list requests.
    pub etags: Etags,
    /// When a sync of these data last ended, successful or not.
    pub attempted_at: Option<DateTime<Utc>>,
    /// When a sync of these data last succeeded.
    pub synced_at: Option<DateTime<Utc>>,
    /// Why the last sync failed; none after a successful one.
    pub sync_error: Option<String>,
}
