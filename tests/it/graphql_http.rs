//! GraphQL over HTTP: methods, headers, media types and responses.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use diesel_async::SimpleAsyncConnection as _;
use dispatch::domain::{AuditEntryId, IssueId};
use dispatch::graphql::{self, Server};
use dispatch::simulator::{Fault, Gate};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::support::{Answer, Given, REPOSITORY, eventually, given, person};

const RESPONSE_JSON: &str = "application/graphql-response+json; charset=utf-8";
const JSON: &str = "application/json; charset=utf-8";

/// A request to `/graphql` with these headers.
async fn send(
    given: &Given,
    method: &str,
    query: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/graphql{query}"))
        .header("host", "localhost:3000");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    given.send(request.body(body.into()).unwrap()).await
}

async fn post(given: &Given, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut all = vec![("content-type", "application/json")];
    all.extend(headers);
    send(given, "POST", "", &all, body.to_owned()).await
}

async fn get(given: &Given, query: &str) -> Answer {
    let text: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    send(given, "GET", &format!("?query={text}"), &[], "").await
}

fn content_type(answer: &Answer) -> &str {
    answer.headers["content-type"].to_str().unwrap()
}

fn error(answer: &Value) -> (&str, &str) {
    let error = &answer["errors"][0];
    let code = error["extensions"]["code"].as_str().unwrap_or_else(|| panic!("{answer:#}"));
    (code, error["message"].as_str().unwrap())
}

