//! Issues that were split into others. A row exists as long as an issue counts as split.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::domain::IssueId;
use crate::store::Connection;
use crate::store::schema::decompositions::{self, dsl};

/// The decomposition of an issue.
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
    /// When it was last marked as split.
    pub decomposed_at: DateTime<Utc>,
    /// Who marked it.
    pub decomposed_by: String,
    /// A note about the split.
    pub note: Option<String>,
    /// Pages of the issues that it was split into.
    pub follow_up_urls: Vec<String>,
}

/// The decompositions of some issues, in no order.
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

/// Marks an issue as split, replacing any earlier note.
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

/// Marks an issue as whole.
pub async fn remove(connection: &mut Connection, issue: IssueId) -> QueryResult<()> {
    diesel::delete(dsl::decompositions.find(issue)).execute(connection).await?;
    Ok(())
}
