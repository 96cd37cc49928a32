//! Keys that agents have reported under, so that a report that comes twice is recorded once.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Connection;
use super::schema::agent_reports::{self, dsl};
use crate::domain::AgentRunId;

/// A key and what was reported under it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = agent_reports, check_for_backend(diesel::pg::Pg))]
pub struct AgentReport {
    /// Who reported.
    pub agent_name: String,
    /// The agent's key with its owner, see `domain::keys`.
    pub idempotency_key: String,
    /// The hash of what was reported.
    pub payload_hash: String,
    /// The run that was recorded.
    pub agent_run_id: Option<AgentRunId>,
    /// When it was first reported.
    pub created_at: DateTime<Utc>,
}

/// Takes a key for a report. Tells whether it was free; waits for whoever is just taking it.
pub async fn take(connection: &mut Connection, report: &AgentReport) -> QueryResult<bool> {
    let rows = diesel::insert_into(dsl::agent_reports)
        .values(report)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(rows == 1)
}

/// What was reported under a key, in any of its forms.
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

/// Notes the run that a report was recorded as.
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

/// Forgets keys that were used before `before`, and tells how many.
pub async fn prune(connection: &mut Connection, before: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(dsl::agent_reports.filter(dsl::created_at.lt(before))).execute(connection).await
}
