//! Lists that pages show: of many repositories or workflows with one statement, and page by page.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Text};
use diesel_async::RunQueryDsl;

use super::activity::ActivityFilter;
use super::{
    Activity, CheckRun, Deployment, Package, PullRequest, Release, Workflow, WorkflowBranch,
    WorkflowRun,
};
use crate::domain::automation::words::FAILURES;
use crate::domain::automation::{Conclusion, RunStatus};
use crate::domain::{ActivityId, RepositoryId, WorkflowId, WorkflowRunId};
use crate::store::prepared::Prepared;
use crate::store::schema::{
    activity, check_runs, packages, repositories, workflow_runs, workflows,
};
use crate::store::{Connection, Page, PageRequest, Position, lower};

/// How many things a repository has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct RepositoryCounts {
    /// The repository.
    #[diesel(sql_type = BigInt)]
    pub repository_id: RepositoryId,
    /// Workflows that GitHub lists.
    #[diesel(sql_type = BigInt)]
    pub workflows: i64,
    /// Releases, drafts included.
    #[diesel(sql_type = BigInt)]
    pub releases: i64,
    /// Workflows and branches whose newest run that succeeded or failed has failed.
    #[diesel(sql_type = BigInt)]
    pub failing: i64,
    /// Runs that are not completed.
    #[diesel(sql_type = BigInt)]
    pub running: i64,
    /// Runs that a runner works on.
    #[diesel(sql_type = BigInt)]
    pub in_progress: i64,
    /// Workflows that fail on the default branch.
    #[diesel(sql_type = BigInt)]
    pub red: i64,
}

const COUNTS: &str = "\
    SELECT r.id AS repository_id, \
        (SELECT count(*) FROM workflows w WHERE w.repository_id = r.id AND w.deleted_at IS NULL) \
            AS workflows, \
        (SELECT count(*) FROM releases l WHERE l.repository_id = r.id) AS releases, \
        f.failing, f.red, a.running, a.in_progress \
    FROM repositories r CROSS JOIN LATERAL ( \
        SELECT count(*) AS failing, \
            count(*) FILTER (WHERE b.branch = r.default_branch AND NOT b.is_pull_request) AS red \
        FROM workflow_branches b JOIN workflows w ON w.id = b.workflow_id \
        WHERE b.repository_id = r.id AND b.is_failing AND w.deleted_at IS NULL) AS f \
    CROSS JOIN LATERAL ( \
        SELECT count(*) AS running, \
            count(*) FILTER (WHERE x.status = 'in_progress') AS in_progress \
        FROM workflow_runs x WHERE x.repository_id = r.id AND x.status <> 'completed') AS a \
    WHERE r.id = ANY ($1)";

/// The counts of repositories, in no order.
pub async fn counts(
    connection: &mut Connection,
    ids: &[RepositoryId],
) -> QueryResult<Vec<RepositoryCounts>> {
    let query = diesel::sql_query(COUNTS).bind::<Array<BigInt>, _>(ids);
    Prepared(query).load(connection).await
}

/// How many runs of a repository have failed, of all that are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct FailedRuns {
    /// The repository.
    #[diesel(sql_type = BigInt)]
    pub repository_id: RepositoryId,
    /// The number of runs with the conclusion `failure`.
    #[diesel(sql_type = BigInt)]
    pub runs: i64,
}

/// The numbers of failed runs of repositories that have some, in no order.
pub async fn failed_runs(
    connection: &mut Connection,
    ids: &[RepositoryId],
) -> QueryResult<Vec<FailedRuns>> {
    let statement = "SELECT repository_id, count(*) AS runs FROM workflow_runs \
        WHERE repository_id = ANY ($1) AND conclusion = 'failure' GROUP BY repository_id";
    Prepared(diesel::sql_query(statement).bind::<Array<BigInt>, _>(ids)).load(connection).await
}

/// The workflows of repositories that GitHub lists, by name.
pub async fn workflows(
    connection: &mut Connection,
    ids: &[RepositoryId],
) -> QueryResult<Vec<Workflow>> {
    workflows::table
        .filter(workflows::repository_id.eq_any(ids).and(workflows::deleted_at.is_null()))
        .order((lower(workflows::name), workflows::id))
        .select(Workflow::as_select())
        .load(connection)
        .await
}

