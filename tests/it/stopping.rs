//! How the program ends after SIGTERM.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use dispatch::clock::Clock;
use dispatch::simulator::{Fault, Gate, NewIssue};
use serde_json::{Value, json};

use crate::support::github::GitHub;
use crate::support::process::{Process, http_client};
use crate::support::stream::Socket;
use crate::support::{Database, REPOSITORY, eventually, given};

/// The longest time from the signal to the end, as documented.
const LONGEST: Duration = Duration::from_secs(20);

const EVENTS: &str = "subscription { boardEvents { __typename } }";

/// What a change over GraphQL sends.
fn change(issue: &Value) -> Value {
    let query = "mutation($id: ID!) { moveIssue(input: {issueId: $id, to: READY}) { cursor } }";
    json!({ "query": query, "variables": { "id": issue } })
}

#[tokio::test]
async fn it_serves_while_it_reports_that_it_is_not_ready_and_finishes_changes() {
    let database = Database::new().await;
    let github = GitHub::with_clock(Clock::system()).await;
    github.simulator.add_repository(REPOSITORY);
    github.simulator.open_issue(REPOSITORY, NewIssue::titled("a", &[])).unwrap();
    let settings = [("GITHUB_REPOSITORIES", REPOSITORY), ("DISPATCH_SHUTDOWN_DELAY_MS", "10000")];
    let process = Process::serve_with(database.url(), github.address.as_str(), &settings).await;
    let issues = json!({ "query": "{ issues { nodes { id } } }" });
    let mut issue = Value::Null;
    eventually(async || {
        let found = process.json("POST", "/graphql", Some(issues.clone())).await;
        issue = found["data"]["issues"]["nodes"][0]["id"].clone();
        !issue.is_null()
    })
    .await;
    let mut socket = Socket::open(process.host()).await;
    socket.subscribe("1", EVENTS, json!({})).await;
    assert_eq!(process.ask("GET", "/readyz", None).await.0, StatusCode::OK);

    let gate = Gate::new();
    github.simulator.inject(Fault::Hold(gate.clone()).on_mutations());
    let signalled = Instant::now();
    process.terminate();
    // Every request here opens a connection of its own or uses one that is open: both are served.
    eventually(async || {
        let fresh = http_client().get(format!("{}/readyz", process.url()));
        fresh.send().await.unwrap().status() == StatusCode::SERVICE_UNAVAILABLE
    })
    .await;
    assert_eq!(process.ask("GET", "/livez", None).await.0, StatusCode::OK);
    let moving = process.json("POST", "/graphql", Some(change(&issue)));
    let ending = async {
        gate.arrived().await;
        gate.open();
        let (code, reason) = socket.closed_after_events().await;
        (code, reason.to_string())
    };
    let (moved, closed) = tokio::join!(moving, ending);
    assert!(moved.get("errors").is_none(), "{moved}");
    assert_eq!(closed, (1012, "Dispatch is stopping; connect again".to_owned()));
    let logged = process.ended().await;
    assert!(!logged.contains("still running"), "{logged}");
    assert!(signalled.elapsed() < LONGEST, "{:?}", signalled.elapsed());
    let open = "SELECT count(*) FROM audit_log WHERE settled_at IS NULL";
    assert_eq!(database.number(open).await, 0, "the move is settled");
}

#[tokio::test]
async fn a_change_that_is_running_outlives_the_listener() {
    let database = Database::new().await;
    let github = GitHub::with_clock(Clock::system()).await;
    github.simulator.add_repository(REPOSITORY);
    github.simulator.open_issue(REPOSITORY, NewIssue::titled("a", &[])).unwrap();
    let settings = [("GITHUB_REPOSITORIES", REPOSITORY)];
    let process = Process::serve_with(database.url(), github.address.as_str(), &settings).await;
    let issues = json!({ "query": "{ issues { nodes { id } } }" });
    let mut issue = Value::Null;
    eventually(async || {
        let found = process.json("POST", "/graphql", Some(issues.clone())).await;
        issue = found["data"]["issues"]["nodes"][0]["id"].clone();
        !issue.is_null()
    })
    .await;
    let gate = Gate::new();
    github.simulator.inject(Fault::Hold(gate.clone()).on_mutations());
    let asking = http_client();
    let address = format!("{}/graphql", process.url());
    #[expect(clippy::disallowed_methods, reason = "it is aborted below")]
    let moving = tokio::spawn(async move {
        let body = change(&issue).to_string();
        let request = asking.post(address).header("content-type", "application/json").body(body);
        drop(request.timeout(Duration::from_secs(60)).send().await);
    });
    gate.arrived().await;
    // Its client is gone, and the program is told to end at once.
    moving.abort();
    process.terminate();
    eventually(async || tokio::net::TcpStream::connect(process.host()).await.is_err()).await;
    gate.open();
    process.ended().await;
    let moved = "SELECT count(*) FROM audit_log WHERE success AND issue_number = 1";
    assert_eq!(database.number(moved).await, 1);
}

#[tokio::test]
async fn event_streams_end_with_the_time_of_a_reconnection() {
    given(async |given| {
        given.with_issues(&[("a", &[])]).await;
        let address = given.serve().await;
        let query = "subscription%7BboardEvents%7B__typename%7D%7D";
        let http = http_client();
        let stream = http
            .get(format!("http://{address}/graphql?query={query}"))
            .header("accept", "text/event-stream");
        let mut stream = stream.send().await.unwrap();
        assert_eq!(stream.chunk().await.unwrap().unwrap(), ":\n\n");
        given.app.bus.close();
        let mut rest = String::new();
        while let Some(bytes) = stream.chunk().await.unwrap() {
            rest.push_str(std::str::from_utf8(&bytes).unwrap());
        }
        let pause = rest.strip_prefix("retry: ").and_then(|rest| rest.strip_suffix("\n\n"));
        let pause: u32 = pause.expect("a time and nothing else").parse().unwrap();
        assert!((1000..4000).contains(&pause), "{rest:?}");
    })
    .await;
}
