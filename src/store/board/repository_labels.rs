//! The labels that repositories have on GitHub, as of the last sync.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::domain::RepositoryId;
use crate::store::Connection;
use crate::store::schema::repository_labels::{self, dsl};

/// A label of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Queryable, Selectable)]
#[diesel(table_name = repository_labels, check_for_backend(diesel::pg::Pg))]
pub struct RepositoryLabel {
    /// GitHub's id.
    pub node_id: String,
    /// The name in GitHub's spelling.
    pub name: String,
}

/// All labels of a repository, in no order.
pub async fn by_repository(
    connection: &mut Connection,
    repository: RepositoryId,
) -> QueryResult<Vec<RepositoryLabel>> {
    dsl::repository_labels
        .filter(dsl::repository_id.eq(repository))
        .select(RepositoryLabel::as_select())
        .load(connection)
        .await
}

/// Adds a label, or renames it.
pub async fn set(
    connection: &mut Connection,
    repository: RepositoryId,
    label: &RepositoryLabel,
) -> QueryResult<()> {
    let of = dsl::repository_labels
        .filter(dsl::repository_id.eq(repository))
        .filter(dsl::node_id.eq(&label.node_id));
    let renamed = diesel::update(of).set(dsl::name.eq(&label.name)).execute(connection).await?;
    if renamed == 0 {
        diesel::insert_into(dsl::repository_labels)
            .values((
                dsl::repository_id.eq(repository),
                dsl::node_id.eq(&label.node_id),
                dsl::name.eq(&label.name),
            ))
            .on_conflict_do_nothing()
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Removes a label.
pub async fn remove(
    connection: &mut Connection,
    repository: RepositoryId,
    node_id: &str,
) -> QueryResult<()> {
    let of = dsl::repository_labels
        .filter(dsl::repository_id.eq(repository))
        .filter(dsl::node_id.eq(node_id));
    diesel::delete(of).execute(connection).await?;
    Ok(())
}

/// Stores the labels that a repository has in place of those it had. In the caller's transaction.
pub async fn replace(
    connection: &mut Connection,
    repository: RepositoryId,
    labels: &[RepositoryLabel],
) -> QueryResult<()> {
    diesel::delete(dsl::repository_labels.filter(dsl::repository_id.eq(repository)))
        .execute(connection)
        .await?;
    let row = |label: &RepositoryLabel| {
        (
            dsl::repository_id.eq(repository),
            dsl::node_id.eq(label.node_id.clone()),
            dsl::name.eq(label.name.clone()),
        )
    };
    let rows: Vec<_> = labels.iter().map(row).collect();
    // A statement has at most 65,535 parameters.
    for rows in rows.chunks(10_000) {
        diesel::insert_into(dsl::repository_labels)
            .values(rows)
            .on_conflict_do_nothing()
            .execute(connection)
            .await?;
    }
    Ok(())
}
