//! Connections to PostgreSQL and the migrations that are built into the binary.

use diesel_async::AsyncMigrationHarness;
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_async::pooled_connection::deadpool;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::Connection;

/// The connections that requests share.
pub type Pool = deadpool::Pool<Connection>;

/// Every change of the schema, oldest first.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// A pool of at most `size` connections to `url`. Connects when first asked for one.
pub fn connect(url: &str, size: usize) -> Result<Pool, deadpool::BuildError> {
    let manager = AsyncDieselConnectionManager::<Connection>::new(url);
    Pool::builder(manager).max_size(size).build()
}

/// Brings the schema up to date and tells how many changes that took. Replicas that start at once
/// wait for each other at an advisory lock, so each change runs once.
pub async fn run_migrations(connection: Connection) -> anyhow::Result<usize> {
    use diesel_async::RunQueryDsl;

    let mut connection = connection;
    diesel::sql_query("SELECT pg_advisory_lock(7236871, 0)").execute(&mut connection).await?;
    let mut harness = AsyncMigrationHarness::new(connection);
    let ran = harness
        .run_pending_migrations(MIGRATIONS)
        .map_err(|error| anyhow::anyhow!("{error}"))?
        .len();
    let mut connection = harness.into_inner();
    diesel::sql_query("SELECT pg_advisory_unlock(7236871, 0)").execute(&mut connection).await?;
    Ok(ran)
}
