//! The program: its output on start, on failure, and on shutdown.

use std::fs;
use std::ops::Add as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use dispatch::clock::Clock;
use dispatch::simulator::{Fault, NewIssue};
use futures_util::{SinkExt as _, StreamExt as _};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::support::github::GitHub;
use crate::support::pooler::{Mode, Pooler};
use crate::support::process::http_client;
use crate::support::{Database, eventually};

/// Setting up a PostgreSQL takes its time on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// The program with only these environment variables.
fn dispatch(command: &str, settings: &[(&str, &str)]) -> Command {
    program(Path::new(env!("CARGO_BIN_EXE_dispatch")), command, settings)
}

fn program(path: &Path, command: &str, settings: &[(&str, &str)]) -> Command {
    let mut dispatch = Command::new(path);
    dispatch.arg(command).env_clear().env("PATH", "/usr/bin:/bin").env("PORT", "0");
    dispatch.env("DISPATCH_SHUTDOWN_DELAY_MS", "0");
    dispatch.envs(settings.iter().copied());
    dispatch.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    dispatch.kill_on_drop(true);
    dispatch
}

async fn ended(mut dispatch: Command) -> Output {
    tokio::time::timeout(PATIENCE, dispatch.output()).await.expect("it ends by itself").unwrap()
}

/// The error output of a failed start.
async fn refusal(command: &str, settings: &[(&str, &str)]) -> String {
    let output = ended(dispatch(command, settings)).await;
    assert!(!output.status.success(), "it succeeded");
    assert_eq!(output.stdout, b"");
    String::from_utf8(output.stderr).unwrap()
}

/// A running server.
struct Serving {
    child: Child,
    /// Its output before it was ready.
    greeting: Vec<String>,
    said: Lines<BufReader<ChildStdout>>,
    address: String,
}

impl Serving {
    async fn start(command: &str, settings: &[(&str, &str)]) -> Self {
        Self::new(dispatch(command, settings)).await
    }

    async fn new(mut program: Command) -> Self {
        let mut child = program.spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut greeting = Vec::new();
        let ready = async {
            while let Some(line) = said.next_line().await.unwrap() {
                if let Some(address) = line.strip_prefix("Dispatch is ready at ") {
                    return Some(address.to_owned());
                }
                greeting.push(line);
            }
            None
        };
        match tokio::time::timeout(PATIENCE, ready).await.expect("ready in time") {
            Some(address) => Self { child, greeting, said, address },
            None => panic!("it ended: {}", complaints(&mut child).await),
        }
    }

