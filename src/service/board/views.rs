//! Saved views: named filters, shared by everybody.

use crate::domain::bounds::check_name;
use crate::domain::{Actor, SavedViewId};
use crate::service::{App, Error, Result};
use crate::store::SavedView;
use crate::store::board::saved_views;

/// Maximal lengths of a name and a query, in characters.
const LONGEST_NAME: usize = 100;
const LONGEST_QUERY: usize = 2000;

/// Maximal number of views.
const MOST: i64 = 200;

/// Every view, by name.
pub async fn saved_views(app: &App) -> Result<Vec<SavedView>> {
    let mut connection = app.connection().await?;
    Ok(saved_views::all(&mut connection).await?)
}

/// Reads one view.
///
/// # Errors
///
/// [`Error::NotFound`].
pub async fn find_view(app: &App, id: SavedViewId) -> Result<SavedView> {
    let mut connection = app.connection().await?;
    saved_views::by_id(&mut connection, id).await?.ok_or_else(|| no_view(id))
}

/// Saves a view. It replaces one of the same name, ignoring case.
///
/// # Errors
///
/// [`Error::Invalid`] for a name that is empty or too long, or a query that is too long;
/// [`Error::Conflict`] when there are too many.
pub async fn save_view(app: &App, actor: &Actor, name: &str, query: &str) -> Result<SavedView> {
    let name = check_name(name, LONGEST_NAME)
        .map_err(|reason| Error::Invalid { field: "name", reason })?;
    let query = query.trim_start_matches('?');
    if query.chars().count() > LONGEST_QUERY {
        let reason = format!("must have at most {LONGEST_QUERY} characters");
        return Err(Error::Invalid { field: "query", reason });
    }
    let mut connection = app.connection().await?;
    if saved_views::count_others(&mut connection, name).await? >= MOST {
        let what = format!("There are {MOST} saved views, which is the most; delete one first");
        return Err(Error::permanent_conflict(what, None));
    }
    let now = app.clock.now();
    Ok(saved_views::save(&mut connection, name, query, actor.name(), now).await?)
}

/// Deletes a view.
///
/// # Errors
///
/// [`Error::NotFound`].
pub async fn delete_view(app: &App, id: SavedViewId) -> Result<SavedView> {
    let mut connection = app.connection().await?;
    saved_views::delete(&mut connection, id).await?.ok_or_else(|| no_view(id))
}

fn no_view(id: SavedViewId) -> Error {
    Error::NotFound { what: "Saved view", id: id.to_string() }
}
