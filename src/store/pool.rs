//! The connection pool, and the migrations that are embedded in the binary.
//!
//! Invariant: a statement whose caller went away is cancelled and does not run to its end; see
//! [`cancellable`].

use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use deadpool::managed::QueueMode;
use diesel::ConnectionError;
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod, deadpool as pooled,
};
use diesel_async::{AsyncMigrationHarness, SimpleAsyncConnection as _};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use futures_util::FutureExt as _;

use super::Connection;
use super::address::{Address, Connector, SessionTimeouts};

/// Every migration, oldest first.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// Timeout for cancelling a statement.
const CANCEL: Duration = Duration::from_secs(5);

/// The statement timeout of [`take_time`].
const LONG: &str = "SET LOCAL statement_timeout = '5min'";

/// The pool of connections that requests share. Cheap to clone.
#[derive(Clone)]
pub struct Pool {
    connections: pooled::Pool<Connection>,
    connector: Arc<Connector>,
}

impl Pool {
    /// A connection, once one is free.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached, or the pool is closed.
    pub async fn get(&self) -> Result<PooledConnection, pooled::PoolError> {
        let connection = self.connections.get().await?;
        Ok(PooledConnection {
            connection: Some(connection),
            connector: Arc::clone(&self.connector),
            given_up: GIVEN_UP.try_with(Arc::clone).ok(),
        })
    }

    /// The maximal number of connections.
    pub fn capacity(&self) -> usize {
        self.connections.status().max_size
    }

    /// How its connections are used now.
    pub fn usage(&self) -> PoolUsage {
        let status = self.connections.status();
        PoolUsage {
            idle: status.available,
            used: status.size.saturating_sub(status.available),
            waiting: status.waiting,
        }
    }

    /// Hands out no more connections and closes those that are returned.
    pub fn close(&self) {
        self.connections.close();
    }
}

/// How the connections of a pool are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolUsage {
    /// Connections that wait for a request.
    pub idle: usize,
    /// Connections that a request uses.
    pub used: usize,
    /// Requests that wait for a connection.
    pub waiting: usize,
}

/// A connection that returns to its pool when it is dropped, unless its caller went away during
/// [`cancellable`] work.
pub struct PooledConnection {
    /// None only while it is dropped.
    connection: Option<pooled::Object<Connection>>,
    connector: Arc<Connector>,
    given_up: Option<Arc<AtomicBool>>,
}

impl Deref for PooledConnection {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("it is there until it is dropped")
    }
}

impl DerefMut for PooledConnection {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("it is there until it is dropped")
    }
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        let is_given_up = self.given_up.as_ref().is_some_and(|it| it.load(Ordering::Relaxed));
        let (true, Some(connection)) = (is_given_up, self.connection.take()) else { return };
        let connector = Arc::clone(&self.connector);
        let cancelling = async move {
            let token = connection.cancel_token();
            let cancelled = tokio::time::timeout(CANCEL, connector.cancel(token)).await;
            if let Ok(Err(error)) = cancelled {
                tracing::debug!(%error, "a statement could not be cancelled");
            }
            // Its slot in the pool is occupied until here. It is not returned: a late cancellation
            // would hit the next caller's statement.
            drop(pooled::Object::take(connection));
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(cancelling);
        }
    }
}

tokio::task_local! {
    /// Whether the work of this task was cancelled.
    static GIVEN_UP: Arc<AtomicBool>;
}

/// The same work, whose statements are cancelled on the server when it is dropped before its end.
///
/// That happens when the client disconnects or the time is over. For work that only reads; changes
/// run to their end.
pub fn cancellable<Work: Future>(work: Work) -> Cancellable<Work> {
    let given_up = Arc::<AtomicBool>::default();
    let work = Box::pin(GIVEN_UP.scope(Arc::clone(&given_up), work));
    Cancellable { given_up, is_done: false, work }
}

/// The future of [`cancellable`].
pub struct Cancellable<Work: Future> {
    given_up: Arc<AtomicBool>,
    is_done: bool,
    work: Pin<Box<tokio::task::futures::TaskLocalFuture<Arc<AtomicBool>, Work>>>,
}

impl<Work: Future> Future for Cancellable<Work> {
    type Output = Work::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Work::Output> {
        let polled = self.work.as_mut().poll(context);
        self.is_done = polled.is_ready();
        polled
    }
}