#[tokio::test]
async fn a_response_has_the_requested_media_type() {
    given(async |given| {
        let body = r#"{"query": "{ __typename }"}"#;
        let answer = async |accept| post(given, &[("accept", accept)], body).await;
        let plain = post(given, &[], body).await;
        assert_eq!((plain.status, content_type(&plain)), (StatusCode::OK, JSON));
        assert_eq!(plain.text(), r#"{"data":{"__typename":"Query"}}"#);
        assert_eq!(content_type(&answer("*/*").await), JSON);
        let accept = "application/graphql-response+json, application/json;q=0.9";
        assert_eq!(content_type(&answer(accept).await), RESPONSE_JSON);
        assert_eq!(answer("text/html").await.status, StatusCode::NOT_ACCEPTABLE);
    })
    .await;
}

#[tokio::test]
async fn an_operation_that_was_not_run_has_no_data_and_an_error_status() {
    given(async |given| {
        let accept = [("accept", "application/graphql-response+json")];
        for query in ["{", "{ nothing }", "query($a: Int!) { issues(first: $a) { totalCount } }"] {
            let body = json!({ "query": query }).to_string();
            let answer = post(given, &accept, &body).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
            let answer = answer.json();
            assert!(answer.get("data").is_none(), "{answer}");
            assert_eq!(error(&answer).0, "GRAPHQL_VALIDATION_FAILED");
            // Under the older media type a well-formed request gets the status 200.
            assert_eq!(post(given, &[], &body).await.status, StatusCode::OK, "{query}");
        }
        let body = json!({ "query": "{ issue(id: \"x\") { id } }" }).to_string();
        let partial = post(given, &accept, &body).await;
        assert_eq!(partial.status, StatusCode::OK, "it was run");
        assert!(partial.json().get("data").is_some());
    })
    .await;
}

#[tokio::test]
async fn a_request_that_is_none_is_refused() {
    given(async |given| {
        let bodies = [
            ("", "not JSON"),
            ("{", "not JSON"),
            (r#"[{"query": "{ __typename }"}]"#, "batches are not served"),
            (r#""{ __typename }""#, "not a JSON object"),
            ("{}", "query: is missing"),
            (r#"{"query": 7}"#, "query: must be a string"),
            (r#"{"query": "{ a }", "variables": [1]}"#, "variables: must be an object"),
            (r#"{"query": "{ a }", "operationName": {}}"#, "operationName: must be a string"),
            (r#"{"query": "{ a }", "extensions": 1}"#, "extensions: must be an object"),
        ];
        for (body, reason) in bodies {
            let answer = post(given, &[], body).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
            let answer = answer.json();
            let (code, message) = error(&answer);
            assert_eq!(code, "BAD_USER_INPUT");
            assert!(message.contains(reason), "{message}");
        }
        let large = json!({ "query": format!("{{ __typename }} # {}", "x".repeat(300_000)) });
        let answer = post(given, &[], &large.to_string()).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    })
    .await;
}

#[tokio::test]
async fn only_json_may_be_posted() {
    given(async |given| {
        let body = r#"{"query": "{ __typename }"}"#;
        let types = [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "application/json; charset=latin1",
        ];
        for content_type in types {
            let answer = send(given, "POST", "", &[("content-type", content_type)], body).await;
            assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{content_type}");
        }
        let answer = send(given, "POST", "", &[], body).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    })
    .await;
}

#[tokio::test]
async fn get_reads_and_never_changes() {
    given(async |given| {
        given.with_issues(&[("Teach the importer", &["status/ready"])]).await;
        assert_eq!(get(given, "{ __typename }").await.text(), r#"{"data":{"__typename":"Query"}}"#);
        let issue = given.issue(1).await.id;
        let change =
            format!("mutation {{ moveIssue(input: {{issueId: \"{issue}\", to: DONE}}) {{ cursor }} }}");
        let answer = get(given, &change).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.headers["allow"], "POST");
        assert_eq!(given.issue(1).await.labels.names(), ["status/ready"]);
        let variables = "?query=query(%24n:Int)%7Bissues(first:%24n)%7BtotalCount%7D%7D&variables=%7B%22n%22:1%7D";
        let answer = send(given, "GET", variables, &[], "").await;
        assert_eq!(answer.json()["data"]["issues"]["totalCount"], 1);
        assert_eq!(send(given, "PUT", "", &[], "").await.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(send(given, "GET", "", &[], "").await.status, StatusCode::BAD_REQUEST);
        for (slash, target) in [("", "graphiql"), ("/", "../graphiql")] {
            let page = send(given, "GET", slash, &[("accept", "text/html,*/*;q=0.8")], "").await;
            assert_eq!((page.status, &page.headers["location"]), (StatusCode::SEE_OTHER, &target.parse().unwrap()));
        }
    })
    .await;
}

#[tokio::test]
async fn a_board_has_columns_counts_and_cards() {
    given(async |given| {
        let three: Vec<(String, Vec<&str>)> =
            (1..=3).map(|n| (format!("Issue {n}"), vec!["status/ready", "agent/alpha"])).collect();
        let mut issues: Vec<(&str, &[&str])> =
            three.iter().map(|(title, labels)| (title.as_str(), labels.as_slice())).collect();
        issues.push(("Blocked one", &["status/blocked", "priority/p1"]));
        given.with_issues(&issues).await;
        let board = given
            .graphql(
                "{ board { asOf totalCount columns { status title label totalCount
                   issues(first: 2) { nodes { number title status agents repository { fullName } }
                                      pageInfo { hasNextPage endCursor } totalCount } } } }",
                json!({}),
            )
            .await;
        let board = &board["board"];
        assert_eq!(board["totalCount"], 4);
        assert!(board["asOf"].as_str().unwrap().starts_with("evt_"));
        let columns = board["columns"].as_array().unwrap();
        let statuses: Vec<_> = columns.iter().map(|c| c["status"].as_str().unwrap()).collect();
        assert_eq!(statuses, ["BACKLOG", "READY", "IN_PROGRESS", "IN_REVIEW", "BLOCKED", "DONE"]);
        let ready = &columns[1];
        assert_eq!((&ready["title"], &ready["label"]), (&json!("Ready"), &json!("status/ready")));
        assert_eq!((&ready["totalCount"], &ready["issues"]["totalCount"]), (&json!(3), &json!(3)));
        assert_eq!(ready["issues"]["nodes"].as_array().unwrap().len(), 2);
        assert_eq!(ready["issues"]["nodes"][0]["agents"], json!(["alpha"]));
        assert_eq!(ready["issues"]["nodes"][0]["repository"]["fullName"], REPOSITORY);
        assert_eq!(ready["issues"]["pageInfo"]["hasNextPage"], true);

        let after = &ready["issues"]["pageInfo"]["endCursor"];
        let rest = given
            .graphql(
                "query($after: String) { board { columns { status
                   issues(first: 2, after: $after) { nodes { number } pageInfo { hasNextPage hasPreviousPage } } } } }",
                json!({ "after": after }),
            )
            .await;
        let ready = &rest["board"]["columns"][1]["issues"];
        assert_eq!(ready["nodes"].as_array().unwrap().len(), 1);
        assert_eq!(ready["pageInfo"], json!({"hasNextPage": false, "hasPreviousPage": true}));
    })
    .await;
}

#[tokio::test]
async fn several_pages_of_a_column_share_one_read() {
    given(async |given| {
        given.with_issues(&[("a", &[]), ("b", &[]), ("c", &[])]).await;
        let board = given
            .graphql(
                "{ board { columns { none: issues(first: 0) { nodes { id } pageInfo { hasNextPage } }
                   one: issues(first: 1) { nodes { body } pageInfo { hasNextPage } }
                   all: issues { edges { cursor node { number body } } pageInfo { hasNextPage } } } } }",
                json!({}),
            )
            .await;
        let backlog = &board["board"]["columns"][0];
        assert_eq!(backlog["none"], json!({"nodes": [], "pageInfo": {"hasNextPage": true}}));
        assert_eq!(backlog["one"]["nodes"].as_array().unwrap().len(), 1);
        assert_eq!(backlog["one"]["pageInfo"]["hasNextPage"], true);
        assert_eq!(backlog["all"]["edges"].as_array().unwrap().len(), 3);
        assert_eq!(backlog["all"]["pageInfo"]["hasNextPage"], false);
    })
    .await;
}

