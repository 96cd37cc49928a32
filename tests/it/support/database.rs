//! A database for each test, cloned from one that was migrated once.

use std::sync::atomic::{AtomicU32, Ordering};

use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
use dispatch::config::Env;
use dispatch::embedded_postgres::{BinarySearchPaths, Cluster, Options};
use dispatch::store::{self, Connection};
use tokio::sync::{OnceCell, oneshot};

/// A database of its own. It is deleted with the server, at the end of the run.
pub(crate) struct Database {
    url: String,
}

/// The server that all tests share, and the template that each clones.
struct TestCluster {
    cluster: Cluster,
}

const TEMPLATE: &str = "template_migrated";

async fn server() -> &'static TestCluster {
    static SERVER: OnceCell<TestCluster> = OnceCell::const_new();
    SERVER.get_or_init(start).await
}

/// Starts the server on a thread of its own that outlives the test that came first.
async fn start() -> TestCluster {
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let path = Env::from_process().raw("PATH").map(Into::into);
            let search = BinarySearchPaths { pg_config: None, path };
            let cluster = Cluster::start(Options::scratch(search))
                .await
                .unwrap_or_else(|error| panic!("the tests need PostgreSQL: {error}"));
            let mut admin = Connection::establish(&cluster.url_of("postgres")).await.unwrap();
            admin.batch_execute(&format!("CREATE DATABASE {TEMPLATE}")).await.unwrap();
            let connection = Connection::establish(&cluster.url_of(TEMPLATE)).await.unwrap();
            store::run_migrations(connection).await.unwrap();
            sender.send(TestCluster { cluster }).map_err(|_| "nobody waits").unwrap();
            std::future::pending::<()>().await;
        });
    });
    receiver.await.expect("the server's thread has panicked")
}

impl Database {
    /// A fresh migrated database.
    pub(crate) async fn new() -> Self {
        Self::cloned_from(TEMPLATE).await
    }

    /// A database without any tables.
    pub(crate) async fn empty() -> Self {
        Self::cloned_from("template0").await
    }

    async fn cloned_from(template: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let server = server().await;
        let mut admin = Connection::establish(&server.cluster.url_of("postgres")).await.unwrap();
        let create = format!("CREATE DATABASE {name} TEMPLATE {template}");
        admin.batch_execute(&create).await.unwrap();
        Self { url: server.cluster.url_of(&name) }
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A connection to it.
    pub(crate) async fn connect(&self) -> Connection {
        Connection::establish(&self.url).await.unwrap()
    }

    /// Runs statements.
    pub(crate) async fn run(&self, sql: &str) {
        self.connect().await.batch_execute(sql).await.unwrap();
    }

    /// The one number that a statement returns.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            number: i64,
        }
        let sql = format!("SELECT ({sql})::bigint AS number");
        let row: Row = diesel::sql_query(sql).get_result(&mut self.connect().await).await.unwrap();
        row.number
    }
}

/// Whether the audit log contains a change of an issue.
pub(crate) async fn is_audited(connection: &mut Connection, repository: &str, number: i64) -> bool {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        entries: i64,
    }
    let row: Row = diesel::sql_query(
        "SELECT count(*) AS entries FROM audit_log \
         WHERE lower(repository_full_name) = lower($1) AND issue_number = $2",
    )
    .bind::<diesel::sql_types::Text, _>(repository)
    .bind::<diesel::sql_types::BigInt, _>(number)
    .get_result(connection)
    .await
    .unwrap();
    row.entries > 0
}
