//! Limits of SQL statements, and what cancels them.

use std::time::Duration;

use diesel_async::{RunQueryDsl as _, SimpleAsyncConnection as _};
use dispatch::graphql::{self, Server};
use dispatch::store::SessionTimeouts;
use dispatch::store::{self, Connection, pool};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::stream::Socket;
use crate::support::{AGENT_TOKEN, Given, eventually, given, given_settings};

/// Only a cancellation ends a statement.
const ANY_TIME: [(&str, &str); 2] =
    [("DISPATCH_STATEMENT_TIMEOUT_MS", "0"), ("DISPATCH_LOCK_TIMEOUT_MS", "0")];

const BOARD: &str = r#"{ board(filter: {search: "word"}) { totalCount } }"#;

/// How many statements wait for a lock.
const WAITING: &str = "SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'active' AND wait_event_type = 'Lock'";

/// Locks the issues until it is dropped.
async fn lock_issues(given: &Given) -> Connection {
    let mut connection = given.database.connect().await;
    let lock = "BEGIN; LOCK TABLE issues IN ACCESS EXCLUSIVE MODE";
    connection.batch_execute(lock).await.unwrap();
    connection
}

async fn until_waiting(given: &Given, statements: i64) {
    eventually(async || given.database.number(WAITING).await == statements).await;
}

/// Sends a request and returns its connection, from which nothing is read.
async fn send(address: &str, head: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!(
        "{head} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn a_query_is_cancelled_when_its_client_disconnects() {
    given_settings(&ANY_TIME, async |given| {
        given.with_issues(&[("A word", &[])]).await;
        let address = given.serve().await;
        let lock = lock_issues(given).await;
        let body = json!({ "query": BOARD }).to_string();
        let query: String = url::form_urlencoded::byte_serialize(BOARD.as_bytes()).collect();
        let as_get = format!("GET /graphql?query={query}");
        for (head, body) in [
            ("POST /graphql", body.as_str()),
            (as_get.as_str(), ""),
            ("GET /api/issues?search=word", ""),
        ] {
            let client = send(&address, head, body).await;
            until_waiting(given, 1).await;
            drop(client);
            until_waiting(given, 0).await;
        }
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": { "name": "list_issues", "arguments": {} } });
        let client = send(&address, "POST /mcp", &call.to_string()).await;
        until_waiting(given, 1).await;
        drop(client);
        until_waiting(given, 0).await;
        let mut socket = Socket::open(&address).await;
        socket.subscribe("1", BOARD, json!({})).await;
        until_waiting(given, 1).await;
        socket.say(json!({ "type": "complete", "id": "1" })).await;
        until_waiting(given, 0).await;
        socket.subscribe("2", BOARD, json!({})).await;
        until_waiting(given, 1).await;
        drop(socket);
        until_waiting(given, 0).await;
        drop(lock);
        // The next request gets a connection on which nothing is cancelled.
        for _ in 0..10 {
            assert_eq!(given.graphql(BOARD, json!({})).await["board"]["totalCount"], 1);
        }
    })
    .await;
}

#[tokio::test]
async fn a_query_that_takes_too_long_is_cancelled() {
    given_settings(&ANY_TIME, async |given| {
        let lock = lock_issues(given).await;
        let body = json!({ "query": BOARD }).to_string();
        let mut time = Duration::from_millis(200);
        // The client stays connected, so only the timeout ends its query.
        let _client = loop {
            let server = Server::with_query_time(given.app.clone(), time);
            let routes = graphql::routes(server).layer(axum::Extension(crate::support::person()));
            let address = given.serve_router(routes).await;
            let mut client = send(&address, "POST /graphql", &body).await;
            tokio::select! {
                () = until_waiting(given, 1) => break client,
                // It ended before its statement was seen: the next one gets more time.
                answered = client.read_u8() => assert!(answered.is_ok(), "{answered:?}"),
            }
            until_waiting(given, 0).await;
            time *= 2;
        };
        until_waiting(given, 0).await;
        drop(lock);
    })
    .await;
}

#[tokio::test]
async fn a_mutation_is_not_cancelled_when_its_client_disconnects() {
    given_settings(&ANY_TIME, async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let address = given.serve().await;
        let lock = lock_issues(given).await;
        let input = json!({ "issueId": "iss_000001", "to": "IN_REVIEW" });
        let query = "mutation($input: MoveIssueInput!) { moveIssue(input: $input) { cursor } }";
        let body = json!({ "query": query, "variables": { "input": input } }).to_string();
        let client = send(&address, "POST /graphql", &body).await;
        until_waiting(given, 1).await;
        drop(client);
        drop(lock);
        eventually(async || given.issue(1).await.status.as_str() == "in-review").await;
    })
    .await;
}

