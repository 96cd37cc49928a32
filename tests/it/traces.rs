//! Traces: what a collector receives, what GitHub is sent, and what the audit log has of them.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use dispatch::clock::Clock;
use dispatch::scheduler;
use dispatch::service::Error;
use dispatch::simulator::NewIssue;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::{Value, json};

use crate::support::collector::{Collector, ReceivedSpan};
use crate::support::github::GitHub;
use crate::support::process::Process;
use crate::support::stream::Socket;
use crate::support::{
    AGENT_TOKEN, Answer, Database, Given, REPOSITORY, eventually, given, given_settings,
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";
const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

const TITLE: &str = "The payroll leaks";
const CARD: (&str, &[&str]) = (TITLE, &["status/ready"]);
const MOVE: &str =
    "mutation Leaky($id: ID!) { moveIssue(input: {issueId: $id, to: IN_REVIEW}) { cursor } }";

/// Runs a test of an application that sends traces.
async fn given_collector(
    settings: &[(&str, &str)],
    test: impl AsyncFnOnce(&mut Given, &Collector),
) {
    let collector = Collector::start().await;
    let endpoint = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str())];
    let settings = [&endpoint, settings].concat();
    given_settings(&settings, async |given| {
        given.with_issues(&[CARD, ("Other", &["status/in-review"])]).await;
        given.github.forget_requests();
        test(given, &collector).await;
    })
    .await;
}

/// Sends a request as an agent, with a trace context.
async fn ask(given: &Given, path: &str, body: &Value, traceparent: &str) -> Answer {
    let request = Request::post(path)
        .header("host", "localhost:3000")
        .header("authorization", format!("Bearer {AGENT_TOKEN}"))
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2025-11-25")
        .header("x-agent-name", "alpha")
        .header("traceparent", traceparent)
        .body(Body::from(body.to_string()));
    given.send(request.unwrap()).await
}

/// Moves the first issue and returns the trace id in its audit entry.
async fn move_card(given: &Given, traceparent: &str) -> Value {
    let id = given.issue(1).await.id.to_string();
    let body = json!({ "query": MOVE, "variables": { "id": id } });
    let answer = ask(given, "/graphql", &body, traceparent).await.json();
    assert!(answer.get("errors").is_none(), "{answer}");
    newest_trace(given).await
}

/// The trace id in the newest audit entry.
async fn newest_trace(given: &Given) -> Value {
    let data = given.graphql("{ auditLog(first: 1) { nodes { traceId } } }", json!({})).await;
    data["auditLog"]["nodes"][0]["traceId"].clone()
}

/// The span of the request of GitHub by which labels were changed, and of the mutation that sent it.
fn change_of_labels(collector: &Collector) -> (ReceivedSpan, ReceivedSpan) {
    (collector.span("GitHub ChangeLabels"), collector.span("GraphQL moveIssue"))
}

