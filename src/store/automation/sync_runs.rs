//! Syncs of automation data.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::{AutomationSyncRunId, RepositoryId};
use crate::store::schema::automation_sync_runs;

/// A sync of a repository's automation data.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = automation_sync_runs, check_for_backend(diesel::pg::Pg))]
pub struct AutomationSyncRun {
    /// Our id.
    pub id: AutomationSyncRunId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// `running`, `completed` or `failed`.
    pub status: String,
    /// How many requests it sent to GitHub.
    pub requests: i32,
    /// How many workflows it read.
    pub workflows_fetched: i32,
    /// How many runs it read.
    pub runs_fetched: i32,
    /// Why it failed.
    pub error: Option<String>,
    /// What it could not read, and why.
    pub notes: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
}