    /// Sends a signal, waits for the end and returns the log.
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
async fn without_github_it_serves_and_reports_what_is_missing() {
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
async fn a_board_that_others_can_change_is_warned_of() {
    let open = "DISPATCH_AUTH_MODE is not set: whoever reaches Dispatch may move cards";
    let disabled = "DISPATCH_AUTH_MODE=disabled: whoever reaches Dispatch may do everything";
    let (everybody, here) = (("HOST", "0.0.0.0"), ("HOST", "127.0.0.1"));
    let basic = [
        everybody,
        ("DISPATCH_AUTH_MODE", "basic"),
        ("DISPATCH_AUTH_USERNAME", "sam"),
        ("DISPATCH_AUTH_PASSWORD", "a-long-password"),
    ];
    let database = Database::new().await;
    for (settings, expected) in [
        (&[everybody][..], Some(open)),
        (&[here], None),
        (&[everybody, ("DISPATCH_AUTH_MODE", "read-only")], None),
        (&basic, None),
        (&[here, ("DISPATCH_AUTH_MODE", "disabled")], Some(disabled)),
    ] {
        let all = [&[("DATABASE_URL", database.url())], settings].concat();
        let serving = Serving::start("serve", &all).await;
        assert!(serving.address.starts_with("http://127.0.0.1:"), "{}", serving.address);
        let (is_success, logged) = serving.end(Signal::SIGTERM).await;
        assert!(is_success, "{logged}");
        for warning in [open, disabled] {
            let is_said = logged.contains(warning);
            assert_eq!(is_said, expected == Some(warning), "{settings:?}: {logged}");
        }
    }
}

#[tokio::test]
async fn a_name_that_arrives_too_late_is_reported() {
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
async fn migrations_are_skipped_when_configured() {
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

    // The repository is still tracked, so no warning is logged.
    let (is_success, logged) = Serving::start("serve", &settings).await.end(Signal::SIGTERM).await;
    assert!(is_success, "{logged}");
    assert!(!logged.contains("No repository is tracked"), "{logged}");
}

#[tokio::test]
async fn an_ordinary_user_has_a_database_too() {
    const NOBODY: u32 = 65534;
    let finds_postgres = "command -v postgres || ls /usr/lib/postgresql/*/bin/postgres";
    let is_there = Command::new("/bin/sh").args(["-c", finds_postgres]).output().await.unwrap();
    if !geteuid().is_root() || !is_there.status.success() {
        // Then every other test has shown it, or only root may read the file.
        return;
    }
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (path, data) = (folder.path().join("dispatch"), folder.path().join("data"));
    fs::copy(env!("CARGO_BIN_EXE_dispatch"), &path).unwrap();
    fs::create_dir(&data).unwrap();
    chown(&data, Some(NOBODY), Some(NOBODY)).unwrap();
    let settings = [("DISPATCH_DATA_DIR", data.to_str().unwrap())];
    let start = || {
        let mut program = program(&path, "serve", &settings);
        program.uid(NOBODY).gid(NOBODY).current_dir(folder.path());
        program
    };
    for _ in 0..2 {
        let serving = Serving::new(start()).await;
        let process = fs::metadata(format!("/proc/{}", serving.child.id().unwrap())).unwrap();
        let cluster = fs::metadata(data.join("serve/cluster")).unwrap();
        assert_eq!((process.uid(), cluster.uid()), (NOBODY, NOBODY));
        let (is_success, logged) = serving.end(Signal::SIGTERM).await;
        assert!(is_success, "{logged}");
    }
    chown(data.join("serve/cluster"), Some(0), Some(0)).unwrap();
    let output = ended(start()).await;
    let said = String::from_utf8(output.stderr).unwrap();
    let expected = format!(
        "dispatch: {}/serve/cluster belongs to another user: run Dispatch as that user, or name \
         another folder with DISPATCH_DATA_DIR\n",
        data.display()
    );
    assert_eq!(said, expected);
}

#[tokio::test]
async fn no_secret_is_ever_logged() {
    let github = GitHub::with_clock(Clock::system()).await;
    let simulator = &github.simulator;
    simulator.require_token("hunter2-github");
    simulator.add_repository("acme/tools");
    simulator.open_issue("acme/tools", NewIssue::titled("One", &["status/ready"])).unwrap();
    simulator.inject(Fault::refuse(403, "Not yours").on("ChangeLabels"));
    let database = Database::new().await;
    let url = database.url().replacen("dispatch@", "dispatch:hunter2-database@", 1);
    assert!(url.contains("hunter2"), "{url}");
    let settings = [
        ("DATABASE_URL", url.as_str()),
        ("GITHUB_API_URL", github.address.as_str()),
        ("GITHUB_TOKEN", "hunter2-github"),
        ("GITHUB_REPOSITORIES", "acme/tools"),
        ("DISPATCH_AGENT_TOKEN", "hunter2-of-the-agents"),
        ("DISPATCH_MAINTAINER_TOKEN", "hunter2-maintainer"),
        ("DISPATCH_WORKER_TOKENS", "alpha:hunter2-of-the-worker"),
        ("DISPATCH_AUTH_MODE", "basic"),
        ("DISPATCH_AUTH_USERNAME", "sam"),
        ("DISPATCH_AUTH_PASSWORD", "hunter2-person"),
        ("RUST_LOG", "trace"),
    ];
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut program = dispatch("serve", &settings);
    program.stderr(log.reopen().unwrap());
    let mut serving = Serving::new(program).await;
    let address = serving.address.clone();

    let http = http_client();
    let ask = async |path: &str, credentials: &str, body: Value| {
        let request = http
            .post(format!("{address}{path}"))
            .header("authorization", credentials)
            .header("content-type", "application/json")
            .body(body.to_string());
        let answer = request.send().await.unwrap();
        let status = answer.status();
        // A response without a body has no JSON.
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or(Value::Null))
    };
    let person = format!("Basic {}", STANDARD.encode("sam:hunter2-person"));
    let graphql = async |query: &str| ask("/graphql", &person, json!({ "query": query })).await.1;
    let mut id = Value::Null;
    eventually(async || {
        graphql("mutation { syncIssues { syncedCount } }").await;
        let found = graphql("{ issues { nodes { id } } }").await;
        id = found["data"]["issues"]["nodes"][0]["id"].clone();
        !id.is_null()
    })
    .await;
    let change =
        format!("mutation {{ moveIssue(input: {{issueId: {id}, to: DONE}}) {{ cursor }} }}");
    let refused = graphql(&change).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "UPSTREAM_FAILED", "{refused}");
    let moved = graphql(&change).await;
    assert!(moved.get("errors").is_none(), "{moved}");
    let run = json!({"agentName": "alpha", "runType": "implement", "status": "success",
        "startedAt": "2026-05-20T12:00:00Z"});
    for (token, path, is_known) in [
        ("hunter2-of-the-agents", "/api/agent-runs", true),
        ("hunter2-of-the-worker", "/api/agents/alpha/heartbeat", true),
        ("hunter2-guess", "/api/agents/alpha/heartbeat", false),
    ] {
        let (status, answer) = ask(path, &format!("Bearer {token}"), run.clone()).await;
        assert_eq!(status != 401 && status != 403, is_known, "{status}: {answer}");
    }
    // Each credential over each of the other transports.
    let all = [
        (person.as_str(), true),
        ("Bearer hunter2-of-the-agents", true),
        ("Bearer hunter2-maintainer", true),
        ("Bearer hunter2-of-the-worker", true),
        ("Bearer hunter2-guess", false),
    ];
    for (credentials, is_known) in all {
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": { "name": "list_issues", "arguments": {} } });
        assert_eq!(ask("/mcp", credentials, call).await.0 == 200, is_known, "{credentials}");
        let stream = http
            .get(format!("{address}/graphql?query={{__typename}}&token=hunter2-query"))
            .header("authorization", credentials)
            .header("accept", "text/event-stream");
        assert_eq!(stream.send().await.unwrap().status() == 200, is_known, "{credentials}");
        let mut request =
            address.replacen("http", "ws", 1).add("/graphql").into_client_request().unwrap();
        let protocol = "graphql-transport-ws".parse().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        let hello = json!({ "type": "connection_init",
            "payload": { "Authorization": credentials } });
        socket.send(Message::text(hello.to_string())).await.unwrap();
        let answer = tokio::time::timeout(PATIENCE, socket.next()).await.unwrap();
        let is_let_in = matches!(answer, Some(Ok(Message::Text(_))));
        assert_eq!(is_let_in, is_known, "{credentials}: {answer:?}");
    }

    let id = i32::try_from(serving.child.id().unwrap()).unwrap();
    kill(Pid::from_raw(id), Signal::SIGTERM).unwrap();
    let status = tokio::time::timeout(PATIENCE, serving.child.wait()).await.expect("an end");
    assert!(status.unwrap().success());
    assert_eq!(serving.said.next_line().await.unwrap(), None, "it says no more");
    let logged = fs::read_to_string(log.path()).unwrap();
    // Of the crates that handle secrets, only ours logs at the detailed level.
    let details = logged.lines().filter(|line| line.contains("DEBUG") || line.contains("TRACE"));
    let details: Vec<_> = details.collect();
    assert!(!details.is_empty(), "the settings ask for everything");
    for line in details {
        assert!(line.contains(" dispatch::"), "{line}");
    }
    let unreachable = [("DATABASE_URL", "postgres://dispatch:hunter2-database@127.0.0.1:1/none")];
    let said = refusal("serve", &[&unreachable[..], &settings[1..]].concat()).await;
    assert!(said.contains("Cannot reach the database"), "{said}");
    for (log, name) in [(&logged, "serving"), (&said, "starting")] {
        for secret in ["hunter2", person.trim_start_matches("Basic ")] {
            let line = log.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "while {name}");
        }
    }
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
    let mut demo = dispatch("demo", &settings);
    demo.args(["--days", "0"]);
    let serving = Serving::new(demo).await;
    let (is_success, logged) = serving.end(Signal::SIGTERM).await;
    assert!(is_success, "{logged}");
    assert!(!logged.contains("ERROR"), "{logged}");
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(database.number(tables).await, 0);
    assert!(!folder.path().join("serve").exists());
}

