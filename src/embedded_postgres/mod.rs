//! The embedded PostgreSQL.
//!
//! Installations without a server use the embedded one. It is found on the machine, set up in a
//! folder, started as a child process and stopped with us.
//!
//! The addresses of servers, the pool, the schema and SQL are in `store`. Invariants:
//!
//! - One process at a time uses a folder (enforced by a file lock), and a stale server of a killed
//!   process is stopped before the next one starts.
//! - The server stops when this process ends, for whatever reason: it is run by a shell that
//!   watches a pipe from us, and the pipe is closed with our process.
//! - The server listens on a Unix socket only, in a folder that only its own OS user (and root) can
//!   enter. A user with that access could read the data files as well, so the socket needs no
//!   password.
//! - As root, all of PostgreSQL runs as `postgres`, or as `nobody`, because it refuses to run as
//!   root.

mod binaries;
mod error;
mod os_user;
mod server;
mod stale_server;

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use binaries::BinarySearchPaths;
use binaries::Installation;
pub use error::Error;
use os_user::OsUser;
use server::PostgresServer;

/// The name of the role and the database that Dispatch uses in the embedded PostgreSQL.
const NAME: &str = "dispatch";

/// The prefix of the folder of a cluster that is still being set up.
const DRAFT: &str = "cluster.new-";

/// The folder of a server, and what is kept in it.
#[derive(Debug, Clone)]
pub struct Options {
    home: Option<PathBuf>,
    persistence: Persistence,
    search: BinarySearchPaths,
}

/// What is kept between runs of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Persistence {
    /// Everything, durably.
    Data,
    /// The cluster, to start fast; the database is recreated.
    Cluster,
    /// Nothing: the folder is removed with the server.
    Nothing,
}

impl Options {
    /// A server in `<home>/serve` with durable data, safe from a crash of the machine.
    pub fn durable(home: impl Into<PathBuf>, search: BinarySearchPaths) -> Self {
        Self { home: Some(home.into()), persistence: Persistence::Data, search }
    }

    /// A server in `<home>/demo` with an empty database at every start.
    pub fn renewed(home: impl Into<PathBuf>, search: BinarySearchPaths) -> Self {
        Self { home: Some(home.into()), persistence: Persistence::Cluster, search }
    }

    /// A server for tests: fast, in a new temporary folder, removed with this process.
    pub fn scratch(search: BinarySearchPaths) -> Self {
        Self { home: None, persistence: Persistence::Nothing, search }
    }

    /// The folder of this server, unless it is temporary.
    fn dir(&self) -> Option<PathBuf> {
        let name = if self.persistence == Persistence::Data { "serve" } else { "demo" };
        self.home.as_ref().map(|home| home.join(name))
    }
}

/// A running embedded PostgreSQL.
///
/// Dropping it asks the server to stop and does not wait; [`stop`](Self::stop) waits.
#[derive(Debug)]
pub struct Cluster {
    url: String,
    server: PostgresServer,
    /// Locks the folder.
    _lock: File,
}

impl Cluster {
    /// Finds PostgreSQL, sets it up on first use, starts it and prepares its database. Takes about
    /// two seconds the first time and a fifth of a second later.
    ///
    /// # Errors
    ///
    /// When there is no PostgreSQL, another process uses the folder, or a step fails. The message
    /// is one sentence for the operator, with what to do.
    pub async fn start(options: Options) -> Result<Self, Error> {
        match Self::try_start(options.clone()).await {
            // It is written without durability, so a crash of the machine may have corrupted it.
            Err(error @ Error::Failed { .. }) if options.persistence == Persistence::Cluster => {
                tracing::warn!(%error, "setting up PostgreSQL again");
                if let Some(dir) = options.dir() {
                    let _lock = lock(&dir)?;
                    remove(&dir.join("cluster"))?;
                }
                Self::try_start(options).await
            }
            outcome => outcome,
        }
    }

