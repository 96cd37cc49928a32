//! The embedded PostgreSQL: kept, upgraded, used by one process only, and stopped when it should
//! be.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dispatch::config::Env;
use dispatch::embedded_postgres::{BinarySearchPaths, Cluster, Error, Options};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio_postgres::{NoTls, SimpleQueryMessage};

use crate::support::PATIENCE;

/// A folder that is deleted with the test, accessible to the account that root runs PostgreSQL as.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let id = std::process::id();
        let folder = std::env::temp_dir().join(format!("dispatch-test-{name}-{id}"));
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn search() -> BinarySearchPaths {
    let path = Env::from_process().raw("PATH").map(Into::into);
    BinarySearchPaths { pg_config: None, path }
}

async fn started(options: Options) -> Cluster {
    Cluster::start(options).await.unwrap_or_else(|error| panic!("no server: {error}"))
}

async fn refused(options: Options) -> Error {
    match Cluster::start(options).await {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    }
}

/// The first value that a statement returns, as text.
async fn ask(cluster: &Cluster, sql: &str) -> Result<Option<String>, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(cluster.url(), NoTls).await?;
    // The client is dropped with the block, which ends the connection.
    let answer = async move { client.simple_query(sql).await };
    let (_, answer) = tokio::join!(connection, answer);
    Ok(answer?.into_iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(ToOwned::to_owned),
        _ => None,
    }))
}

/// Polls until `is_so`.
async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < deadline, "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The id of the server's process.
fn server_of(folder: &Path) -> Pid {
    let mark = fs::read_to_string(folder.join("cluster/postmaster.pid")).unwrap();
    Pid::from_raw(mark.lines().next().unwrap().parse().unwrap())
}

/// The shell that supervises the server.
#[cfg(target_os = "linux")]
fn keeper_of(server: Pid) -> Pid {
    let status = fs::read_to_string(format!("/proc/{server}/status")).unwrap();
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap();
    Pid::from_raw(parent.trim().parse().unwrap())
}

fn is_alive(process: Pid) -> bool {
    kill(process, None).is_ok()
}

#[tokio::test]
async fn data_stay_from_one_start_to_the_next() {
    let folder = Folder::new("durable");
    let options = Options::durable(&folder.0, search());

    let cluster = started(options.clone()).await;
    ask(&cluster, "CREATE TABLE kept AS SELECT 42 AS answer").await.unwrap();
    let server = server_of(&folder.0.join("serve"));
    cluster.stop().await;
    assert!(!is_alive(server), "the server outlived its end");

    let cluster = started(options).await;
    let answer = ask(&cluster, "SELECT answer FROM kept").await.unwrap();
    assert_eq!(answer.as_deref(), Some("42"));
    cluster.stop().await;
}

#[tokio::test]
async fn a_renewed_database_is_empty_at_every_start() {
    let folder = Folder::new("renewed");
    let options = Options::renewed(&folder.0, search());

    let cluster = started(options.clone()).await;
    ask(&cluster, "CREATE TABLE kept ()").await.unwrap();
    cluster.stop().await;

    let cluster = started(options.clone()).await;
    let table = ask(&cluster, "SELECT to_regclass('kept')").await.unwrap();
    assert_eq!(table, None);
    cluster.stop().await;

    // A crash of the machine may leave such a cluster unusable; it is only a demonstration.
    fs::remove_file(folder.0.join("demo/cluster/global/pg_control")).unwrap();
    let cluster = started(options).await;
    assert_eq!(ask(&cluster, "SELECT 1").await.unwrap().as_deref(), Some("1"));
    cluster.stop().await;
}

#[tokio::test]
async fn a_folder_has_one_user_at_a_time() {
    let folder = Folder::new("shared");
    let options = Options::durable(&folder.0, search());

    let cluster = started(options.clone()).await;
    let error = refused(options.clone()).await.to_string();
    let (process, folder) = (std::process::id(), folder.0.join("serve"));
    let folder = folder.display();
    assert_eq!(
        error,
        format!(
            "Another Dispatch (process {process}) is using {folder}: stop it, or name another \
             folder with DISPATCH_DATA_DIR"
        )
    );
    assert_eq!(ask(&cluster, "SELECT 1").await.unwrap().as_deref(), Some("1"));
    cluster.stop().await;
    started(options).await.stop().await;
}

