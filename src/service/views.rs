//! Filters that somebody gave a name, for everybody.

use super::{Error, Result};
use crate::app::App;
use crate::domain::{Actor, SavedViewId};
use crate::store::{SavedView, saved_views};

/// How long a name or a query may be, in characters.
const LONGEST_NAME: usize = 100;
const LONGEST_QUERY: usize = 2000;

/// Every view, by name.
pub async fn saved_views(app: &App) -> Result<Vec<SavedView>> {
    let mut connection = app.connection().await?;
    Ok(saved_views::all(&mut connection).await?)
}

/// A view by id.
///
/// # Errors
///
/// [`Error::NotFound`].
pub async fn find_view(app: &App, id: SavedViewId) -> Result<SavedView> {
    let mut connection = app.connection().await?;
    saved_views::by_id(&mut connection, id).await?.ok_or_else(|| no_view(id))
}

/// Saves a view. One of the same name, in any case, becomes this one.
///
/// # Errors
///
/// [`Error::Invalid`] for a name that is empty or too long, or a query that is too long.
pub async fn save_view(app: &App, actor: &Actor, name: &str, query: &str) -> Result<SavedView> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        let reason = format!("must have 1 to {LONGEST_NAME} characters");
        return Err(Error::Invalid { field: "name", reason });
    }
    let query = query.trim_start_matches('?');
    if query.chars().count() > LONGEST_QUERY {
        let reason = format!("must have at most {LONGEST_QUERY} characters");
        return Err(Error::Invalid { field: "query", reason });
    }
    let mut connection = app.connection().await?;
    let now = app.clock.now();
    Ok(saved_views::save(&mut connection, name, query, actor.name(), now).await?)
}

/// Forgets a view.
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
