//! Agent runs.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::domain::{AgentRunId, IssueId};
use crate::store::Connection;
use crate::store::page::{Page, PageRequest, Position};
use crate::store::schema::agent_runs::{self, dsl};

/// One run that an agent reported.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = agent_runs, check_for_backend(diesel::pg::Pg))]
pub struct AgentRun {
    /// Our id.
    pub id: AgentRunId,
    /// The agent's name as it was given.
    pub agent_name: String,
    /// What kind of run: `heartbeat` by convention, else free text.
    pub run_type: String,
    /// How it went: `success`, `error` or free text.
    pub status: String,
    /// The outcome, one of the known values.
    pub outcome: Option<String>,
    /// When it began, by the agent's clock.
    pub started_at: DateTime<Utc>,
    /// When it ended, by the agent's clock; none while it runs.
    pub finished_at: Option<DateTime<Utc>>,
    /// The agent's summary.
    pub summary: Option<String>,
    /// What went wrong.
    pub error_message: Option<String>,
    /// Free text by Dispatch.
    pub notes: Option<String>,
    /// Pages the run touched.
    pub touched_issue_urls: Vec<String>,
    /// The issue it worked on.
    pub issue_id: Option<IssueId>,
    /// The idempotency key with its owner, see `domain::keys`.
    pub idempotency_key: Option<String>,
    /// When it was reported.
    pub created_at: DateTime<Utc>,
}

impl AgentRun {
    /// Its position in a list.
    pub fn position(&self) -> Position {
        Position { at: self.created_at, id: self.id.0 }
    }
}

/// A run to be recorded.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = agent_runs)]
pub struct NewAgentRun {
    /// The agent's name as it was given.
    pub agent_name: String,
    /// What kind of run: `heartbeat` by convention, else free text.
    pub run_type: String,
    /// How it went: `success`, `error` or free text.
    pub status: String,
    /// The outcome, one of the known values.
    pub outcome: Option<String>,
    /// When it began, by the agent's clock.
    pub started_at: DateTime<Utc>,
    /// When it ended, by the agent's clock; none while it runs.
    pub finished_at: Option<DateTime<Utc>>,
    /// The agent's summary.
    pub summary: Option<String>,
    /// What went wrong.
    pub error_message: Option<String>,
    /// Pages the run touched.
    pub touched_issue_urls: Vec<String>,
    /// The issue it worked on.
    pub issue_id: Option<IssueId>,
    /// The idempotency key with its owner, see `domain::keys`.
    pub idempotency_key: Option<String>,
    /// When it was reported.
    pub created_at: DateTime<Utc>,
}

impl NewAgentRun {
    /// Whether a recorded run has the same content, whenever it was reported.
    pub fn is_recorded_as(&self, run: &AgentRun) -> bool {
        // PostgreSQL stores microseconds.
        let micros = |at: DateTime<Utc>| at.timestamp_micros();
        self.agent_name.to_lowercase() == run.agent_name.to_lowercase()
            && self.run_type == run.run_type
            && self.status == run.status
            && self.outcome == run.outcome
            && micros(self.started_at) == micros(run.started_at)
            && self.finished_at.map(micros) == run.finished_at.map(micros)
            && self.summary == run.summary
            && self.error_message == run.error_message
            && self.touched_issue_urls == run.touched_issue_urls
            && self.issue_id == run.issue_id
    }
}

/// Records a run. Returns none when its key was used before.
pub async fn record(
    connection: &mut Connection,
    run: &NewAgentRun,
) -> QueryResult<Option<AgentRun>> {
    diesel::insert_into(dsl::agent_runs)
        .values(run)
        .on_conflict(dsl::idempotency_key)
        .do_nothing()
        .returning(AgentRun::as_returning())
        .get_result(connection)
        .await
        .optional()
}

/// The run that was recorded with a key, in any of its forms.
pub async fn by_key(connection: &mut Connection, forms: &[&str]) -> QueryResult<Option<AgentRun>> {
    dsl::agent_runs
        .filter(dsl::idempotency_key.eq_any(forms))
        .select(AgentRun::as_select())
        .first(connection)
        .await
        .optional()
}

/// Runs by id, in no order.
pub async fn by_ids(connection: &mut Connection, ids: &[AgentRunId]) -> QueryResult<Vec<AgentRun>> {
    dsl::agent_runs.filter(dsl::id.eq_any(ids)).select(AgentRun::as_select()).load(connection).await
}

/// A filter of runs.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// Runs of this agent.
    pub agent: Option<String>,
    /// Runs on this issue.
    pub issue: Option<IssueId>,
}

/// A page of runs, last reported first.
pub async fn page(
    connection: &mut Connection,
    filter: &RunFilter,
    request: &PageRequest,
) -> QueryResult<Page<AgentRun>> {
    let mut query = dsl::agent_runs.select(AgentRun::as_select()).into_boxed::<diesel::pg::Pg>();
    if let Some(agent) = &filter.agent {
        query = query.filter(dsl::agent_name.eq(agent));
    }
    if let Some(issue) = filter.issue {
        query = query.filter(dsl::issue_id.eq(issue));
    }
    if let Some(Position { at, id }) = request.after {
        query = query.filter(
            dsl::created_at.lt(at).or(dsl::created_at.eq(at).and(dsl::id.lt(AgentRunId(id)))),
        );
    }
    let rows = query
        .order((dsl::created_at.desc(), dsl::id.desc()))
        .limit(request.rows_to_read())
        .load(connection)
        .await?;
    Ok(Page::new(rows, request))
}

/// Prunes runs that were reported before `before`, and returns how many.
pub async fn prune(connection: &mut Connection, before: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(dsl::agent_runs.filter(dsl::created_at.lt(before))).execute(connection).await
}