#[tokio::test]
async fn statements_have_a_time() {
    // Long enough for statements that wait for nothing, on the busiest machine.
    let settings = [
        ("DISPATCH_STATEMENT_TIMEOUT_MS", "1500"),
        ("DISPATCH_LOCK_TIMEOUT_MS", "700"),
        ("DISPATCH_IDLE_TRANSACTION_TIMEOUT_MS", "61234"),
    ];
    given_settings(&settings, async |given| {
        let shown = async |given: &Given, name: &str| {
            #[derive(diesel::QueryableByName)]
            struct Row {
                #[diesel(sql_type = diesel::sql_types::Text)]
                value: String,
            }
            let mut connection = given.app.pool.get().await.unwrap();
            let ask = diesel::sql_query(format!("SELECT current_setting('{name}') AS value"));
            ask.get_result::<Row>(&mut connection).await.unwrap().value
        };
        assert_eq!(shown(given, "statement_timeout").await, "1500ms");
        assert_eq!(shown(given, "lc_messages").await, "C", "its messages are parsed");
        assert_eq!(shown(given, "lock_timeout").await, "700ms");
        assert_eq!(shown(given, "idle_in_transaction_session_timeout").await, "61234ms");
        let lock = lock_issues(given).await;
        let answer = given.try_graphql(BOARD, json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{answer}");
        let answer = given.ask("GET", "/api/issues", None).await;
        assert_eq!(answer.json()["code"], "UNAVAILABLE", "{}", answer.text());
        drop(lock);
        // Slow by itself, without a lock.
        let mut connection = given.app.pool.get().await.unwrap();
        let slept = connection.batch_execute("SELECT pg_sleep(60)").await.unwrap_err();
        let error = dispatch::service::Error::from(slept);
        assert!(matches!(error, dispatch::service::Error::Unavailable { .. }), "{error}");
        // A statement over whole repositories has no timeout.
        let mut connection = given.app.pool.get().await.unwrap();
        connection.batch_execute("BEGIN").await.unwrap();
        pool::take_time(&mut connection).await.unwrap();
        connection.batch_execute("SELECT pg_sleep(1.8)").await.unwrap();
        connection.batch_execute("COMMIT").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_search_adds_to_the_cost_of_a_query() {
    given(async |given| {
        let many = |count: usize| {
            let one = |n| format!(r#"q{n}: issues(filter: {{search: "a"}}) {{ totalCount }} "#);
            format!("{{ {} }}", (0..count).map(one).collect::<String>())
        };
        given.graphql(&many(4), json!({})).await;
        let answer: Value = given.try_graphql(&many(6), json!({})).await;
        assert_eq!(answer["errors"][0]["message"], "Query is too complex.", "{answer}");
        given.graphql(&many(6).replace(r#"search: "a""#, ""), json!({})).await;
    })
    .await;
}

#[tokio::test]
async fn without_the_database_every_transport_is_unavailable() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let cursor = given.graphql("{ board { asOf } }", json!({})).await["board"]["asOf"].clone();
        let follow = format!("subscription {{ boardEvents(after: {cursor}) {{ __typename }} }}");
        let away = "postgres://nobody@127.0.0.1:1/nothing";
        let away = store::connect(away, 1, SessionTimeouts::default()).unwrap();
        let pool = std::mem::replace(&mut given.app.pool, away);
        for query in [
            BOARD,
            "{ repositories { id } }",
            "{ node(id: \"iss_000001\") { id } }",
            "mutation { moveIssue(input: {issueId: \"iss_000001\", to: DONE}) { cursor } }",
            "mutation { claimNext(input: {agent: \"alpha\"}) { idleReason } }",
            follow.as_str(),
        ] {
            let body = json!({ "query": query }).to_string();
            let media = if query.starts_with("sub") { "text/event-stream" } else { "*/*" };
            let request = axum::http::Request::post("/graphql")
                .header("host", "localhost:3000")
                .header("content-type", "application/json")
                .header("accept", media)
                .header("authorization", format!("Bearer {AGENT_TOKEN}"))
                .body(axum::body::Body::from(body));
            let answer = given.send(request.unwrap()).await.text();
            assert!(answer.contains(r#""code":"UNAVAILABLE""#), "{query}: {answer}");
        }
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": { "name": "list_issues", "arguments": {} } });
        let answer = given.ask_as_agent("POST", "/mcp", Some(call)).await.json();
        assert_eq!(answer["result"]["structuredContent"]["code"], "UNAVAILABLE", "{answer}");
        let answer = given.ask("GET", "/api/issues", None).await;
        // Clients of this route expect failures as 500; the code is the same everywhere.
        assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (500, &json!("UNAVAILABLE")));
        given.app.pool = pool;
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_is_lost_in_the_middle_is_no_fault_of_ours() {
    given_settings(&ANY_TIME, async |given| {
        let lock = lock_issues(given).await;
        let lost = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let end = async {
            until_waiting(given, 1).await;
            given.database.run(lost).await;
        };
        let (answer, ()) = tokio::join!(given.try_graphql(BOARD, json!({})), end);
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{answer}");
        drop(lock);
        given.graphql(BOARD, json!({})).await;
    })
    .await;
}
