//! What happened in repositories.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::{ActivityId, RepositoryId, WorkflowRunId};
use crate::store::schema::activity;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = activity, check_for_backend(diesel::pg::Pg))]
pub struct Activity {
    /// Our id.
    pub id: ActivityId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// A word of `ActivityType`.
    pub kind: String,
    /// What happened to what: the same is recorded once.
    pub key: String,
    /// A short sentence.
    pub title: String,
    /// More about it.
    pub description: Option<String>,
    /// The login of who did it.
    pub actor: Option<String>,
    /// Its page.
    pub url: Option<String>,
    /// The commit.
    pub sha: Option<String>,
    /// The branch.
    pub branch: Option<String>,
    /// GitHub's word for the result.
    pub status: Option<String>,
    /// Other facts, by name.
    pub metadata: Option<serde_json::Value>,
    /// The run, if it is about one that is still stored.
    pub run_id: Option<WorkflowRunId>,
    /// When it happened, by GitHub's clock.
    pub created_at: DateTime<Utc>,
}
