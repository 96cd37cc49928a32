//! Which queue issues were judged to belong in, and why.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;

use super::Connection;
use super::schema::lane_judgements::{self, dsl};
use crate::domain::IssueId;
use crate::domain::lane_rules::Confidence;

/// One judgement.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = lane_judgements, check_for_backend(diesel::pg::Pg))]
pub struct LaneJudgement {
    /// The issue.
    pub issue_id: IssueId,
    /// The queue's id.
    pub lane: String,
    /// How sure whoever judged was.
    pub confidence: Confidence,
    /// Why.
    pub reason: Option<String>,
    /// The model that judged; none for a rule or a person.
    pub model: Option<String>,
    /// When it was judged.
    pub judged_at: DateTime<Utc>,
}

/// The judgement of an issue that counts: the newest.
pub async fn newest(
    connection: &mut Connection,
    issue: IssueId,
) -> QueryResult<Option<LaneJudgement>> {
    dsl::lane_judgements
        .filter(dsl::issue_id.eq(issue))
        .order(dsl::id.desc())
        .select(LaneJudgement::as_select())
        .first(connection)
        .await
        .optional()
}

/// Keeps a judgement, which counts from now on.
pub async fn append(connection: &mut Connection, judgement: &LaneJudgement) -> QueryResult<()> {
    diesel::insert_into(dsl::lane_judgements).values(judgement).execute(connection).await?;
    Ok(())
}

/// Forgets all but the newest judgements of each issue, `kept` of them, and tells how many.
pub async fn prune(connection: &mut Connection, kept: i64) -> QueryResult<usize> {
    let older = "DELETE FROM lane_judgements USING (
            SELECT id, row_number() OVER (PARTITION BY issue_id ORDER BY id DESC) AS place
            FROM lane_judgements
        ) AS ranked
        WHERE lane_judgements.id = ranked.id AND ranked.place > $1";
    diesel::sql_query(older).bind::<BigInt, _>(kept).execute(connection).await
}
