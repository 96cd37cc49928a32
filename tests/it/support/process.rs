//! The real binary, started and killed by a test.

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
    /// Starts it and waits until it reports that it is ready.
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

    /// The same with a limit on open files.
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
            .env("GITHUB_POINTS_PER_MINUTE", "100000")
            .env("GITHUB_WRITES_PER_MINUTE", "100000")
            .env("GITHUB_WRITES_PER_HOUR", "100000")
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

    /// Sends SIGTERM and does not wait.
    pub(crate) fn terminate(&self) {
        self.signal(Signal::SIGTERM);
    }

    /// Stops it, waits for its end, and returns its output since it was ready and its log.
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

    /// Sends a request as a person; returns the status and the body.
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

    /// Sends a request that must succeed with JSON.
    pub(crate) async fn json(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let (status, text) = self.ask(method, path, body).await;
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Kills it.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Kills it while others use it.
    pub(crate) fn crash(&self) {
        self.signal(Signal::SIGKILL);
    }

    /// Suspends it, as a suspended machine would; [`Process::wake`] resumes it.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Resumes it after [`Process::freeze`].
    pub(crate) fn wake(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        let id = self.child.id().expect("it runs");
        kill(Pid::from_raw(i32::try_from(id).unwrap()), signal).unwrap();
    }

    /// Sends a GraphQL request and returns the whole body.
    pub(crate) async fn graphql(&self, query: &str, variables: Value) -> Option<Value> {
        self.query(query, variables, None).await
    }

    /// Sends a GraphQL request as an agent and returns the whole body; `None` if the server died.
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

/// The HTTP client of tests.
pub(crate) fn http_client() -> reqwest::Client {
    http_client_of(|builder| builder)
}

/// The same, made another way.
pub(crate) fn http_client_of(
    make: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
) -> reqwest::Client {
    // The first caller has installed it; all are the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    #[expect(clippy::disallowed_methods, reason = "the test is a client of its own")]
    make(reqwest::Client::builder()).build().unwrap()
}