/// The workflows of tracked repositories whose files have these paths, by repository.
pub async fn workflows_by_path(
    connection: &mut Connection,
    paths: &[&str],
    most: i64,
) -> QueryResult<Vec<Workflow>> {
    workflows::table
        .inner_join(repositories::table)
        .filter(workflows::path.eq_any(paths).and(workflows::deleted_at.is_null()))
        .filter(repositories::enabled)
        .order((lower(repositories::full_name), workflows::id))
        .limit(most)
        .select(Workflow::as_select())
        .load(connection)
        .await
}

/// The newest runs of workflows, at most `most` of each, newest first.
pub async fn newest_runs(
    connection: &mut Connection,
    ids: &[WorkflowId],
    most: i64,
) -> QueryResult<Vec<WorkflowRun>> {
    let statement = "SELECT r.* FROM unnest($1) AS w(id) CROSS JOIN LATERAL ( \
        SELECT * FROM workflow_runs WHERE workflow_id = w.id \
        ORDER BY created_at DESC, id DESC LIMIT $2) AS r";
    let query = diesel::sql_query(statement).bind::<Array<BigInt>, _>(ids).bind::<BigInt, _>(most);
    Prepared(query).load(connection).await
}

/// The newest completed runs of workflows on the default branches of their repositories. Runs of pull
/// requests do not count.
pub async fn default_branch_results(
    connection: &mut Connection,
    ids: &[WorkflowId],
) -> QueryResult<Vec<WorkflowRun>> {
    let statement = "SELECT r.* FROM workflows w \
        JOIN repositories o ON o.id = w.repository_id CROSS JOIN LATERAL ( \
            SELECT * FROM workflow_runs WHERE workflow_id = w.id AND branch = o.default_branch \
                AND status = 'completed' AND NOT starts_with(event, 'pull_request') \
            ORDER BY created_at DESC, id DESC LIMIT 1) AS r WHERE w.id = ANY ($1)";
    Prepared(diesel::sql_query(statement).bind::<Array<BigInt>, _>(ids)).load(connection).await
}

/// Workflows on their branches, at most `most` of each workflow, the one with the newest run first.
pub async fn branches(
    connection: &mut Connection,
    ids: &[WorkflowId],
    most: i64,
) -> QueryResult<Vec<WorkflowBranch>> {
    let statement = "SELECT b.* FROM unnest($1) AS w(id) CROSS JOIN LATERAL ( \
        SELECT * FROM workflow_branches WHERE workflow_id = w.id \
        ORDER BY latest_run_id DESC LIMIT $2) AS b";
    let query = diesel::sql_query(statement).bind::<Array<BigInt>, _>(ids).bind::<BigInt, _>(most);
    Prepared(query).load(connection).await
}

/// The runs of a workflow that were created on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct DayTotals {
    /// The workflow.
    #[diesel(sql_type = BigInt)]
    pub workflow_id: WorkflowId,
    /// Days since 1970-01-01 in UTC.
    #[diesel(sql_type = Integer)]
    pub day: i32,
    /// Runs that succeeded.
    #[diesel(sql_type = BigInt)]
    pub succeeded: i64,
    /// Runs that failed.
    #[diesel(sql_type = BigInt)]
    pub failed: i64,
    /// Completed runs with another conclusion.
    #[diesel(sql_type = BigInt)]
    pub others: i64,
    /// The durations of those that succeeded together, in seconds.
    #[diesel(sql_type = BigInt)]
    pub seconds: i64,
}

const DAYS: &str = "\
    SELECT d.workflow_id, d.day, \
        coalesce(sum(d.runs) FILTER (WHERE d.conclusion = 'success'), 0)::bigint AS succeeded, \
        coalesce(sum(d.runs) FILTER (WHERE d.conclusion = ANY ($3)), 0)::bigint AS failed, \
        coalesce(sum(d.runs) FILTER (WHERE d.conclusion <> 'success' \
            AND d.conclusion <> ALL ($3)), 0)::bigint AS others, \
        coalesce(sum(d.seconds) FILTER (WHERE d.conclusion = 'success'), 0)::bigint AS seconds \
    FROM (SELECT workflow_id, day, conclusion, runs, seconds FROM workflow_days \
            WHERE workflow_id = ANY ($1) AND day >= $2 \
        UNION ALL \
        SELECT workflow_id, floor(extract(epoch FROM created_at) / 86400)::integer, conclusion, \
            1, coalesce(duration_seconds, 0) FROM workflow_runs \
            WHERE workflow_id = ANY ($1) AND created_at >= to_timestamp($2::float8 * 86400) \
                AND conclusion IS NOT NULL) AS d \
    GROUP BY d.workflow_id, d.day ORDER BY d.workflow_id, d.day";