#[tokio::test]
async fn the_demo_has_days_of_history() {
    let folder = TempDir::new().unwrap();
    let data_dir = folder.path().to_str().unwrap();
    let mut demo = dispatch("demo", &[("DISPATCH_DATA_DIR", data_dir)]);
    demo.args(["--days", "1"]);
    let today = || Clock::system().now().date_naive();
    let started_on = today();
    let serving = Serving::new(demo).await;
    insta::assert_snapshot!(serving.greeting.join("\n"), @r"
    Preparing a demonstration ...
    This is a demonstration: its GitHub is simulated, and all on the board is made up.
    For your own: GITHUB_TOKEN=<token> GITHUB_REPOSITORIES=<owner/name> dispatch serve
    ");
    let opened = Clock::system().now();
    let query = "{
        auditLog(first: 100) { nodes { createdAt } }
        workDecisions(first: 100) { nodes { firstAt issue { id } } }
        overview { statusByDay { day } }
        agents { leaseHistory { acquiredAt } }
    }";
    let asked = http_client().post(format!("{}/graphql", serving.address));
    let asked = asked.header("content-type", "application/json");
    let answer = asked.body(json!({ "query": query }).to_string()).send().await.unwrap();
    let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    let data = &answer["data"];
    let ages = |nodes: &Value, member: &str| -> Vec<i64> {
        let times = nodes.as_array().unwrap().iter().map(|node| node[member].as_str().unwrap());
        times.map(|at| (opened - at.parse::<DateTime<Utc>>().unwrap()).num_hours()).collect()
    };
    let agents = data["agents"].as_array().unwrap().iter();
    let held = agents.flat_map(|agent| ages(&agent["leaseHistory"], "acquiredAt")).collect();
    let audited = ages(&data["auditLog"]["nodes"], "createdAt");
    let decided: Vec<i64> = ages(&data["workDecisions"]["nodes"], "firstAt");
    assert!(decided.len() > 1, "{decided:?}");
    for ages in [audited, held] {
        assert!(ages.len() > 5, "{ages:?}");
        for hours in [0..8, 8..16, 16..25] {
            assert!(ages.iter().any(|age| hours.contains(age)), "none in {hours:?}: {ages:?}");
        }
    }
    let days = data["overview"]["statusByDay"].as_array().unwrap().len();
    // A day that starts meanwhile is one more.
    assert!(days == 2 || (days == 3 && today() != started_on), "{data}");
    let (is_success, logged) = serving.end(Signal::SIGTERM).await;
    assert!(is_success, "{logged}");
    // No error is old, and requests of so many days do not hide it.
    let lines: Vec<_> = logged.lines().collect();
    assert!(lines.iter().all(|line| line.contains(" INFO ")) && lines.len() < 5, "{logged}");
}