#[tokio::test]
async fn a_list_is_paged_from_both_ends() {
    given(async |given| {
        given.with_issues(&[("a", &[]), ("b", &[]), ("c", &[]), ("d", &[]), ("e", &[])]).await;
        let read = async |arguments: &str| {
            let query = format!(
                "{{ issues({arguments}) {{ totalCount nodes {{ number }} edges {{ cursor }}
                   pageInfo {{ hasPreviousPage hasNextPage startCursor endCursor }} }} }}"
            );
            let list = given.graphql(&query, json!({})).await["issues"].clone();
            let numbers: Vec<i64> = list["nodes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|node| node["number"].as_i64().unwrap())
                .collect();
            (numbers, list["pageInfo"].clone(), list)
        };
        let (all, ..) = read("first: 100").await;
        assert_eq!(all.len(), 5);
        let (first, info, list) = read("first: 2").await;
        assert_eq!((first.as_slice(), &list["totalCount"]), (&all[..2], &json!(5)));
        assert_eq!((&info["hasPreviousPage"], &info["hasNextPage"]), (&json!(false), &json!(true)));
        assert_eq!(info["endCursor"], list["edges"][1]["cursor"]);
        let (second, info, _) = read(&format!("first: 2, after: {}", info["endCursor"])).await;
        assert_eq!(second, all[2..4]);
        let (back, ..) = read(&format!("last: 2, before: {}", info["startCursor"])).await;
        assert_eq!(back, all[..2]);
        let (last, info, _) = read("last: 2").await;
        assert_eq!((last.as_slice(), &info["hasPreviousPage"]), (&all[3..], &json!(true)));
    })
    .await;
}