/// The totals of workflows by day since a day, oldest first. Days without runs are missing.
pub async fn days(
    connection: &mut Connection,
    ids: &[WorkflowId],
    since: i32,
) -> QueryResult<Vec<DayTotals>> {
    let query = diesel::sql_query(DAYS)
        .bind::<Array<BigInt>, _>(ids)
        .bind::<Integer, _>(since)
        .bind::<Array<Text>, _>(FAILURES);
    Prepared(query).load(connection).await
}

/// The newest releases of repositories, at most `most` of each; a draft counts by its creation.
pub async fn releases(
    connection: &mut Connection,
    ids: &[RepositoryId],
    most: i64,
) -> QueryResult<Vec<Release>> {
    let statement = "SELECT l.* FROM unnest($1) AS r(id) CROSS JOIN LATERAL ( \
        SELECT * FROM releases WHERE repository_id = r.id \
        ORDER BY coalesce(published_at, created_at) DESC, id DESC LIMIT $2) AS l";
    let query = diesel::sql_query(statement).bind::<Array<BigInt>, _>(ids).bind::<BigInt, _>(most);
    Prepared(query).load(connection).await
}

/// The packages of repositories, the one that changed last first.
pub async fn packages(
    connection: &mut Connection,
    ids: &[RepositoryId],
) -> QueryResult<Vec<Package>> {
    packages::table
        .filter(packages::repository_id.eq_any(ids))
        .order((packages::updated_at.desc(), packages::id.desc()))
        .select(Package::as_select())
        .load(connection)
        .await
}

/// The open pull requests of repositories, at most `most` of each, the one that changed last first.
pub async fn pull_requests(
    connection: &mut Connection,
    ids: &[RepositoryId],
    most: i64,
) -> QueryResult<Vec<PullRequest>> {
    let statement = "SELECT p.* FROM unnest($1) AS r(id) CROSS JOIN LATERAL ( \
        SELECT * FROM pull_requests WHERE repository_id = r.id AND state = 'open' \
        ORDER BY updated_at DESC, id DESC LIMIT $2) AS p";
    let query = diesel::sql_query(statement).bind::<Array<BigInt>, _>(ids).bind::<BigInt, _>(most);
    Prepared(query).load(connection).await
}

/// The checks of other apps in repositories, by name.
pub async fn checks(
    connection: &mut Connection,
    ids: &[RepositoryId],
) -> QueryResult<Vec<CheckRun>> {
    check_runs::table
        .filter(check_runs::repository_id.eq_any(ids))
        .order((check_runs::name, check_runs::id))
        .select(CheckRun::as_select())
        .load(connection)
        .await
}

/// The newest deployments of repositories, at most `most` of each.
pub async fn deployments(
    connection: &mut Connection,
    ids: &[RepositoryId],
    most: i64,
) -> QueryResult<Vec<Deployment>> {
    let statement = "SELECT d.* FROM unnest($1) AS r(id) CROSS JOIN LATERAL ( \
        SELECT * FROM deployments WHERE repository_id = r.id \
        ORDER BY created_at DESC, id DESC LIMIT $2) AS d";
    let query = diesel::sql_query(statement).bind::<Array<BigInt>, _>(ids).bind::<BigInt, _>(most);
    Prepared(query).load(connection).await
}

/// Which runs to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Of this repository; none for all that are tracked.
    pub repository: Option<RepositoryId>,
    /// Of this workflow.
    pub workflow: Option<WorkflowId>,
    /// On this branch.
    pub branch: Option<String>,
    /// Started by this event.
    pub event: Option<String>,
    /// Started by this GitHub login.
    pub actor: Option<String>,
    /// In this state. GitHub's words that are not known yet are never listed by it.
    pub status: Option<RunStatus>,
    /// With this result.
    pub conclusion: Option<Conclusion>,
    /// Of this commit.
    pub head_sha: Option<String>,
}

/// The position of a run in a list.
pub fn position(run: &WorkflowRun) -> Position {
    Position { at: run.created_at, id: run.id.0 }
}

