//! Lane classifications of issues, with their reasons.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;

use crate::domain::IssueId;
use crate::domain::lane_rules::Confidence;
use crate::store::Connection;
use crate::store::schema::lane_judgements::{self, dsl};

/// One classification.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = lane_judgements, check_for_backend(diesel::pg::Pg))]
pub struct LaneJudgement {
    /// The issue.
    pub issue_id: IssueId,
    /// The lane's id.
    pub lane: String,
    /// The confidence of the classification.
    pub confidence: Confidence,
    /// Why.
    pub reason: Option<String>,
    /// The model that decided; none for a rule or a person.
    pub model: Option<String>,
    /// When it was made.
    pub judged_at: DateTime<Utc>,
}

/// The current classification of an issue: the newest.
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

/// Stores a classification, which becomes the current one.
pub async fn append(connection: &mut Connection, judgement: &LaneJudgement) -> QueryResult<()> {
    diesel::insert_into(dsl::lane_judgements).values(judgement).execute(connection).await?;
    Ok(())
}

/// Prunes all but the newest `kept` classifications of each issue, and returns how many.
pub async fn prune(connection: &mut Connection, kept: i64) -> QueryResult<usize> {
    let older = "DELETE FROM lane_judgements USING (
            SELECT id, row_number() OVER (PARTITION BY issue_id ORDER BY id DESC) AS place
            FROM lane_judgements
        ) AS ranked
        WHERE lane_judgements.id = ranked.id AND ranked.place > $1";
    diesel::sql_query(older).bind::<BigInt, _>(kept).execute(connection).await
}
