//! The newest run of each workflow and branch, and totals of pruned runs.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::{RepositoryId, WorkflowId, WorkflowRunId};
use crate::store::schema::workflow_branches;

/// A workflow on a branch.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = workflow_branches, check_for_backend(diesel::pg::Pg))]
pub struct WorkflowBranch {
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// The branch.
    pub branch: String,
    /// Whether pull requests started the runs: a branch of a fork may have the name of ours.
    pub is_pull_request: bool,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// The newest run.
    pub latest_run_id: WorkflowRunId,
    /// Whether it is not completed.
    pub is_running: bool,
    /// Whether the newest run that succeeded or failed has failed.
    pub is_failing: bool,
    /// That run, while it failed.
    pub failing_run_id: Option<WorkflowRunId>,
    /// When the first run since the last success that failed was created.
    pub failing_since: Option<DateTime<Utc>>,
    /// The commit of that first run.
    pub failing_sha: Option<String>,
    /// Who started that first run.
    pub failing_actor: Option<String>,
}
