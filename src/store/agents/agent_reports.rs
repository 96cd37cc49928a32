//! Idempotency keys of agents' reports, so that a repeated report is recorded once.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::domain::AgentRunId;
use crate::store::Connection;
use crate::store::schema::agent_reports::{self, dsl};

/// A key and the report that used it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = agent_reports, check_for_backend(diesel::pg::Pg))]
pub struct AgentReport {
    /// The agent that reported.
    pub agent_name: String,
    /// The agent's key with its owner, see `domain::keys`.
    pub idempotency_key: String,
    /// The hash of the report.
    pub payload_hash: String,
    /// The run that was recorded.
    pub agent_run_id: Option<AgentRunId>,
    /// When it was first reported.
    pub created_at: DateTime<Utc>,
}

/// Reserves a key for a report. Returns whether it was free; waits for a concurrent reservation.
pub async fn take(connection: &mut Connection, report: &AgentReport) -> QueryResult<bool> {
    let rows = diesel::insert_into(dsl::agent_reports)
        .values(report)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(rows == 1)
}

/// The report that used a key, in any of the key's forms.
pub async fn by_key(
    connection: &mut Connection,
    agent: &str,
    forms: &[&str],
) -> QueryResult<Option<AgentReport>> {
    dsl::agent_reports
        .filter(dsl::agent_name.eq(agent))
        .filter(dsl::idempotency_key.eq_any(forms))
        .select(AgentReport::as_select())
        .first(connection)
        .await
        .optional()
}

/// Stores which run a report was recorded as.
pub async fn set_run(
    connection: &mut Connection,
    agent: &str,
    key: &str,
    run: AgentRunId,
) -> QueryResult<()> {
    diesel::update(dsl::agent_reports.find((agent, key)))
        .set(dsl::agent_run_id.eq(run))
        .execute(connection)
        .await?;
    Ok(())
}

/// Prunes keys that were used before `before`, and returns how many.
pub async fn prune(connection: &mut Connection, before: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(dsl::agent_reports.filter(dsl::created_at.lt(before))).execute(connection).await
}
