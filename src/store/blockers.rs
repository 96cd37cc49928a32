//! What issues wait for, as their texts and GitHub say.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Connection;
use super::schema::blockers::{self, dsl};
use crate::domain::IssueId;
use crate::domain::dependencies::Reference;

/// Where a reference was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A phrase in the issue's text.
    Text,
    /// GitHub's own relation.
    GitHub,
}

impl Source {
    fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::GitHub => "github",
        }
    }
}

/// One issue that waits for another.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = blockers, check_for_backend(diesel::pg::Pg))]
pub struct Blocker {
    /// The issue that waits.
    pub issue_id: IssueId,
    /// The repository of the other, in lower case.
    pub repository: String,
    /// The number of the other.
    pub number: i32,
}

/// What one source says of some issues.
pub async fn of_issues(
    connection: &mut Connection,
    source: Source,
    issues: &[IssueId],
) -> QueryResult<Vec<Blocker>> {
    dsl::blockers
        .filter(dsl::issue_id.eq_any(issues))
        .filter(dsl::source.eq(source.as_str()))
        .select(Blocker::as_select())
        .load(connection)
        .await
}

/// Forgets what one source said of some issues.
pub async fn forget(
    connection: &mut Connection,
    source: Source,
    issues: &[IssueId],
) -> QueryResult<()> {
    let old =
        dsl::blockers.filter(dsl::issue_id.eq_any(issues)).filter(dsl::source.eq(source.as_str()));
    diesel::delete(old).execute(connection).await?;
    Ok(())
}

/// Notes what one source says of issues, besides what is noted.
pub async fn note(
    connection: &mut Connection,
    source: Source,
    references: &[(IssueId, Reference)],
) -> QueryResult<()> {
    let row = |(issue, reference): &(IssueId, Reference)| {
        (
            dsl::issue_id.eq(*issue),
            dsl::source.eq(source.as_str()),
            dsl::repository.eq(reference.repository.clone()),
            dsl::number.eq(reference.number),
        )
    };
    let rows: Vec<_> = references.iter().map(row).collect();
    diesel::insert_into(dsl::blockers)
        .values(rows)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(())
}