#[tokio::test]
async fn only_its_own_account_reaches_the_server() {
    let folder = Folder::new("private");
    let cluster = started(Options::durable(&folder.0, search())).await;

    let addresses = ask(&cluster, "SHOW listen_addresses").await.unwrap();
    assert_eq!(addresses.as_deref(), Some(""));
    let run_dir = fs::metadata(folder.0.join("serve/run")).unwrap();
    assert_eq!(run_dir.permissions().mode() & 0o777, 0o700);
    let owner = fs::metadata(folder.0.join("serve/cluster")).unwrap().uid();
    assert_eq!(run_dir.uid(), owner);
    if nix::unistd::geteuid().is_root() {
        assert_ne!(owner, 0, "PostgreSQL runs as root");
    }
    cluster.stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_server_does_not_inherit_the_environment() {
    let cluster = started(Options::scratch(search())).await;
    let data = ask(&cluster, "SHOW data_directory").await.unwrap().unwrap();
    let server = server_of(Path::new(&data).parent().unwrap());
    let environment = fs::read(format!("/proc/{server}/environ")).unwrap();
    let environment = String::from_utf8_lossy(&environment);
    assert!(!environment.contains("CARGO"), "it was handed on: {environment:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_server_that_dies_is_started_again() {
    let folder = Folder::new("restarted");
    let cluster = started(Options::durable(&folder.0, search())).await;
    ask(&cluster, "CREATE TABLE kept ()").await.unwrap();

    let first = server_of(&folder.0.join("serve"));
    kill(first, Signal::SIGKILL).unwrap();
    eventually("a new server", async || ask(&cluster, "SELECT 1").await.is_ok()).await;
    let second = server_of(&folder.0.join("serve"));
    assert_ne!(first, second);

    // Kills only its supervisor: the server keeps running, and is stopped first.
    kill(keeper_of(second), Signal::SIGKILL).unwrap();
    eventually("the end of the old server", async || !is_alive(second)).await;
    eventually("a new server", async || ask(&cluster, "SELECT 1").await.is_ok()).await;
    let table = ask(&cluster, "SELECT to_regclass('kept')").await.unwrap();
    assert_eq!(table.as_deref(), Some("kept"));
    cluster.stop().await;
}

#[tokio::test]
async fn a_test_server_removes_its_files() {
    let cluster = started(Options::scratch(search())).await;
    let data = ask(&cluster, "SHOW data_directory").await.unwrap().unwrap();
    let folder = Path::new(&data).parent().unwrap().to_owned();
    let server = server_of(&folder);
    assert_eq!(ask(&cluster, "SHOW fsync").await.unwrap().as_deref(), Some("off"));
    drop(cluster);
    eventually("the end of the server", async || !is_alive(server)).await;
    eventually("the end of its folder", async || !folder.exists()).await;
}

#[tokio::test]
async fn a_mark_with_the_id_of_a_stranger_is_no_obstacle() {
    let folder = Folder::new("stranger");
    let options = Options::durable(&folder.0, search());
    started(options.clone()).await.stop().await;

    // As after a restart of the machine: the id is now that of a process that is not PostgreSQL.
    let stranger = std::process::id();
    let mark = folder.0.join("serve/cluster/postmaster.pid");
    fs::write(&mark, format!("{stranger}\n{}\n", folder.0.display())).unwrap();
    let cluster = started(options).await;
    assert_eq!(ask(&cluster, "SELECT 1").await.unwrap().as_deref(), Some("1"));
    cluster.stop().await;
}

#[tokio::test]
async fn data_of_another_version_are_not_touched() {
    let folder = Folder::new("version");
    let data = folder.0.join("serve/cluster");
    fs::create_dir_all(&data).unwrap();
    if nix::unistd::geteuid().is_root() {
        std::os::unix::fs::chown(&data, Some(65534), Some(65534)).unwrap();
    }
    fs::write(data.join("PG_VERSION"), "9\n").unwrap();

    let error = refused(Options::durable(&folder.0, search())).await.to_string();
    assert!(error.starts_with(&format!("The data in {} were written by", data.display())));
    assert!(error.contains("install PostgreSQL 9, or name another folder"), "{error}");
    assert!(data.join("PG_VERSION").exists());
}

#[tokio::test]
async fn a_folder_out_of_reach_is_refused() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let folder = Folder::new("unreachable");
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o700)).unwrap();
    // It makes its own folder accessible, but not those above it.
    started(Options::durable(&folder.0, search())).await.stop().await;
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o700)).unwrap();
    let error = refused(Options::durable(folder.0.join("data"), search())).await.to_string();
    assert!(error.contains("who cannot reach"), "{error}");
    assert!(
        error.ends_with("name another folder with DISPATCH_DATA_DIR, such as /var/lib/dispatch")
    );
}

