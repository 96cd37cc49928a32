//! Runs of workflows.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::automation::{Conclusion, RunStatus};
use crate::domain::{RepositoryId, WorkflowId, WorkflowRunId};
use crate::store::schema::workflow_runs;

/// A run of a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = workflow_runs, check_for_backend(diesel::pg::Pg))]
pub struct WorkflowRun {
    /// Our id.
    pub id: WorkflowRunId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// Its workflow.
    pub workflow_id: WorkflowId,
    /// GitHub's id.
    pub github_id: i64,
    /// Its number within the workflow.
    pub run_number: i64,
    /// 1, and one more for each time that it was run again.
    pub run_attempt: i32,
    /// The name of its workflow at that time.
    pub name: String,
    /// The title that GitHub displays.
    pub title: String,
    /// What started it, such as `push`.
    pub event: String,
    /// GitHub's word, such as `queued`.
    pub status: String,
    /// GitHub's word, such as `success`; none until it is completed.
    pub conclusion: Option<String>,
    /// The branch of its commit; none for a tag.
    pub branch: Option<String>,
    /// Its commit.
    pub head_sha: String,
    /// The login of who started this attempt.
    pub actor: Option<String>,
    /// Its page.
    pub html_url: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When this attempt started.
    pub started_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When this attempt completed; none until then.
    pub completed_at: Option<DateTime<Utc>>,
    /// From start to completion.
    pub duration_seconds: Option<i32>,
    /// Its pull request, if it has exactly one in the same repository.
    pub pull_request_number: Option<i32>,
    /// What it waits for, as a sentence; none while it does not wait, or nobody knows.
    pub waiting_for: Option<String>,
    /// When all jobs of this attempt were last read.
    pub jobs_read_at: Option<DateTime<Utc>>,
    /// When its artifacts were last read.
    pub artifacts_read_at: Option<DateTime<Utc>>,
}

impl WorkflowRun {
    /// How far it is.
    pub fn run_status(&self) -> RunStatus {
        RunStatus::read(&self.status)
    }

    /// Its result; none until it is completed.
    pub fn run_conclusion(&self) -> Option<Conclusion> {
        self.conclusion.as_deref().map(Conclusion::read)
    }
}
