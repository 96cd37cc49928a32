//! The program itself: what it says when it starts, when it cannot, and how it ends.

use std::process::{Output, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::support::Database;

/// Setting up a PostgreSQL takes its time on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// The program with an environment of its own.
fn dispatch(command: &str, settings: &[(&str, &str)]) -> Command {
    let mut dispatch = Command::new(env!("CARGO_BIN_EXE_dispatch"));
    dispatch.arg(command).env_clear().env("PATH", "/usr/bin:/bin").env("PORT", "0");
    dispatch.envs(settings.iter().copied());
    dispatch.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    dispatch.kill_on_drop(true);
    dispatch
}

async fn ended(mut dispatch: Command) -> Output {
    tokio::time::timeout(PATIENCE, dispatch.output()).await.expect("it ends by itself").unwrap()
}

/// What an output that is none of a success says.
async fn refusal(command: &str, settings: &[(&str, &str)]) -> String {
    let output = ended(dispatch(command, settings)).await;
    assert!(!output.status.success(), "it succeeded");
    assert_eq!(output.stdout, b"");
    String::from_utf8(output.stderr).unwrap()
}

/// A program that serves.
struct Serving {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
    address: String,
}

impl Serving {
    async fn start(command: &str, settings: &[(&str, &str)]) -> Self {
        let mut child = dispatch(command, settings).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = async {
            while let Some(line) = said.next_line().await.unwrap() {
                if let Some(address) = line.strip_prefix("Dispatch is ready at ") {
                    return Some(address.to_owned());
                }
            }
            None
        };
        match tokio::time::timeout(PATIENCE, ready).await.expect("ready in time") {
            Some(address) => Self { child, said, address },
            None => panic!("it ended: {}", complaints(&mut child).await),
        }
    }

    /// Sends a signal, waits for the end and answers what was logged.
    async fn end(mut self, signal: Signal) -> (bool, String) {
        let id = i32::try_from(self.child.id().unwrap()).unwrap();
        kill(Pid::from_raw(id), signal).unwrap();
        let logged = complaints(&mut self.child).await;
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("an end");
        assert_eq!(self.said.next_line().await.unwrap(), None, "it says no more");
        (status.unwrap().success(), logged)
    }
}

async fn complaints(child: &mut Child) -> String {
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn bad_settings_stop_the_start() {
    let said = refusal("serve", &[("HOST", "example.com"), ("LOG_FORMAT", "xml")]).await;
    insta::assert_snapshot!(said, @r#"
    dispatch: HOST is "example.com", which is not an IP address. Example: HOST=0.0.0.0
    LOG_FORMAT is "xml", which is neither text nor json. Example: LOG_FORMAT=json
    "#);
}

#[tokio::test]
async fn without_github_it_serves_and_says_what_is_missing() {
    let database = Database::new().await;
    let serving = Serving::start("serve", &[("DATABASE_URL", database.url())]).await;
    assert!(serving.address.starts_with("http://127.0.0.1:"), "{}", serving.address);
    let (is_success, logged) = serving.end(Signal::SIGTERM).await;
    assert!(is_success, "{logged}");
    for missing in ["GITHUB_TOKEN is not set", "No repository is tracked", "DISPATCH_AGENT_TOKEN"] {
        assert!(logged.contains(missing), "{missing:?} is missing in:\n{logged}");
    }
}

#[tokio::test]
async fn a_name_that_came_too_late_is_said() {
    let database = Database::new().await;
    let first = [("DATABASE_URL", database.url()), ("GITHUB_REPOSITORIES", "acme/api,no-slash")];
    let (_, logged) = Serving::start("serve", &first).await.end(Signal::SIGINT).await;
    assert!(logged.contains("`no-slash` is not a repository's full name"), "{logged}");
    assert!(!logged.contains("No repository is tracked"), "{logged}");

    let later = [("DATABASE_URL", database.url()), ("GITHUB_REPOSITORIES", "acme/api,acme/web")];
    let (_, logged) = Serving::start("serve", &later).await.end(Signal::SIGINT).await;
    assert!(logged.contains("names acme/web, which is not tracked"), "{logged}");
    assert!(!logged.contains("names acme/api"), "{logged}");
}

#[tokio::test]
async fn two_that_start_at_once_migrate_once() {
    let database = Database::empty().await;
    let settings = [("DATABASE_URL", database.url())];
    let (one, other) =
        tokio::join!(Serving::start("serve", &settings), Serving::start("serve", &settings));
    assert_ne!(one.address, other.address);
    for serving in [one, other] {
        let (is_success, logged) = serving.end(Signal::SIGTERM).await;
        assert!(is_success, "{logged}");
    }
    let again = ended(dispatch("migrate", &settings)).await;
    assert_eq!(String::from_utf8(again.stdout).unwrap(), "The schema is up to date.\n");
}

#[tokio::test]
async fn the_schema_is_left_alone_when_asked() {
    let database = Database::empty().await;
    let settings = [("DATABASE_URL", database.url()), ("SKIP_DB_MIGRATIONS", "true")];
    let said = refusal("serve", &settings).await;
    assert!(said.contains("are the migrations missing?"), "{said}");
}

#[tokio::test]
async fn its_own_data_survive_a_kill_and_have_one_user() {
    let folder = TempDir::new().unwrap();
    let settings = [("DISPATCH_DATA_DIR", folder.path().to_str().unwrap())];
    let named = [settings[0], ("GITHUB_REPOSITORIES", "acme/api")];

    let mut killed = Serving::start("serve", &named).await;
    let said = refusal("serve", &settings).await;
    assert!(said.starts_with("dispatch: Another Dispatch (process "), "{said}");
    killed.child.kill().await.unwrap();

    // The repository is still tracked, so its absence is not complained of.
    let (is_success, logged) = Serving::start("serve", &settings).await.end(Signal::SIGTERM).await;
    assert!(is_success, "{logged}");
    assert!(!logged.contains("No repository is tracked"), "{logged}");
}

#[tokio::test]
async fn the_demo_touches_no_data_but_its_own() {
    let database = Database::empty().await;
    let folder = TempDir::new().unwrap();
    let settings = [
        ("DATABASE_URL", database.url()),
        ("GITHUB_TOKEN", "a-real-token"),
        ("DISPATCH_DATA_DIR", folder.path().to_str().unwrap()),
        ("RUST_LOG", "info"),
    ];
    let serving = Serving::start("demo", &settings).await;
    let (is_success, logged) = serving.end(Signal::SIGTERM).await;
    assert!(is_success, "{logged}");
    assert!(!logged.contains("ERROR"), "{logged}");
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(database.number(tables).await, 0);
    assert!(!folder.path().join("serve").exists());
}

#[tokio::test]
async fn an_address_in_use_is_said_with_a_way_out() {
    let database = Database::new().await;
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let said = refusal("serve", &[("DATABASE_URL", database.url()), ("PORT", &port)]).await;
    let expected = format!("Cannot listen on 127.0.0.1:{port}; HOST and PORT name another address");
    assert!(said.contains(&expected), "{said}");
}

#[tokio::test]
async fn the_schema_is_printed_as_it_is_committed() {
    let printed = ended(dispatch("schema", &[])).await.stdout;
    assert_eq!(String::from_utf8(printed).unwrap(), include_str!("../../schema.graphql"));
}

#[tokio::test]
async fn help_lists_the_settings_and_version_the_version() {
    let help = String::from_utf8(ended(dispatch("--help", &[])).await.stdout).unwrap();
    for word in ["serve", "demo", "migrate", "GITHUB_TOKEN", "DISPATCH_DATA_DIR"] {
        assert!(help.contains(word), "{word} is missing in:\n{help}");
    }
    let version = String::from_utf8(ended(dispatch("--version", &[])).await.stdout).unwrap();
    assert_eq!(version, concat!("dispatch ", env!("CARGO_PKG_VERSION"), "\n"));
}
