//! Runs of workflows.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Jsonb, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;

use super::branches::BranchKey;
use super::upsert::rank;
use crate::domain::automation::facts::RunFacts;
use crate::domain::automation::{Conclusion, RunStatus};
use crate::domain::{RepositoryId, WorkflowId, WorkflowRunId};
use crate::store::Connection;
use crate::store::prepared::Prepared;
use crate::store::schema::workflow_branches;
use crate::store::schema::workflow_runs::{self, dsl};

/// A run of a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, QueryableByName, Selectable)]
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

const COLUMNS: &[&str] = &[
    "run_number",
    "run_attempt",
    "name",
    "title",
    "event",
    "status",
    "conclusion",
    "branch",
    "head_sha",
    "actor",
    "html_url",
    "created_at",
    "started_at",
    "updated_at",
    "completed_at",
    "duration_seconds",
    "pull_request_number",
];

/// Writes runs whose workflows are stored, and returns those that are new or changed.
///
/// Older data never replaces newer data: a later attempt is newer, then a later update, then a status
/// that is further. A completed attempt keeps its first time of completion, because GitHub's time of the
/// last update may move.
pub async fn write(
    connection: &mut Connection,
    repository: RepositoryId,
    runs: &[RunFacts],
) -> QueryResult<Vec<WorkflowRun>> {
    if runs.is_empty() {
        return Ok(vec![]);
    }
    let given = serde_json::to_value(runs)
        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
    let query =
        diesel::sql_query(statement()).bind::<BigInt, _>(repository).bind::<Jsonb, _>(given);
    Prepared(query).load(connection).await
}

fn statement() -> String {
    let of = |prefix: &str| {
        let names: Vec<String> = COLUMNS.iter().map(|name| format!("{prefix}{name}")).collect();
        names.join(", ")
    };
    let names = of("");
    let same_end = "old.run_attempt = excluded.run_attempt AND old.status = 'completed' \
                    AND excluded.status = 'completed'";
    let sets: Vec<String> = COLUMNS
        .iter()
        .map(|name| match *name {
            "completed_at" | "duration_seconds" => {
                format!("{name} = CASE WHEN {same_end} THEN old.{name} ELSE excluded.{name} END")
            }
            _ => format!("{name} = excluded.{name}"),
        })
        .collect();
    let compared = |prefix: &str| {
        let names = COLUMNS.iter().filter(|name| !KEPT.contains(*name));
        names.map(|name| format!("{prefix}{name}")).collect::<Vec<_>>().join(", ")
    };
    let (old, new) = (compared("old."), compared("excluded."));
    let given = of("g.");
    let newer = format!(
        "(excluded.run_attempt, excluded.updated_at, {}) >= (old.run_attempt, old.updated_at, {})",
        rank!("excluded"),
        rank!("old")
    );
    format!(
        "INSERT INTO workflow_runs AS old (repository_id, workflow_id, github_id, {names}) \
         SELECT DISTINCT ON (g.github_id) $1, w.id, g.github_id, {given} \
         FROM jsonb_populate_recordset(NULL::workflow_runs, $2) AS g \
         JOIN workflows w ON w.repository_id = $1 AND w.github_id = g.workflow_id \
         ON CONFLICT (repository_id, github_id) DO UPDATE SET {sets}, \
         waiting_for = CASE WHEN excluded.status = old.status THEN old.waiting_for END, \
         jobs_read_at = CASE WHEN excluded.run_attempt = old.run_attempt \
             AND excluded.status = old.status THEN old.jobs_read_at END, \
         artifacts_read_at = CASE WHEN excluded.run_attempt = old.run_attempt \
             AND excluded.status = old.status THEN old.artifacts_read_at END \
         WHERE ({old}) IS DISTINCT FROM ({new}) AND {newer} RETURNING old.*",
        sets = sets.join(", ")
    )
}

/// Columns that do not make a run different.
const KEPT: &[&str] = &["completed_at", "duration_seconds", "updated_at"];

/// A run by id.
pub async fn by_id(
    connection: &mut Connection,
    id: WorkflowRunId,
) -> QueryResult<Option<WorkflowRun>> {
    let query = dsl::workflow_runs.find(id).select(WorkflowRun::as_select());
    query.first(connection).await.optional()
}

