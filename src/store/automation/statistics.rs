//! The newest run of each workflow, and how its newest runs went: computed when its runs change, so that
//! lists of thousands of workflows read no runs for it.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text};
use diesel_async::RunQueryDsl;

use crate::domain::automation::ActivityType;
use crate::domain::automation::words::FAILURES;
use crate::domain::{WorkflowId, WorkflowRunId};
use crate::store::Connection;
use crate::store::prepared::Prepared;

/// How many of its newest runs the statistics of a workflow are of.
pub const RUNS: i64 = 100;

/// What lists show of a workflow's runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct WorkflowStatistics {
    /// The workflow.
    #[diesel(sql_type = BigInt)]
    pub workflow_id: WorkflowId,
    /// Its newest run on any branch.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub latest_run_id: Option<WorkflowRunId>,
    /// Its newest run on the default branch of its repository. Runs of pull requests do not count.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub default_branch_run_id: Option<WorkflowRunId>,
    /// The average duration of those of its newest runs that succeeded, in seconds.
    #[diesel(sql_type = Nullable<Integer>)]
    pub average_seconds: Option<i32>,
    /// How many of them succeeded.
    #[diesel(sql_type = Integer)]
    pub succeeded: i32,
    /// How many of them failed.
    #[diesel(sql_type = Integer)]
    pub failed: i32,
    /// Whether a commit both succeeded and failed among them.
    #[diesel(sql_type = Bool)]
    pub is_flaky: bool,
}

const OF_WORKFLOWS: &str = "\
    SELECT w.id AS workflow_id, s.latest_run_id, b.latest_run_id AS default_branch_run_id, \
        s.average_seconds, coalesce(s.succeeded, 0) AS succeeded, coalesce(s.failed, 0) AS failed, \
        coalesce(s.is_flaky, false) AS is_flaky \
    FROM workflows w JOIN repositories o ON o.id = w.repository_id \
    LEFT JOIN workflow_statistics s ON s.workflow_id = w.id \
    LEFT JOIN workflow_branches b ON b.workflow_id = w.id AND b.branch = o.default_branch \
        AND NOT b.is_pull_request \
    WHERE w.id = ANY ($1)";

/// The statistics of workflows, in no order.
pub async fn of_workflows(
    connection: &mut Connection,
    ids: &[WorkflowId],
) -> QueryResult<Vec<WorkflowStatistics>> {
    let query = diesel::sql_query(OF_WORKFLOWS).bind::<Array<BigInt>, _>(ids);
    Prepared(query).load(connection).await
}

/// Computes the statistics of workflows again, and returns how many changed. Called in the transaction that
/// changed runs, or their activity.
pub async fn refresh(connection: &mut Connection, ids: &[WorkflowId]) -> QueryResult<usize> {
    if ids.is_empty() {
        return Ok(0);
    }
    let query = diesel::sql_query(REFRESH)
        .bind::<Array<BigInt>, _>(ids)
        .bind::<BigInt, _>(RUNS)
        .bind::<Array<Text>, _>(FAILURES)
        .bind::<Text, _>(ActivityType::WorkflowRunFailed.as_str());
    Prepared(query).execute(connection).await
}

/// A run that failed and succeeded when it was run again has lost its first result; the activity keeps it.
const REFRESH: &str = "\
    INSERT INTO workflow_statistics AS old \
    SELECT w.id, s.latest, s.average_seconds, s.succeeded, s.failed, \
        s.both OR EXISTS (SELECT FROM unnest(s.again) AS g(id) JOIN activity a ON a.run_id = g.id \
            AND a.kind = $4) \
    FROM (SELECT id FROM workflows WHERE id = ANY ($1) ORDER BY id) AS w CROSS JOIN LATERAL ( \
        SELECT (array_agg(c.latest ORDER BY c.newest DESC, c.latest DESC))[1] AS latest, \
            (sum(c.seconds) / nullif(sum(c.timed), 0))::integer AS average_seconds, \
            coalesce(sum(c.succeeded), 0)::integer AS succeeded, \
            coalesce(sum(c.failed), 0)::integer AS failed, \
            coalesce(bool_or(c.succeeded > 0 AND c.failed > 0), false) AS both, \
            coalesce(array_agg(c.again) FILTER (WHERE c.again IS NOT NULL), '{}') AS again \
        FROM (SELECT r.head_sha, max(r.created_at) AS newest, \
                (array_agg(r.id ORDER BY r.created_at DESC, r.id DESC))[1] AS latest, \
                sum(r.duration_seconds) FILTER (WHERE r.conclusion = 'success') AS seconds, \
                count(r.duration_seconds) FILTER (WHERE r.conclusion = 'success') AS timed, \
                count(*) FILTER (WHERE r.conclusion = 'success') AS succeeded, \
                count(*) FILTER (WHERE r.conclusion = ANY ($3)) AS failed, \
                max(r.id) FILTER (WHERE r.conclusion = 'success' AND r.run_attempt > 1) AS again \
            FROM (SELECT * FROM workflow_runs WHERE workflow_id = w.id \
                ORDER BY created_at DESC, id DESC LIMIT $2) AS r \
            GROUP BY r.head_sha) AS c) AS s \
    ON CONFLICT (workflow_id) DO UPDATE SET latest_run_id = excluded.latest_run_id, \
        average_seconds = excluded.average_seconds, succeeded = excluded.succeeded, \
        failed = excluded.failed, is_flaky = excluded.is_flaky \
    WHERE (old.latest_run_id, old.average_seconds, old.succeeded, old.failed, old.is_flaky) \
        IS DISTINCT FROM (excluded.latest_run_id, excluded.average_seconds, excluded.succeeded, \
            excluded.failed, excluded.is_flaky)";
