//! Claims cannot collide: three servers on one database, many claimers, crashes and sleepers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use diesel_async::RunQueryDsl;
use dispatch::clock::Clock;
use dispatch::simulator::{self, Fault, Gate, NewIssue, Simulator};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, RwLock};
use tokio::task::JoinSet;

use crate::support::process::Process;
use crate::support::{Database, PATIENCE, REPOSITORY, eventually};

const CLAIM: &str = "mutation($agent: String!, $id: String) {
    claimNext(input: {agent: $agent, requestId: $id}) {
        idleReason lease { id fencingToken issue { id number } }
    }
}";

const SERVERS: usize = 3;

struct Scene {
    database: Database,
    github: Simulator,
    address: String,
    _simulator: JoinSet<()>,
}

impl Scene {
    /// Three servers on one database, and a repository with ready issues.
    async fn new(issues: usize) -> (Self, Vec<Process>) {
        let github = Simulator::new(Clock::system());
        github.add_repository(REPOSITORY);
        for number in 0..issues {
            let title = format!("Issue {number}");
            github.open_issue(REPOSITORY, NewIssue::titled(&title, &["status/ready"])).unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let mut simulator = JoinSet::new();
        let served = github.clone();
        simulator.spawn(async move { simulator::serve(served, listener).await.unwrap() });
        let database = Database::new().await;
        let scene = Self { database, github, address, _simulator: simulator };
        let mut servers = Vec::new();
        for _ in 0..SERVERS {
            servers.push(scene.start().await);
        }
        let track =
            "mutation { trackRepository(input: {fullName: \"acme/tools\"}) { __typename } }";
        servers[0].graphql(track, json!({})).await.unwrap();
        servers[0].graphql("mutation { syncIssues { syncedCount } }", json!({})).await.unwrap();
        let cached = "SELECT count(*) FROM issues WHERE status = 'ready'";
        assert_eq!(scene.database.number(cached).await, i64::try_from(issues).unwrap());
        (scene, servers)
    }

    async fn start(&self) -> Process {
        Process::serve(self.database.url(), &self.address).await
    }

    /// Every holding there ever was: no two of an issue overlap, and tokens grow with time.
    async fn check_holdings(&self) {
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            issue_id: i64,
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            fencing_token: i64,
            #[diesel(sql_type = diesel::sql_types::Timestamptz)]
            begun: chrono::DateTime<chrono::Utc>,
            #[diesel(sql_type = diesel::sql_types::Timestamptz)]
            over: chrono::DateTime<chrono::Utc>,
        }
        let rows: Vec<Row> = diesel::sql_query(
            "SELECT issue_id, fencing_token, acquired_at AS begun, \
                 coalesce(ended_at, expires_at) AS over \
             FROM (SELECT * FROM leases UNION ALL SELECT * FROM past_leases) AS holdings \
             WHERE ending IS DISTINCT FROM 'refused' ORDER BY issue_id, fencing_token",
        )
        .load(&mut self.database.connect().await)
        .await
        .unwrap();
        for pair in rows.windows(2).filter(|pair| pair[0].issue_id == pair[1].issue_id) {
            assert!(pair[0].fencing_token < pair[1].fencing_token);
            let (over, begun) = (pair[0].over, pair[1].begun);
            assert!(over <= begun, "two hold {}: {over} {begun}", pair[0].issue_id);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_claimers_get_each_issue_once() {
    const CLAIMERS: usize = 200;
    const ISSUES: usize = 2_000;

    let (scene, servers) = Scene::new(ISSUES).await;
    let servers = Arc::new(servers);
    let mut claimers = JoinSet::new();
    for number in 0..CLAIMERS {
        let servers = Arc::clone(&servers);
        claimers.spawn(async move {
            let agent = format!("agent-{}", number % 20);
            let mut got = Vec::new();
            loop {
                let server = &servers[number % SERVERS];
                let answer = server.graphql_as(&agent, CLAIM, json!({ "agent": agent })).await;
                let answer = answer.expect("the server is there");
                let claimed = &answer["data"]["claimNext"];
                assert!(claimed.is_object(), "{answer}");
                if claimed["lease"].is_null() {
                    return got;
                }
                got.push(claimed["lease"]["issue"]["number"].as_i64().unwrap());
            }
        });
    }
    let served: Vec<i64> = claimers.join_all().await.into_iter().flatten().collect();
    let distinct: BTreeSet<i64> = served.iter().copied().collect();
    assert_eq!(served.len(), ISSUES, "each is served once");
    assert_eq!(distinct.len(), ISSUES);
    let tokens = "SELECT count(DISTINCT fencing_token) FROM leases WHERE state = 'held'";
    assert_eq!(scene.database.number(tokens).await, i64::try_from(ISSUES).unwrap());
    for number in [1, 1_000, 2_000] {
        let labels = scene.github.labels(REPOSITORY, number);
        assert!(labels.contains(&"status/in-progress".to_owned()), "{labels:?}");
        assert_eq!(labels.iter().filter(|label| label.starts_with("agent/")).count(), 1);
    }
    scene.check_holdings().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crashes_and_a_failing_github_serve_nothing_twice() {
    const CLAIMERS: usize = 40;
    const ISSUES: usize = 240;
    /// How many may be lost to reservations of servers that were killed.
    const LOST: usize = 60;

    let (scene, servers) = Scene::new(ISSUES).await;
    let rules = [
        Fault::refuse(502, "no").on("ChangeLabels").times(6).after(20),
        Fault::DropAfter.on("ChangeLabels").times(6).after(60),
        Fault::refuse(500, "no").on("LiveLabels").times(6).after(40),
        Fault::Stall(Duration::from_millis(800)).on("ChangeLabels").times(6).after(90),
    ];
    rules.into_iter().for_each(|rule| scene.github.inject(rule));
    let servers: Vec<RwLock<Process>> = servers.into_iter().map(RwLock::new).collect();
    let servers = Arc::new(servers);
    let served: Arc<Mutex<BTreeMap<i64, String>>> = Arc::default();
    let counted = Arc::new(AtomicUsize::new(0));
    let mut claimers = JoinSet::new();
    for number in 0..CLAIMERS {
        let (servers, served) = (Arc::clone(&servers), Arc::clone(&served));
        let counted = Arc::clone(&counted);
        claimers.spawn(async move {
            let agent = format!("agent-{}", number % 10);
            let (mut request, mut idle) = (0, 0);
            while idle < 3 {
                let id = format!("{number}-{request}");
                let server = servers[(number + request) % SERVERS].read().await;
                let input = json!({ "agent": agent, "id": id });
                let answer = server.graphql_as(&agent, CLAIM, input).await;
                drop(server);
                // A lost answer is asked for again under the same name; a refusal under another.
                let Some(answer) = answer else {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                };
                request += 1;
                let claimed = &answer["data"]["claimNext"];
                let lease = &claimed["lease"];
                if let Some(issue) = lease["issue"]["number"].as_i64() {
                    idle = 0;
                    let token = lease["fencingToken"].as_str().unwrap().to_owned();
                    let before = served.lock().await.insert(issue, token.clone());
                    assert!(before.is_none(), "{issue} was served twice: {before:?}, {token}");
                    counted.fetch_add(1, Ordering::Relaxed);
                } else if claimed.is_object() {
                    idle += 1;
                }
            }
        });
    }
    for round in 0..SERVERS {
        let enough = (round + 1) * 40;
        eventually(async || AtomicUsize::load(&counted, Ordering::Relaxed) >= enough).await;
        let mut server = servers[round].write().await;
        let fresh = scene.start().await;
        std::mem::replace(&mut *server, fresh).kill().await;
    }
    claimers.join_all().await;
    let served = served.lock().await;
    assert!(served.len() >= ISSUES - LOST, "only {} were served", served.len());
    scene.check_holdings().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sleeper_that_wakes_after_its_lease_writes_nothing() {
    let (scene, servers) = Scene::new(1).await;
    let [sleeper, other, _third] = &servers[..] else { panic!("three servers") };
    let claimed = sleeper.graphql_as("alpha", CLAIM, json!({ "agent": "alpha" })).await.unwrap();
    let lease = claimed["data"]["claimNext"]["lease"].clone();
    assert!(lease.is_object(), "{claimed}");

    // The sleeper's write has passed its first check and waits for GitHub when it falls asleep.
    let gate = Gate::new();
    scene.github.inject(Fault::HoldAnswer(gate.clone()).on("LiveLabels"));
    let write = "mutation($id: ID!, $token: String!) { moveIssue(input: {
        issueId: $id, to: IN_REVIEW, fencingToken: $token }) { cursor } }";
    let input = json!({ "id": lease["issue"]["id"], "token": lease["fencingToken"] });
    let late = sleeper.graphql_as("alpha", write, input);
    let meanwhile = async {
        gate.arrived().await;
        sleeper.freeze();
        scene.database.run("UPDATE leases SET expires_at = now() - interval '1 second'").await;
        let left = "SELECT count(*) FROM leases WHERE ending = 'expired'";
        eventually(async || scene.database.number(left).await == 1).await;
        let next = other.graphql_as("beta", CLAIM, json!({ "agent": "beta" })).await.unwrap();
        assert!(next["data"]["claimNext"]["lease"].is_object(), "{next}");
        gate.open();
        sleeper.wake();
    };
    let (late, ()) = tokio::time::timeout(PATIENCE, async { tokio::join!(late, meanwhile) })
        .await
        .expect("in time");
    let refusal = &late.expect("an answer")["errors"][0];
    assert_eq!(refusal["extensions"]["code"], "LEASE_LOST", "{refusal}");
    assert_eq!(refusal["extensions"]["holder"], "beta");
    assert_eq!(scene.github.labels(REPOSITORY, 1), ["status/in-progress", "agent/beta"]);
    scene.check_holdings().await;
}