/// Runs by id, in no order.
pub async fn by_ids(
    connection: &mut Connection,
    ids: &[WorkflowRunId],
) -> QueryResult<Vec<WorkflowRun>> {
    dsl::workflow_runs
        .filter(dsl::id.eq_any(ids))
        .select(WorkflowRun::as_select())
        .load(connection)
        .await
}

/// A run of a repository by GitHub's id.
pub async fn by_github_id(
    connection: &mut Connection,
    repository: RepositoryId,
    github_id: i64,
) -> QueryResult<Option<WorkflowRun>> {
    dsl::workflow_runs
        .filter(dsl::repository_id.eq(repository).and(dsl::github_id.eq(github_id)))
        .select(WorkflowRun::as_select())
        .first(connection)
        .await
        .optional()
}

/// The runs of a repository that are not completed, oldest first, at most `most`.
pub async fn active(
    connection: &mut Connection,
    repository: RepositoryId,
    most: i64,
) -> QueryResult<Vec<WorkflowRun>> {
    dsl::workflow_runs
        .filter(dsl::repository_id.eq(repository).and(dsl::status.ne("completed")))
        .order(dsl::id)
        .limit(most)
        .select(WorkflowRun::as_select())
        .load(connection)
        .await
}

/// The newest runs of each workflow and branch of a repository that failed or are not completed, and whose
/// jobs are not read, newest first.
pub async fn without_jobs(
    connection: &mut Connection,
    repository: RepositoryId,
    most: i64,
) -> QueryResult<Vec<WorkflowRun>> {
    dsl::workflow_runs
        .inner_join(workflow_branches::table.on(workflow_branches::latest_run_id.eq(dsl::id)))
        .filter(workflow_branches::repository_id.eq(repository))
        .filter(workflow_branches::is_failing.or(workflow_branches::is_running))
        .filter(dsl::jobs_read_at.is_null())
        .order((dsl::created_at.desc(), dsl::id.desc()))
        .limit(most)
        .select(WorkflowRun::as_select())
        .load(connection)
        .await
}

/// Deletes a run.
pub async fn delete(connection: &mut Connection, id: WorkflowRunId) -> QueryResult<usize> {
    diesel::delete(dsl::workflow_runs.find(id)).execute(connection).await
}

/// Notes why a run waits, and returns it if that is new.
pub async fn set_waiting_for(
    connection: &mut Connection,
    id: WorkflowRunId,
    reason: Option<&str>,
) -> QueryResult<Option<WorkflowRun>> {
    diesel::update(dsl::workflow_runs.find(id).filter(dsl::waiting_for.is_distinct_from(reason)))
        .set(dsl::waiting_for.eq(reason))
        .returning(WorkflowRun::as_returning())
        .get_result(connection)
        .await
        .optional()
}

/// The newest other run of a workflow that is in progress on a branch.
pub async fn running_beside(
    connection: &mut Connection,
    run: &WorkflowRun,
) -> QueryResult<Option<WorkflowRun>> {
    dsl::workflow_runs
        .filter(dsl::repository_id.eq(run.repository_id).and(dsl::status.eq("in_progress")))
        .filter(dsl::workflow_id.eq(run.workflow_id).and(dsl::id.ne(run.id)))
        .filter(dsl::branch.is_not_distinct_from(run.branch.as_deref()))
        .order((dsl::created_at.desc(), dsl::id.desc()))
        .select(WorkflowRun::as_select())
        .first(connection)
        .await
        .optional()
}

/// Notes when the jobs of a run were read, and when it really ended, if it has.
pub async fn set_jobs_read(
    connection: &mut Connection,
    id: WorkflowRunId,
    (now, completed_at): (DateTime<Utc>, Option<DateTime<Utc>>),
) -> QueryResult<()> {
    let statement = "UPDATE workflow_runs SET jobs_read_at = $2, \
        completed_at = CASE WHEN status = 'completed' AND $3 > started_at THEN $3 \
            ELSE completed_at END, \
        duration_seconds = CASE WHEN status = 'completed' AND $3 > started_at \
            THEN extract(epoch FROM $3 - started_at)::integer ELSE duration_seconds END \
        WHERE id = $1";
    let query = diesel::sql_query(statement)
        .bind::<BigInt, _>(id)
        .bind::<Timestamptz, _>(now)
        .bind::<Nullable<Timestamptz>, _>(completed_at);
    Prepared(query).execute(connection).await?;
    Ok(())
}

