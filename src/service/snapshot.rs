//! Whether anything has changed at all.

use super::Result;
use crate::app::App;
use crate::store::snapshot::{self, Snapshot};

/// The state of the database now. When it is what it was, so is every answer that comes from there
/// alone.
pub async fn current(app: &App) -> Result<Snapshot> {
    let mut connection = app.connection().await?;
    Ok(snapshot::current(&mut connection).await?)
}