#[tokio::test]
async fn a_thing_is_found_by_its_id() {
    given(async |given| {
        given.with_issues(&[("Teach the importer", &["status/ready"])]).await;
        let issue = given.issue(1).await;
        let answer = given
            .graphql(
                "query($id: ID!) {
                   a: node(id: $id) { id ... on Issue { title body repository { id } } }
                   b: issue(id: $id) { number }
                   c: issue(repository: \"ACME/Tools\", number: 1) { id }
                   d: issue(repository: \"acme/tools\", number: 99) { id }
                   e: node(id: \"iss_zzzzzz\") { id }
                   auditLog { nodes { id issue { id body } } } }",
                json!({ "id": issue.id }),
            )
            .await;
        assert_eq!(answer["a"]["title"], "Teach the importer");
        assert_eq!(answer["a"]["id"], answer["c"]["id"]);
        assert_eq!(
            (&answer["b"]["number"], &answer["d"], &answer["e"]),
            (&json!(1), &Value::Null, &Value::Null)
        );
        for id in [&answer["a"]["repository"]["id"], &answer["auditLog"]["nodes"][0]["id"]] {
            let found = given
                .graphql("query($id: ID!) { node(id: $id) { __typename id } }", json!({"id": id}))
                .await;
            assert_eq!(found["node"]["id"], *id);
        }
    })
    .await;
}

#[tokio::test]
async fn a_move_answers_with_issue_entry_and_cursor() {
    given(async |given| {
        given.with_issues(&[("Teach the importer", &["status/ready"])]).await;
        let id = given.issue(1).await.id;
        let change = "mutation($input: MoveIssueInput!) { moveIssue(input: $input) {
            cursor issue { status labels } auditEntry { actor action success issue { id } } } }";
        let moved =
            given.graphql(change, json!({"input": {"issueId": id, "to": "IN_REVIEW"}})).await;
        assert_eq!(
            moved["moveIssue"]["issue"],
            json!({"status": "IN_REVIEW", "labels": ["status/in-review"]})
        );
        let entry = &moved["moveIssue"]["auditEntry"];
        assert_eq!((&entry["actor"], &entry["success"]), (&json!("user"), &json!(true)));
        assert_eq!(entry["issue"]["id"], json!(id));

        let stale = json!({"input": {"issueId": id, "to": "DONE", "expectedFrom": "READY"}});
        let refused = given.try_graphql(change, stale).await;
        assert_eq!(
            refused["errors"][0]["extensions"],
            json!({"code": "CONFLICT", "current": "IN_REVIEW"})
        );
        let reasonless = json!({"input": {"issueId": id, "to": "BLOCKED"}});
        let refused = given.try_graphql(change, reasonless).await;
        assert_eq!(error(&refused).0, "BAD_USER_INPUT");
        assert_eq!(refused["errors"][0]["extensions"]["field"], "reason");
    })
    .await;
}

#[tokio::test]
async fn a_move_during_another_reports_the_current_and_target_columns() {
    given(async |given| {
        given.with_issues(&[("Wanted twice", &["status/ready"])]).await;
        let id = given.issue(1).await.id;
        let gate = Gate::new();
        given.github.inject(Fault::Hold(gate.clone()).on("ChangeLabels"));
        let change = async |to: &str| {
            let query = "mutation($in: MoveIssueInput!) { moveIssue(input: $in) { cursor } }";
            given.try_graphql(query, json!({"in": {"issueId": id, "to": to}})).await
        };
        let first = async {
            let answer = change("IN_PROGRESS").await;
            assert!(answer.get("errors").is_none(), "{answer}");
        };
        let second = async {
            gate.arrived().await;
            let extensions = change("DONE").await["errors"][0]["extensions"].clone();
            gate.open();
            let expected =
                json!({"code": "CONFLICT", "current": "READY", "pending": "IN_PROGRESS"});
            assert_eq!(extensions, expected);
        };
        tokio::join!(Box::pin(first), Box::pin(second));
    })
    .await;
}

