//! Workflows.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Timestamptz};
use diesel_async::RunQueryDsl;

use super::upsert::Upsert;
use crate::domain::automation::facts::{RunFacts, WorkflowFacts};
use crate::domain::automation::workflow_file::WorkflowFile;
use crate::domain::{RepositoryId, WorkflowId};
use crate::store::prepared::Prepared;
use crate::store::schema::workflows::{self, dsl};
use crate::store::{Connection, lower};

/// A workflow.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, QueryableByName, Selectable)]
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
    pub file: Option<WorkflowFile>,
    /// Why the file could not be read, with the line; none when it could.
    pub file_error: Option<String>,
}

const UPSERT: Upsert = Upsert {
    table: "workflows",
    owner: "repository_id",
    key: "github_id",
    columns: &["name", "path", "state", "html_url", "created_at", "updated_at", "deleted_at"],
    is_newer: "excluded.updated_at >= old.updated_at OR old.state = 'unknown'",
};

/// Writes workflows, and returns those that are new or changed.
pub async fn write(
    connection: &mut Connection,
    repository: RepositoryId,
    workflows: &[WorkflowFacts],
) -> QueryResult<Vec<Workflow>> {
    UPSERT.write(connection, repository.0, workflows).await
}

/// Adds workflows that runs belong to and that are not stored yet. Their state is `unknown` until they
/// are read.
pub async fn add_missing(
    connection: &mut Connection,
    repository: RepositoryId,
    runs: &[RunFacts],
) -> QueryResult<()> {
    let mut missing: Vec<&RunFacts> = runs.iter().collect();
    missing.sort_by_key(|run| run.workflow_github_id);
    missing.dedup_by_key(|run| run.workflow_github_id);
    let ids: Vec<i64> = missing.iter().map(|run| run.workflow_github_id).collect();
    let known: Vec<i64> = dsl::workflows
        .filter(dsl::repository_id.eq(repository).and(dsl::github_id.eq_any(&ids)))
        .select(dsl::github_id)
        .load(connection)
        .await?;
    missing.retain(|run| !known.contains(&run.workflow_github_id));
    let rows: Vec<_> = missing
        .into_iter()
        .map(|run| {
            (
                dsl::repository_id.eq(repository),
                dsl::github_id.eq(run.workflow_github_id),
                dsl::name.eq(&run.name),
                dsl::path.eq(&run.path),
                dsl::state.eq("unknown"),
                dsl::html_url.eq(""),
                dsl::created_at.eq(run.created_at),
                dsl::updated_at.eq(run.created_at),
            )
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    diesel::insert_into(dsl::workflows)
        .values(rows)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(())
}

/// The workflows of a repository by name, deleted ones included.
pub async fn of_repository(
    connection: &mut Connection,
    repository: RepositoryId,
) -> QueryResult<Vec<Workflow>> {
    dsl::workflows
        .filter(dsl::repository_id.eq(repository))
        .order((lower(dsl::name), dsl::id))
        .select(Workflow::as_select())
        .load(connection)
        .await
}

/// Workflows by id, in no order.
pub async fn by_ids(connection: &mut Connection, ids: &[WorkflowId]) -> QueryResult<Vec<Workflow>> {
    dsl::workflows.filter(dsl::id.eq_any(ids)).select(Workflow::as_select()).load(connection).await
}

/// Marks workflows as deleted that GitHub does not list.
pub async fn delete_unlisted(
    connection: &mut Connection,
    repository: RepositoryId,
    (listed, now): (&[i64], DateTime<Utc>),
) -> QueryResult<usize> {
    diesel::update(
        dsl::workflows
            .filter(dsl::repository_id.eq(repository))
            .filter(dsl::deleted_at.is_null().and(dsl::github_id.ne_all(listed))),
    )
    .set(dsl::deleted_at.eq(now))
    .execute(connection)
    .await
}

/// Notes when workflows last ran.
pub async fn set_last_runs(
    connection: &mut Connection,
    runs: &[(WorkflowId, DateTime<Utc>)],
) -> QueryResult<()> {
    let (ids, times): (Vec<i64>, Vec<DateTime<Utc>>) =
        runs.iter().map(|(id, at)| (id.0, *at)).unzip();
    let statement = "UPDATE workflows SET last_run_at = ran.at FROM \
        (SELECT id, max(at) AS at FROM unnest($1, $2) AS g(id, at) GROUP BY id) AS ran \
        WHERE workflows.id = ran.id AND (last_run_at IS NULL OR last_run_at < ran.at)";
    let query = diesel::sql_query(statement)
        .bind::<Array<BigInt>, _>(ids)
        .bind::<Array<Timestamptz>, _>(times);
    Prepared(query).execute(connection).await?;
    Ok(())
}

/// Writes what was read of a workflow's file: the blob, the triggers, or why they cannot be read.
pub async fn set_file(
    connection: &mut Connection,
    id: WorkflowId,
    (sha, file, error): (Option<&str>, Option<&WorkflowFile>, Option<&str>),
) -> QueryResult<()> {
    diesel::update(dsl::workflows.find(id))
        .set((dsl::file_sha.eq(sha), dsl::file.eq(file), dsl::file_error.eq(error)))
        .execute(connection)
        .await?;
    Ok(())
}
