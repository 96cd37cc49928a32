//! Lists of audit entries and agent runs: stable order while they grow, and permanent entries.

use dispatch::domain::Status;
use dispatch::service::board::moves::{MoveIssue, move_issue};
use dispatch::simulator::{Fault, Gate};
use serde_json::{Value, json};

use crate::support::{Given, REPOSITORY, given, person};

async fn move_to(given: &Given, number: i32, to: Status) {
    let issue_id = given.issue(number).await.id;
    let command =
        MoveIssue { issue_id, to, expected_from: None, reason: None, fencing_token: None };
    move_issue(&given.app, &person(), command).await.unwrap();
}

/// Moves the first issue to another column.
async fn move_on(given: &Given) {
    let to = match given.issue(1).await.status {
        Status::Ready => Status::InProgress,
        _ => Status::Ready,
    };
    move_to(given, 1, to).await;
}

/// Records a run and returns its id.
async fn report(given: &Given, issue: Option<&str>) -> Value {
    let record = "mutation($run: RecordAgentRunInput!) {
        recordAgentRun(input: $run) { agentRun { id } } }";
    let run = json!({"agentName": "alpha", "runType": "implement", "status": "success",
        "startedAt": "2026-05-20T11:59:00Z", "issueId": issue});
    let data = given.graphql_as_agent(record, json!({ "run": run })).await;
    data["recordAgentRun"]["agentRun"]["id"].clone()
}

/// The ids of a list in one page, and those of the same list read in pages of two, while `grow`
/// adds to it after each.
async fn read_twice(given: &Given, list: &str, grow: impl AsyncFn()) -> [Vec<Value>; 2] {
    let query = format!(
        "query($first: Int, $after: String) {{ list: {list}(first: $first, after: $after) {{
           nodes {{ id }} pageInfo {{ hasPreviousPage hasNextPage endCursor }} }} }}"
    );
    let read = async |first: i32, after: &Value| {
        let page = given.graphql(&query, json!({"first": first, "after": after})).await;
        let nodes = page["list"]["nodes"].as_array().unwrap().clone();
        (nodes, page["list"]["pageInfo"].clone())
    };
    let (whole, _) = read(100, &Value::Null).await;
    let (mut pages, mut after) = (Vec::new(), Value::Null);
    loop {
        let (nodes, info) = read(2, &after).await;
        assert_eq!(info["hasPreviousPage"], json!(!after.is_null()));
        pages.extend(nodes);
        if info["hasNextPage"] == false {
            return [whole, pages];
        }
        after = info["endCursor"].clone();
        grow().await;
    }
}

#[tokio::test]
async fn pages_of_the_audit_log_are_not_shifted_by_new_entries() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        // Three at the same time, three later: the time alone is no order.
        for moved in 0..6 {
            given.advance(u64::from(moved > 2));
            move_on(given).await;
        }
        let [whole, pages] = read_twice(given, "auditLog", async || move_on(given).await).await;
        assert_eq!(whole.len(), 7, "tracking it, and six moves");
        assert_eq!(pages, whole);
        let [longer, _] = read_twice(given, "auditLog", async || ()).await;
        assert_eq!(longer.len(), 10, "three more were made between the four pages");
        assert_eq!(longer[3..], whole);
    })
    .await;
}

#[tokio::test]
async fn pages_of_runs_are_not_shifted_by_new_runs() {
    given(async |given| {
        for reported in 0..7 {
            given.advance(u64::from(reported > 3));
            report(given, None).await;
        }
        let grow = async || drop(report(given, None).await);
        let [whole, pages] = read_twice(given, "agentRuns", grow).await;
        assert_eq!(whole.len(), 7);
        assert_eq!(pages, whole);
        let [longer, _] = read_twice(given, "agentRuns", async || ()).await;
        assert_eq!(longer[3..], whole);
    })
    .await;
}