#[tokio::test]
async fn data_without_a_usable_owner_are_not_touched() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let folder = Folder::new("ownerless");
    let data = folder.0.join("serve/cluster");
    fs::create_dir_all(&data).unwrap();
    for owner in [0, 3_000_000_000] {
        std::os::unix::fs::chown(&data, Some(owner), Some(owner)).unwrap();
        let error = refused(Options::durable(&folder.0, search())).await.to_string();
        assert_eq!(
            error,
            format!(
                "{} belongs to root or to nobody that this machine knows, and PostgreSQL runs as \
                 neither: give it to `postgres` or `nobody`, or name another folder with \
                 DISPATCH_DATA_DIR",
                data.display()
            )
        );
    }
}

#[tokio::test]
async fn a_named_installation_is_the_only_one_looked_at() {
    let pg_config = Some(PathBuf::from("/nonexistent/pg_config"));
    let error =
        refused(Options::scratch(BinarySearchPaths { pg_config, ..search() })).await.to_string();
    assert!(
        error.starts_with("PG_CONFIG names /nonexistent/pg_config, which leads to no"),
        "{error}"
    );
}

#[tokio::test]
async fn a_long_path_has_its_socket_elsewhere() {
    let folder = Folder::new("long");
    let deep = folder.0.join("a-name-of-some-length/".repeat(6));
    let cluster = started(Options::durable(&deep, search())).await;
    assert_eq!(ask(&cluster, "SELECT 1").await.unwrap().as_deref(), Some("1"));
    let sockets = ask(&cluster, "SHOW unix_socket_directories").await.unwrap().unwrap();
    let sockets = Path::new(sockets.trim_matches('"')).to_owned();
    assert!(sockets.exists());
    cluster.stop().await;
    assert!(!sockets.exists(), "{} stayed", sockets.display());
}

#[tokio::test]
async fn the_postgresql_log_stays_small_and_has_no_statements() {
    let folder = Folder::new("log");
    let cluster = started(Options::durable(&folder.0, search())).await;
    ask(&cluster, "CREATE TABLE t (name text PRIMARY KEY)").await.unwrap();
    ask(&cluster, "INSERT INTO t VALUES ('hunter2')").await.unwrap();
    for wrong in [
        "SELECT 'hunter2'::int",
        "SELECT hunter2",
        "INSERT INTO t VALUES ('hunter2')",
        "DO $$ BEGIN RAISE WARNING 'hunter2'; RAISE EXCEPTION 'hunter2'; END $$",
        "SET statement_timeout = 1; SELECT pg_sleep(9), 'hunter2'",
    ] {
        ask(&cluster, wrong).await.unwrap_err();
    }
    // The crash of a backend is logged, with its statement unless that is disabled.
    let (client, connection) = tokio_postgres::connect(cluster.url(), NoTls).await.unwrap();
    let pid = async {
        let row = client.query_one("SELECT pg_backend_pid()", &[]).await.unwrap();
        let pid = Pid::from_raw(row.get(0));
        let work = client.simple_query("SELECT pg_sleep(600), 'hunter2'");
        let crash = async {
            until_working(&cluster).await;
            kill(pid, Signal::SIGKILL).unwrap();
        };
        let (worked, ()) = tokio::join!(work, crash);
        worked.unwrap_err();
    };
    let _ = tokio::join!(connection, pid);

    let log = folder.0.join("serve/postgresql.log");
    let read = || fs::read_to_string(&log).unwrap();
    eventually("the end of the killed one", async || read().contains("terminated by signal 9"))
        .await;
    let text = read();
    assert!(!text.contains("hunter2"), "{text}");
    let mut grown = fs::File::options().append(true).open(&log).unwrap();
    std::io::Write::write_all(&mut grown, &vec![b'x'; 17 << 20]).unwrap();
    let is_trimmed = async || fs::metadata(&log).unwrap().len() <= 1 << 20;
    eventually("the trimming of the log", is_trimmed).await;
    cluster.stop().await;
}

/// Waits until a statement sleeps.
async fn until_working(cluster: &Cluster) {
    let working = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    let sleeps = async || ask(cluster, working).await.unwrap().as_deref() == Some("1");
    eventually("a statement that sleeps", sleeps).await;
}