#[tokio::test]
async fn an_address_in_use_is_reported_with_a_remedy() {
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

#[tokio::test]
async fn an_unsuitable_database_is_rejected_with_the_setting_to_change() {
    let database = Database::new().await;
    let pooler = Pooler::start(database.url(), Mode::Transaction).await;
    let said = refusal("serve", &[("DATABASE_URL", &pooler.url())]).await;
    assert!(said.contains("pooler in transaction mode"), "{said}");
    assert!(said.contains("pool_mode=session"), "{said}");

    let other = "CREATE DATABASE not_utf8 ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0";
    database.run(other).await;
    let (server, _) = database.url().rsplit_once('/').unwrap();
    let said = refusal("serve", &[("DATABASE_URL", &format!("{server}/not_utf8"))]).await;
    assert!(said.contains("encoding is SQL_ASCII and must be UTF8"), "{said}");
    assert!(said.contains("CREATE DATABASE"), "{said}");

    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99991231235959')";
    database.run(newer).await;
    for settings in [
        vec![("DATABASE_URL", database.url())],
        vec![("DATABASE_URL", database.url()), ("SKIP_DB_MIGRATIONS", "true")],
    ] {
        for command in ["serve", "migrate"] {
            if command == "migrate" && settings.len() > 1 {
                continue;
            }
            let said = refusal(command, &settings).await;
            assert!(said.contains("changed by a newer Dispatch"), "{said}");
            assert!(said.contains("99991231235959"), "{said}");
        }
    }
}

#[tokio::test]
async fn a_database_without_letters_beyond_ascii_is_warned_of() {
    let database = Database::new().await;
    let plain = "CREATE DATABASE plain ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0";
    database.run(plain).await;
    let (server, _) = database.url().rsplit_once('/').unwrap();
    for (url, is_warned_of) in [(format!("{server}/plain"), true), (database.url().into(), false)] {
        let output = ended(dispatch("migrate", &[("DATABASE_URL", &url)])).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        assert_eq!(said.contains("LC_CTYPE"), is_warned_of, "{said}");
    }
}

#[tokio::test]
async fn a_pool_in_session_mode_serves() {
    let database = Database::new().await;
    let pooler = Pooler::start(database.url(), Mode::Session).await;
    // The pool has three sessions; the check takes two of them for a moment.
    let output = ended(dispatch("migrate", &[("DATABASE_URL", &pooler.url())])).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
}

#[tokio::test]
async fn settings_that_are_not_supported_are_warned_of() {
    let database = Database::new().await;
    let others = [
        "GITHUB_APP_CLIENT_SECRET",
        "DISPATCH_OIDC_ISSUER",
        "DISPATCH_MISSPELLED",
        "MISSION_CONTROL_AGENT_TOKEN",
        "PR_FIX_ENABLED",
        "PR_FOLLOWUP_BOT_IDENTITIES",
        "NEXTAUTH_SECRET",
        "WEBHOOK_GATEWAY_MODE",
    ];
    let mut settings = vec![("DATABASE_URL", database.url()), ("DISPATCH_EMPTY", "")];
    settings.extend(others.map(|name| (name, "a-secret-value")));
    let (_, log) = Serving::start("serve", &settings).await.end(Signal::SIGTERM).await;
    for name in others {
        let warning = format!("{name} is not a setting of this version; ignored");
        assert!(log.contains(&warning), "{name}: {log}");
    }
    assert!(log.contains("set GITHUB_APP_ID"), "{log}");
    assert!(!log.contains("a-secret-value") && !log.contains("DISPATCH_EMPTY"), "{log}");
}