#[tokio::test]
async fn a_request_continues_the_callers_trace_and_github_continues_it() {
    given_collector(&[("OTEL_SERVICE_NAME", "board")], async |given, collector| {
        assert_eq!(move_card(given, TRACEPARENT).await, TRACE);
        given.app.traces.close().await;

        let spans = collector.spans();
        let of_trace: Vec<_> = spans.iter().filter(|span| span.trace == TRACE).collect();
        let request = of_trace.iter().find(|span| span.parent == CALLER).expect("a child");
        assert_eq!((request.name.as_str(), request.kind), ("POST /graphql", SpanKind::Server));
        assert_eq!(request.attribute("http.request.method"), "POST");
        assert_eq!(request.attribute("http.route"), "/graphql");
        assert_eq!(request.attribute("http.response.status_code"), "200");
        let (change, mutation) = change_of_labels(collector);
        assert_eq!((&mutation.trace, &mutation.parent), (&request.trace, &request.id));
        assert_eq!(mutation.attribute("graphql.operation.type"), "mutation");
        assert_eq!(mutation.attribute("graphql.operation.name"), "Leaky");
        assert_eq!((&change.trace, &change.parent), (&mutation.trace, &mutation.id));
        assert_eq!(change.kind, SpanKind::Client);
        assert_eq!(change.attribute("server.address"), "127.0.0.1");
        assert_eq!(change.attribute("http.response.status_code"), "200");
        assert!(of_trace.iter().all(|span| !span.has_failed));

        let sent = given.github.requests();
        let sent = sent.iter().find(|request| request.operation == "ChangeLabels").unwrap();
        let expected = format!("00-{TRACE}-{}-01", change.id);
        assert_eq!(sent.traceparent.as_deref(), Some(expected.as_str()));
        assert!(given.github.requests().iter().all(|request| request.traceparent.is_some()));

        assert_eq!(collector.resource("service.name"), "board");
        let issue = given.issue(1).await;
        let private = [TITLE, AGENT_TOKEN, "token-for-github", REPOSITORY, &issue.id.to_string()];
        for text in private.into_iter().chain([issue.node_id.as_str(), "status/"]) {
            assert!(!collector.has(text), "{text}");
        }
    })
    .await;
}

#[tokio::test]
async fn without_a_caller_a_request_begins_a_trace_and_failures_show() {
    given_collector(&[], async |given, collector| {
        let trace =
            move_card(given, "00-00000000000000000000000000000000-00f067aa0ba902b7-01").await;
        let wrong = json!({ "query": "{ issue(id: \"none\") { id } }" });
        ask(given, "/graphql", &wrong, "").await;
        given.ask("GET", "/readyz", None).await;
        given.ask("GET", "/api/issues/secret-words/and/more", None).await;
        given.app.traces.close().await;
        let (change, mutation) = change_of_labels(collector);
        assert_eq!(trace, mutation.trace);
        assert_eq!(change.trace, mutation.trace);
        let request =
            collector.spans().into_iter().find(|span| span.id == mutation.parent).unwrap();
        assert_eq!(request.parent, "");
        assert!(collector.span("GraphQL issue").has_failed);
        assert_eq!(collector.resource("service.name"), "dispatch");
        assert!(collector.spans().iter().all(|span| !span.name.contains("readyz")));
        assert!(
            !collector.has("secret-words"),
            "a path that no route matches is the caller's text"
        );
    })
    .await;
}

#[tokio::test]
async fn a_sampler_decides_what_is_sent_and_every_request_has_an_id() {
    given_collector(&[("OTEL_TRACES_SAMPLER", "always_off")], async |given, collector| {
        assert_eq!(move_card(given, TRACEPARENT).await, TRACE);
        given.app.traces.close().await;
        assert!(collector.spans().is_empty());
        for sent in given.github.requests() {
            let parent = sent.traceparent.expect("a header");
            assert!(parent.ends_with("-00"), "{parent}");
        }
    })
    .await;
}

#[tokio::test]
async fn without_a_collector_the_callers_trace_is_only_recorded() {
    given(async |given| {
        given.with_issues(&[CARD, ("Other", &["status/in-review"])]).await;
        given.github.forget_requests();
        assert_eq!(move_card(given, TRACEPARENT).await, TRACE);
        assert!(given.github.total() > 0);
        assert!(given.github.requests().iter().all(|request| request.traceparent.is_none()));
        assert_eq!(comment(given, "a", Some(TRACEPARENT)).await, TRACE);
        assert_eq!(comment(given, "b", None).await, Value::Null);
        let issue = json!({ "repoFullName": REPOSITORY, "issueNumber": 1, "issueId": "iss_000001", "body": "c" });
        let answer = ask(given, "/api/issues/comment", &issue, TRACEPARENT).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(newest_trace(given).await, TRACE, "over REST");
    })
    .await;
}

