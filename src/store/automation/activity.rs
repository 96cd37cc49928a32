//! What happened in repositories.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Jsonb};
use diesel_async::RunQueryDsl;

use crate::domain::automation::ActivityType;
use crate::domain::automation::facts::ActivityFacts;
use crate::domain::{ActivityId, RepositoryId, WorkflowId, WorkflowRunId};
use crate::store::prepared::Prepared;
use crate::store::schema::activity::{self, dsl};
use crate::store::schema::workflow_runs;
use crate::store::{Connection, Position};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = activity, check_for_backend(diesel::pg::Pg))]
pub struct Activity {
    /// Our id.
    pub id: ActivityId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// A word of `ActivityType`.
    pub kind: String,
    /// What happened to what: the same is recorded once.
    pub key: String,
    /// A short sentence.
    pub title: String,
    /// More about it.
    pub description: Option<String>,
    /// The login of who did it.
    pub actor: Option<String>,
    /// Its page.
    pub url: Option<String>,
    /// The commit.
    pub sha: Option<String>,
    /// The branch.
    pub branch: Option<String>,
    /// GitHub's word for the result.
    pub status: Option<String>,
    /// Other facts, by name.
    pub metadata: Option<serde_json::Value>,
    /// The run, if it is about one that is still stored.
    pub run_id: Option<WorkflowRunId>,
    /// When it happened, by GitHub's clock.
    pub created_at: DateTime<Utc>,
}

/// Records what happened in a repository, except for what is recorded already, and returns what is new in
/// the order of time.
pub async fn record(
    connection: &mut Connection,
    repository: RepositoryId,
    events: &[ActivityFacts],
) -> QueryResult<Vec<Activity>> {
    if events.is_empty() {
        return Ok(vec![]);
    }
    let given = serde_json::to_value(events)
        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))?;
    let query = diesel::sql_query(RECORD).bind::<BigInt, _>(repository).bind::<Jsonb, _>(given);
    let mut rows: Vec<Activity> = Prepared(query).load(connection).await?;
    rows.sort_by_key(|row| (row.created_at, row.id));
    Ok(rows)
}

const RECORD: &str = "\
    INSERT INTO activity (repository_id, kind, key, title, description, actor, url, sha, branch, \
        status, metadata, run_id, created_at) \
    SELECT $1, g.kind, g.key, g.title, g.description, g.actor, g.url, g.sha, g.branch, g.status, \
        g.metadata, g.run_id, g.created_at \
    FROM jsonb_populate_recordset(NULL::activity, $2) AS g ORDER BY g.created_at, g.key \
    ON CONFLICT (repository_id, key) DO NOTHING RETURNING activity.*";

/// Which events to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActivityFilter {
    /// Of this repository; none for all that are tracked.
    pub repository: Option<RepositoryId>,
    /// Of these kinds; empty for all.
    pub kinds: Vec<ActivityType>,
}

impl Activity {
    /// Its position in a list.
    pub fn position(&self) -> Position {
        Position { at: self.created_at, id: self.id.0 }
    }
}

/// Events by id, in no order.
pub async fn by_ids(connection: &mut Connection, ids: &[ActivityId]) -> QueryResult<Vec<Activity>> {
    dsl::activity.filter(dsl::id.eq_any(ids)).select(Activity::as_select()).load(connection).await
}

/// Deletes events older than `before`, at most `most`. Returns how many, and the workflows of runs that
/// failed by them.
pub async fn prune(
    connection: &mut Connection,
    before: DateTime<Utc>,
    most: i64,
) -> QueryResult<(usize, Vec<WorkflowId>)> {
    let old = dsl::activity
        .filter(dsl::created_at.lt(before))
        .order(dsl::created_at)
        .limit(most)
        .select((dsl::id, dsl::kind, dsl::run_id));
    let old: Vec<(ActivityId, String, Option<WorkflowRunId>)> = old.load(connection).await?;
    let failed = ActivityType::WorkflowRunFailed.as_str();
    let runs = old.iter().filter(|(_, kind, _)| kind == failed).filter_map(|(.., run)| *run);
    let workflows = workflow_runs::table
        .filter(workflow_runs::id.eq_any(runs))
        .select(workflow_runs::workflow_id)
        .distinct()
        .load(connection)
        .await?;
    let ids: Vec<ActivityId> = old.into_iter().map(|(id, ..)| id).collect();
    let events =
        diesel::delete(dsl::activity.filter(dsl::id.eq_any(ids))).execute(connection).await?;
    Ok((events, workflows))
}
