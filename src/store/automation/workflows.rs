//! Workflows.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::{RepositoryId, WorkflowId};
use crate::store::schema::workflows;

/// A workflow.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = workflows, check_for_backend(diesel::pg::Pg))]
pub struct Workflow {
    /// Our id.
    pub id: WorkflowId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// GitHub's id.
    pub github_id: i64,
    /// Its name.
    pub name: String,
    /// The path of its file.
    pub path: String,
    /// GitHub's word, such as `active` or `disabled_manually`.
    pub state: String,
    /// The page of its file.
    pub html_url: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When its newest run was created.
    pub last_run_at: Option<DateTime<Utc>>,
    /// When GitHub no longer listed it.
    pub deleted_at: Option<DateTime<Utc>>,
    /// The blob that `file` was read from.
    pub file_sha: Option<String>,
    /// The triggers in the file; none when it was not read, or is malformed.
    pub file: Option<serde_json::Value>,
    /// Why the file could not be read, with the line; none when it could.
    pub file_error: Option<String>,
}