impl<Work: Future> Drop for Cancellable<Work> {
    /// Runs before the work is dropped, and with it the connections that it uses.
    fn drop(&mut self) {
        self.given_up.store(!self.is_done, Ordering::Relaxed);
    }
}

/// Some failures are recognized by their message (see `failure`), which depends on the server's
/// language. Not every role may change that.
const ENGLISH: &str = "DO $$ BEGIN SET lc_messages = 'C'; \
                       EXCEPTION WHEN insufficient_privilege THEN NULL; END $$";

/// A pool of at most `size` connections to `url`. Connects on first use.
///
/// # Errors
///
/// When `url` is not a valid address, or its certificate authorities cannot be read.
pub fn connect(url: &str, size: usize, timeouts: SessionTimeouts) -> Result<Pool, ConnectionError> {
    let connector = Arc::new(connector(url)?);
    let mut config = ManagerConfig::default();
    // A broken connection is recognized without a query to the server, which would cost a round
    // trip for each use.
    config.recycling_method = RecyclingMethod::Fast;
    let maker = Arc::clone(&connector);
    // Our statements take milliseconds; JIT compilation takes longer.
    let settings = format!("SET jit = off; {ENGLISH}; {}", timeouts.statements());
    config.custom_setup = Box::new(move |_| {
        let (connector, settings) = (Arc::clone(&maker), settings.clone());
        async move {
            let mut connection = connector.connect().await?;
            let set = connection.batch_execute(&settings).await;
            set.map_err(ConnectionError::CouldntSetupConfiguration)?;
            Ok(connection)
        }
        .boxed()
    });
    let manager = AsyncDieselConnectionManager::<Connection>::new_with_config(url, config);
    // The most recently used connection has its prepared statements and caches ready.
    let pool = pooled::Pool::builder(manager).max_size(size).queue_mode(QueueMode::Lifo).build();
    let connections = pool.map_err(|error| ConnectionError::BadConnection(error.to_string()))?;
    Ok(Pool { connections, connector })
}

/// Allows statements of the current transaction to take minutes: for background work over whole
/// repositories.
///
/// # Errors
///
/// When the database fails.
pub async fn take_time(connection: &mut Connection) -> diesel::QueryResult<()> {
    connection.batch_execute(LONG).await
}

/// Checks that the database at an address is suitable, whatever its schema.
///
/// # Errors
///
/// The reason why it is not, with what to do about it.
pub async fn check_suitable(url: &str) -> anyhow::Result<()> {
    Ok(connector(url)?.check_suitable().await?)
}

/// Checks that every applied migration is one of this binary's.
///
/// # Errors
///
/// When a newer version of Dispatch has migrated it, or the database fails.
pub async fn check_not_newer(connection: &mut Connection) -> anyhow::Result<()> {
    use diesel::migration::MigrationSource;
    use diesel_async::RunQueryDsl as _;

    #[derive(diesel::QueryableByName)]
    struct Newest {
        #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
        version: Option<String>,
    }
    let is_there = "SELECT to_regclass('__diesel_schema_migrations')::text AS version";
    let there: Newest = diesel::sql_query(is_there).get_result(connection).await?;
    if there.version.is_none() {
        return Ok(());
    }
    let made = "SELECT max(version)::text AS version FROM __diesel_schema_migrations";
    let made: Newest = diesel::sql_query(made).get_result(connection).await?;
    let own = MigrationSource::<diesel::pg::Pg>::migrations(&MIGRATIONS);
    let own = own.map_err(|error| anyhow::anyhow!("{error}"))?;
    let own = own.iter().map(|change| change.name().version().to_string()).max();
    if made.version > own {
        anyhow::bail!(
            "The database was changed by a newer Dispatch (its schema is at {}, this one knows up \
             to {}): start that version, or restore a copy from before",
            made.version.unwrap_or_default(),
            own.unwrap_or_default()
        );
    }
    Ok(())
}

/// A connection outside the pool, for long use. Its statements have no timeout.
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

/// A statement that reads nothing.
pub async fn ping(connection: &mut Connection) -> diesel::QueryResult<()> {
    use diesel_async::RunQueryDsl;

    diesel::sql_query("SELECT 1").execute(connection).await.map(drop)
}

/// Applies pending migrations and returns how many. Replicas that start concurrently wait for each
/// other at an advisory lock, so each migration runs once.
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
