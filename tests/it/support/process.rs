//! The real binary, served to a test and killed by it.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::StatusCode;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::{AGENT_TOKEN, PATIENCE};

/// `dispatch serve` on a port of its own. Dropping it kills it, as a crash would.
pub(crate) struct Process {
    child: Child,
    address: String,
    said: Lines<BufReader<ChildStdout>>,
    logged: File,
    http: reqwest::Client,
}

impl Process {
    /// Starts it and waits until it says that it is ready.
    pub(crate) async fn serve(database_url: &str, github: &str) -> Self {
        Self::serve_with(database_url, github, &[]).await
    }

    /// The same with settings beside the usual ones.
    pub(crate) async fn serve_with(
        database_url: &str,
        github: &str,
        settings: &[(&str, &str)],
    ) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dispatch"));
        command.arg("serve");
        Self::start(command, database_url, github, settings).await
    }

    /// The same where the system lets it have so many files and no more.
    pub(crate) async fn serve_with_files(database_url: &str, github: &str, files: u32) -> Self {
        let script = "ulimit -n \"$0\" && exec \"$1\" serve";
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script, &files.to_string(), env!("CARGO_BIN_EXE_dispatch")]);
        Self::start(command, database_url, github, &[]).await
    }

    async fn start(
        mut command: Command,
        database_url: &str,
        github: &str,
        settings: &[(&str, &str)],
    ) -> Self {
        let logged = tempfile::tempfile().unwrap();
        let mut child = command
            .env_clear()
            .env("DATABASE_URL", database_url)
            .env("GITHUB_API_URL", github)
            .env("GITHUB_TOKEN", "token-for-github")
            .env("DISPATCH_AGENT_TOKEN", AGENT_TOKEN)
            .env("DISPATCH_SYNC_INTERVAL_MS", "0")
            .env("DISPATCH_DATA_DIR", std::env::temp_dir())
            .env("PORT", "0")
            .env("DISPATCH_SHUTDOWN_DELAY_MS", "0")
            .env("RUST_LOG", "dispatch=warn")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(logged.try_clone().unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = async {
            while let Some(line) = said.next_line().await.unwrap() {
                if let Some((_, address)) = line.split_once("ready at ") {
                    return address.trim().trim_end_matches("/board").to_owned();
                }
            }
            panic!("the server ended before it was ready");
        };
        let address = tokio::time::timeout(PATIENCE, ready).await.expect("ready in time");
        Self { child, address, said, logged, http: http_client() }
    }

    /// Its host and port.
    pub(crate) fn host(&self) -> &str {
        self.address.strip_prefix("http://").expect("it serves without TLS")
    }

    /// Its address, without a slash at the end.
    pub(crate) fn url(&self) -> &str {
        &self.address
    }

    /// Asks it to stop and does not wait.
    pub(crate) fn terminate(&self) {
        self.signal(Signal::SIGTERM);
    }

    /// Asks it to stop, waits for that, and answers what it has said since it was ready and what it
    /// has logged.
    pub(crate) async fn stop(self) -> String {
        self.terminate();
        self.ended().await
    }

    /// Waits until it has stopped, which must be a success; see [`Process::stop`].
    pub(crate) async fn ended(mut self) -> String {
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("an end");
        let mut all = String::new();
        while let Some(line) = self.said.next_line().await.unwrap() {
            all.push_str(&line);
        }
        self.logged.rewind().unwrap();
        self.logged.read_to_string(&mut all).unwrap();
        assert!(status.unwrap().success(), "{all}");
        all
    }

    /// Asks an address as a person; answers the status and the body.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, String) {
        let method = method.parse().unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.address));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.timeout(PATIENCE).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    /// Asks an address that must answer well and in JSON.
    pub(crate) async fn json(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let (status, text) = self.ask(method, path, body).await;
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Ends it without a word.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Ends it without a word in the middle of whatever it is doing for others.
    pub(crate) fn crash(&self) {
        self.signal(Signal::SIGKILL);
    }

    /// Stops it where it is, as a suspended machine would; [`Process::wake`] lets it go on.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets it go on after [`Process::freeze`].
    pub(crate) fn wake(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        let id = self.child.id().expect("it runs");
        kill(Pid::from_raw(i32::try_from(id).unwrap()), signal).unwrap();
    }

    /// Asks GraphQL and answers the whole body.
    pub(crate) async fn graphql(&self, query: &str, variables: Value) -> Option<Value> {
        self.query(query, variables, None).await
    }

    /// Asks GraphQL as an agent and answers the whole body; none when the server went away.
    pub(crate) async fn graphql_as(
        &self,
        agent: &str,
        query: &str,
        variables: Value,
    ) -> Option<Value> {
        self.query(query, variables, Some(agent)).await
    }

    async fn query(&self, query: &str, variables: Value, agent: Option<&str>) -> Option<Value> {
        let mut request = self
            .http
            .post(format!("{}/graphql", self.address))
            .timeout(PATIENCE)
            .header("content-type", "application/json")
            .body(serde_json::json!({ "query": query, "variables": variables }).to_string());
        if let Some(agent) = agent {
            request = request
                .header("authorization", format!("Bearer {AGENT_TOKEN}"))
                .header("x-agent-name", agent);
        }
        let answer = request.send().await.ok()?;
        serde_json::from_slice(&answer.bytes().await.ok()?).ok()
    }
}

/// What asks a server over HTTP.
pub(crate) fn http_client() -> reqwest::Client {
    http_client_of(|builder| builder)
}

/// The same, made another way.
pub(crate) fn http_client_of(
    make: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
) -> reqwest::Client {
    // Whoever came first has installed it; all are the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    #[expect(clippy::disallowed_methods, reason = "the test is a client of its own")]
    make(reqwest::Client::builder()).build().unwrap()
}