/// Notes when the artifacts of a run were read.
pub async fn set_artifacts_read(
    connection: &mut Connection,
    id: WorkflowRunId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(dsl::workflow_runs.find(id))
        .set(dsl::artifacts_read_at.eq(now))
        .execute(connection)
        .await?;
    Ok(())
}

/// When the newest stored run of a repository was created.
pub async fn newest(
    connection: &mut Connection,
    repository: RepositoryId,
) -> QueryResult<Option<DateTime<Utc>>> {
    dsl::workflow_runs
        .filter(dsl::repository_id.eq(repository))
        .order((dsl::created_at.desc(), dsl::id.desc()))
        .select(dsl::created_at)
        .first(connection)
        .await
        .optional()
}

/// Runs that were pruned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrunedRuns {
    /// How many.
    pub runs: usize,
    /// The branches whose newest run may have been among them.
    pub branches: Vec<BranchKey>,
    /// Their workflows.
    pub workflows: Vec<WorkflowId>,
}

#[derive(QueryableByName)]
struct Pruned {
    #[diesel(sql_type = BigInt)]
    workflow_id: WorkflowId,
    #[diesel(sql_type = Nullable<Text>)]
    branch: Option<String>,
    #[diesel(sql_type = Bool)]
    is_pull_request: bool,
}

/// Deletes completed runs that were created before a time or are not among the newest of their workflow, at
/// most `most`, and adds them to the daily totals.
pub async fn prune(
    connection: &mut Connection,
    (before, kept): (DateTime<Utc>, i64),
    most: i64,
) -> QueryResult<PrunedRuns> {
    let query = diesel::sql_query(PRUNE)
        .bind::<Timestamptz, _>(before)
        .bind::<BigInt, _>(kept)
        .bind::<BigInt, _>(most);
    let pruned: Vec<Pruned> = Prepared(query).load(connection).await?;
    let key = |one: &Pruned| Some((one.workflow_id, one.branch.clone()?, one.is_pull_request));
    let branches: HashSet<BranchKey> = pruned.iter().filter_map(key).collect();
    let workflows: HashSet<WorkflowId> = pruned.iter().map(|one| one.workflow_id).collect();
    Ok(PrunedRuns {
        runs: pruned.len(),
        branches: branches.into_iter().collect(),
        workflows: workflows.into_iter().collect(),
    })
}

const PRUNE: &str = "\
    WITH old AS ( \
        (SELECT id FROM workflow_runs WHERE created_at < $1 AND status = 'completed' \
            ORDER BY created_at LIMIT $3) \
        UNION \
        (SELECT beyond.id FROM workflows w CROSS JOIN LATERAL \
            (SELECT r.id, r.status FROM workflow_runs r WHERE r.workflow_id = w.id \
                ORDER BY r.created_at DESC, r.id DESC OFFSET $2 LIMIT $3) AS beyond \
            WHERE beyond.status = 'completed' LIMIT $3)), \
    gone AS (DELETE FROM workflow_runs USING old WHERE workflow_runs.id = old.id \
        RETURNING workflow_runs.*), \
    days AS (INSERT INTO workflow_days AS d (workflow_id, day, conclusion, runs, seconds) \
        SELECT workflow_id, (created_at AT TIME ZONE 'UTC')::date - DATE '1970-01-01', \
            coalesce(conclusion, 'unknown'), count(*), coalesce(sum(duration_seconds), 0)::bigint \
        FROM gone GROUP BY 1, 2, 3 \
        ON CONFLICT (workflow_id, day, conclusion) DO UPDATE SET \
            runs = d.runs + excluded.runs, seconds = d.seconds + excluded.seconds) \
    SELECT workflow_id, branch, starts_with(event, 'pull_request') AS is_pull_request FROM gone";
