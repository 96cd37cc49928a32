//! The running server: a child of a shell that supervises it, and a thread that supervises the
//! shell.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls};

use super::binaries::Installation;
use super::os_user::OsUser;
use super::{Error, Persistence, stale_server};

/// A shell script that runs the server until it ends or the standard input is closed, which happens
/// when our process ends.
///
/// `$1` is the signal that stops the server, `$2` a folder to remove afterwards, if any; then
/// follows the server's command.
const KEEPER: &str = r#"
exec 3<&0 </dev/null
signal=$1 litter=$2
shift 2
"$@" 3<&- &
server=$!
{ read -r _ <&3; kill -s "$signal" "$server"; } &
watcher=$!
wait "$server"
ended=$?
kill "$watcher" 2>/dev/null
[ -z "$litter" ] || rm -rf "$litter"
exit "$ended"
"#;

/// A server that ends this often within [`BRIEF`] is not restarted again.
const MOST_RESTARTS: usize = 3;

/// The time in which [`MOST_RESTARTS`] ends count.
const BRIEF: Duration = Duration::from_secs(60);

/// The delay before the first restart; each further one is four times as long.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// How often the size of the log is checked.
const TRIM_EVERY: Duration = Duration::from_secs(5);

/// Everything that is needed to start a server, any number of times.
#[derive(Debug, Clone)]
pub(super) struct PostgresConfig {
    pub(super) installation: Installation,
    pub(super) os_user: OsUser,
    /// Our folder, which has the log.
    pub(super) dir: PathBuf,
    pub(super) data: PathBuf,
    /// The folder of the socket.
    pub(super) run_dir: PathBuf,
    pub(super) persistence: Persistence,
}

impl PostgresConfig {
    fn log(&self) -> PathBuf {
        self.dir.join("postgresql.log")
    }

    fn spawn(&self) -> Result<Child, Error> {
        let log = self.log();
        let open = File::options().create(true).append(true).mode(0o600).open(&log);
        let open = open.and_then(|log| Ok((log.try_clone()?, log)));
        let (out, err) = open.map_err(|error| Error::file("write", &log, error))?;
        let mut command = self.os_user.command(Path::new("/bin/sh"));
        command.args(["-c", KEEPER, "dispatch-postgres"]);
        match self.persistence {
            // These data are temporary, so they need not be flushed.
            Persistence::Nothing => command.arg("QUIT").arg(&self.dir),
            Persistence::Data | Persistence::Cluster => command.args(["INT", ""]),
        };
        command.arg(self.installation.program("postgres")).arg("-D").arg(&self.data);
        let mut set = |setting: &str| {
            command.args(["-c", setting]);
        };
        set("listen_addresses=");
        set("unix_socket_permissions=0700");
        set("timezone=UTC");
        set("log_timezone=UTC");
        set("log_checkpoints=off");
        // Nothing of a statement: not its text, its parameters or its rows. The client that sent it
        // logs the error.
        set("log_statement=none");
        set("log_min_messages=log");
        set("log_min_error_statement=panic");
        set("log_min_duration_statement=-1");
        set("log_error_verbosity=terse");
        set("logging_collector=off");
        if self.persistence != Persistence::Data {
            set("fsync=off");
            set("synchronous_commit=off");
            set("full_page_writes=off");
        }
        if self.persistence == Persistence::Nothing {
            set("max_connections=300");
            set("wal_level=minimal");
            set("max_wal_senders=0");
        }
        // This value is read by neither a shell nor a list of folders: only quotes and commas are
        // special.
        let run_dir = self.run_dir.to_string_lossy().replace('"', "\"\"");
        set(&format!("unix_socket_directories=\"{run_dir}\""));
        command.stdin(Stdio::piped()).stdout(out).stderr(err);
        // Ctrl-C at the terminal is for our process, which then stops the server.
        command.process_group(0);
        command.spawn().map_err(|error| Error::failed("starting PostgreSQL", error))
    }
}

/// A started server and the thread that supervises it.
#[derive(Debug)]
pub(super) struct PostgresServer {
    config: PostgresConfig,
    stdin: Arc<StdinPipe>,
    state: watch::Receiver<ServerState>,
    /// Keeps the log small; ends when this is dropped.
    _trimming: JoinSet<()>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ServerState {
    /// It runs, or is being restarted.
    Up,
    /// It was stopped.
    Stopped,
    /// It ended by itself, permanently.
    Lost,
}

/// The pipe that stops the server when it is closed; none once the server was asked to stop.
#[derive(Debug)]
struct StdinPipe(Mutex<Option<ChildStdin>>);

impl StdinPipe {
    fn lock(&self) -> MutexGuard<'_, Option<ChildStdin>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PostgresServer {
    pub(super) fn start(config: PostgresConfig) -> Result<Self, Error> {
        trim_log(&config.log());
        let mut child = config.spawn()?;
        let stdin = Arc::new(StdinPipe(Mutex::new(child.stdin.take())));
        let (report, state) = watch::channel(ServerState::Up);
        let watched = Supervisor { config: config.clone(), stdin: Arc::clone(&stdin) };
        thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(move || _ = report.send_replace(watched.watch(child)))
            .map_err(|error| Error::failed("starting a thread", error))?;
        let mut trimming = JoinSet::new();
        trimming.spawn(keep_trimmed(config.log()));
        Ok(Self { config, stdin, state, _trimming: trimming })
    }

