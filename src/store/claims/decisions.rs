//! Decisions of the queue for agents that asked for work, with the reasons. Pruned by age.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Jsonb};
use diesel_async::RunQueryDsl;

use crate::domain::decisions::Detail;
use crate::domain::{DecisionId, IssueId};
use crate::store::Connection;
use crate::store::page::{Page, PageRequest, Position};
use crate::store::prepared::Prepared;
use crate::store::schema::decisions::{self, dsl};

/// One decision, or several equal ones that served nothing.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = decisions, check_for_backend(diesel::pg::Pg))]
pub struct Decision {
    /// Our id.
    pub id: DecisionId,
    /// The request: `claim_next`, `next_task`, or a refused `claim_issue`.
    pub kind: String,
    /// The agent that claimed.
    pub agent: String,
    /// The requested lane.
    pub lane: Option<String>,
    /// When it was first made.
    pub first_at: DateTime<Utc>,
    /// When it was last made.
    pub last_at: DateTime<Utc>,
    /// How often it was made.
    pub times: i32,
    /// The issue that was served.
    pub served_issue_id: Option<IssueId>,
    /// The fencing token of the lease that was served.
    pub fencing_token: Option<i64>,
    /// Why nothing was served.
    pub idle_reason: Option<String>,
    /// The candidates and the withheld issues.
    pub detail: Detail,
}

impl Decision {
    /// Its position in a list.
    pub fn position(&self) -> Position {
        Position { at: self.first_at, id: self.id.0 }
    }
}

/// A decision to be stored.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = decisions)]
pub struct NewDecision<'a> {
    /// The request: `claim_next`, `next_task`, or a refused `claim_issue`.
    pub kind: &'a str,
    /// The agent that claimed.
    pub agent: &'a str,
    /// The requested lane.
    pub lane: Option<&'a str>,
    /// When it was first made.
    pub first_at: DateTime<Utc>,
    /// When it was last made.
    pub last_at: DateTime<Utc>,
    /// How often it was made.
    pub times: i32,
    /// The issue that was served.
    pub served_issue_id: Option<IssueId>,
    /// The fencing token of the lease that was served.
    pub fencing_token: Option<i64>,
    /// Why nothing was served.
    pub idle_reason: Option<&'a str>,
    /// The candidates and the withheld issues.
    pub detail: &'a Detail,
}

/// Counts an idle decision with the agent's last one if they are equal. Returns whether they are.
pub async fn repeat(connection: &mut Connection, decision: &NewDecision<'_>) -> QueryResult<bool> {
    let newest: Option<Decision> = dsl::decisions
        .filter(dsl::agent.eq(decision.agent))
        .order(dsl::id.desc())
        .select(Decision::as_select())
        .first(connection)
        .await
        .optional()?;
    let is_same = |newest: &Decision| {
        newest.kind == decision.kind
            && newest.lane.as_deref() == decision.lane
            && newest.served_issue_id.is_none()
            && newest.idle_reason.as_deref() == decision.idle_reason
            && newest.detail == *decision.detail
    };
    let Some(newest) = newest.filter(is_same) else { return Ok(false) };
    let again = (dsl::times.eq(dsl::times + 1), dsl::last_at.eq(decision.last_at));
    let update = diesel::update(dsl::decisions.find(newest.id)).set(again);
    Prepared(update).execute(connection).await?;
    Ok(true)
}

/// Stores a decision.
pub async fn append(connection: &mut Connection, decision: &NewDecision<'_>) -> QueryResult<()> {
    let insert = diesel::insert_into(dsl::decisions).values(decision);
    Prepared(insert).execute(connection).await?;
    Ok(())
}

/// A decision by id.
pub async fn by_id(connection: &mut Connection, id: DecisionId) -> QueryResult<Option<Decision>> {
    dsl::decisions.find(id).select(Decision::as_select()).first(connection).await.optional()
}

/// A filter of decisions.
#[derive(Debug, Clone, Default)]
pub struct DecisionFilter {
    /// Decisions for this agent.
    pub agent: Option<String>,
    /// Decisions that served this issue.
    pub issue: Option<IssueId>,
    /// Decisions that withheld this issue, among the first ones that each lists.
    pub withheld: Option<IssueId>,
}

/// A page of decisions, newest first.
pub async fn page(
    connection: &mut Connection,
    filter: &DecisionFilter,
    request: &PageRequest,
) -> QueryResult<Page<Decision>> {
    let mut query = dsl::decisions.select(Decision::as_select()).into_boxed::<diesel::pg::Pg>();
    if let Some(agent) = &filter.agent {
        query = query.filter(dsl::agent.eq(agent));
    }
    if let Some(issue) = filter.issue {
        query = query.filter(dsl::served_issue_id.eq(issue));
    }
    if let Some(issue) = filter.withheld {
        // The expression of the index.
        let names = sql::<Bool>("jsonb_path_query_array(detail, '$.withheld[*].issue') @> ");
        query = query.filter(names.bind::<Jsonb, _>(serde_json::json!([issue])));
    }
    if let Some(Position { id, .. }) = request.after {
        query = query.filter(dsl::id.lt(DecisionId(id)));
    }
    let rows = query.order(dsl::id.desc()).limit(request.rows_to_read()).load(connection).await?;
    Ok(Page::new(rows, request))
}

/// Prunes decisions that were last made before `before`, and returns how many.
pub async fn prune(connection: &mut Connection, before: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(dsl::decisions.filter(dsl::last_at.lt(before))).execute(connection).await
}
