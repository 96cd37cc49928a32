//! Compatibility with the requests of other GraphQL clients.

use axum::body::Body;
use axum::http::Request;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::support::{AGENT_TOKEN, Answer, Given, PATIENCE, REPOSITORY, given};

async fn post(given: &Given, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = Request::post(path)
        .header("host", "localhost:3000")
        .header("authorization", format!("Bearer {AGENT_TOKEN}"))
        .header("x-agent-name", "alpha");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    given.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

fn tool_call(tool: &str, arguments: Value) -> String {
    let params = json!({ "name": tool, "arguments": arguments });
    json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }).to_string()
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn mcp_answers_clients_that_accept_json() {
    given(async |given| {
        let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
        for accept in [
            None,
            Some("*/*"),
            Some("application/json"),
            Some("application/*"),
            Some("Application/JSON"),
            Some("APPLICATION/JSON;q=0.9, text/html"),
            Some("application/json, text/event-stream"),
            Some("Text/Event-Stream, Application/Json"),
        ] {
            let accept: Vec<_> = accept.iter().map(|accept| ("accept", *accept)).collect();
            let answer = post(given, "/mcp", &[vec![JSON], accept.clone()].concat(), list).await;
            assert_eq!(answer.status, 200, "{accept:?}: {}", answer.text());
            assert!(answer.json()["result"]["tools"].is_array());
        }
        for accept in ["text/html", "application/json;q=0", "*/*; Q=0.0"] {
            let answer = post(given, "/mcp", &[JSON, ("accept", accept)], list).await;
            assert_eq!(answer.status, 406, "{accept}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_whole_number_is_an_integer_however_it_is_written() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        for seconds in ["1800.0", "18e2", "1800"] {
            let arguments = json!({ "leaseSeconds": "SECONDS", "repoFullName": REPOSITORY,
                "issueNumber": 1.0, "agentName": "alpha" });
            let call = tool_call("claim_issue", arguments).replace("\"SECONDS\"", seconds);
            let result = post(given, "/mcp", &[JSON], &call).await.json()["result"].clone();
            assert_ne!(result["isError"], true, "{seconds}: {result}");
            let query = "query($n: Int) { issues(first: $n) { totalCount } }";
            let body = json!({ "query": query, "variables": { "n": "N" } }).to_string();
            let body = body.replace("\"N\"", &seconds.replace("18", "1").replace("00", "0"));
            let answer = post(given, "/graphql", &[JSON], &body).await.json();
            assert_eq!(answer["data"]["issues"]["totalCount"], 1, "{body}: {answer}");
        }
        let report = r#"{"taskType": "implement", "outcome": "blocked", "issueNumber": 1.0,
            "prFixItem": {"id": "a", "generation": 2.0}}"#;
        let answer = post(given, "/api/agents/alpha/tasks/report", &[JSON], report).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["report"]["issueNumber"], 1);
        let half = tool_call("get_queue", json!({ "first": 1.5 }));
        let refused = post(given, "/mcp", &[JSON], &half).await.json()["result"].clone();
        assert_eq!(refused["structuredContent"]["field"], "first", "{refused}");
    })
    .await;
}