#[tokio::test]
async fn a_malformed_trace_context_is_ignored() {
    given(async |given| {
        given.with_issues(&[CARD]).await;
        for traceparent in [
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "hello",
        ] {
            let trace = comment(given, traceparent, Some(traceparent)).await;
            assert_eq!(trace, Value::Null, "{traceparent}");
        }
        assert_eq!(comment(given, "well-formed", Some(TRACEPARENT)).await, TRACE);
    })
    .await;
}

/// Comments on the first issue and returns the trace id in the audit entry.
async fn comment(given: &Given, text: &str, traceparent: Option<&str>) -> Value {
    let query = "mutation($id: ID!, $text: String!) { \
        addComment(input: {issueId: $id, body: $text}) { auditEntry { traceId } } }";
    let id = given.issue(1).await.id.to_string();
    let body = json!({ "query": query, "variables": { "id": id, "text": text } });
    let answer = match traceparent {
        Some(traceparent) => ask(given, "/graphql", &body, traceparent).await,
        None => given.ask("POST", "/graphql", Some(body)).await,
    };
    let answer = answer.json();
    assert!(answer.get("errors").is_none(), "{answer}");
    answer["data"]["addComment"]["auditEntry"]["traceId"].clone()
}

#[tokio::test]
async fn a_tool_and_an_operation_on_a_socket_belong_to_the_callers_trace() {
    given_collector(&[], async |given, collector| {
        let params = json!({ "name": "claim_next", "arguments": {} });
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let answer = ask(given, "/mcp", &call, TRACEPARENT).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(newest_trace(given).await, TRACE);

        let address = given.serve().await;
        let other = TRACEPARENT.replace("4bf92f", "abcdef");
        let mut socket = Socket::with_header(&address, ("traceparent", &other)).await;
        let id = given.issue(2).await.id.to_string();
        let query =
            "mutation($id: ID!) { moveIssue(input: {issueId: $id, to: BACKLOG}) { cursor } }";
        socket.subscribe("1", query, json!({ "id": id })).await;
        assert_eq!(socket.hear().await["type"], "next");
        assert_eq!(newest_trace(given).await, TRACE.replace("4bf92f", "abcdef"));
        socket.subscribe("2", "subscription { boardEvents { __typename } }", json!({})).await;
        given.app.traces.close().await;

        let tool = collector.span("tools/call claim_next");
        assert_eq!(tool.trace, TRACE);
        let request = collector.span("POST /mcp");
        assert_eq!((&tool.parent, &request.parent), (&request.id, &CALLER.to_owned()));
        let mutation = collector.span("GraphQL moveIssue");
        assert_eq!(mutation.parent, CALLER);
        assert_eq!(mutation.trace, TRACE.replace("4bf92f", "abcdef"));
        let subscription = collector.span("GraphQL boardEvents");
        assert_eq!(subscription.attribute("graphql.operation.type"), "subscription");
        assert_eq!((subscription.parent, subscription.trace), (mutation.parent, mutation.trace));
    })
    .await;
}

#[tokio::test]
async fn changes_that_share_a_request_are_linked_to_it() {
    let collector = Collector::start().await;
    let settings = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str())];
    given_settings(&settings, async |given| {
        given.with_issues(&[CARD, CARD, CARD, ("Other", &["status/in-review"])]).await;
        let mut ids = Vec::new();
        for number in 1..=3 {
            ids.push(given.issue(number).await.id.to_string());
        }
        let query = "mutation($ids: [ID!]!) { moveIssues(input: {issueIds: $ids, to: IN_REVIEW}) { __typename } }";
        let body = json!({ "query": query, "variables": { "ids": ids } });
        let answer = ask(given, "/graphql", &body, TRACEPARENT).await.json();
        assert!(answer.get("errors").is_none(), "{answer}");
        given.app.traces.close().await;
        let spans = collector.spans();
        let change = collector.span("GitHub ChangeLabels");
        let group = spans.iter().find(|span| span.id == change.parent).expect("a group");
        assert_eq!(group.attribute("dispatch.group.size"), "3");
        let waits = spans.iter().filter(|span| span.name == "GitHub ChangeLabels with others");
        let waits: Vec<_> = waits.map(|span| span.id.clone()).collect();
        assert_eq!(waits.len(), 3);
        assert!(waits.contains(&group.parent));
        assert!(group.links.iter().all(|link| waits.contains(link)) && group.links.len() == 2);
        assert_eq!(group.trace, TRACE);
    })
    .await;
}