#[tokio::test]
async fn an_event_stream_carries_no_mutation() {
    given(async |given| {
        let accept = ("accept", "text/event-stream");
        let change = "mutation { saveView(input: {name: \"mine\", query: \"\"}) { view { id } } }";
        let body = json!({ "query": change }).to_string();
        let answer = post(given, &[accept], &body).await;
        assert_eq!((answer.status, content_type(&answer)), (StatusCode::NOT_ACCEPTABLE, JSON));
        assert!(error(&answer.json()).1.contains("accept application/json"), "{}", answer.text());

        let text: String = url::form_urlencoded::byte_serialize(change.as_bytes()).collect();
        let answer = send(given, "GET", &format!("?query={text}"), &[accept], "").await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.headers["allow"], "POST");

        let views = given.graphql("{ savedViews { name } }", json!({})).await;
        assert_eq!(views, json!({ "savedViews": [] }), "nothing was done");
    })
    .await;
}

#[tokio::test]
async fn a_query_that_takes_too_long_times_out() {
    given(async |given| {
        given.with_issues(&[("a", &[])]).await;
        let router = Server::with_query_time(given.app.clone(), Duration::from_millis(200));
        let ask = async || {
            let request = Request::post("/graphql")
                .header("content-type", "application/json")
                .extension(person())
                .body(Body::from(r#"{"query": "{ issues { totalCount } }"}"#));
            let answer = graphql::routes(router.clone()).oneshot(request.unwrap()).await.unwrap();
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            serde_json::from_slice::<Value>(&body).unwrap()
        };
        let mut holder = given.database.connect().await;
        holder.batch_execute("BEGIN; LOCK TABLE issues IN ACCESS EXCLUSIVE MODE").await.unwrap();
        let answer = ask().await;
        assert_eq!(error(&answer), ("TIMEOUT", "The query took more than 200ms and was given up"));
        holder.batch_execute("COMMIT").await.unwrap();
        eventually(async || ask().await == json!({ "data": { "issues": { "totalCount": 1 } } }))
            .await;
    })
    .await;
}

#[tokio::test]
async fn a_malformed_value_is_named() {
    given(async |given| {
        given.with_issues(&[("a", &[])]).await;
        let cases = [
            ("{ issue(id: \"run_000001\") { id } }", json!({}), "id", "`run_000001` is not the id of an issue"),
            ("query($i: ID!) { issue(id: $i) { id } }", json!({"i": "x"}), "id", "`x` is not the id of an issue"),
            ("{ node(id: \"abc\") { id } }", json!({}), "id", "`abc` is not an id"),
            ("{ issues(after: \"zzz\") { totalCount } }", json!({}), "after", "is not a cursor of this list"),
            ("{ issues(first: 101) { totalCount } }", json!({}), "first", "must be from 0 to 100"),
            ("{ issues(first: -1) { totalCount } }", json!({}), "first", "must be from 0 to 100"),
            ("{ issues(first: 1, last: 1) { totalCount } }", json!({}), "last", "cannot be combined"),
            ("{ board { columns { issues(first: 1001) { totalCount } } } }", json!({}), "first", "must be from 0 to 1000"),
            ("{ auditLog(repository: \"acme\") { nodes { id } } }", json!({}), "repository", "full name"),
            ("{ issue(repository: \"acme/tools\") { id } }", json!({}), "id", "either"),
            (
                "mutation($in: MoveIssueInput!) { moveIssue(input: $in) { cursor } }",
                json!({"in": {"issueId": "aud_000001", "to": "DONE"}}),
                "issueId",
                "`aud_000001` is not the id of an issue",
            ),
            (
                "mutation { trackRepository(input: {fullName: \"nothing\"}) { repository { id } } }",
                json!({}),
                "fullName",
                "full name",
            ),
            (
                "mutation { trackRepository(input: {fullName: \"acme/..\"}) { repository { id } } }",
                json!({}),
                "fullName",
                "`acme/..` is not a repository's full name",
            ),
            (
                "mutation { trackRepository(input: {fullName: \"https://gitlab.com/a/b\"}) { repository { id } } }",
                json!({}),
                "fullName",
                "is on gitlab.com, and repositories are read from github.com",
            ),
        ];
        for (query, variables, field, reason) in cases {
            let answer = given.try_graphql(query, variables).await;
            let (code, message) = error(&answer);
            assert_eq!(code, "BAD_USER_INPUT", "{query}: {answer}");
            assert_eq!(answer["errors"][0]["extensions"]["field"], field, "{answer}");
            assert!(message.contains(reason), "{message}");
        }
        let run = |at: &str| {
            json!({"run": {"agentName": "a", "runType": "b", "status": "c", "startedAt": at}})
        };
        let record = "mutation($run: RecordAgentRunInput!) { recordAgentRun(input: $run) { agentRun { id } } }";
        let body = json!({"query": record, "variables": run("yesterday")});
        let answer = given.ask_as_agent("POST", "/graphql", Some(body)).await.json();
        assert_eq!(error(&answer).0, "BAD_USER_INPUT", "{answer}");
        assert_eq!(answer["errors"][0]["extensions"]["field"], "startedAt");
    })
    .await;
}

#[tokio::test]
async fn an_invalid_value_is_named_with_what_would_be_valid() {
    given(async |given| {
        let statuses = "is not one of BACKLOG, READY, IN_PROGRESS, IN_REVIEW, BLOCKED, DONE";
        let later = format!("`LATER` {statuses}");
        let word = json!({"word": "LATER"});
        let claim = "mutation($input: ClaimNextInput!) { claimNext(input: $input) { idleReason } }";
        let too_long = json!({"input": {"agent": "a", "leaseSeconds": 99_999_999_999_i64}});
        let range = "must be a whole number from -2147483648 to 2147483647";
        let cases = [
            ("{ issues(first: \"one\") { totalCount } }", json!({}), "first", "of type Int"),
            ("{ issues(first: 3000000000) { totalCount } }", json!({}), "first", range),
            (claim, too_long, "leaseSeconds", range),
            (claim, json!({"input": {"agent": 5}}), "agent", "must be of type String"),
            (claim, json!({"input": {}}), "agent", "input.agent: is needed"),
            (claim, json!({"input": {"agent": "a", "wait": 5}}), "wait", "no such member"),
            (
                "{ board(filter: {statuses: [LATER]}) { totalCount } }",
                json!({}),
                "statuses",
                &format!("filter.statuses: {later}"),
            ),
            (
                "query($word: Status!) { board(filter: {statuses: [$word]}) { totalCount } }",
                word.clone(),
                "statuses",
                &later,
            ),
            (
                "query($filter: IssueFilter) { board(filter: $filter) { totalCount } }",
                json!({"filter": {"priorities": ["P9"]}}),
                "priorities",
                "`P9` is not one of P0, P1, P2, P3",
            ),
            (
                "mutation($word: Status!) {
                   moveIssue(input: {issueId: \"iss_000001\", to: $word}) { cursor } }",
                word,
                "to",
                &later,
            ),
        ];
        for (query, variables, field, reason) in cases {
            let body = json!({"query": query, "variables": variables});
            let answer = given.ask_as_agent("POST", "/graphql", Some(body)).await.json();
            let (code, message) = error(&answer);
            assert_eq!(code, "BAD_USER_INPUT", "{answer}");
            assert_eq!(answer["errors"][0]["extensions"]["field"], field, "{answer}");
            assert!(message.contains(reason), "{reason} is not in {message:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn unknown_fields_are_rejected_by_validation() {
    given(async |given| {
        for (query, named) in [
            ("{ issue { unheardOf } }", "unheardOf"),
            ("{ board { columns } }", "columns"),
            ("{ board(unheardOf: 1) { totalCount } }", "unheardOf"),
        ] {
            let answer = given.try_graphql(query, json!({})).await;
            let (code, message) = error(&answer);
            assert_eq!(code, "GRAPHQL_VALIDATION_FAILED", "{answer}");
            assert!(message.contains(named), "{named} is not in {message:?}");
            assert!(answer.get("data").is_none(), "nothing was run");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_missing_is_named() {
    given(async |given| {
        given.with_issues(&[("a", &[])]).await;
        let issue = IssueId(999_999).to_string();
        let entry = AuditEntryId(999_999).to_string();
        let ids = json!({"issue": issue, "entry": entry});
        let on_issue = |change: &str| format!("mutation($issue: ID!) {{ {change} {{ cursor }} }}");
        let cases = [
            (
                "mutation { syncIssues(input: {repository: \"acme/nothing\"}) { syncedCount } }"
                    .to_owned(),
                "acme/nothing",
            ),
            (
                "mutation { untrackRepository(input: {fullName: \"acme/nothing\"}) {
                   repository { id } } }"
                    .to_owned(),
                "acme/nothing",
            ),
            (on_issue("moveIssue(input: {issueId: $issue, to: DONE})"), &issue),
            (on_issue("assignAgent(input: {issueId: $issue, agent: \"alpha\"})"), &issue),
            (on_issue("setPriority(input: {issueId: $issue, priority: P0})"), &issue),
            (
                "mutation($entry: ID!) { undoMove(input: {auditEntryId: $entry}) { cursor } }"
                    .to_owned(),
                &entry,
            ),
        ];
        for (query, id) in cases {
            let answer = given.try_graphql(&query, ids.clone()).await;
            let extensions = &answer["errors"][0]["extensions"];
            assert_eq!(*extensions, json!({"code": "NOT_FOUND", "id": id}), "{query}: {answer}");
            assert!(error(&answer).1.contains(id), "{answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn one_field_that_fails_leaves_the_others() {
    given(async |given| {
        given.with_issues(&[("a", &[])]).await;
        let query = "{ bad: issue(id: \"x\") { id } good: issues { totalCount } }";
        let answer = given.try_graphql(query, json!({})).await;
        assert_eq!(answer["data"], json!({"bad": null, "good": {"totalCount": 1}}));
        assert_eq!(answer["errors"][0]["path"], json!(["bad"]));
    })
    .await;
}

#[tokio::test]
async fn root_fields_are_in_the_requested_order() {
    given(async |given| {
        let query = "{ slow: board { totalCount } __typename ...R quick: service { version } }
            fragment R on Query { repositories { id } gone: node(id: \"iss_00zzzz\") { id } }";
        let answer = given.ask("POST", "/graphql", Some(json!({"query": query}))).await.text();
        let keys = ["slow", "__typename", "repositories", "gone", "quick"];
        let places = keys.map(|key| answer.find(&format!("\"{key}\":")).unwrap());
        assert!(places.is_sorted(), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn titles_come_out_as_they_went_in() {
    given(async |given| {
        let title = "<script>alert(1)</script> \u{202e}gnp.exe “quotes” \\ \u{1f980} אבג";
        given.with_issues(&[(title, &[])]).await;
        let answer = given.graphql("{ issues { nodes { title } } }", json!({})).await;
        assert_eq!(answer["issues"]["nodes"][0]["title"], title);
    })
    .await;
}

#[tokio::test]
async fn the_service_reports_missing_settings() {
    given(async |given| {
        let query =
            "{ service { version simulated configured missing authMode untrackedBootstrap } }";
        let answer = given.graphql(query, json!({})).await;
        let expected = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "simulated": false,
            "configured": true,
            "missing": ["GITHUB_REPOSITORIES"],
            "authMode": "open",
            "untrackedBootstrap": [],
        });
        assert_eq!(answer["service"], expected);
    })
    .await;
}

#[tokio::test]
async fn an_internal_error_is_returned_without_details() {
    given(async |given| {
        given.with_issues(&[("a", &[])]).await;
        given.database.run("ALTER TABLE board_counts RENAME TO hidden").await;
        let answer = given
            .ask(
                "POST",
                "/graphql",
                Some(json!({"query": "{ board { asOf } repositories { name } }"})),
            )
            .await;
        let id = answer.headers["x-request-id"].to_str().unwrap().to_owned();
        let answer = answer.json();
        assert_eq!(answer["data"], Value::Null, "a board may not be null");
        let error = &answer["errors"][0];
        assert_eq!(error["message"], "Internal error");
        assert_eq!(error["extensions"], json!({"code": "INTERNAL_SERVER_ERROR", "requestId": id}));
        given.expect_error("board_counts");
    })
    .await;
}

/// The names of a type's fields that are leaves.
fn leaves(of: &str) -> Vec<String> {
    use async_graphql::parser::parse_schema;
    use async_graphql::parser::types::{BaseType, Type, TypeKind, TypeSystemDefinition};

    fn named(of: &Type) -> &str {
        match &of.base {
            BaseType::Named(name) => name,
            BaseType::List(element) => named(element),
        }
    }
    let is_leaf = |name: &str| {
        let others =
            ["String", "Int", "ID", "Boolean", "DateTime", "Status", "IssueState", "Priority"];
        others.contains(&name) || name == "RepositorySource"
    };
    let schema = parse_schema(dispatch::graphql::sdl()).unwrap();
    for definition in schema.definitions {
        if let TypeSystemDefinition::Type(found) = definition
            && found.node.name.node == of
            && let TypeKind::Object(object) = found.node.kind
        {
            let fields = object.fields.iter().map(|field| &field.node);
            let leaves = fields.filter(|field| is_leaf(named(&field.ty.node)));
            return leaves.map(|field| field.name.node.to_string()).collect();
        }
    }
    panic!("{of} is not there");
}

#[tokio::test]
async fn an_issue_is_the_same_whichever_way_it_is_resolved() {
    given(async |given| {
        let labels: &[&str] = &["status/blocked", "priority/p1", "agent/alpha", "owner/sam", "bug"];
        given.with_issues(&[("Plain", &[]), ("Everything", labels)]).await;
        given.github.close(REPOSITORY, 1).unwrap();
        given.github.edit_body(REPOSITORY, 2, "Text").unwrap();
        given.advance(60);
        given.sync().await;
        let (issue, repository) = (leaves("Issue").join(" "), leaves("Repository").join(" "));
        assert!(issue.contains("lastSyncedAt") && repository.contains("syncError"));
        let selections = [
            format!("__typename {issue} repository {{ __typename {repository} }}"),
            "a: title b: title number number".to_owned(),
            "...I ...N ...Q repository { id } fragment".to_owned(),
        ];
        let spreads = format!(
            "fragment I on Issue {{ repository {{ name ... {{ owner }} }} ... on Issue {{ id }} }}
             fragment N on Node {{ id ... on Issue {{ status }} ... on AgentRun {{ summary }} }}
             fragment Q on Issue {{ repository {{ ... on Repository {{ {repository} }} ... on Node {{ id }} }} {issue} }}"
        );
        for selection in selections {
            let (selection, spreads) = match selection.strip_suffix("fragment") {
                Some(selection) => (selection.to_owned(), spreads.as_str()),
                None => (selection, ""),
            };
            let nodes = async |also: &str| {
                let query = format!(
                    "{{ issues(filter: {{includeClosed: true}}) {{ nodes {{ {selection} {also} }} }} }} {spreads}"
                );
                let answer = given.graphql(&query, json!({})).await;
                answer["issues"]["nodes"].as_array().unwrap().clone()
            };
            let at_once = nodes("").await;
            // Related data makes the library resolve the whole issue.
            let mut waited_for = nodes("agentRuns(first: 1) { nodes { id } }").await;
            for issue in &mut waited_for {
                issue.as_object_mut().unwrap().remove("agentRuns").unwrap();
            }
            assert_eq!(at_once, waited_for);
            assert_eq!(at_once.len(), 2);
        }
    })
    .await;
}