/// A page of runs of tracked repositories, newest first.
pub async fn runs(
    connection: &mut Connection,
    filter: &RunFilter,
    request: &PageRequest,
) -> QueryResult<Page<WorkflowRun>> {
    use workflow_runs::dsl;

    let mut query =
        dsl::workflow_runs.select(WorkflowRun::as_select()).into_boxed::<diesel::pg::Pg>();
    query = match (filter.workflow, filter.repository) {
        (Some(workflow), None) => query.filter(dsl::workflow_id.eq(workflow)),
        (Some(workflow), Some(repository)) => {
            query.filter(dsl::workflow_id.eq(workflow).and(dsl::repository_id.eq(repository)))
        }
        (None, Some(repository)) => query.filter(dsl::repository_id.eq(repository)),
        (None, None) => {
            let tracked =
                repositories::table.filter(repositories::enabled).select(repositories::id);
            query.filter(dsl::repository_id.eq_any(tracked))
        }
    };
    if let Some(branch) = &filter.branch {
        query = query.filter(dsl::branch.eq(branch));
    }
    if let Some(event) = &filter.event {
        query = query.filter(dsl::event.eq(event));
    }
    if let Some(actor) = &filter.actor {
        query = query.filter(dsl::actor.eq(actor));
    }
    if let Some(status) = filter.status {
        query = query.filter(dsl::status.eq(status.as_str()));
    }
    if let Some(conclusion) = filter.conclusion {
        query = query.filter(dsl::conclusion.eq(conclusion.as_str()));
    }
    if let Some(sha) = &filter.head_sha {
        query = query.filter(dsl::head_sha.eq(sha));
    }
    if let Some(Position { at, id }) = request.after {
        let is_earlier = dsl::created_at.lt(at).or(dsl::id.lt(WorkflowRunId(id)));
        query = query.filter(dsl::created_at.le(at).and(is_earlier));
    }
    let rows = query
        .order((dsl::created_at.desc(), dsl::id.desc()))
        .limit(request.rows_to_read())
        .load(connection)
        .await?;
    Ok(Page::new(rows, request))
}

/// A page of what happened in tracked repositories, newest first.
pub async fn activity(
    connection: &mut Connection,
    filter: &ActivityFilter,
    request: &PageRequest,
) -> QueryResult<Page<Activity>> {
    use activity::dsl;

    let mut query = dsl::activity.select(Activity::as_select()).into_boxed::<diesel::pg::Pg>();
    query = match filter.repository {
        Some(repository) => query.filter(dsl::repository_id.eq(repository)),
        None => {
            let tracked =
                repositories::table.filter(repositories::enabled).select(repositories::id);
            query.filter(dsl::repository_id.eq_any(tracked))
        }
    };
    if !filter.kinds.is_empty() {
        let kinds: Vec<&str> = filter.kinds.iter().map(|kind| kind.as_str()).collect();
        query = query.filter(dsl::kind.eq_any(kinds));
    }
    if let Some(Position { at, id }) = request.after {
        let is_earlier = dsl::created_at.lt(at).or(dsl::id.lt(ActivityId(id)));
        query = query.filter(dsl::created_at.le(at).and(is_earlier));
    }
    let rows = query
        .order((dsl::created_at.desc(), dsl::id.desc()))
        .limit(request.rows_to_read())
        .load(connection)
        .await?;
    Ok(Page::new(rows, request))
}

/// How many runs of a workflow are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct RunCount {
    /// The workflow.
    #[diesel(sql_type = BigInt)]
    pub workflow_id: WorkflowId,
    /// The number of runs.
    #[diesel(sql_type = BigInt)]
    pub runs: i64,
}

/// The numbers of runs of workflows that have some, in no order.
pub async fn run_counts(
    connection: &mut Connection,
    ids: &[WorkflowId],
) -> QueryResult<Vec<RunCount>> {
    let statement = "SELECT workflow_id, count(*) AS runs FROM workflow_runs \
        WHERE workflow_id = ANY ($1) GROUP BY workflow_id";
    Prepared(diesel::sql_query(statement).bind::<Array<BigInt>, _>(ids)).load(connection).await
}

/// How many events of repositories are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct ActivityCount {
    /// The repository.
    #[diesel(sql_type = BigInt)]
    pub repository_id: RepositoryId,
    /// The number of events.
    #[diesel(sql_type = BigInt)]
    pub events: i64,
}

/// The numbers of events of repositories that have some, in no order.
pub async fn activity_counts(
    connection: &mut Connection,
    ids: &[RepositoryId],
) -> QueryResult<Vec<ActivityCount>> {
    let statement = "SELECT repository_id, count(*) AS events FROM activity \
        WHERE repository_id = ANY ($1) GROUP BY repository_id";
    Prepared(diesel::sql_query(statement).bind::<Array<BigInt>, _>(ids)).load(connection).await
}
