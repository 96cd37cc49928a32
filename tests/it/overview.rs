//! The summary pages: counts that follow from the board, the audit log and the events.

use dispatch::domain::Status;
use dispatch::service::Error;
use dispatch::service::agents::agent_runs::{RecordAgentRun, record_agent_run};
use dispatch::service::board::moves::{MoveIssue, move_issue};
use dispatch::service::board::{overview, views};

use serde_json::json;

use crate::support::{Given, REPOSITORY, given, given_settings, person, start_of_time};

async fn move_to(given: &Given, number: i32, to: Status) {
    let issue_id = given.issue(number).await.id;
    let command =
        MoveIssue { issue_id, to, expected_from: None, reason: None, fencing_token: None };
    move_issue(&given.app, &person(), command).await.unwrap();
}

fn run(agent: &str, status: &str) -> RecordAgentRun {
    RecordAgentRun {
        agent_name: agent.to_owned(),
        run_type: "implement".to_owned(),
        status: status.to_owned(),
        started_at: dispatch::domain::Timestamp(start_of_time()),
        finished_at: None,
        summary: None,
        error_message: None,
        touched_issue_urls: None,
        issue_id: None,
        idempotency_key: None,
        outcome: None,
    }
}

#[tokio::test]
async fn projects_and_agents_count_what_is_on_the_board() {
    given_settings(&[("AGENTS", "idle")], async |given| {
        given
            .with_issues(&[
                ("One", &["status/ready", "agent/alpha"]),
                ("Two", &["status/in-progress", "agent/alpha", "agent/beta"]),
                ("Three", &[]),
            ])
            .await;
        for status in ["success", "success", "error"] {
            record_agent_run(&given.app, &dispatch::domain::Actor::System, run("alpha", status))
                .await
                .unwrap();
        }

        let projects = overview::projects(&given.app).await.unwrap();
        assert_eq!(projects.len(), 1);
        let counts = projects[0].counts;
        assert_eq!(Status::ALL.map(|status| counts.count(status)), [1, 1, 1, 0, 0, 0]);

        let agents = overview::agents(&given.app).await.unwrap();
        let told: Vec<_> = agents
            .iter()
            .map(|agent| {
                let runs = agent.runs.as_ref().map(|runs| (runs.runs, runs.successes));
                (agent.name.as_str(), agent.counts.total(), runs)
            })
            .collect();
        assert_eq!(told, [("alpha", 2, Some((3, 2))), ("beta", 1, None), ("idle", 0, None)]);
    })
    .await;
}

