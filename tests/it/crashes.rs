//! The server is killed between every two steps of a move and restarted. Soon audit log, cache and
//! GitHub agree.

use std::cell::RefCell;

use diesel_async::SimpleAsyncConnection;
use dispatch::clock::Clock;
use dispatch::domain::{IssueId, LabelSet};
use dispatch::simulator::{self, Fault, Gate, NewIssue, Simulator};
use dispatch::store::{self, Connection};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::support::process::Process;
use crate::support::{Database, REPOSITORY, eventually};

const MOVE: &str =
    "mutation($id: ID!) { moveIssue(input: {issueId: $id, to: IN_REVIEW}) { cursor } }";

struct Scene {
    database: Database,
    github: Simulator,
    address: String,
    _simulator: JoinSet<()>,
}

impl Scene {
    /// A tracked repository with one issue, ready.
    async fn new() -> Self {
        let github = Simulator::new(Clock::system());
        github.add_repository(REPOSITORY);
        github.open_issue(REPOSITORY, NewIssue::titled("Crash me", &["status/ready"])).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let mut simulator = JoinSet::new();
        let served = github.clone();
        simulator.spawn(async move { simulator::serve(served, listener).await.unwrap() });
        Self { database: Database::new().await, github, address, _simulator: simulator }
    }

    async fn start(&self) -> Process {
        Process::serve(self.database.url(), &self.address).await
    }

    /// Starts the server and lets it import the issue; returns its id.
    async fn begin(&self) -> (Process, String) {
        let process = self.start().await;
        let track =
            "mutation { trackRepository(input: {fullName: \"acme/tools\"}) { __typename } }";
        process.graphql(track, serde_json::json!({})).await.unwrap();
        let sync = "mutation { syncIssues { syncedCount } }";
        // The sync on start may still be running; then this one is rejected.
        eventually(async || {
            let synced = process.graphql(sync, serde_json::json!({})).await.unwrap();
            synced.get("errors").is_none()
        })
        .await;
        let found =
            process.graphql("{ issues { nodes { id } } }", serde_json::json!({})).await.unwrap();
        let id = found["data"]["issues"]["nodes"][0]["id"].as_str().unwrap().to_owned();
        (process, id)
    }

    /// Kills the server once `reached` holds, and restarts it after `release`.
    async fn crash(&self, reached: impl AsyncFnOnce(), release: impl AsyncFnOnce()) {
        let (process, id) = self.begin().await;
        let moving = process.graphql(MOVE, serde_json::json!({ "id": id }));
        tokio::select! {
            answer = moving => panic!("the move was not stopped: {answer:?}"),
            () = reached() => {}
        }
        process.kill().await;
        release().await;
        let again = self.start().await;
        eventually(async || self.agrees(&id).await).await;

        // And the card can be moved again.
        let moved = again.graphql(MOVE, serde_json::json!({ "id": id })).await.unwrap();
        assert!(moved.get("errors").is_none(), "{moved}");
        assert!(self.agrees(&id).await);
        assert_eq!(self.github.labels(REPOSITORY, 1), ["status/in-review"]);
    }

    /// Kills the server while it waits for a lock in the database, after GitHub executed
    /// `operation` and before the response.
    async fn crash_holding(&self, operation: &str, lock: &str) {
        let gate = Gate::new();
        self.github.inject(Fault::HoldAnswer(gate.clone()).on(operation));
        let held = RefCell::new(None);
        let reached = async || {
            gate.arrived().await;
            held.replace(Some(hold(&self.database, lock).await));
            gate.open();
            self.somebody_waits().await;
        };
        self.crash(reached, async || drop(held.take())).await;
    }

    /// Whether nothing is pending, and cache, newest settled entry and GitHub agree.
    async fn agrees(&self, id: &str) -> bool {
        let mut connection = self.database.connect().await;
        let id: IssueId = id.parse().unwrap();
        let issue = store::board::issues::by_id(&mut connection, id).await.unwrap().unwrap();
        let pending = store::audit::unsettled_of(&mut connection, id).await.unwrap();
        let on_github = LabelSet::from(self.github.labels(REPOSITORY, 1));
        let filter = store::audit::AuditFilter { issue: Some(id), ..Default::default() };
        let page = store::PageRequest::first(1);
        let newest = store::audit::page(&mut connection, &filter, &page).await.unwrap();
        pending.is_none()
            && issue.labels == on_github
            && newest.rows.iter().all(|entry| entry.after_labels == on_github)
    }

    /// Whether a backend waits for a lock.
    async fn somebody_waits(&self) {
        let waiting = "SELECT count(*) FROM pg_stat_activity \
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        eventually(async || self.database.number(waiting).await > 0).await;
    }
}

/// Holds a lock in the database until it is dropped.
async fn hold(database: &Database, sql: &str) -> Connection {
    let mut connection = database.connect().await;
    connection.batch_execute(&format!("BEGIN; {sql}")).await.unwrap();
    connection
}

#[tokio::test]
async fn before_github_is_read() {
    let scene = Scene::new().await;
    let gate = Gate::new();
    scene.github.inject(Fault::Hold(gate.clone()).on("LiveLabels"));
    scene.crash(async || gate.arrived().await, async || gate.open()).await;
}

#[tokio::test]
async fn before_the_intent_is_written() {
    let scene = Scene::new().await;
    let sql = "LOCK TABLE audit_log IN EXCLUSIVE MODE";
    scene.crash_holding("LiveLabels", sql).await;
}

#[tokio::test]
async fn before_github_is_asked() {
    let scene = Scene::new().await;
    let gate = Gate::new();
    scene.github.inject(Fault::Hold(gate.clone()).on("CreateLabel"));
    scene.crash(async || gate.arrived().await, async || gate.open()).await;
}

#[tokio::test]
async fn before_github_has_done_it() {
    let scene = Scene::new().await;
    let gate = Gate::new();
    scene.github.inject(Fault::Hold(gate.clone()).on("ChangeLabels"));
    scene.crash(async || gate.arrived().await, async || gate.open()).await;
}

#[tokio::test]
async fn after_github_has_done_it() {
    let scene = Scene::new().await;
    let gate = Gate::new();
    scene.github.inject(Fault::HoldAnswer(gate.clone()).on("ChangeLabels"));
    scene.crash(async || gate.arrived().await, async || gate.open()).await;
}

#[tokio::test]
async fn before_it_is_settled() {
    let scene = Scene::new().await;
    scene.crash_holding("ChangeLabels", "SELECT 1 FROM issues FOR UPDATE").await;
}

#[tokio::test]
async fn before_it_is_committed() {
    let scene = Scene::new().await;
    // The lock of the event log is the last one that the transaction takes.
    scene.crash_holding("ChangeLabels", "SELECT pg_advisory_xact_lock(7236871, 1)").await;
}

#[tokio::test]
async fn after_it_is_committed() {
    let scene = Scene::new().await;
    let (process, id) = scene.begin().await;
    let settled =
        "SELECT count(*) FROM audit_log WHERE settled_at IS NOT NULL AND issue_id IS NOT NULL";
    let moving = process.graphql(MOVE, serde_json::json!({ "id": id }));
    let committed = eventually(async || scene.database.number(settled).await == 1);
    tokio::select! {
        biased;
        () = committed => {}
        _ = moving => {}
    }
    process.kill().await;
    let _again = scene.start().await;
    assert!(scene.agrees(&id).await);
    assert_eq!(scene.database.number(settled).await, 1);
}
