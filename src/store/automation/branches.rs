//! The newest run of each workflow and branch, and totals of pruned runs.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Text};
use diesel_async::RunQueryDsl;

use crate::domain::automation::words::FAILURES;
use crate::domain::{RepositoryId, WorkflowId, WorkflowRunId};
use crate::store::Connection;
use crate::store::prepared::Prepared;
use crate::store::schema::workflow_branches::{self, dsl};
use crate::store::schema::{repositories, workflows};

/// A workflow on a branch.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, QueryableByName, Selectable)]
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

/// A workflow and a branch, and whether pull requests started the runs.
pub type BranchKey = (WorkflowId, String, bool);

/// Reads the newest runs of workflows on branches again, and returns the rows that changed. Called in the
/// transaction that changed runs.
pub async fn refresh(
    connection: &mut Connection,
    keys: &[BranchKey],
) -> QueryResult<Vec<WorkflowBranch>> {
    if keys.is_empty() {
        return Ok(vec![]);
    }
    let workflows: Vec<i64> = keys.iter().map(|(workflow, ..)| workflow.0).collect();
    let branches: Vec<&str> = keys.iter().map(|(_, branch, _)| branch.as_str()).collect();
    let are_pull_requests: Vec<bool> = keys.iter().map(|(.., is)| *is).collect();
    let query = diesel::sql_query(REFRESH)
        .bind::<Array<BigInt>, _>(workflows)
        .bind::<Array<Text>, _>(branches)
        .bind::<Array<Bool>, _>(are_pull_requests)
        .bind::<Array<Text>, _>(FAILURES);
    Prepared(query).load(connection).await
}

const REFRESH: &str = "\
    INSERT INTO workflow_branches AS old \
    SELECT t.workflow_id, t.branch, t.is_pull_request, latest.repository_id, latest.id, \
        latest.status <> 'completed', verdict.failed IS TRUE, \
        CASE WHEN verdict.failed THEN verdict.id END, first.created_at, first.head_sha, first.actor \
    FROM (SELECT DISTINCT * FROM unnest($1, $2, $3) AS g(workflow_id, branch, is_pull_request) \
        ORDER BY 1, 2, 3) AS t \
    CROSS JOIN LATERAL (SELECT r.id, r.repository_id, r.status FROM workflow_runs r \
        WHERE r.workflow_id = t.workflow_id AND r.branch = t.branch \
            AND starts_with(r.event, 'pull_request') = t.is_pull_request \
        ORDER BY r.created_at DESC, r.id DESC LIMIT 1) AS latest \
    LEFT JOIN LATERAL (SELECT r.id, r.conclusion = ANY ($4) AS failed FROM workflow_runs r \
        WHERE r.workflow_id = t.workflow_id AND r.branch = t.branch \
            AND starts_with(r.event, 'pull_request') = t.is_pull_request \
            AND (r.conclusion = 'success' OR r.conclusion = ANY ($4)) \
        ORDER BY r.created_at DESC, r.id DESC LIMIT 1) AS verdict ON true \
    LEFT JOIN LATERAL (SELECT r.created_at FROM workflow_runs r \
        WHERE r.workflow_id = t.workflow_id AND r.branch = t.branch \
            AND starts_with(r.event, 'pull_request') = t.is_pull_request \
            AND r.conclusion = 'success' \
        ORDER BY r.created_at DESC, r.id DESC LIMIT 1) AS good ON verdict.failed \
    LEFT JOIN LATERAL (SELECT r.created_at, r.head_sha, r.actor FROM workflow_runs r \
        WHERE r.workflow_id = t.workflow_id AND r.branch = t.branch \
            AND starts_with(r.event, 'pull_request') = t.is_pull_request \
            AND r.conclusion = ANY ($4) \
            AND r.created_at > coalesce(good.created_at, '-infinity') \
        ORDER BY r.created_at, r.id LIMIT 1) AS first ON verdict.failed \
    ON CONFLICT (workflow_id, branch, is_pull_request) DO UPDATE SET \
        latest_run_id = excluded.latest_run_id, is_running = excluded.is_running, \
        is_failing = excluded.is_failing, failing_run_id = excluded.failing_run_id, \
        failing_since = excluded.failing_since, failing_sha = excluded.failing_sha, \
        failing_actor = excluded.failing_actor \
    WHERE (old.latest_run_id, old.is_running, old.is_failing, old.failing_run_id, \
            old.failing_since, old.failing_sha, old.failing_actor) \
        IS DISTINCT FROM (excluded.latest_run_id, excluded.is_running, excluded.is_failing, \
            excluded.failing_run_id, excluded.failing_since, excluded.failing_sha, \
            excluded.failing_actor) \
    RETURNING old.*";

/// Workflows of repositories on their branches, in no order.
pub async fn of_repositories(
    connection: &mut Connection,
    repositories: &[RepositoryId],
) -> QueryResult<Vec<WorkflowBranch>> {
    dsl::workflow_branches
        .filter(dsl::repository_id.eq_any(repositories))
        .select(WorkflowBranch::as_select())
        .load(connection)
        .await
}

/// The branches of a workflow, the one with the newest run first.
pub async fn of_workflow(
    connection: &mut Connection,
    workflow: WorkflowId,
    most: i64,
) -> QueryResult<Vec<WorkflowBranch>> {
    dsl::workflow_branches
        .filter(dsl::workflow_id.eq(workflow))
        .order(dsl::latest_run_id.desc())
        .limit(most)
        .select(WorkflowBranch::as_select())
        .load(connection)
        .await
}

/// The workflows that fail on the default branch of a tracked repository, the longest first. Runs of
/// pull requests do not count, even if their branch has that name.
pub async fn red(connection: &mut Connection, most: i64) -> QueryResult<Vec<WorkflowBranch>> {
    dsl::workflow_branches
        .inner_join(repositories::table)
        .inner_join(workflows::table)
        .filter(repositories::enabled.and(workflows::deleted_at.is_null()))
        .filter(dsl::is_failing.and(dsl::is_pull_request.eq(false)))
        .filter(dsl::branch.eq(repositories::default_branch))
        .order((dsl::failing_since, dsl::workflow_id))
        .limit(most)
        .select(WorkflowBranch::as_select())
        .load(connection)
        .await
}
