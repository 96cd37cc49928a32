//! Issues that were split up into others. A row stands for as long as an issue counts as split up.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Connection;
use super::schema::decompositions::{self, dsl};
use crate::domain::IssueId;

/// That an issue was split up.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = decompositions,
    primary_key(issue_id),
    treat_none_as_null = true,
    check_for_backend(diesel::pg::Pg)
)]
pub struct Decomposition {
    /// The issue.
    pub issue_id: IssueId,
    /// When somebody last said so.
    pub decomposed_at: DateTime<Utc>,
    /// Who said so.
    pub decomposed_by: String,
    /// What there is to say of it.
    pub note: Option<String>,
    /// Pages of the issues that it was split up into.
    pub follow_up_urls: Vec<String>,
}

/// Those of some issues that were split up, in no order.
pub async fn among(
    connection: &mut Connection,
    issues: &[IssueId],
) -> QueryResult<Vec<Decomposition>> {
    dsl::decompositions
        .filter(dsl::issue_id.eq_any(issues))
        .select(Decomposition::as_select())
        .load(connection)
        .await
}

/// Says of an issue that it was split up, whatever was said before.
pub async fn write(connection: &mut Connection, row: &Decomposition) -> QueryResult<()> {
    diesel::insert_into(dsl::decompositions)
        .values(row)
        .on_conflict(dsl::issue_id)
        .do_update()
        .set(row)
        .execute(connection)
        .await?;
    Ok(())
}

/// Says of an issue that it is whole.
pub async fn remove(connection: &mut Connection, issue: IssueId) -> QueryResult<()> {
    diesel::delete(dsl::decompositions.find(issue)).execute(connection).await?;
    Ok(())
}
