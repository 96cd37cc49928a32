//! What GitHub has of an issue beside text, labels and state: type, parent, fields, kinds of assignees.

use dispatch::domain::Priority;
use dispatch::simulator::{Account, FieldValue, Simulator, StateReason};
use serde_json::{Value, json};

use crate::support::{Given, REPOSITORY, given};

const DETAILS: &str = "number priority stateReason type { name color } \
    subIssues { total completed } parent { repository number title url } \
    duplicateOf { number } assignedActors { login kind } fieldValues { name value }";

/// The issue as GraphQL returns it.
async fn shown(given: &Given, number: i32) -> Value {
    let query = format!(
        "query($r: String!, $n: Int!) {{ issue(repository: $r, number: $n) {{ {DETAILS} }} }}"
    );
    given.graphql(&query, json!({ "r": REPOSITORY, "n": number })).await["issue"].clone()
}

fn set_details(github: &Simulator) {
    github.set_account("copilot-swe-agent", Account::Bot);
    github.assign(REPOSITORY, 1, &["ada", "copilot-swe-agent"]).unwrap();
    github.set_type(REPOSITORY, 1, "Bug").unwrap();
    for (name, value) in [
        ("Priority", FieldValue::Option("Urgent".into())),
        ("Effort", FieldValue::Number(3.5)),
        ("Team", FieldValue::Text("Parsers".into())),
        ("Due", FieldValue::Date("2026-12-24".into())),
    ] {
        github.set_field(REPOSITORY, 1, (name, value)).unwrap();
    }
    github.set_parent((REPOSITORY, 1), (REPOSITORY, 2)).unwrap();
    github.set_parent((REPOSITORY, 3), (REPOSITORY, 2)).unwrap();
    github.close_as_duplicate((REPOSITORY, 3), (REPOSITORY, 1)).unwrap();
}

async fn with_three_issues(given: &mut Given) {
    given.with_issues(&[("One", &["status/ready"]), ("Two", &[]), ("Three", &[])]).await;
    given.advance(60);
    set_details(&given.github);
}

#[tokio::test]
async fn a_sync_reads_type_parent_sub_issues_fields_and_assignees() {
    given(async |given| {
        with_three_issues(given).await;
        given.sync().await;
        let one = json!({
            "number": 1,
            "priority": "P0",
            "stateReason": null,
            "type": { "name": "Bug", "color": "red" },
            "subIssues": null,
            "parent": {
                "repository": REPOSITORY,
                "number": 2,
                "title": "Two",
                "url": "https://github.example/acme/tools/issues/2",
            },
            "duplicateOf": null,
            "assignedActors": [
                { "login": "ada", "kind": "USER" },
                { "login": "Copilot", "kind": "BOT" },
            ],
            "fieldValues": [
                { "name": "Priority", "value": "Urgent" },
                { "name": "Effort", "value": "3.5" },
                { "name": "Team", "value": "Parsers" },
                { "name": "Due", "value": "2026-12-24" },
            ],
        });
        assert_eq!(shown(given, 1).await, one);
        let two = shown(given, 2).await;
        assert_eq!(two["subIssues"], json!({ "total": 2, "completed": 1 }));
        let three = shown(given, 3).await;
        assert_eq!(three["stateReason"], "DUPLICATE");
        assert_eq!(three["duplicateOf"], json!({ "number": 1 }));
        let board = format!("{{ board {{ columns {{ issues {{ nodes {{ {DETAILS} }} }} }} }} }}");
        let board = given.graphql(&board, Value::Null).await;
        assert!(board.to_string().contains(&one.to_string()), "the board has the same: {board}");
    })
    .await;
}

#[tokio::test]
async fn the_priority_field_counts_where_there_is_no_priority_label() {
    given(async |given| {
        with_three_issues(given).await;
        given.sync().await;
        let urgent = "{ issues(filter: { priorities: [P0] }) { nodes { number } } }";
        let found = given.graphql(urgent, Value::Null).await;
        assert_eq!(found["issues"]["nodes"], json!([{ "number": 1 }]));
        let id = given.issue(1).await.id;
        let move_it = "mutation($id: ID!) { \
            moveIssue(input: { issueId: $id, to: IN_REVIEW }) { issue { priority } } }";
        let moved = given.graphql(move_it, json!({ "id": id.to_string() })).await;
        assert_eq!(moved["moveIssue"]["issue"]["priority"], "P0", "a move keeps it");
        given.github.relabel(REPOSITORY, 1, &["priority/p3"], &[]).unwrap();
        given.advance(60);
        given.sync().await;
        assert_eq!(given.issue(1).await.priority, Some(Priority::P3), "a label comes first");
    })
    .await;
}

#[tokio::test]
async fn a_github_without_these_fields_is_read_without_them() {
    given(async |given| {
        with_three_issues(given).await;
        given.github.lack(&[
            "duplicateOf",
            "issueFieldValues",
            "issueType",
            "parent",
            "stateReason",
            "subIssuesSummary",
        ]);
        given.sync().await;
        let one = shown(given, 1).await;
        assert_eq!((&one["type"], &one["fieldValues"]), (&Value::Null, &json!([])));
        assert_eq!(one["assignedActors"][1]["kind"], "BOT");
    })
    .await;
}

#[tokio::test]
async fn why_an_issue_was_closed_is_kept() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        given.advance(60);
        given.github.close_as(REPOSITORY, 1, StateReason::NotPlanned).unwrap();
        given.sync().await;
        assert_eq!(shown(given, 1).await["stateReason"], "NOT_PLANNED");
        given.advance(60);
        given.github.reopen(REPOSITORY, 1).unwrap();
        given.sync().await;
        assert_eq!(shown(given, 1).await["stateReason"], "REOPENED");
    })
    .await;
}
