//! The REST routes of agents: every body, text and status that existing clients rely on.

use axum::http::StatusCode;
use dispatch::simulator::Fault;
use serde_json::{Value, json};

use crate::support::{AGENT_TOKEN, Answer, Given, REPOSITORY, given, given_settings};

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status.as_u16(), error), (status, answer.json()["error"].as_str().unwrap()));
}

/// The three members that identify an issue, and more.
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
async fn adding_and_removing_labels_is_idempotent() {
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
async fn labels_are_rejected_with_the_legacy_errors() {
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
async fn assigned_issues_are_found_by_labels() {
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
async fn reports_are_rejected_with_the_legacy_errors() {
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
            (
                json!({ "idempotencyKey": "x".repeat(201) }),
                "idempotencyKey must have at most 200 characters".to_owned(),
            ),
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

// ------------------------------------------------------------------------------------- claims

fn claim(number: i32, agent: &str) -> Value {
    which(number, json!({ "agentName": agent }))
}

#[tokio::test]
async fn a_claim_is_the_agents_label_and_in_progress() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready", "bug"])]).await;
        let labels = json!(["bug", "status/in-progress", "agent/alpha"]);
        for _ in 0..2 {
            let answer = post(given, "/api/issues/claim", claim(1, "alpha")).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
            let mut claimed = answer.json();
            let names = claimed["labels"].as_array_mut().unwrap();
            names.sort_by_key(|name| name.as_str().map(str::to_owned));
            let mut expected = labels.as_array().unwrap().clone();
            expected.sort_by_key(|name| name.as_str().map(str::to_owned));
            assert_eq!((&claimed["success"], &claimed["labels"]), (&json!(true), &json!(expected)));
        }
        let other = post(given, "/api/issues/claim", claim(1, "beta")).await;
        let text = "Issue is actively leased to alpha. Use force=true to override.";
        assert_refused(&other, 409, text);

        let work = get(given, "/api/agents/alpha/active-work").await.json();
        assert_eq!(work["hasActiveWork"], true);
        let context = &work["context"];
        assert_eq!(context["checkpoint"], "issue_claimed");
        assert_eq!(context["nextAction"], "inspect_issue");
        assert_eq!(context["status"], "status/in-progress");
        assert_eq!(
            (&context["issueId"], &context["lane"]),
            (&json!("iss_000001"), &json!("default"))
        );
        let none = get(given, "/api/agents/beta/active-work").await.json();
        assert_eq!(none, json!({ "hasActiveWork": false }));

        let mut taken = claim(1, "beta");
        taken["force"] = json!(true);
        let answer = post(given, "/api/issues/claim", taken).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        assert!(!given.github.labels(REPOSITORY, 1).contains(&"agent/alpha".to_owned()));

        let late = post(given, "/api/issues/unclaim", claim(1, "alpha")).await;
        assert_refused(&late, 400, "Issue is not assigned to alpha");
        assert_eq!(
            (&late.json()["code"], &late.json()["holder"]),
            (&json!("LEASE_LOST"), &json!("beta"))
        );
        let answer = post(given, "/api/issues/unclaim", claim(1, "beta")).await.json();
        assert_eq!((&answer["success"], &answer["status"]), (&json!(true), &json!("status/ready")));
        assert!(answer["statusNote"].is_string(), "{answer}");
        assert_eq!(given.github.labels(REPOSITORY, 1).len(), 2, "bug and ready");
        let again = post(given, "/api/issues/unclaim", claim(1, "beta")).await;
        assert_refused(&again, 400, "Issue is not assigned to beta");
    })
    .await;
}

#[tokio::test]
async fn claims_are_rejected_with_the_legacy_errors() {
    given(async |given| {
        given
            .with_issues(&[
                ("Done", &["status/done"]),
                ("Theirs", &["status/ready", "agent/beta"]),
                ("Closed", &["status/ready", "agent/alpha"]),
            ])
            .await;
        given.github.close(REPOSITORY, 3).unwrap();
        let ask = async |path: &str, body: Value| post(given, path, body).await;
        let missing = "Missing required fields: issueId, repoFullName, issueNumber, agentName";
        for path in ["/api/issues/claim", "/api/issues/unclaim"] {
            assert_refused(&ask(path, which(1, json!({}))).await, 400, missing);
            let mut text = claim(1, "alpha");
            text["issueNumber"] = json!("1");
            assert_refused(&ask(path, text).await, 400, missing);
            let answer = ask(path, claim(9, "alpha")).await;
            assert_refused(&answer, 404, "Issue not found in local cache");
            let mut wrong = claim(1, "alpha");
            wrong["issueNumber"] = json!(2);
            let text = "issueId does not match repoFullName/issueNumber; expected acme/tools#1";
            assert_refused(&ask(path, wrong).await, 400, text);
        }
        let path = "/api/issues/claim";
        assert_refused(&ask(path, claim(1, "alpha")).await, 400, "Cannot claim a done issue");
        let text = "Issue is already assigned to beta. Use force=true to override.";
        assert_refused(&ask(path, claim(2, "alpha")).await, 409, text);
        assert_refused(&ask(path, claim(3, "alpha")).await, 400, "Cannot claim a closed issue");
        let answer = ask("/api/issues/unclaim", claim(3, "alpha")).await;
        assert_refused(&answer, 400, "Cannot unclaim a closed issue");

        given.github.inject(Fault::refuse(500, "Oops").on("LiveLabels").times(3));
        let answer = ask(path, claim(2, "beta")).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text());
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(error.starts_with("Could not verify live GitHub labels: "), "{error}");
        assert_eq!(ask(path, claim(2, "beta")).await.status, StatusCode::OK);
        let person = given.ask("POST", path, Some(claim(1, "alpha"))).await;
        assert_eq!(person.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

#[tokio::test]
async fn a_refusal_names_the_member_that_is_wrong() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let task = "/api/agents/alpha/tasks/report";
        let (implement, failed) = (("taskType", "implement"), ("outcome", "failed"));
        let report = |more: Value| {
            let mut body = json!({ implement.0: implement.1, failed.0: failed.1 });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let cases = [
            ("/api/issues/claim", which(1, json!({})), "agentName"),
            ("/api/issues/claim", which(1, json!({ "agentName": 5 })), "agentName"),
            (
                "/api/issues/claim",
                which(1, json!({ "agentName": "a", "issueNumber": "1" })),
                "issueNumber",
            ),
            (
                "/api/issues/claim",
                which(1, json!({ "agentName": "a", "issueNumber": 7 })),
                "issueId",
            ),
            ("/api/issues/status", which(1, json!({ "status": "nowhere" })), "status"),
            ("/api/issues/status", which(1, json!({ "status": "blocked" })), "blockedReason"),
            ("/api/issues/label", which(1, json!({})), "label"),
            ("/api/issues/label", which(1, json!({ "label": "x", "action": "y" })), "action"),
            ("/api/issues/comment", which(1, json!({})), "body"),
            ("/api/issues/actions", which(1, json!({ "action": "x", "value": "y" })), "action"),
            (
                "/api/issues/actions",
                which(1, json!({ "action": "assign_owner", "value": "owner/a,b" })),
                "value",
            ),
            ("/api/issues/actions/decompose", json!({ "repo": REPOSITORY }), "issueNumber"),
            (
                "/api/agent-work",
                json!({ "action": "reassign", "workId": "wrk_000001" }),
                "newAgentName",
            ),
            ("/api/agent-runs", json!({ "agentName": "a" }), "runType"),
            (task, json!({}), "taskType"),
            (task, json!({ "taskType": "implement" }), "outcome"),
            (task, report(json!({ "idempotencyKey": "" })), "idempotencyKey"),
            (task, report(json!({ "issueNumber": "1" })), "issueNumber"),
            (task, report(json!({ "prFixItem": { "id": "x" } })), "prFixItem.generation"),
            (task, report(json!({ "summary": 5 })), "summary"),
        ];
        for (path, body, field) in cases {
            let answer = post(given, path, body).await;
            assert_eq!(
                (answer.status.as_u16(), &answer.json()["field"]),
                (400, &json!(field)),
                "{path}: {}",
                answer.text()
            );
        }
        for (path, field) in [
            ("/api/issues/claimed", "agentName"),
            ("/api/issues/claimed?agentName=a&status=done", "status"),
            ("/api/issues/claimed?agentName=a,b", "agentName"),
            ("/api/issues/state?repo=acme/tools", "number"),
            ("/api/agents/alpha/queue?lane=nowhere", "lane"),
        ] {
            let answer = get(given, path).await;
            assert_eq!((answer.status.as_u16(), &answer.json()["field"]), (400, &json!(field)));
        }
        assert_eq!(given.github.take_writes(), [], "nothing was done");
    })
    .await;
}

#[tokio::test]
async fn of_many_claims_at_once_one_succeeds() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let agents = ["a", "b", "c", "d", "e", "f"];
        let asking = agents.map(|agent| post(given, "/api/issues/claim", claim(1, agent)));
        let answers = futures_util::future::join_all(asking).await;
        let count = |status: u16| answers.iter().filter(|one| one.status == status).count();
        assert_eq!((count(200), count(409)), (1, 5));
        assert_eq!(given.github.labels(REPOSITORY, 1).len(), 2, "one agent, one status");
    })
    .await;
}