    pub(super) fn run_dir(&self) -> &Path {
        &self.config.run_dir
    }

    /// Waits until the server responds. Recovery of the data after a crash of the machine may take
    /// a while.
    pub(super) async fn wait_until_ready(&mut self, url: &str) -> Result<(), Error> {
        let patience = Instant::now() + Duration::from_secs(300);
        loop {
            let refusal = match connect(url).await {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            if *self.state.borrow() == ServerState::Lost || Instant::now() > patience {
                let last_words = last_lines(&self.config.log());
                let reason = if last_words.is_empty() { refusal.to_string() } else { last_words };
                return Err(Error::failed("starting PostgreSQL", reason));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until the server ended permanently without being asked to.
    pub(super) async fn lost(&self) {
        let mut state = self.state.clone();
        if state.wait_for(|state| *state == ServerState::Lost).await.is_err() {
            // The thread ended without a loss: the server was stopped.
            std::future::pending::<()>().await;
        }
    }

    /// Stops the server and waits for it.
    pub(super) async fn stop(mut self, patience: Duration) {
        drop(self.stdin.lock().take());
        let ended = self.state.wait_for(|state| *state != ServerState::Up);
        if tokio::time::timeout(patience, ended).await.is_err() {
            tracing::warn!("PostgreSQL is still writing its data down; it ends by itself");
        }
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        drop(self.stdin.lock().take());
    }
}

/// The state of the supervising thread.
struct Supervisor {
    config: PostgresConfig,
    stdin: Arc<StdinPipe>,
}

impl Supervisor {
    /// Waits for the server's end, and restarts it whenever it ends by itself.
    fn watch(self, mut child: Child) -> ServerState {
        let mut ends: Vec<Instant> = Vec::new();
        loop {
            let ended = child.wait();
            if self.stdin.lock().is_none() {
                self.clean_up();
                return ServerState::Stopped;
            }
            tracing::error!(ended = %how(&ended), "PostgreSQL ended by itself");
            ends.retain(|end| end.elapsed() < BRIEF);
            ends.push(Instant::now());
            if ends.len() > MOST_RESTARTS || self.config.persistence == Persistence::Nothing {
                return ServerState::Lost;
            }
            // The remains of the old server may take a moment to disappear.
            thread::sleep(FIRST_WAIT * 4_u32.pow(u32::try_from(ends.len()).unwrap_or(1) - 1));
            child = match self.start_again() {
                Ok(Some(child)) => child,
                Ok(None) => return ServerState::Stopped,
                Err(error) => {
                    tracing::error!(%error, "PostgreSQL cannot be started again");
                    return ServerState::Lost;
                }
            };
        }
    }

    /// A new child, or none when the server was asked to stop meanwhile.
    fn start_again(&self) -> Result<Option<Child>, Error> {
        let PostgresConfig { installation, os_user, data, .. } = &self.config;
        // When only the shell was killed, the server is still running.
        stale_server::end(installation, os_user, data)?;
        let mut stdin = self.stdin.lock();
        if stdin.is_none() {
            return Ok(None);
        }
        let mut child = self.config.spawn()?;
        *stdin = child.stdin.take();
        Ok(Some(child))
    }

    /// Removes the folder of the socket if it is outside of the data's folder.
    fn clean_up(&self) {
        if !self.config.run_dir.starts_with(&self.config.dir) {
            // Otherwise only an empty folder with a unique name remains.
            let _ = fs::remove_dir_all(&self.config.run_dir);
        }
    }
}

/// Connects to the embedded PostgreSQL.
pub(super) async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    #[expect(clippy::disallowed_methods, reason = "it ends with the client, which has its errors")]
    tokio::spawn(connection);
    Ok(client)
}

fn how(ended: &io::Result<ExitStatus>) -> String {
    match ended {
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    }
}

/// Trims the log periodically, as long as the server runs.
async fn keep_trimmed(log: PathBuf) {
    loop {
        tokio::time::sleep(TRIM_EVERY).await;
        trim_log(&log);
    }
}

/// Truncates a log that has grown large. The server appends, so it continues at the beginning.
fn trim_log(log: &Path) {
    const LARGE: u64 = 16 << 20;
    if fs::metadata(log).is_ok_and(|log| log.len() > LARGE) {
        // An error will show when the log is written.
        let _ = fs::write(log, "");
    }
}

/// The last lines of a log, for an error.
fn last_lines(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(5).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}