/// Apollo Client sends the hash alone, and the whole document after `PersistedQueryNotFound`; so do
/// Apollo's clients for Kotlin and Swift, and urql.
#[tokio::test]
async fn a_query_sent_only_as_a_hash_is_requested() {
    given(async |given| {
        let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": "ab" } });
        let probe = json!({ "extensions": extensions, "variables": {} }).to_string();
        let media = ("accept", "application/graphql-response+json, application/json;q=0.9");
        for headers in [vec![JSON], vec![JSON, media]] {
            let answer = post(given, "/graphql", &headers, &probe).await;
            assert_eq!(answer.status, 200);
            let error = answer.json()["errors"][0].clone();
            assert_eq!(error["message"], "PersistedQueryNotFound");
            assert_eq!(error["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND");
        }
        let text: String =
            url::form_urlencoded::byte_serialize(extensions.to_string().as_bytes()).collect();
        let answer = given.ask("GET", &format!("/graphql?extensions={text}"), None).await;
        assert_eq!(answer.json()["errors"][0]["message"], "PersistedQueryNotFound");
        let whole = json!({ "extensions": extensions, "query": "{ __typename }" }).to_string();
        let answer = post(given, "/graphql", &[JSON], &whole).await.json();
        assert_eq!(answer, json!({ "data": { "__typename": "Query" } }));
    })
    .await;
}

#[tokio::test]
async fn the_media_type_of_graphql_is_asked_for_in_any_case() {
    given(async |given| {
        let body = r#"{"query": "{ __typename }"}"#;
        for (accept, answered) in [
            ("Application/JSON", "application/json; charset=utf-8"),
            (
                "application/GraphQL-Response+JSON",
                "application/graphql-response+json; charset=utf-8",
            ),
        ] {
            let answer = post(given, "/graphql", &[JSON, ("accept", accept)], body).await;
            assert_eq!(answer.status, 200, "{accept}");
            assert_eq!(answer.headers["content-type"], answered);
        }
    })
    .await;
}

#[tokio::test]
async fn a_byte_order_mark_before_json_is_no_part_of_it() {
    given(async |given| {
        let list = "\u{feff}{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}";
        for (path, body) in [
            ("/graphql", "\u{feff}{\"query\": \"{ __typename }\"}"),
            ("/mcp", list),
            ("/api/repos", "\u{feff}{\"fullName\": \"acme/tools\"}"),
        ] {
            let answer = post(given, path, &[JSON], body).await;
            assert!(answer.status.is_success(), "{path}: {}", answer.text());
        }
    })
    .await;
}

#[tokio::test]
async fn an_address_may_end_in_a_slash() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let description = given.ask_as_agent("GET", "/api/openapi.json/", None).await.json();
        let described = description["paths"].as_object().unwrap().iter();
        let described = described.filter(|(_, methods)| methods["get"].is_object());
        let mut paths: Vec<String> = described.map(|(path, _)| path.clone()).collect();
        paths.push("/graphql?query={__typename}".to_owned());
        for path in paths {
            let path = path.replace("{agentName}", "alpha").replace("{id}", "iss_000001");
            let slashed = match path.split_once('?') {
                Some((path, query)) => format!("{path}/?{query}"),
                None => format!("{path}/"),
            };
            let plain = given.ask_as_agent("GET", &path, None).await;
            let answer = given.ask_as_agent("GET", &slashed, None).await;
            assert_eq!(answer.status, plain.status, "{slashed}: {}", answer.text());
        }
        // A page refers to its files relative to its own address, so requests with a slash are
        // redirected.
        for (slashed, target) in [
            ("/board/", "../board"),
            ("/board//?view=view_000001", "../../board?view=view_000001"),
            ("/graphiql/", "../graphiql"),
            ("//", "../"),
        ] {
            let answer = given.ask("GET", slashed, None).await;
            assert_eq!(answer.status, 308, "{slashed}");
            assert_eq!(answer.headers["location"], target);
        }
        let answer = post(given, "/api/repos/", &[JSON], r#"{"fullName": "acme/other"}"#).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let answer = post(given, "/graphql/", &[JSON], r#"{"query": "{ __typename }"}"#).await;
        assert_eq!(answer.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a_close_frame_is_answered_with_one() {
    given(async |given| {
        let address = given.serve().await;
        let mut request = format!("ws://{address}/graphql").into_client_request().unwrap();
        let protocol = "graphql-transport-ws".parse().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        for is_introduced in [false, true] {
            let (mut socket, _) = tokio_tungstenite::connect_async(request.clone()).await.unwrap();
            if is_introduced {
                socket.send(Message::text(r#"{"type":"connection_init"}"#)).await.unwrap();
                socket.next().await.unwrap().unwrap();
            }
            socket.send(Message::Close(None)).await.unwrap();
            let answer = tokio::time::timeout(PATIENCE, socket.next()).await.unwrap();
            assert!(matches!(answer, Some(Ok(Message::Close(_)))), "{answer:?}");
        }
    })
    .await;
}