// ---------------------------------------------------------------------------------- next task

#[tokio::test]
async fn the_next_task_is_the_best_issue_or_nothing() {
    given(async |given| {
        given
            .with_issues(&[
                ("Soon", &["status/ready", "priority/p2"]),
                ("Now", &["status/ready", "priority/p0"]),
                ("Update dependency left-pad", &["status/ready", "priority/p0", "agent/alpha"]),
            ])
            .await;
        let path = "/api/agents/alpha/next-task";
        let task = get(given, &format!("{path}?lane=")).await.json();
        assert_eq!((&task["type"], &task["shouldRun"]), (&json!("implement"), &json!(true)));
        assert_eq!((&task["agentName"], &task["lane"]), (&json!("alpha"), &json!("default")));
        assert_eq!(
            task["issue"],
            json!({
                "id": "iss_000002", "repoFullName": "acme/tools", "number": 2, "title": "Now",
                "url": "https://github.example/acme/tools/issues/2",
            })
        );
        for member in ["instructions", "stopAfter"] {
            assert!(task[member].as_str().is_some_and(|text| !text.is_empty()), "{member}");
        }
        assert!(task["forbiddenActions"].as_array().unwrap().len() > 3);
        let noise = get(given, &format!("{path}?includeRenovate=true")).await.json();
        assert_eq!(noise["issue"]["number"], 3);

        let idle = json!({ "type": "idle", "shouldRun": false, "reason": "No work available" });
        assert_eq!(get(given, &format!("{path}?lane=backlog")).await.json(), idle);
        let answer = get(given, &format!("{path}?lane=fast")).await;
        assert_refused(&answer, 400, "Invalid lane: \"fast\". Must be one of: default, backlog");
        let answer = get(given, &format!("{path}?mode=groom")).await;
        let text = "External grooming task dispatch is retired; use POST /api/groomer/run";
        assert_refused(&answer, 410, text);
        assert_eq!(given.ask("GET", path, None).await.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

#[tokio::test]
async fn a_decision_names_the_served_issue() {
    given(async |given| {
        let bots = [("Update dependency left-pad", &["status/ready", "priority/p0"][..]); 7];
        let work = [("Soon", &["status/ready", "priority/p2"][..])];
        given.with_issues(&[&bots[..], &work].concat()).await;
        let task = get(given, "/api/agents/alpha/next-task").await.json();
        assert_eq!(task["issue"]["number"], 8);
        let query = "{ workDecisions { nodes { issue { number } candidates { rank issueId } } } }";
        let decision = &given.graphql(query, json!({})).await["workDecisions"]["nodes"][0];
        assert_eq!(decision["issue"]["number"], 8);
        assert_eq!(decision["candidates"], json!([{ "rank": 1, "issueId": "iss_000008" }]));
    })
    .await;
}

#[tokio::test]
async fn a_long_poll_returns_when_an_issue_becomes_eligible() {
    given(async |given| {
        let bots = ("Update dependency left-pad", &["status/ready"][..]);
        given.with_issues(&[("One", &["status/backlog"]), bots]).await;
        let asking = async {
            let request = axum::http::Request::get("/api/agents/alpha/next-task?lane=normal")
                .header("authorization", format!("Bearer {AGENT_TOKEN}"))
                .header("prefer", "respond-async, wait=20")
                .body(axum::body::Body::empty());
            given.send(request.unwrap()).await
        };
        let moving = async {
            // The waiting request is served as soon as the issue becomes ready.
            let body = which(1, json!({ "status": "ready" }));
            assert_eq!(post(given, "/api/issues/status", body).await.status, StatusCode::OK);
        };
        let (answer, ()) = tokio::join!(asking, moving);
        assert_eq!(answer.json()["issue"]["number"], 1, "{}", answer.text());
        assert_eq!(answer.headers["preference-applied"], "wait=20");
    })
    .await;
}

#[tokio::test]
async fn the_queue_has_every_member_that_clients_read() {
    given(async |given| {
        given
            .with_issues(&[
                ("Open", &["status/ready", "priority/p1"]),
                ("Waits", &["status/ready"]),
                ("Theirs", &["status/ready", "agent/beta"]),
                ("Review", &["status/in-review", "agent/alpha"]),
                ("Blocked", &["status/blocked"]),
            ])
            .await;
        let waits = "INSERT INTO blockers SELECT id, 'text', 'acme/tools', 1 FROM issues \
                     WHERE number = 2";
        given.database.run(waits).await;
        let numbers = async |query: &str| -> Vec<i64> {
            let queue = get(given, &format!("/api/agents/alpha/queue?{query}")).await.json();
            queue.as_array().unwrap().iter().map(|one| one["number"].as_i64().unwrap()).collect()
        };
        assert_eq!(numbers("").await, [1, 2]);
        let mut claimed = numbers("includeClaimed=true&lane=default").await;
        claimed.sort_unstable();
        assert_eq!(claimed, [1, 2, 3, 4]);
        let mut withheld = numbers("includeWithheld=true").await;
        withheld.sort_unstable();
        assert_eq!(withheld, [1, 2, 3, 4]);
        assert_eq!(numbers("lane=backlog").await, [0; 0]);

        let queue = get(given, "/api/agents/alpha/queue").await.json();
        let mut first = queue[0].clone();
        assert!(first["rankingReason"].as_str().unwrap().starts_with("priority/p1, ready"));
        first.as_object_mut().unwrap().remove("rankingReason");
        assert_eq!(
            first,
            json!({
                "type": "issue", "number": 1, "title": "Open",
                "url": "https://github.example/acme/tools/issues/1",
                "labels": ["status/ready", "priority/p1"], "priority": "priority/p1",
                "status": "status/ready", "agentMatch": false, "lane": "default",
                "decomposed": false, "issueId": "iss_000001", "repoFullName": "acme/tools",
                "claimable": true, "blockedBy": [], "dependencyBlockReason": "",
                "linkedPrHealth": null,
            })
        );
        assert_eq!(queue[1]["claimable"], false);
        assert_eq!(queue[1]["blockedBy"], json!([1]));
        assert_eq!(queue[1]["dependencyBlockReason"], "Blocked by open #1");

        post(given, "/api/issues/claim", claim(1, "alpha")).await;
        let own = get(given, "/api/agents/alpha/queue").await.json();
        let one = own.as_array().unwrap().iter().find(|one| one["number"] == 1).expect("its own");
        assert_eq!(
            (&one["agentMatch"], &one["status"]),
            (&json!(true), &json!("status/in-progress"))
        );
        assert!(!get(given, "/api/agents/beta/queue").await.text().contains("\"Open\""));

        let summary = get(given, "/api/agents/alpha/work-summary").await.json();
        let none = json!({ "total": 0, "blocked": 0 });
        assert_eq!(
            summary,
            json!({
                "agentName": "alpha",
                "issues": {
                    "backlog": { "queued": 0, "inProgress": 0 },
                    "default": { "queued": 1, "inProgress": 2 },
                },
                "prFixes": { "local": none, "frontier": none, "needsHuman": none },
            })
        );
    })
    .await;
}

// ------------------------------------------------------------------------- the known programs

/// The calls of the Python bridge and of the Go operator, in their order; each response has the
/// members that they read.
#[tokio::test]
async fn the_known_programs_go_through_a_task() {
    let lanes = json!({
        "lanes": [
            { "id": "local", "title": "Local", "claimable": true, "role": "default" },
            { "id": "frontier", "title": "Frontier", "claimable": true, "role": "escalation" },
            { "id": "backlog", "title": "Backlog", "claimable": false },
        ],
        "laneAliases": { "normal": "local", "escalated": "frontier", "cloud": "local" },
    });
    let settings = [("DISPATCH_LANE_CONFIG_JSON", &*lanes.to_string())];
    given_settings(&settings, async |given| {
        given.with_issues(&[("One", &["status/ready"]), ("Two", &["status/ready"])]).await;
        // The bridge keeps only issues of the lane that it requested.
        for (lane, kept) in [("local", 2), ("cloud", 0), ("frontier", 0)] {
            let path = format!("/api/agents/foreman-coder/queue?lane={lane}&includeClaimed=true");
            let queue = get(given, &path).await.json();
            let queue = queue.as_array().expect("an array at the top").iter();
            let of_lane = queue.filter(|one| one["lane"] == lane && one["claimable"] == true);
            assert_eq!(of_lane.count(), kept, "{lane}");
        }
        let agent = "foreman-coder";
        let calls = [
            ("/api/issues/claim", claim(1, agent)),
            ("/api/issues/claim", claim(1, agent)),
            ("/api/issues/status", which(1, json!({ "status": "in-review", "agentName": agent }))),
            ("/api/issues/label", which(1, json!({ "label": "needs-human" }))),
            ("/api/issues/unlabel", which(1, json!({ "label": "needs-human" }))),
            ("/api/issues/unlabel", which(1, json!({ "label": "needs-human" }))),
            ("/api/issues/comment", which(1, json!({ "body": "Working on it" }))),
            ("/api/issues/comment", which(1, json!({ "body": "Working on it" }))),
            ("/api/issues/unclaim", claim(1, agent)),
        ];
        for (path, body) in calls {
            let answer = post(given, path, body).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
            assert!(answer.json().is_object(), "{path}");
        }
        assert_eq!(given.github.posted_comments(REPOSITORY, 1), ["Working on it"]);
        let blocked = which(1, json!({ "status": "blocked", "agentName": agent }));
        assert_eq!(post(given, "/api/issues/status", blocked).await.status, 400, "no reason");
        let state = get(given, "/api/issues/state?repo=acme%2Ftools&number=1").await.json();
        assert_eq!((&state["state"], &state["issueId"]), (&json!("open"), &json!("iss_000001")));
        assert_eq!(
            get(given, "/api/issues/claimed?agentName=foreman-coder").await.json(),
            json!([])
        );

        // The operator: next-task, state, claim, report, status.
        let task = get(given, "/api/agents/courier%2Fone/next-task?lane=local").await.json();
        assert_eq!(task["type"], "implement", "{task}");
        let number = task["issue"]["number"].as_i64().unwrap();
        let state = get(given, &format!("/api/issues/state?repo=acme/tools&number={number}")).await;
        let id = state.json()["issueId"].clone();
        let own = json!({
            "issueId": id, "repoFullName": "acme/tools", "issueNumber": number,
            "agentName": "courier/one",
        });
        let answer = post(given, "/api/issues/claim", own.clone()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let outcomes = [
            "pr_opened",
            "pr_updated",
            "issue_updated",
            "issue_closed",
            "blocked",
            "failed",
            "no_changes_needed",
            "already_addressed",
        ];
        for outcome in outcomes {
            let report = json!({
                "taskType": "implement", "outcome": outcome, "repoFullName": "acme/tools",
                "issueNumber": number, "idempotencyKey": format!("coderun/ns/{outcome}"),
            });
            let path = "/api/agents/courier%2Fone/tasks/report";
            let answer = post(given, path, report).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
            assert_eq!(answer.json()["prFixResolution"]["action"], "none");
        }
        let asked = "{ agents { name runsCount successesCount failuresCount } }";
        let agents = given.graphql(asked, json!({})).await;
        let counts = agents["agents"].as_array().unwrap().iter();
        let counts = counts.clone().find(|agent| agent["name"] == "courier/one").unwrap();
        assert_eq!((&counts["runsCount"], &counts["successesCount"]), (&json!(8), &json!(6)));
        assert_eq!(counts["failuresCount"], 1);
        let results = given.graphql("{ agentRuns { nodes { status result } } }", json!({})).await;
        let said = results.to_string();
        assert!(said.contains(r#"{"result":"SUCCEEDED","status":"completed"}"#), "{said}");
        let mut blocked = own;
        blocked["status"] = json!("blocked");
        blocked["blockedReason"] = json!("needs a human");
        let answer = post(given, "/api/issues/status", blocked).await;
        assert_eq!(answer.json()["status"], "status/blocked", "{}", answer.text());
    })
    .await;
}
