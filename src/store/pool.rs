//! Connections to PostgreSQL and the migrations that are built into the binary.

use deadpool::managed::QueueMode;
use diesel::ConnectionError;
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod, deadpool as pooled,
};
use diesel_async::{AsyncMigrationHarness, SimpleAsyncConnection as _};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use futures_util::FutureExt as _;

use super::Connection;
use crate::postgres::{Address, Connector};

/// The connections that requests share.
pub type Pool = pooled::Pool<Connection>;

/// Every change of the schema, oldest first.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// A pool of at most `size` connections to `url`. Connects when first asked for one.
///
/// # Errors
///
/// When `url` is no address, or the authorities it names cannot be read.
pub fn connect(url: &str, size: usize) -> Result<Pool, ConnectionError> {
    let connector = connector(url)?;
    let mut config = ManagerConfig::default();
    // A connection that broke is known to be broken without a question to the server, which would
    // cost a trip for each use.
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(move |_| {
        let connector = connector.clone();
        async move {
            let mut connection = connector.connect().await?;
            // Our statements take milliseconds; to compile one for the processor takes longer.
            let set = connection.batch_execute("SET jit = off").await;
            set.map_err(ConnectionError::CouldntSetupConfiguration)?;
            Ok(connection)
        }
        .boxed()
    });
    let manager = AsyncDieselConnectionManager::<Connection>::new_with_config(url, config);
    // The one that was used last has its statements and rows at hand.
    let pool = Pool::builder(manager).max_size(size).queue_mode(QueueMode::Lifo).build();
    pool.map_err(|error| ConnectionError::BadConnection(error.to_string()))
}

/// A connection outside the pool, for what holds it for long.
///
/// # Errors
///
/// As [`connect`], and when the server cannot be reached.
pub async fn establish(url: &str) -> Result<Connection, ConnectionError> {
    connector(url)?.connect().await
}

fn connector(url: &str) -> Result<Connector, ConnectionError> {
    let unreadable = |problem| {
        ConnectionError::InvalidConnectionUrl(format!("the database's address {problem}"))
    };
    Address::parse(url).map_err(unreadable)?.connector()
}

/// A statement that asks for nothing.
pub async fn ping(connection: &mut Connection) -> diesel::QueryResult<()> {
    use diesel_async::RunQueryDsl;

    diesel::sql_query("SELECT 1").execute(connection).await.map(drop)
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
