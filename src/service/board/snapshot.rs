//! Detects whether the database changed at all.

use crate::service::{App, Result};
use crate::store::board::snapshot::{self, Snapshot};

/// The current state of the database. While it is unchanged, so is every response that depends on
/// the database alone.
pub async fn current(app: &App) -> Result<Snapshot> {
    let mut connection = app.connection().await?;
    Ok(snapshot::current(&mut connection).await?)
}