    async fn try_start(options: Options) -> Result<Self, Error> {
        let persistence = options.persistence;
        let prepared = tokio::task::spawn_blocking(move || PreparedCluster::new(&options))
            .await
            .map_err(|panic| Error::failed("preparing PostgreSQL", panic))??;
        let PreparedCluster { lock, config } = prepared;
        let url = address(&config.run_dir, NAME);
        let mut server = PostgresServer::start(config)?;
        server.wait_until_ready(&address(server.run_dir(), "postgres")).await?;
        let cluster = Self { url, server, _lock: lock };
        cluster.make_database(persistence).await?;
        Ok(cluster)
    }

    /// The address of the database, without a password.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address of another database of this server, existing or not.
    pub fn url_of(&self, database: &str) -> String {
        address(self.server.run_dir(), database)
    }

    /// Waits until the server is lost: it stopped by itself and could not be restarted.
    pub async fn lost(&self) {
        self.server.lost().await;
    }

    /// Stops the server and waits until it has written its data, half a minute at most.
    pub async fn stop(self) {
        self.server.stop(Duration::from_secs(30)).await;
    }

    async fn make_database(&self, persistence: Persistence) -> Result<(), Error> {
        let client = server::connect(&self.url_of("postgres"))
            .await
            .map_err(|error| Error::failed("connecting to our own PostgreSQL", error))?;
        let failed = |error| Error::failed("making the database", error);
        if persistence == Persistence::Cluster {
            // Without this, PostgreSQL reports that there was none.
            let quiet = "SET client_min_messages = warning";
            client.batch_execute(quiet).await.map_err(failed)?;
            let drop = format!("DROP DATABASE IF EXISTS {NAME} WITH (FORCE)");
            client.batch_execute(&drop).await.map_err(failed)?;
        }
        let known = "SELECT 1 FROM pg_database WHERE datname = $1";
        if client.query_opt(known, &[&NAME]).await.map_err(failed)?.is_none() {
            client.batch_execute(&format!("CREATE DATABASE {NAME}")).await.map_err(failed)?;
        }
        Ok(())
    }
}

/// A locked folder with a cluster that no server uses.
struct PreparedCluster {
    lock: File,
    config: server::PostgresConfig,
}

impl PreparedCluster {
    fn new(options: &Options) -> Result<Self, Error> {
        let Some(dir) = options.dir() else {
            let dir = fresh_temp_dir();
            return Self::in_dir(&dir, options).inspect_err(|_| drop(remove(&dir)));
        };
        if let Some(home) = &options.home {
            make_dir(home)?;
            os_user::let_pass(home)?;
        }
        Self::in_dir(&dir, options)
    }

    fn in_dir(dir: &Path, options: &Options) -> Result<Self, Error> {
        make_dir(dir)?;
        let lock = lock(dir)?;
        let data = dir.join("cluster");
        let os_user = OsUser::for_data(&data)?;
        if options.persistence == Persistence::Nothing {
            // Its own OS user removes the folder in the end.
            os_user.own(dir)?;
        }
        let installation = match Installation::find(&options.search, &data) {
            Err(Error::OtherVersion { .. }) if options.persistence == Persistence::Cluster => {
                remove(&data)?;
                Installation::find(&options.search, &data)?
            }
            found => found?,
        };
        let installation = installation.reachable_by(&os_user, dir)?;
        stale_server::end(&installation, &os_user, &data)?;
        if !data.exists() {
            set_up(&installation, &os_user, dir, options.persistence)?;
        }
        let run_dir = make_run_dir(&os_user, dir)?;
        let (dir, persistence) = (dir.to_owned(), options.persistence);
        let config =
            server::PostgresConfig { installation, os_user, dir, data, run_dir, persistence };
        Ok(Self { lock, config })
    }
}

