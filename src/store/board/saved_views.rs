//! Saved views: named filters.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;

use crate::domain::SavedViewId;
use crate::store::schema::saved_views::{self, dsl};
use crate::store::{Connection, lower};

/// A named filter, shared by everybody.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = saved_views, check_for_backend(diesel::pg::Pg))]
pub struct SavedView {
    /// Our id.
    pub id: SavedViewId,
    /// Its name, unique regardless of case.
    pub name: String,
    /// The query of the board's address: filters, grouping and order.
    pub query: String,
    /// Who last saved it.
    pub created_by: String,
    /// When it was last saved.
    pub created_at: DateTime<Utc>,
}

/// Every view, by name.
pub async fn all(connection: &mut Connection) -> QueryResult<Vec<SavedView>> {
    dsl::saved_views.order(lower(dsl::name)).select(SavedView::as_select()).load(connection).await
}

/// Reads one view.
pub async fn by_id(connection: &mut Connection, id: SavedViewId) -> QueryResult<Option<SavedView>> {
    dsl::saved_views.find(id).select(SavedView::as_select()).first(connection).await.optional()
}

/// Saves a view; it replaces one of the same name in any case.
pub async fn save(
    connection: &mut Connection,
    name: &str,
    query: &str,
    actor: &str,
    now: DateTime<Utc>,
) -> QueryResult<SavedView> {
    let values = (
        dsl::name.eq(name),
        dsl::query.eq(query),
        dsl::created_by.eq(actor),
        dsl::created_at.eq(now),
    );
    diesel::insert_into(dsl::saved_views)
        .values(values)
        .on_conflict(sql::<Text>("(lower(name))"))
        .do_update()
        .set(values)
        .returning(SavedView::as_returning())
        .get_result(connection)
        .await
}

/// Deletes a view. Returns none when it does not exist.
pub async fn delete(
    connection: &mut Connection,
    id: SavedViewId,
) -> QueryResult<Option<SavedView>> {
    diesel::delete(dsl::saved_views.find(id))
        .returning(SavedView::as_returning())
        .get_result(connection)
        .await
        .optional()
}

/// The number of views, except for the one with this name in any case.
pub async fn count_others(connection: &mut Connection, name: &str) -> QueryResult<i64> {
    dsl::saved_views.filter(lower(dsl::name).ne(lower(name))).count().get_result(connection).await
}
