//! Progress reports of long-running agents.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;

use crate::domain::progress::{WorkCheckpoint, WorkState};
use crate::domain::{AgentWorkId, IssueId};
use crate::store::Connection;
use crate::store::schema::agent_work::{self, dsl};
use crate::store::schema::agent_work_steps::dsl as steps;

/// One piece of work of one agent.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = agent_work, treat_none_as_null = true, check_for_backend(diesel::pg::Pg))]
pub struct AgentWork {
    /// Our id.
    pub id: AgentWorkId,
    /// The agent that does it.
    pub agent_name: String,
    /// The issue it is about.
    pub issue_id: Option<IssueId>,
    /// The agent's own id of its run.
    pub run_id: Option<String>,
    /// Its state.
    pub state: WorkState,
    /// The last checkpoint.
    pub checkpoint: WorkCheckpoint,
    /// The git branch.
    pub branch: Option<String>,
    /// The pull request's page.
    pub pr_url: Option<String>,
    /// When the agent counts as silent, or when the work ended.
    pub lease_expires_at: DateTime<Utc>,
    /// The agent's last heartbeat.
    pub last_heartbeat_at: DateTime<Utc>,
    /// The agent's summary.
    pub summary: Option<String>,
    /// What it waits for, while it is blocked.
    pub blocker_reason: Option<String>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// Work that starts. All of its times equal `created_at` except the expiry.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = agent_work)]
pub struct NewAgentWork<'a> {
    /// The agent that does it.
    pub agent_name: &'a str,
    /// The issue it is about.
    pub issue_id: Option<IssueId>,
    /// The agent's own id of its run.
    pub run_id: Option<&'a str>,
    /// Its state.
    pub state: WorkState,
    /// The last checkpoint.
    pub checkpoint: WorkCheckpoint,
    /// The git branch.
    pub branch: Option<&'a str>,
    /// When the agent counts as silent, or when the work ended.
    pub lease_expires_at: DateTime<Utc>,
    /// The agent's last heartbeat.
    pub last_heartbeat_at: DateTime<Utc>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// Serializes changes of an agent's work until the transaction ends.
pub async fn serialize_by_agent(connection: &mut Connection, agent: &str) -> QueryResult<()> {
    diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended('agent_work ' || $1, 0))")
        .bind::<Text, _>(agent)
        .execute(connection)
        .await?;
    Ok(())
}

/// Inserts work that starts.
pub async fn start(connection: &mut Connection, work: &NewAgentWork<'_>) -> QueryResult<AgentWork> {
    diesel::insert_into(dsl::agent_work)
        .values(work)
        .returning(AgentWork::as_returning())
        .get_result(connection)
        .await
}

/// The work that an agent may still report on: the active one, otherwise the newest blocked one.
pub async fn open_of(connection: &mut Connection, agent: &str) -> QueryResult<Option<AgentWork>> {
    dsl::agent_work
        .filter(dsl::agent_name.eq(agent))
        .filter(dsl::state.eq_any(WorkState::OPEN))
        .order((dsl::state.eq(WorkState::Blocked), dsl::id.desc()))
        .select(AgentWork::as_select())
        .first(connection)
        .await
        .optional()
}

/// The newest work of an agent, whatever its state.
pub async fn newest_of(connection: &mut Connection, agent: &str) -> QueryResult<Option<AgentWork>> {
    dsl::agent_work
        .filter(dsl::agent_name.eq(agent))
        .order(dsl::id.desc())
        .select(AgentWork::as_select())
        .first(connection)
        .await
        .optional()
}

/// The newest work of an agent on an issue, whatever its state.
pub async fn newest_on(
    connection: &mut Connection,
    agent: &str,
    issue: IssueId,
) -> QueryResult<Option<AgentWork>> {
    dsl::agent_work
        .filter(dsl::agent_name.eq(agent))
        .filter(dsl::issue_id.eq(issue))
        .order(dsl::id.desc())
        .select(AgentWork::as_select())
        .first(connection)
        .await
        .optional()
}

/// A filter of work; all given members must match.
#[derive(Debug, Clone, Copy, Default)]
pub struct WorkFilter<'a> {
    /// The agent's.
    pub agent: Option<&'a str>,
    /// On this issue.
    pub issue: Option<IssueId>,
    /// In one of these states; in any when empty.
    pub states: &'a [WorkState],
}

/// Work by agent, issue and state, last changed first.
pub async fn list(
    connection: &mut Connection,
    filter: WorkFilter<'_>,
    limit: i64,
) -> QueryResult<Vec<AgentWork>> {
    let mut query = dsl::agent_work.select(AgentWork::as_select()).into_boxed::<diesel::pg::Pg>();
    if let Some(agent) = filter.agent {
        query = query.filter(dsl::agent_name.eq(agent));
    }
    if let Some(issue) = filter.issue {
        query = query.filter(dsl::issue_id.eq(issue));
    }
    if !filter.states.is_empty() {
        query = query.filter(dsl::state.eq_any(filter.states));
    }
    query.order((dsl::updated_at.desc(), dsl::id.desc())).limit(limit).load(connection).await
}

/// A piece of work, locked until the transaction ends.
pub async fn lock(connection: &mut Connection, id: AgentWorkId) -> QueryResult<Option<AgentWork>> {
    dsl::agent_work
        .find(id)
        .select(AgentWork::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Active work without a heartbeat since `silent_since`, longest silent first.
pub async fn silent(
    connection: &mut Connection,
    silent_since: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<AgentWork>> {
    dsl::agent_work
        .filter(dsl::state.eq_any(WorkState::ACTIVE))
        .filter(dsl::last_heartbeat_at.le(silent_since))
        .order((dsl::last_heartbeat_at, dsl::id))
        .limit(limit)
        .select(AgentWork::as_select())
        .load(connection)
        .await
}

/// Stores the current state of work, and the step that led to it.
pub async fn write(connection: &mut Connection, work: &AgentWork, action: &str) -> QueryResult<()> {
    diesel::update(dsl::agent_work.find(work.id)).set(work).execute(connection).await?;
    append_step(connection, work, action).await
}

/// Stores a step of work.
pub async fn append_step(
    connection: &mut Connection,
    work: &AgentWork,
    action: &str,
) -> QueryResult<()> {
    diesel::insert_into(steps::agent_work_steps)
        .values((
            steps::work_id.eq(work.id),
            steps::at.eq(work.updated_at),
            steps::action.eq(action),
            steps::state.eq(work.state),
            steps::checkpoint.eq(work.checkpoint),
            steps::summary.eq(&work.summary),
            steps::blocker_reason.eq(&work.blocker_reason),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Prunes work that ended before `before`, with its steps, and returns how much.
pub async fn prune(connection: &mut Connection, before: DateTime<Utc>) -> QueryResult<usize> {
    let over = [WorkState::Done, WorkState::Released, WorkState::Stale];
    diesel::delete(
        dsl::agent_work.filter(dsl::updated_at.lt(before)).filter(dsl::state.eq_any(over)),
    )
    .execute(connection)
    .await
}