/// Locks the folder for this process, until the file is closed.
fn lock(dir: &Path) -> Result<File, Error> {
    let path = dir.join("lock");
    let failed = |error| Error::file("lock", &path, error);
    let open = File::options().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = open.map_err(failed)?;
    // A process that has just ended, or a child before it executes another program, may have the
    // lock for a moment longer.
    let patience = Instant::now() + Duration::from_millis(500);
    let mut taken = file.try_lock();
    while matches!(taken, Err(TryLockError::WouldBlock)) && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(20));
        taken = file.try_lock();
    }
    match taken {
        Ok(()) => {
            let holder = std::process::id().to_string();
            file.set_len(0).and_then(|()| file.write_all(holder.as_bytes())).map_err(failed)?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder).map_err(failed)?;
            Err(Error::InUse { dir: dir.to_owned(), holder })
        }
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Creates an empty cluster in `dir/cluster`. An interrupted set-up leaves nothing that looks like
/// one.
fn set_up(
    installation: &Installation,
    os_user: &OsUser,
    dir: &Path,
    persistence: Persistence,
) -> Result<(), Error> {
    remove_drafts(dir)?;
    // An `initdb` of a killed Dispatch may still be running, hence a unique name.
    let draft = dir.join(format!("{DRAFT}{:016x}", rand::random::<u64>()));
    tracing::info!(dir = %dir.display(), "setting up a PostgreSQL {}", installation.major());
    let mut locales = ["C.UTF-8", "en_US.UTF-8", "C"].into_iter().peekable();
    while let Some(locale) = locales.next() {
        make_dir(&draft)?;
        os_user.own(&draft)?;
        os_user.check_reaches(&draft)?;
        let mut initdb = os_user.command(&installation.program("initdb"));
        initdb.arg("--pgdata").arg(&draft).arg("--username").arg(NAME);
        initdb.args(["--auth-local=trust", "--auth-host=reject", "--encoding=UTF8"]);
        // The locale decides which characters are letters; the order is by code point wherever
        // possible.
        initdb.arg("--locale").arg(locale);
        if persistence != Persistence::Data {
            initdb.arg("--no-sync");
        }
        let output = initdb.output().map_err(|error| Error::failed("running initdb", error))?;
        if output.status.success() {
            let data = dir.join("cluster");
            return fs::rename(&draft, &data).map_err(|error| Error::file("make", &data, error));
        }
        remove(&draft)?;
        let complaint = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        if locales.peek().is_none() || !complaint.contains("locale") {
            return Err(Error::failed("setting up PostgreSQL", complaint));
        }
    }
    unreachable!("the last locale returns")
}

/// Removes the remains of interrupted set-ups.
fn remove_drafts(dir: &Path) -> Result<(), Error> {
    let failed = |error| Error::file("look into", dir, error);
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().to_string_lossy().starts_with(DRAFT) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Creates the folder of the socket, which only the server's OS user can enter.
fn make_run_dir(os_user: &OsUser, dir: &Path) -> Result<PathBuf, Error> {
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};

    /// The maximal length of a socket's path on every system, less what PostgreSQL appends.
    const LONGEST: usize = 80;
    let usual = dir.join("run");
    let run_dir = if usual.as_os_str().len() <= LONGEST {
        remove(&usual)?;
        usual
    } else {
        fresh_temp_dir()
    };
    // Created by us and new, so no other user can have prepared it.
    let make = || {
        fs::DirBuilder::new().mode(0o700).create(&run_dir)?;
        fs::set_permissions(&run_dir, fs::Permissions::from_mode(0o700))
    };
    make().map_err(|error| Error::file("make", &run_dir, error))?;
    os_user.own(&run_dir)?;
    os_user.check_reaches(&run_dir)?;
    Ok(run_dir)
}

/// A database's address on the socket in `run_dir`.
fn address(run_dir: &Path, database: &str) -> String {
    use std::os::unix::ffi::OsStrExt as _;

    let mut host = String::new();
    for byte in run_dir.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                host.push(char::from(*byte));
            }
            _ => host.push_str(&format!("%{byte:02X}")),
        }
    }
    format!("postgres://{NAME}@{host}/{database}")
}

/// An unpredictable path for a temporary folder.
fn fresh_temp_dir() -> PathBuf {
    std::env::temp_dir().join(format!("dispatch-{:016x}", rand::random::<u64>()))
}

fn make_dir(dir: &Path) -> Result<(), Error> {
    fs::create_dir_all(dir).map_err(|error| Error::file("make", dir, error))
}

/// Removes a folder recursively, if it exists.
fn remove(dir: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::file("remove", dir, error))
        }
        _ => Ok(()),
    }
}