#[tokio::test]
async fn a_run_is_found_by_its_id() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        let issue = given.issue(1).await.id.to_string();
        let id = report(given, Some(&issue)).await;
        assert!(id.as_str().unwrap().starts_with("run_"), "{id}");
        let query = "query($id: ID!) { node(id: $id) {
            __typename id ... on AgentRun { agentName status issue { id } } } }";
        let found = given.graphql(query, json!({ "id": id })).await;
        let expected = json!({"__typename": "AgentRun", "id": id, "agentName": "alpha",
            "status": "success", "issue": {"id": issue}});
        assert_eq!(found["node"], expected);
        let none = given.graphql(query, json!({"id": "run_00zzzz"})).await;
        assert_eq!(none["node"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn the_audit_log_offers_every_value_that_finds_something() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready", "agent/alpha"]), ("Two", &[])]).await;
        move_to(given, 1, Status::InProgress).await;
        move_to(given, 2, Status::Ready).await;
        let assign = "mutation($id: ID!) {
            assignAgent(input: {issueId: $id, agent: \"beta\"}) { cursor } }";
        given.graphql(assign, json!({"id": given.issue(2).await.id})).await;

        let query = "{ auditOptions {
            repositories { value entries } actors { value entries }
            actions { value entries } agents { value entries }
        } }";
        let options = given.graphql(query, json!({})).await["auditOptions"].clone();
        let finds = |member: &str| -> Vec<(String, i64)> {
            let values = options[member].as_array().unwrap().iter();
            let told = |of: &Value| {
                (of["value"].as_str().unwrap().to_owned(), of["entries"].as_i64().unwrap())
            };
            values.map(told).collect()
        };
        assert_eq!(
            finds("actions").iter().map(|(action, _)| action.as_str()).collect::<Vec<_>>(),
            ["add_tracked_repo", "assign_agent", "move_issue"],
        );
        assert_eq!(finds("agents"), [("alpha".to_owned(), 1), ("beta".to_owned(), 1)]);
        assert_eq!(finds("repositories"), [(REPOSITORY.to_owned(), 4)]);

        for (member, argument) in [
            ("repositories", "repository"),
            ("actors", "actor"),
            ("actions", "action"),
            ("agents", "agent"),
        ] {
            for (value, entries) in finds(member) {
                let list = format!(
                    "query($value: String) {{ auditLog({argument}: $value) {{
                    nodes {{ id }} }} }}"
                );
                let found = given.graphql(&list, json!({ "value": value })).await;
                let found = found["auditLog"]["nodes"].as_array().unwrap().len();
                assert_eq!(found, usize::try_from(entries).unwrap(), "{argument} {value}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_entry_is_published_when_settled_with_its_request_time() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let query = "{ auditLog(action: \"move_issue\") { nodes { requestedAt createdAt } } }";
        let gate = Gate::new();
        given.github.inject(Fault::Hold(gate.clone()).on("ChangeLabels"));
        let looked = async {
            gate.arrived().await;
            let meanwhile = given.graphql(query, json!({})).await;
            given.advance(3);
            gate.open();
            meanwhile
        };
        let ((), meanwhile) = tokio::join!(move_to(given, 1, Status::InReview), looked);
        assert_eq!(meanwhile["auditLog"]["nodes"], json!([]));
        let settled = given.graphql(query, json!({})).await;
        let expected = json!([{
            "requestedAt": "2026-05-20T12:00:00.000Z",
            "createdAt": "2026-05-20T12:00:03.000Z",
        }]);
        assert_eq!(settled["auditLog"]["nodes"], expected);
    })
    .await;
}

#[tokio::test]
async fn the_audit_log_of_an_issue_outlives_it() {
    given(async |given| {
        given.with_issues(&[("Stays", &[]), ("Goes", &["status/ready"])]).await;
        let id = given.issue(2).await.id.to_string();
        move_to(given, 2, Status::InProgress).await;
        let run = report(given, Some(&id)).await;
        given.advance(600);
        given.github.delete_issue(REPOSITORY, 2).unwrap();
        given.sync().await;

        let query = "query($id: ID!, $run: ID!) {
            issue(id: $id) { id }
            auditLog(issueId: $id) { nodes { id action issueNumber afterLabels issue { id } } }
            agentRuns(issueId: $id) { nodes { id issue { id } } }
            node(id: $run) { ... on AgentRun { agentName issue { id } } }
        }";
        let data = given.graphql(query, json!({"id": id, "run": run})).await;
        assert_eq!(data["issue"], Value::Null);
        let entry = &data["auditLog"]["nodes"][0];
        assert_eq!((&entry["action"], &entry["issueNumber"]), (&json!("move_issue"), &json!(2)));
        assert_eq!(entry["afterLabels"], json!(["status/in-progress"]));
        assert_eq!(entry["issue"], Value::Null);
        assert_eq!(data["agentRuns"]["nodes"], json!([{"id": run, "issue": null}]));
        assert_eq!(data["node"], json!({"agentName": "alpha", "issue": null}));

        let audit = given.ask("GET", "/api/audit", None).await.json();
        assert_eq!(audit[0]["issueNumber"], 2, "{audit}");
        let runs = given.ask("GET", "/api/agent-runs", None).await.json();
        assert_eq!(runs[0]["agentName"], "alpha", "{runs}");
    })
    .await;
}