#[tokio::test]
async fn daily_counts_come_from_the_logs() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"]), ("Two", &["status/ready"])]).await;
        move_to(given, 1, Status::InProgress).await;
        given.advance(24 * 3600);
        move_to(given, 1, Status::InReview).await;
        move_to(given, 2, Status::InProgress).await;
        move_to(given, 2, Status::InProgress).await;

        let moves = overview::moves_by_day(&given.app, 3).await.unwrap();
        assert_eq!(moves.iter().map(|day| day.count).collect::<Vec<_>>(), [0, 1, 2]);

        let history = overview::status_by_day(&given.app, 30).await.unwrap();
        let columns = |of: usize| Status::ALL.map(|status| history[of].counts.count(status));
        assert_eq!(history.len(), 2, "the log begins with the import");
        assert_eq!(columns(0), [0, 1, 1, 0, 0, 0]);
        assert_eq!(columns(1), [0, 0, 1, 1, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn untouched_work_becomes_stale() {
    given(async |given| {
        given.with_issues(&[("Stuck", &["status/in-progress"]), ("Waits", &[])]).await;
        assert_eq!(overview::stale_issues(&given.app, 10).await.unwrap(), []);
        given.advance(8 * 24 * 3600);
        let stale = overview::stale_issues(&given.app, 10).await.unwrap();
        assert_eq!(stale.iter().map(|issue| issue.number).collect::<Vec<_>>(), [1]);
    })
    .await;
}

#[tokio::test]
async fn filters_offer_what_the_board_has() {
    given_settings(&[("DISPATCH_EXCLUDED_LABELS", "hidden")], async |given| {
        given
            .with_issues(&[
                ("One", &["agent/alpha", "owner/sam", "priority/p1", "project/x"]),
                ("Two", &["agent/alpha", "priority/p0"]),
                ("Three", &["agent/ghost", "hidden"]),
            ])
            .await;
        let options = overview::filter_options(&given.app).await.unwrap();
        let told = |options: &[overview::FilterOption]| -> Vec<(String, i64)> {
            options.iter().map(|option| (option.value.clone(), option.issues)).collect()
        };
        let one = |value: &str, issues| (value.to_owned(), issues);
        assert_eq!(told(&options.agents), [one("alpha", 2)]);
        assert_eq!(told(&options.owners), [one("sam", 1)]);
        assert_eq!(told(&options.projects), [one("x", 1)]);
        assert_eq!(told(&options.priorities), [one("p0", 1), one("p1", 1)]);
    })
    .await;
}

#[tokio::test]
async fn hidden_issues_are_not_counted() {
    given_settings(&[("DISPATCH_EXCLUDED_LABELS", "hidden")], async |given| {
        given
            .with_issues(&[
                ("Shown", &["status/ready"]),
                ("Hidden", &["status/ready", "hidden"]),
                ("Soon hidden", &["status/blocked"]),
            ])
            .await;
        given.advance(24 * 3600);
        move_to(given, 1, Status::InProgress).await;
        move_to(given, 2, Status::InReview).await;
        given.github.relabel(REPOSITORY, 3, &["hidden"], &[]).unwrap();
        given.advance(60);
        given.sync().await;

        let in_columns =
            |counts: overview::StatusCounts| Status::ALL.map(|status| counts.count(status));
        let history = overview::status_by_day(&given.app, 30).await.unwrap();
        let days: Vec<_> = history.iter().map(|day| in_columns(day.counts)).collect();
        assert_eq!(days, [[0, 1, 0, 0, 1, 0], [0, 0, 1, 0, 0, 0]]);
        let now = in_columns(overview::counts(&given.app).await.unwrap());
        assert_eq!(now, days[1]);
        let projects = overview::projects(&given.app).await.unwrap();
        assert_eq!(projects.iter().map(|of| in_columns(of.counts)).collect::<Vec<_>>(), [now]);
        let lanes = overview::filter_options(&given.app).await.unwrap().lanes;
        assert_eq!(lanes.iter().map(|lane| lane.issues).collect::<Vec<_>>(), [1]);
    })
    .await;
}

#[tokio::test]
async fn a_view_is_saved_under_its_name_and_shared() {
    given(async |given| {
        let save = async |name: &str, query: &str| {
            views::save_view(&given.app, &person(), name, query).await
        };
        let view = save("Sam's work", "?owner=sam").await.unwrap();
        assert_eq!((view.name.as_str(), view.query.as_str()), ("Sam's work", "owner=sam"));
        let again = save(" sam's WORK ", "owner=sam&priority=P0").await.unwrap();
        assert_eq!(again.id, view.id, "a name has one view");
        assert_eq!(views::saved_views(&given.app).await.unwrap(), [again]);

        assert!(matches!(save(" ", "").await, Err(Error::Invalid { field: "name", .. })));
        views::delete_view(&given.app, view.id).await.unwrap();
        let gone = views::find_view(&given.app, view.id).await;
        assert!(matches!(gone, Err(Error::NotFound { .. })));
    })
    .await;
}

#[tokio::test]
async fn the_pages_read_it_all_over_graphql() {
    given(async |given| {
        given
            .with_issues(&[
                ("One", &["status/ready", "agent/alpha", "priority/p1"]),
                ("Two", &["status/in-progress"]),
            ])
            .await;
        move_to(given, 1, Status::InReview).await;
        let query = "{
            overview {
                byStatus { status issues } stale { number }
                movesByDay(days: 1) { day moves }
                statusByDay(days: 1) { day byStatus { status issues } }
            }
            agents { name assignedCount runsCount lastReportedAt }
            projects { repository { fullName } totalCount byStatus { status issues } }
            filterOptions {
                repositories { value issues } agents { value issues } priorities { value issues }
            }
            savedViews { name }
        }";
        let data = given.graphql(query, json!({})).await;
        let by_status = json!([
            {"status": "BACKLOG", "issues": 0}, {"status": "READY", "issues": 0},
            {"status": "IN_PROGRESS", "issues": 1}, {"status": "IN_REVIEW", "issues": 1},
            {"status": "BLOCKED", "issues": 0}, {"status": "DONE", "issues": 0},
        ]);
        let expected = json!({
            "overview": {
                "byStatus": by_status,
                "stale": [],
                "movesByDay": [{"day": "2026-05-20", "moves": 1}],
                "statusByDay": [{"day": "2026-05-20", "byStatus": by_status}],
            },
            "agents": [
                {"name": "alpha", "assignedCount": 1, "runsCount": 0, "lastReportedAt": null},
            ],
            "projects": [{
                "repository": {"fullName": REPOSITORY}, "totalCount": 2, "byStatus": by_status,
            }],
            "filterOptions": {
                "repositories": [{"value": REPOSITORY, "issues": 2}],
                "agents": [{"value": "alpha", "issues": 1}],
                "priorities": [{"value": "p1", "issues": 1}],
            },
            "savedViews": [],
        });
        assert_eq!(data, expected);

        let refused = given.try_graphql("{ overview { movesByDay(days: 0) { day } } }", json!({}));
        assert_eq!(refused.await["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    })
    .await;
}

#[tokio::test]
async fn the_pages_change_it_all_over_graphql() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"]), ("Two", &["status/ready"])]).await;
        given.github.close(REPOSITORY, 2).unwrap();
        let ids = [given.issue(1).await.id, given.issue(2).await.id];
        let many = "mutation($ids: [ID!]!) { moveIssues(input: {issueIds: $ids, to: DONE}) {
            results { issueId moved { issue { status } auditEntry { id action } } error { code } }
        } }";
        let data = given.graphql(many, json!({ "ids": ids })).await;
        let results = &data["moveIssues"]["results"];
        assert_eq!(results[0]["moved"]["issue"]["status"], "DONE", "{data}");
        assert_eq!(results[1]["error"]["code"], "CONFLICT", "{data}");

        let entry = &results[0]["moved"]["auditEntry"]["id"];
        let undo = "mutation($id: ID!) { undoMove(input: {auditEntryId: $id}) {
            issue { status } auditEntry { action }
        } }";
        let data = given.graphql(undo, json!({ "id": entry })).await;
        assert_eq!(data["undoMove"]["issue"]["status"], "READY");

        let edit = "mutation($id: ID!) {
            agent: assignAgent(input: {issueId: $id, agent: \"alpha\"}) { issue { agents } }
            owner: assignOwner(input: {issueId: $id, owner: \"sam\"}) { issue { owners } }
            priority: setPriority(input: {issueId: $id, priority: P0}) { issue { priority } }
            view: saveView(input: {name: \"Mine\", query: \"owner=sam\"}) { view { id name } }
        }";
        let data = given.graphql(edit, json!({ "id": ids[0] })).await;
        assert_eq!(data["agent"]["issue"]["agents"], json!(["alpha"]));
        assert_eq!(data["owner"]["issue"]["owners"], json!(["sam"]));
        assert_eq!(data["priority"]["issue"]["priority"], "P0");
        let delete = "mutation($id: ID!) { deleteView(input: {viewId: $id}) { view { name } } }";
        let view = json!({ "id": data["view"]["view"]["id"] });
        assert_eq!(given.graphql(delete, view).await["deleteView"]["view"]["name"], "Mine");
    })
    .await;
}
