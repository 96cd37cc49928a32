//! Jobs and artifacts of runs.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::{ArtifactId, WorkflowJobId, WorkflowRunId};
use crate::store::schema::{artifacts, workflow_jobs};

/// A job of a run.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = workflow_jobs, check_for_backend(diesel::pg::Pg))]
pub struct WorkflowJob {
    /// Our id.
    pub id: WorkflowJobId,
    /// Its run.
    pub run_id: WorkflowRunId,
    /// GitHub's id.
    pub github_id: i64,
    /// The attempt of the run that it belongs to.
    pub run_attempt: i32,
    /// Its name.
    pub name: String,
    /// GitHub's word, such as `queued`.
    pub status: String,
    /// GitHub's word, such as `success`; none until it is completed.
    pub conclusion: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When a runner started it.
    pub started_at: Option<DateTime<Utc>>,
    /// When it completed.
    pub completed_at: Option<DateTime<Utc>>,
    /// The runner.
    pub runner_name: Option<String>,
    /// The labels that the runner must have.
    pub runner_labels: Vec<String>,
    /// The name of the first step that failed.
    pub failed_step: Option<String>,
    /// Its page.
    pub html_url: String,
}

/// A file that a run produced.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = artifacts, check_for_backend(diesel::pg::Pg))]
pub struct Artifact {
    /// Our id.
    pub id: ArtifactId,
    /// Its run.
    pub run_id: WorkflowRunId,
    /// GitHub's id.
    pub github_id: i64,
    /// Its name.
    pub name: String,
    /// Its size.
    pub size_bytes: i64,
    /// Whether GitHub deleted it because of its age.
    pub expired: bool,
    /// When it was created.
    pub created_at: Option<DateTime<Utc>>,
    /// When it expires.
    pub expires_at: Option<DateTime<Utc>>,
}
