//! The addresses of agents: every body, text and status that their programs rely on.

use axum::http::StatusCode;
use dispatch::simulator::Fault;
use serde_json::{Value, json};

use crate::support::{Answer, Given, REPOSITORY, given, given_settings};

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status.as_u16(), error), (status, answer.json()["error"].as_str().unwrap()));
}

/// The three members that name an issue, and more.
fn which(number: i32, more: Value) -> Value {
    let mut body = json!({
        "issueId": format!("iss_{number:06}"),
        "repoFullName": REPOSITORY,
        "issueNumber": number,
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn post(given: &Given, path: &str, body: Value) -> Answer {
    given.ask_as_agent("POST", path, Some(body)).await
}

async fn get(given: &Given, path: &str) -> Answer {
    given.ask_as_agent("GET", path, None).await
}

async fn newest_entry(given: &Given) -> Value {
    get(given, "/api/audit?limit=1").await.json()[0].clone()
}

// ------------------------------------------------------------------------------------- labels

#[tokio::test]
async fn labels_come_and_go_and_doing_it_again_changes_nothing() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let label = |label: &str| which(1, json!({ "label": label }));
        for _ in 0..2 {
            let answer = post(given, "/api/issues/label", label("needs-human")).await;
            assert_eq!(
                answer.json(),
                json!({
                    "success": true, "action": "add", "label": "needs-human",
                    "labels": ["status/ready", "needs-human"],
                })
            );
        }
        let entry = newest_entry(given).await;
        assert_eq!((&entry["action"], &entry["actor"]), (&json!("add_label"), &json!("agent")));
        for _ in 0..2 {
            let answer = post(given, "/api/issues/unlabel", label("needs-human")).await;
            assert_eq!(
                answer.json(),
                json!({ "success": true, "label": "needs-human", "labels": ["status/ready"] })
            );
        }
        let removing = which(1, json!({ "label": "status/ready", "action": "remove" }));
        let answer = post(given, "/api/issues/label", removing).await;
        assert_eq!(
            (&answer.json()["action"], &answer.json()["labels"]),
            (&json!("remove"), &json!([]))
        );
        post(given, "/api/issues/label", label("status/ready")).await;
        let answer = post(given, "/api/issues/label", label("status/in-review")).await;
        assert_eq!(answer.json()["labels"], json!(["status/in-review"]), "one status, as ever");
        assert_eq!(given.github.labels(REPOSITORY, 1), ["status/in-review"]);

        let mut body = label("later");
        body["issueNumber"] = json!("1");
        assert_eq!(post(given, "/api/issues/label", body).await.status, StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn labels_are_refused_in_the_old_words() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let path = "/api/issues/label";
        let missing = "Missing required fields: issueId, repoFullName, issueNumber, label";
        assert_refused(&post(given, path, which(1, json!({}))).await, 400, missing);
        assert_refused(&post(given, "/api/issues/unlabel", json!({})).await, 400, missing);
        for (label, text) in [
            (
                "blocked/infra-attempt/3",
                "label: must not start with blocked/infra-attempt/, which programs keep for themselves",
            ),
            (
                "blocked/infra-model/x",
                "label: must not start with blocked/infra-model/, which programs keep for themselves",
            ),
            ("status/later", "Invalid status label: status/later"),
            ("a,b", "label: must have 1 to 50 characters and no comma"),
        ] {
            let answer = post(given, path, which(1, json!({ "label": label }))).await;
            assert_refused(&answer, 400, text);
        }
        let answer = post(given, path, which(1, json!({ "label": "x", "action": "swap" }))).await;
        assert_refused(&answer, 400, "Invalid action. Must be one of: add, remove");
        let answer = post(given, path, which(9, json!({ "label": "x" }))).await;
        assert_refused(&answer, 404, "Issue not found in local cache: acme/tools#9");

        given.github.inject(Fault::refuse(500, "Oops").on("LiveLabels").times(3));
        let answer = post(given, path, which(1, json!({ "label": "x" }))).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(error.starts_with("Could not verify live GitHub labels: "), "{error}");
        given.github.close(REPOSITORY, 1).unwrap();
        let answer = post(given, path, which(1, json!({ "label": "x" }))).await;
        assert_refused(&answer, 400, "Cannot change the labels of a closed issue");
        assert_eq!(given.ask("POST", path, Some(json!({}))).await.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

#[tokio::test]
async fn an_issue_is_for_one_agent_and_one_owner() {
    let settings = [("AGENTS", "alpha,beta")];
    given_settings(&settings, async |given| {
        given.with_issues(&[("One", &["agent/alpha", "owner/sam", "bug"])]).await;
        let act = async |path: &str, action: &str, value: &str| {
            let body = which(1, json!({ "action": action, "value": value }));
            given.ask("POST", path, Some(body)).await
        };
        let answer = act("/api/issues/actions", "assign_agent", "agent/beta").await;
        let labels = json!(["owner/sam", "bug", "agent/beta"]);
        assert_eq!(answer.json(), json!({ "success": true, "labels": labels }));
        assert_eq!(newest_entry(given).await["action"], "assign_agent");
        let answer = act("/api/issues/actions", "assign_owner", "owner/kim").await;
        assert_eq!(answer.json()["labels"], json!(["bug", "agent/beta", "owner/kim"]));
        let answer = act("/api/issues/unassign", "unassign_agent", "").await;
        assert_eq!(
            answer.json(),
            json!({ "success": true, "labels": ["bug", "owner/kim"], "removed": ["agent/beta"] })
        );
        let answer = act("/api/issues/unassign", "unassign_agent", "").await;
        assert_refused(&answer, 400, "Issue has no agent/* label to remove");

        let answer = act("/api/issues/actions", "assign_agent", "alpha").await;
        let text = "value must start with \"agent/\" and name somebody, not \"alpha\"";
        assert_refused(&answer, 400, text);
        let answer = act("/api/issues/actions", "assign", "agent/alpha").await;
        let text = "Invalid action: assign. Must be one of: assign_agent, assign_owner";
        assert_refused(&answer, 400, text);
        let answer = act("/api/issues/actions", "assign_agent", "").await;
        let text = "Missing required fields: action, value, issueId, repoFullName, issueNumber";
        assert_refused(&answer, 400, text);
        let body = which(9, json!({ "action": "unassign_owner" }));
        let answer = given.ask("POST", "/api/issues/unassign", Some(body)).await;
        assert_refused(&answer, 404, "Issue not found: iss_000009");
        given.github.close(REPOSITORY, 1).unwrap();
        let answer = act("/api/issues/actions", "assign_agent", "agent/alpha").await;
        assert_refused(&answer, 400, "Cannot assign a closed issue");

        let answer = given.ask("GET", "/api/issues/actions/agents", None).await;
        assert_eq!(answer.json(), json!(["alpha", "beta"]));
    })
    .await;
}

// -------------------------------------------------------------------------------------- lanes

#[tokio::test]
async fn lanes_are_listed_as_configured() {
    given(async |given| {
        let lane = |id: &str, title: &str, claimable: bool, role: Value| {
            json!({
                "id": id, "title": title, "claimable": claimable, "role": role,
                "description": null, "color": null, "defaultAgent": null,
            })
        };
        assert_eq!(
            given.ask("GET", "/api/lanes", None).await.json(),
            json!([
                lane("default", "Default", true, json!("default")),
                lane("backlog", "Backlog", false, json!(null)),
            ])
        );
    })
    .await;
}

// ------------------------------------------------------------------------------------- claimed

#[tokio::test]
async fn what_an_agent_has_is_told_by_labels() {
    given(async |given| {
        given
            .with_issues(&[
                ("Mine", &["status/in-progress", "agent/alpha"]),
                ("Mine, ready", &["status/ready", "agent/alpha", "needs-human"]),
                ("Theirs", &["status/in-progress", "agent/beta"]),
            ])
            .await;
        let answer = get(given, "/api/issues/claimed?agentName=alpha").await;
        assert_eq!(
            answer.json(),
            json!([{
                "issueId": "iss_000001", "number": 1, "repoFullName": "acme/tools",
                "currentLane": "default", "labels": ["status/in-progress", "agent/alpha"],
                "hasOpenPr": false,
            }])
        );
        let ready = get(given, "/api/issues/claimed?agentName=alpha&status=ready").await.json();
        assert_eq!((ready.as_array().unwrap().len(), &ready[0]["number"]), (1, &json!(2)));
        let answer = get(given, "/api/issues/claimed").await;
        assert_refused(&answer, 400, "Missing required query parameter: agentName");
        let answer = get(given, "/api/issues/claimed?agentName=alpha&status=done").await;
        assert_refused(&answer, 400, "Invalid status: done. Allowed: in-progress, ready");
    })
    .await;
}

// ------------------------------------------------------------------------------------- reports

const REPORT: &str = "/api/agents/alpha/tasks/report";

fn report(more: Value) -> Value {
    let mut body = json!({ "taskType": "implement", "outcome": "pr_opened" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn a_report_becomes_one_run() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        let body = report(json!({
            "repoFullName": REPOSITORY, "issueNumber": 1, "pullRequestNumber": 7,
            "summary": "Done", "startedAt": "2026-05-20T13:30:00+02:00", "evidence": " x ",
            "idempotencyKey": " coderun/ns/one/done ", "prFixItem": null, "unknown": null,
        }));
        let answer = post(given, REPORT, body.clone()).await;
        assert_eq!(
            answer.json(),
            json!({
                "ok": true,
                "agentName": "alpha",
                "report": {
                    "taskType": "implement", "outcome": "pr_opened",
                    "repoFullName": "acme/tools", "issueNumber": 1, "pullRequestNumber": 7,
                    "pullRequestUrl": null, "summary": "Done", "error": null, "evidence": null,
                    "startedAt": "2026-05-20T11:30:00.000Z", "prFixItem": null,
                    "idempotencyKey": "coderun/ns/one/done",
                },
                "agentRunId": "run_000001",
                "prFixResolution": {
                    "matched": false, "action": "none", "itemId": null,
                    "reason": "There is no queue of fixes for pull requests",
                    "attemptGeneration": null,
                },
            })
        );
        let run = given.ask("GET", "/api/agent-runs", None).await.json()[0].clone();
        assert_eq!(
            (&run["runType"], &run["status"], &run["outcome"], &run["issueId"]),
            (&json!("implement"), &json!("completed"), &json!("PR_OPENED"), &json!("iss_000001"))
        );
        assert_eq!(
            run["touchedIssueUrls"],
            json!([
                "https://github.com/acme/tools/issues/1",
                "https://github.com/acme/tools/pull/7"
            ])
        );
        assert_eq!(newest_entry(given).await["action"], "task_report");

        let again = post(given, REPORT, body.clone()).await.json();
        assert_eq!(
            (&again["duplicate"], &again["agentRunId"]),
            (&json!(true), &json!("run_000001"))
        );
        let mut other = body;
        other["summary"] = json!("Done otherwise");
        let answer = post(given, REPORT, other.clone()).await;
        assert_refused(&answer, 409, "idempotencyKey was already used for a different report");
        let elsewhere = post(given, "/api/agents/beta%2Ftwo/tasks/report", other).await.json();
        assert_eq!(
            (&elsewhere["agentName"], &elsewhere["duplicate"]),
            (&json!("beta/two"), &json!(null))
        );
        assert_eq!(
            given.ask("GET", "/api/agent-runs", None).await.json().as_array().unwrap().len(),
            2
        );
    })
    .await;
}

#[tokio::test]
async fn reports_at_once_under_one_key_become_one_run() {
    given(async |given| {
        let body = report(json!({ "idempotencyKey": "one" }));
        let asking = (0..8).map(|_| post(given, REPORT, body.clone()));
        let answers = futures_util::future::join_all(asking).await;
        let fresh = answers.iter().filter(|answer| answer.json()["duplicate"].is_null()).count();
        assert_eq!(fresh, 1);
        assert!(answers.iter().all(|answer| answer.json()["agentRunId"] == "run_000001"));
    })
    .await;
}

#[tokio::test]
async fn reports_are_refused_in_the_old_words() {
    given(async |given| {
        let outcomes = "pr_opened, pr_updated, issue_updated, issue_closed, blocked, failed, \
                        no_changes_needed, already_addressed";
        let key = "idempotencyKey must be a string of 1 to 200 characters";
        let cases = [
            (
                json!({ "taskType": "x" }),
                "Invalid taskType. Must be one of: implement, followup-pr, groom".to_owned(),
            ),
            (
                json!({ "outcome": "PR_OPENED" }),
                format!("Invalid outcome. Must be one of: {outcomes}"),
            ),
            (json!({ "summary": 1 }), "summary must be a string".to_owned()),
            (json!({ "issueNumber": "1" }), "issueNumber must be an integer".to_owned()),
            (
                json!({ "pullRequestNumber": 1.5 }),
                "pullRequestNumber must be an integer".to_owned(),
            ),
            (json!({ "prFixItem": [] }), "prFixItem must be an object".to_owned()),
            (
                json!({ "prFixItem": { "id": "" } }),
                "prFixItem.id must be a non-empty string".to_owned(),
            ),
            (
                json!({ "prFixItem": { "id": "x", "generation": 0 } }),
                "prFixItem.generation must be an integer >= 1".to_owned(),
            ),
            (json!({ "idempotencyKey": " " }), key.to_owned()),
            (json!({ "idempotencyKey": "x".repeat(201) }), key.to_owned()),
            (json!({ "idempotencyKey": 7 }), key.to_owned()),
            (
                json!({ "outcome": "already_addressed", "evidence": "x".repeat(2001) }),
                "evidence must be at most 2000 characters".to_owned(),
            ),
        ];
        for (change, text) in cases {
            assert_refused(&post(given, REPORT, report(change)).await, 400, &text);
        }
        let future = report(json!({ "startedAt": "2026-05-20T12:00:01Z" }));
        assert_eq!(post(given, REPORT, future).await.json()["report"]["startedAt"], json!(null));
        let old = report(json!({ "startedAt": "2026-05-19T11:59:59Z" }));
        assert_eq!(post(given, REPORT, old).await.json()["report"]["startedAt"], json!(null));
        assert_eq!(given.ask("POST", REPORT, Some(report(json!({})))).await.status, 401);
    })
    .await;
}

// ----------------------------------------------------------------------------------- heartbeat

#[tokio::test]
async fn a_heartbeat_syncs_and_is_recorded() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        let path = "/api/agents/alpha/heartbeat";
        assert_eq!(
            post(given, path, json!({})).await.json(),
            json!({
                "status": "ok", "agentName": "alpha",
                "startedAt": "2026-05-20T12:00:00.000Z", "finishedAt": "2026-05-20T12:00:00.000Z",
                "summary": "Synced 1 issues of 1 repositories",
                "warnings": [], "errors": [], "touchedIssueUrls": [],
            })
        );
        given.github.inject(Fault::refuse(403, "Forbidden").on("Issues"));
        let answer = given.ask_as_agent("POST", path, None).await;
        assert_eq!((answer.status, &answer.json()["status"]), (StatusCode::OK, &json!("error")));
        let errors = json!(["acme/tools: GitHub API error: 403 Forbidden"]);
        assert_eq!(answer.json()["errors"], errors);
        let runs = given.ask("GET", "/api/agent-runs", None).await.json();
        assert_eq!(
            (&runs[0]["runType"], &runs[0]["status"]),
            (&json!("heartbeat"), &json!("error"))
        );
        assert_eq!(runs[1]["status"], "success");
    })
    .await;
}
