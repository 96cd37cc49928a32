//! Health checks.

use std::time::Duration;

use super::{App, Error, Result};
use crate::store::pool;

/// Timeout for the database.
const PATIENCE: Duration = Duration::from_secs(2);

/// Checks that the database responds.
///
/// # Errors
///
/// [`Error::Unavailable`] when it does not respond in time.
pub async fn check_database(app: &App) -> Result<()> {
    let answer = async {
        let mut connection = app.connection().await?;
        pool::ping(&mut connection).await.map_err(|error| {
            tracing::warn!(%error, "the database answers with an error");
            unavailable()
        })
    };
    tokio::time::timeout(PATIENCE, answer).await.unwrap_or_else(|_| Err(unavailable()))
}

/// Checks that this process can handle requests and is not about to end.
///
/// # Errors
///
/// [`Error::Unavailable`] when the shutdown has begun, or the database does not respond in time.
pub async fn check_readiness(app: &App) -> Result<()> {
    if app.shutdown.has_begun() {
        return Err(Error::Unavailable { reason: "Dispatch is stopping".to_owned() });
    }
    check_database(app).await
}

fn unavailable() -> Error {
    Error::Unavailable { reason: "the database does not answer".to_owned() }
}
