//! What the queue answered to agents that asked for work, and why. Pruned.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Jsonb};
use diesel_async::RunQueryDsl;

use super::Connection;
use super::page::{Page, PageRequest, Position};
use super::prepared::Prepared;
use super::schema::decisions::{self, dsl};
use crate::domain::decisions::Detail;
use crate::domain::{DecisionId, IssueId};

/// One answer, or several equal ones that served nothing.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = decisions, check_for_backend(diesel::pg::Pg))]
pub struct Decision {
    /// Our id.
    pub id: DecisionId,
    /// What was asked: `claim_next`, `next_task`, or `claim_issue` where that was refused.
    pub kind: String,
    /// Who asked.
    pub agent: String,
    /// The queue that was asked for.
    pub lane: Option<String>,
    /// When it was first given.
    pub first_at: DateTime<Utc>,
    /// When it was last given.
    pub last_at: DateTime<Utc>,
    /// How often it was given.
    pub times: i32,
    /// What was served.
    pub served_issue_id: Option<IssueId>,
    /// The token of the lease that was served.
    pub fencing_token: Option<i64>,
    /// Why nothing was served.
    pub idle_reason: Option<String>,
    /// What was looked at.
    pub detail: Detail,
}

impl Decision {
    /// Where the decision stands in a list.
    pub fn position(&self) -> Position {
        Position { at: self.first_at, id: self.id.0 }
    }
}

/// An answer to be noted.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = decisions)]
pub struct NewDecision<'a> {
    /// See [`Decision::kind`].
    pub kind: &'a str,
    /// See [`Decision::agent`].
    pub agent: &'a str,
    /// See [`Decision::lane`].
    pub lane: Option<&'a str>,
    /// See [`Decision::first_at`].
    pub first_at: DateTime<Utc>,
    /// See [`Decision::last_at`].
    pub last_at: DateTime<Utc>,
    /// See [`Decision::times`].
    pub times: i32,
    /// See [`Decision::served_issue_id`].
    pub served_issue_id: Option<IssueId>,
    /// See [`Decision::fencing_token`].
    pub fencing_token: Option<i64>,
    /// See [`Decision::idle_reason`].
    pub idle_reason: Option<&'a str>,
    /// See [`Decision::detail`].
    pub detail: &'a Detail,
}

/// Counts an idle answer with the agent's last one, when that was the same. Tells whether it was.
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

/// Notes an answer.
pub async fn append(connection: &mut Connection, decision: &NewDecision<'_>) -> QueryResult<()> {
    let insert = diesel::insert_into(dsl::decisions).values(decision);
    Prepared(insert).execute(connection).await?;
    Ok(())
}

/// A decision by id.
pub async fn by_id(connection: &mut Connection, id: DecisionId) -> QueryResult<Option<Decision>> {
    dsl::decisions.find(id).select(Decision::as_select()).first(connection).await.optional()
}

/// Which decisions a reader wants.
#[derive(Debug, Clone, Default)]
pub struct DecisionFilter {
    /// Answers to this agent.
    pub agent: Option<String>,
    /// Answers that served this issue.
    pub issue: Option<IssueId>,
    /// Answers that withheld this issue, among the first that each keeps.
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
        // As the index has it.
        let names = sql::<Bool>("jsonb_path_query_array(detail, '$.withheld[*].issue') @> ");
        query = query.filter(names.bind::<Jsonb, _>(serde_json::json!([issue])));
    }
    if let Some(Position { id, .. }) = request.after {
        query = query.filter(dsl::id.lt(DecisionId(id)));
    }
    let rows = query.order(dsl::id.desc()).limit(request.rows_to_read()).load(connection).await?;
    Ok(Page::new(rows, request))
}

/// Forgets decisions that were last given before `before`, and tells how many.
pub async fn prune(connection: &mut Connection, before: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(dsl::decisions.filter(dsl::last_at.lt(before))).execute(connection).await
}