#[tokio::test]
async fn a_background_task_is_a_trace_of_its_own() {
    given_collector(&[], async |given, collector| {
        let app = &given.app;
        scheduler::run_once(app, "sync", async { Ok(()) }).await;
        let failure = Error::Unavailable { reason: "GitHub is away".to_owned() };
        scheduler::run_once(app, "prune", async { Err::<(), _>(failure) }).await;
        app.traces.close().await;
        let (sync, prune) = (collector.span("sync"), collector.span("prune"));
        assert_eq!((sync.parent.as_str(), prune.parent.as_str()), ("", ""));
        assert_ne!(sync.trace, prune.trace);
        assert_eq!((sync.has_failed, prune.has_failed), (false, true));
        assert_eq!(prune.attribute("error.type"), "failed");
    })
    .await;
}

#[tokio::test]
async fn the_last_spans_are_sent_at_the_end_and_keys_are_not_logged() {
    let (database, collector) = (Database::new().await, Collector::start().await);
    let github = GitHub::with_clock(Clock::system()).await;
    let settings = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=hunter2%20key"),
        ("OTEL_BSP_SCHEDULE_DELAY", "600000"),
        ("RUST_LOG", "trace"),
    ];
    let process = Process::serve_with(database.url(), github.address.as_str(), &settings).await;
    process.json("POST", "/graphql", Some(json!({ "query": "{ issues { totalCount } }" }))).await;
    assert!(collector.spans().is_empty());
    let logged = process.stop().await;
    assert_eq!(collector.span("GraphQL issues").kind, SpanKind::Internal);
    assert_eq!(collector.headers()[0]["x-api-key"], "hunter2 key");
    assert!(!logged.contains("hunter2"), "{logged}");
    let request = collector.span("POST /graphql");
    assert!(logged.contains(&format!("trace_id=\"{}\"", request.trace)), "{logged}");
}

#[tokio::test]
async fn a_collector_that_is_away_costs_a_warning_and_no_request() {
    let database = Database::new().await;
    let github = GitHub::with_clock(Clock::system()).await;
    github.simulator.add_repository(REPOSITORY);
    github.simulator.open_issue(REPOSITORY, NewIssue::titled(TITLE, &[])).unwrap();
    let settings = [
        // Nothing listens there.
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"),
        ("OTEL_BSP_SCHEDULE_DELAY", "10"),
        ("GITHUB_REPOSITORIES", REPOSITORY),
        ("RUST_LOG", "dispatch=debug"),
    ];
    let process = Process::serve_with(database.url(), github.address.as_str(), &settings).await;
    let query = json!({ "query": "{ issues { nodes { id } } }" });
    let mut id = Value::Null;
    eventually(async || {
        let answer = process.json("POST", "/graphql", Some(query.clone())).await;
        id = answer["data"]["issues"]["nodes"][0]["id"].clone();
        !id.is_null()
    })
    .await;
    let mut socket = Socket::with_header(process.host(), ("traceparent", TRACEPARENT)).await;
    socket.subscribe("1", MOVE, json!({ "id": id })).await;
    assert_eq!(socket.hear().await["payload"]["errors"], Value::Null);
    let began = Instant::now();
    let logged = process.stop().await;
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    let warnings = logged.matches("traces do not reach the collector").count();
    assert_eq!(warnings, 1, "{logged}");
    let answered = logged.lines().find(|line| line.contains("operation=\"ChangeLabels\""));
    assert!(answered.is_some_and(|line| line.contains(TRACE)), "{logged}");
}
