//! Claims cannot collide: three servers on one database, many claimers, crashes and suspended
//! processes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use diesel_async::RunQueryDsl;
use dispatch::clock::Clock;
use dispatch::simulator::{self, Fault, Gate, NewIssue, Simulator};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::support::process::Process;
use crate::support::{Database, PATIENCE, REPOSITORY, eventually};

const CLAIM: &str = "mutation($agent: String!, $id: String) {
    claimNext(input: {agent: $agent, requestId: $id}) {
        idleReason lease { id fencingToken issue { id number } }
    }
}";

const RELEASE: &str = "mutation($id: ID!, $token: String!) {
    releaseLease(input: {leaseId: $id, fencingToken: $token}) { issue { number } }
}";

const SERVERS: usize = 3;

/// The timeout of a whole test on a busy machine.
const ENDURANCE: Duration = Duration::from_secs(1800);

/// Held by the running test: in parallel they would exceed GitHub's part of a claim, which has five
/// seconds.
static ALONE: Mutex<()> = Mutex::const_new(());

/// Waits for a condition, up to [`ENDURANCE`].
async fn at_last(mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(ENDURANCE, waiting).await.expect("it never came to hold");
}

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
        // Thousands of claims cost more than an hour of GitHub's rate limit.
        github.set_rate_limit(i64::MAX / 2, Clock::system().now() + chrono::TimeDelta::days(1));
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
        let cached = "SELECT count(*) FROM issues WHERE status = 'ready'";
        at_last(async || {
            // The sync of a server that has just started may be running; then this one is rejected.
            let sync = "mutation { syncIssues { syncedCount } }";
            servers[0].graphql(sync, json!({})).await.unwrap();
            scene.database.number(cached).await == i64::try_from(issues).unwrap()
        })
        .await;
        (scene, servers)
    }

    async fn start(&self) -> Process {
        Process::serve(self.database.url(), &self.address).await
    }

    /// Every lease that ever existed, by issue and in order of time: tokens grow. Returns their
    /// number, and those that began before the previous one ended.
    async fn holdings(&self) -> (usize, Vec<String>) {
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
        // A reservation that was rejected because of GitHub's labels never became a lease.
        let rows: Vec<Row> = diesel::sql_query(
            "SELECT issue_id, fencing_token, acquired_at AS begun, \
                 coalesce(ended_at, expires_at) AS over \
             FROM (SELECT * FROM leases UNION ALL SELECT * FROM past_leases) AS holdings \
             WHERE ending IS DISTINCT FROM 'refused' ORDER BY issue_id, acquired_at",
        )
        .load(&mut self.database.connect().await)
        .await
        .unwrap();
        let mut overlapping = Vec::new();
        for pair in rows.windows(2).filter(|pair| pair[0].issue_id == pair[1].issue_id) {
            let (first, next) = (&pair[0], &pair[1]);
            let tokens = (first.fencing_token, next.fencing_token);
            assert!(tokens.0 < tokens.1, "issue {}: {tokens:?}", first.issue_id);
            if next.begun < first.over {
                overlapping.push(format!("{}: {tokens:?}", first.issue_id));
            }
        }
        (rows.len(), overlapping)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_claimers_get_each_issue_once() {
    const CLAIMERS: usize = 200;
    const ISSUES: usize = 2_000;

    let _alone = ALONE.lock().await;
    let (scene, servers) = Scene::new(ISSUES).await;
    let servers = Arc::new(servers);
    let refused = Arc::new(AtomicUsize::new(0));
    let mut claimers = JoinSet::new();
    for number in 0..CLAIMERS {
        let (servers, refused) = (Arc::clone(&servers), Arc::clone(&refused));
        claimers.spawn(async move {
            let agent = format!("agent-{}", number % 20);
            let mut got = Vec::new();
            loop {
                let server = &servers[number % SERVERS];
                let answer = server.graphql_as(&agent, CLAIM, json!({ "agent": agent })).await;
                let answer = answer.expect("the server is there");
                let claimed = &answer["data"]["claimNext"];
                if !claimed.is_object() {
                    // On a machine so busy that GitHub responded too late, no issue was served.
                    assert_eq!(answer["errors"][0]["extensions"]["code"], "UPSTREAM_FAILED");
                    refused.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
                if claimed["lease"].is_null() {
                    return got;
                }
                got.push(claimed["lease"]["issue"]["number"].as_i64().unwrap());
            }
        });
    }
    let mut served: Vec<i64> = claimers.join_all().await.into_iter().flatten().collect();
    at_last(async || {
        // Issues of such rejected claims are free again once GitHub's state is known.
        if served.len() < ISSUES {
            let answer = servers[0].graphql_as("last", CLAIM, json!({ "agent": "last" })).await;
            let lease = answer.unwrap()["data"]["claimNext"]["lease"].clone();
            served.extend(lease["issue"]["number"].as_i64());
        }
        served.len() >= ISSUES
    })
    .await;
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
    // A rejected claim may have held the issue for a moment.
    let (holdings, overlapping) = scene.holdings().await;
    let most = ISSUES + AtomicUsize::load(&refused, Ordering::Relaxed);
    assert!((ISSUES..=most).contains(&holdings), "{holdings} holdings, at most {most}");
    assert!(overlapping.is_empty(), "{overlapping:?}");
}

#[derive(diesel::QueryableByName)]
struct FencingToken {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    number: i64,
}

/// The holders of issues, as far as the claimers know.
#[derive(Default)]
struct Holders {
    /// The token of the current holder of an issue.
    now: BTreeMap<i64, i64>,
    /// The last token that was issued for an issue.
    last: BTreeMap<i64, i64>,
    /// The number of leases that were served.
    served: usize,
}

impl Holders {
    /// Records that a claimer received a lease.
    fn take(&mut self, issue: i64, token: i64) {
        let other = self.now.insert(issue, token);
        assert!(other.is_none(), "{issue} is held with {other:?} and {token} at once");
        let before = self.last.insert(issue, token);
        assert!(before.is_none_or(|before| before < token), "{issue}: {before:?}, {token}");
        self.served += 1;
    }
}

/// A server that may be killed while others send it requests.
type SharedProcess = std::sync::Mutex<Arc<Process>>;

fn up(server: &SharedProcess) -> Arc<Process> {
    Arc::clone(&server.lock().unwrap())
}

/// Claims until nothing is left, and releases some of it; `number` identifies the claimer.
async fn claim_and_give_back(number: usize, servers: &[SharedProcess], holders: &Mutex<Holders>) {
    let agent = format!("agent-{}", number % 20);
    let (mut request, mut idle, mut got) = (0, 0, 0);
    while idle < 3 {
        let id = format!("{number}-{request}");
        let server = up(&servers[(number + request) % SERVERS]);
        let input = json!({ "agent": agent, "id": id });
        // After a lost response, the claim is repeated with the same name; after a refusal, with
        // another.
        let Some(answer) = server.graphql_as(&agent, CLAIM, input).await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        request += 1;
        let claimed = &answer["data"]["claimNext"];
        let lease = &claimed["lease"];
        if let Some(issue) = lease["issue"]["number"].as_i64() {
            (idle, got) = (0, got + 1);
            let token = lease["fencingToken"].as_str().unwrap().parse().unwrap();
            holders.lock().await.take(issue, token);
            if got % 3 == 1 {
                // From here on another agent may hold it, whatever the response is.
                holders.lock().await.now.remove(&issue);
                let held = json!({ "id": lease["id"], "token": lease["fencingToken"] });
                server.graphql_as(&agent, RELEASE, held).await;
            }
        } else if claimed.is_object() {
            idle += 1;
        } else {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crashes_and_a_failing_github_serve_nothing_twice_and_lose_nothing() {
    const CLAIMERS: usize = 200;
    const ISSUES: usize = 400;

    let _alone = ALONE.lock().await;
    let (scene, servers) = Scene::new(ISSUES).await;
    let rules = [
        Fault::refuse(502, "no").on("ChangeLabels").times(6).after(20),
        Fault::DropAfter.on("ChangeLabels").times(6).after(60),
        Fault::refuse(500, "no").on("LiveLabels").times(6).after(40),
        Fault::Stall(Duration::from_millis(800)).on("ChangeLabels").times(6).after(90),
    ];
    rules.into_iter().for_each(|rule| scene.github.inject(rule));
    let servers: Vec<SharedProcess> =
        servers.into_iter().map(|server| SharedProcess::new(Arc::new(server))).collect();
    let (servers, holders) = (Arc::new(servers), Arc::<Mutex<Holders>>::default());
    let mut claimers = JoinSet::new();
    for number in 0..CLAIMERS {
        let (servers, holders) = (Arc::clone(&servers), Arc::clone(&holders));
        claimers.spawn(async move { claim_and_give_back(number, &servers, &holders).await });
    }
    for round in 0..SERVERS {
        at_last(async || holders.lock().await.served >= (round + 1) * 80).await;
        // Killed during requests, which stay incomplete.
        let fresh = Arc::new(scene.start().await);
        let dead = std::mem::replace(&mut *servers[round].lock().unwrap(), fresh);
        dead.crash();
    }
    claimers.join_all().await;
    let (served, handed_back) = {
        let holders = holders.lock().await;
        (holders.served, holders.served > holders.last.len())
    };
    assert!(handed_back, "issues changed hands");

    // The pending changes of the killed servers are settled first, long before their reservations
    // end; then the issues are free and get claimed.
    let unsettled = "SELECT count(*) FROM audit_log WHERE settled_at IS NULL";
    at_last(async || scene.database.number(unsettled).await == 0).await;
    let over =
        "UPDATE leases SET expires_at = now() - interval '1 second' WHERE state = 'reserved'";
    scene.database.run(over).await;
    let last = up(&servers[0]);
    let held = "SELECT count(*) FROM leases WHERE state = 'held'";
    at_last(async || {
        let answer = last.graphql_as("last", CLAIM, json!({ "agent": "last" })).await.unwrap();
        let lease = &answer["data"]["claimNext"]["lease"];
        if let Some(issue) = lease["issue"]["number"].as_i64() {
            let token = lease["fencingToken"].as_str().unwrap().parse().unwrap();
            holders.lock().await.take(issue, token);
        }
        scene.database.number(held).await == i64::try_from(ISSUES).unwrap()
    })
    .await;

    // The leases that claimers believe to hold are held, with the tokens they received.
    let mut connection = scene.database.connect().await;
    for (number, token) in &holders.lock().await.now {
        let theirs = format!(
            "SELECT fencing_token AS number FROM leases JOIN issues ON issues.id = issue_id \
             WHERE number = {number} AND leases.state = 'held'"
        );
        let row: FencingToken =
            diesel::sql_query(theirs).get_result(&mut connection).await.unwrap();
        assert_eq!(row.number, *token, "issue {number}");
    }
    let (holdings, _) = scene.holdings().await;
    assert!(holdings >= served, "each that was handed out is on record");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_wakes_after_its_lease_writes_nothing() {
    let _alone = ALONE.lock().await;
    let (scene, servers) = Scene::new(1).await;
    let [sleeper, other, _third] = &servers[..] else { panic!("three servers") };
    let write = "mutation($id: ID!, $token: String!) { moveIssue(input: {
        issueId: $id, to: IN_REVIEW, fencingToken: $token }) { cursor } }";
    let mut tries = 0;
    let (lease, refusal) = loop {
        tries += 1;
        let claim = json!({ "agent": "alpha" });
        let claimed = sleeper.graphql_as("alpha", CLAIM, claim).await.unwrap();
        let lease = claimed["data"]["claimNext"]["lease"].clone();
        assert!(lease.is_object(), "{claimed}");

        // The write of the suspended process has passed its first check and waits for GitHub.
        let gate = Gate::new();
        scene.github.inject(Fault::HoldAnswer(gate.clone()).on("LiveLabels"));
        let input = json!({ "id": lease["issue"]["id"], "token": lease["fencingToken"] });
        let late = sleeper.graphql_as("alpha", write, input);
        let meanwhile = async {
            gate.arrived().await;
            sleeper.freeze();
            scene.database.run("UPDATE leases SET expires_at = now() - interval '1 second'").await;
            let left = "SELECT count(*) FROM leases WHERE ending = 'expired'";
            eventually(async || scene.database.number(left).await == 1).await;
            let next = other.graphql_as("beta", CLAIM, json!({ "agent": "beta" })).await.unwrap();
            let next = &next["data"]["claimNext"]["lease"];
            assert!(next.is_object(), "{next}");
            gate.open();
            sleeper.wake();
            json!({ "id": next["id"], "token": next["fencingToken"] })
        };
        let (late, held) = tokio::time::timeout(PATIENCE, async { tokio::join!(late, meanwhile) })
            .await
            .expect("in time");
        let refusal = late.expect("an answer")["errors"][0].clone();
        if refusal["extensions"]["code"] != "UPSTREAM_FAILED" {
            break (lease, refusal);
        }
        assert!(tries < 10, "{refusal}");
        // On a busy machine GitHub's five seconds ended before it resumed. It tries once more.
        let released = other.graphql_as("beta", RELEASE, held).await.unwrap();
        assert!(released.get("errors").is_none(), "{released}");
    };
    assert_eq!(refusal["extensions"]["code"], "LEASE_LOST", "{refusal}");
    assert_eq!(refusal["extensions"]["holder"], "beta");
    assert_eq!(scene.github.labels(REPOSITORY, 1), ["status/in-progress", "agent/beta"]);
    // Renewing and finishing fail as well.
    let held = json!({ "id": lease["id"], "token": lease["fencingToken"] });
    let renew = "mutation($id: ID!, $token: String!) {
        renewLease(input: {leaseId: $id, fencingToken: $token}) { lease { id } } }";
    let finish = "mutation($id: ID!, $token: String!) { finishWork(input: {
        leaseId: $id, fencingToken: $token, outcome: PR_OPENED }) { issue { id } } }";
    for late in [renew, finish, RELEASE] {
        let answer = sleeper.graphql_as("alpha", late, held.clone()).await.unwrap();
        let refusal = &answer["errors"][0]["extensions"];
        assert_eq!((&refusal["code"], &refusal["holder"]), (&json!("LEASE_LOST"), &json!("beta")));
    }
    assert_eq!(scene.github.labels(REPOSITORY, 1), ["status/in-progress", "agent/beta"]);
    assert_eq!(scene.holdings().await, (2 * tries, vec![]));
}
