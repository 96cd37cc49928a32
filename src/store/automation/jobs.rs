//! Jobs and artifacts of runs.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::upsert::{Upsert, rank};
use crate::domain::automation::facts::{ArtifactFacts, JobFacts};
use crate::domain::{ArtifactId, WorkflowJobId, WorkflowRunId};
use crate::store::Connection;
use crate::store::schema::{artifacts, workflow_jobs};

/// A job of a run.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, QueryableByName, Selectable)]
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
#[derive(Debug, Clone, PartialEq, Eq, Queryable, QueryableByName, Selectable)]
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

const JOBS: Upsert = Upsert {
    table: "workflow_jobs",
    owner: "run_id",
    key: "github_id",
    columns: &[
        "run_attempt",
        "name",
        "status",
        "conclusion",
        "created_at",
        "started_at",
        "completed_at",
        "runner_name",
        "runner_labels",
        "failed_step",
        "html_url",
    ],
    is_newer: concat!(rank!("excluded"), " >= ", rank!("old")),
};

const ARTIFACTS: Upsert = Upsert {
    table: "artifacts",
    owner: "run_id",
    key: "github_id",
    columns: &["name", "size_bytes", "expired", "created_at", "expires_at"],
    is_newer: "excluded.expired OR NOT old.expired",
};

/// Writes jobs of a run, and returns those that are new or changed. A job never goes back.
pub async fn write(
    connection: &mut Connection,
    run: WorkflowRunId,
    jobs: &[JobFacts],
) -> QueryResult<Vec<WorkflowJob>> {
    JOBS.write(connection, run.0, jobs).await
}

/// Writes artifacts of a run.
pub async fn write_artifacts(
    connection: &mut Connection,
    run: WorkflowRunId,
    artifacts: &[ArtifactFacts],
) -> QueryResult<Vec<Artifact>> {
    ARTIFACTS.write(connection, run.0, artifacts).await
}

/// Deletes the jobs of earlier attempts of a run.
pub async fn delete_earlier(
    connection: &mut Connection,
    run: WorkflowRunId,
    attempt: i32,
) -> QueryResult<usize> {
    let earlier = workflow_jobs::table
        .filter(workflow_jobs::run_id.eq(run).and(workflow_jobs::run_attempt.lt(attempt)));
    diesel::delete(earlier).execute(connection).await
}

/// The jobs of runs, in GitHub's order.
pub async fn of_runs(
    connection: &mut Connection,
    runs: &[WorkflowRunId],
) -> QueryResult<Vec<WorkflowJob>> {
    workflow_jobs::table
        .filter(workflow_jobs::run_id.eq_any(runs))
        .order((workflow_jobs::run_id, workflow_jobs::github_id))
        .select(WorkflowJob::as_select())
        .load(connection)
        .await
}

/// The artifacts of runs, by name.
pub async fn artifacts_of_runs(
    connection: &mut Connection,
    runs: &[WorkflowRunId],
) -> QueryResult<Vec<Artifact>> {
    artifacts::table
        .filter(artifacts::run_id.eq_any(runs))
        .order((artifacts::run_id, artifacts::name, artifacts::id))
        .select(Artifact::as_select())
        .load(connection)
        .await
}
