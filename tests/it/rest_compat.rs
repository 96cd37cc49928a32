//! The legacy REST routes: every body, text, status and header that existing clients rely on.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use dispatch::simulator::{Fault, Gate};
use dispatch::store;
use dispatch::store::SessionTimeouts;
use dispatch::store::repositories::job_locks;
use serde_json::{Value, json};

use crate::support::{Answer, Given, REPOSITORY, eventually, given, given_settings};

/// Two issues: #1 in Ready with everything that filters read, #2 without labels.
async fn with_two_issues(given: &mut Given) {
    let labels = ["status/ready", "priority/p1", "agent/alpha", "owner/sam", "project/apollo"];
    given.with_issues(&[("Teach the importer about gzip", &labels), ("Plain", &[])]).await;
}

/// The body that moves #1.
fn to(label: &str) -> Value {
    json!({
        "issueId": "iss_000001",
        "repoFullName": REPOSITORY,
        "issueNumber": 1,
        "oldLabels": ["status/ready"],
        "newLabels": [label],
    })
}

/// The body with one member changed.
fn with(mut body: Value, member: &str, value: Value) -> Value {
    body[member] = value;
    body
}

/// The body without one member.
fn without(mut body: Value, member: &str) -> Value {
    body.as_object_mut().unwrap().remove(member);
    body
}

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status.as_u16(), error), (status, answer.json()["error"].as_str().unwrap()));
    assert_eq!(answer.headers["content-type"], "application/problem+json");
}

/// Sends a raw body with a given content type.
async fn post_raw(given: &Given, path: &str, content_type: &str, body: Body) -> Answer {
    let mut request = Request::post(path).header("host", "localhost:3000");
    if !content_type.is_empty() {
        request = request.header("content-type", content_type);
    }
    given.send(request.body(body).unwrap()).await
}

/// The numbers of the issues that a query lists.
async fn listed(given: &Given, query: &str) -> Vec<i64> {
    let answer = given.ask("GET", &format!("/api/issues?{query}"), None).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text());
    let issues = answer.json();
    issues.as_array().unwrap().iter().map(|issue| issue["number"].as_i64().unwrap()).collect()
}

/// Runs a part of a test while the database is unreachable.
async fn lose_database(given: &mut Given, part: impl AsyncFnOnce(&Given)) {
    let gone =
        store::connect("postgres://nobody@127.0.0.1:1/nothing", 1, SessionTimeouts::default())
            .unwrap();
    let pool = std::mem::replace(&mut given.app.pool, gone);
    part(given).await;
    given.app.pool = pool;
}

async fn audit(given: &Given) -> Vec<Value> {
    let answer = given.ask("GET", "/api/audit", None).await;
    serde_json::from_value(answer.json()).unwrap()
}

// ------------------------------------------------------------------------------------- health

#[tokio::test]
async fn health_reports_database_and_transports() {
    given(async |given| {
        let answer = given.ask("GET", "/api/health", None).await;
        assert_eq!(answer.status, StatusCode::OK);
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            answer.json(),
            json!({ "ok": true, "database": "ok", "version": version, "authMode": "legacy",
                "scheduler": { "jobs": [] } })
        );
        assert_eq!(given.ask("GET", "/livez", None).await.json(), json!({ "ok": true }));
        assert_eq!(given.ask("GET", "/readyz", None).await.json(), json!({ "ok": true }));
        assert_eq!(given.ask("HEAD", "/api/health", None).await.status, StatusCode::OK);

        lose_database(given, async |given| {
            let answer = given.ask("GET", "/api/health", None).await;
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(
                answer.json(),
                json!({ "ok": false, "database": "error", "version": version,
                    "scheduler": { "jobs": [] } })
            );
            assert_eq!(given.ask("GET", "/livez", None).await.status, StatusCode::OK);
            let answer = given.ask("GET", "/readyz", None).await;
            assert_eq!(answer.json()["code"], "UNAVAILABLE");
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn health_names_the_mode() {
    for (mode, settings) in [
        ("disabled", &[("DISPATCH_AUTH_MODE", "disabled")][..]),
        ("read-only", &[("DISPATCH_AUTH_MODE", "read-only")][..]),
        (
            "basic",
            &[
                ("DISPATCH_AUTH_MODE", "basic"),
                ("DISPATCH_AUTH_USERNAME", "sam"),
                ("DISPATCH_AUTH_PASSWORD", "secret"),
            ][..],
        ),
    ] {
        given_settings(settings, async |given| {
            let answer = given.ask("GET", "/api/health", None).await;
            assert_eq!(answer.json()["authMode"], mode);
        })
        .await;
    }
}

#[tokio::test]
async fn without_the_database_routes_fail_with_the_legacy_errors() {
    given(async |given| {
        with_two_issues(given).await;
        lose_database(given, async |given| {
            for (path, text) in [
                ("/api/issues", "Failed to fetch issues"),
                ("/api/issues/state?repo=acme/tools&number=1", "Failed to fetch issue state"),
                ("/api/repos", "Failed to fetch repositories"),
                ("/api/automation/repos", "Failed to fetch repos"),
                ("/api/automation/repos/tracked", "Failed to fetch tracked repositories"),
                ("/api/automation/repos/acme/tools", "Failed to fetch repo"),
                ("/api/automation/repos/acme%2Ftools", "Failed to fetch repo"),
                ("/api/automation/workflows", "Failed to fetch workflows"),
                ("/api/automation/workflows/wfl_000001", "Failed to fetch workflow"),
                ("/api/automation/events", "Failed to fetch events"),
                ("/api/automation/sync", "Failed to fetch repos"),
                ("/cctray.xml", "Failed to fetch workflows"),
                ("/api/agent-runs", "Failed to fetch agent runs"),
                ("/api/audit", "Failed to fetch audit logs"),
            ] {
                assert_refused(&given.ask("GET", path, None).await, 500, text);
            }
            let issue = json!({ "repoFullName": REPOSITORY, "issueNumber": 1 });
            let repository = json!({ "fullName": "acme/new" });
            let about = |member: &str, value: &str| {
                with(without(to("status/done"), "oldLabels"), member, json!(value))
            };
            let assign = with(about("value", "agent/beta"), "action", json!("assign_agent"));
            for (method, path, body, text) in [
                ("POST", "/api/issues/move", to("status/done"), "Failed to move issue"),
                ("POST", "/api/issues/status", status("done"), "Failed to set issue status"),
                ("POST", "/api/issues/comment", about("body", "Hi"), "Failed to post comment"),
                ("POST", "/api/issues/label", about("label", "bug"), "Failed to add label"),
                ("POST", "/api/issues/unlabel", about("label", "bug"), "Failed to remove label"),
                ("POST", "/api/issues/claim", status("done"), "Failed to claim issue"),
                ("POST", "/api/issues/unclaim", status("done"), "Failed to unclaim issue"),
                ("POST", "/api/issues/actions", assign, "Failed to assign issue"),
                ("POST", "/api/issues/refresh", issue, "Issue refresh failed"),
                ("POST", "/api/agent-runs", run(), "Failed to create agent run"),
                ("POST", "/api/repos", repository.clone(), "Failed to add repository"),
                ("POST", "/api/automation/repos", repository, "Failed to add repository"),
                (
                    "DELETE",
                    "/api/automation/repos/acme/tools",
                    Value::Null,
                    "Failed to remove repository",
                ),
                ("POST", "/api/sync", json!({}), "Sync failed"),
                ("POST", "/api/automation/sync", json!({}), "Sync failed"),
            ] {
                let answer = given.ask_as_agent(method, path, Some(body)).await;
                assert_refused(&answer, 500, text);
            }
        })
        .await;
    })
    .await;
}

// ------------------------------------------------------------------------------------- issues

#[tokio::test]
async fn an_issue_has_every_member_that_clients_know() {
    given(async |given| {
        with_two_issues(given).await;
        let answer = given.ask("GET", "/api/issues?agent=agent/alpha", None).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(
            answer.json(),
            json!([{
                "id": "iss_000001",
                "number": 1,
                "repositoryId": "rep_000001",
                "title": "Teach the importer about gzip",
                "body": null,
                "state": "open",
                "url": "https://github.example/acme/tools/issues/1",
                "labels":
                    ["status/ready", "priority/p1", "agent/alpha", "owner/sam", "project/apollo"],
                "assignees": [],
                "commentsCount": 0,
                "createdAt": "2026-05-20T12:00:00.000Z",
                "updatedAt": "2026-05-20T12:00:00.000Z",
                "closedAt": null,
                "lastSyncedAt": "2026-05-20T12:00:00.000Z",
                "currentLane": "default",
                "blockedReason": null,
                "decomposed": false,
                "decomposedAt": null,
                "decomposedBy": null,
                "decomposedNote": null,
                "followUpUrls": [],
                "repository": {
                    "id": "rep_000001",
                    "name": "tools",
                    "owner": "acme",
                    "fullName": "acme/tools",
                    "enabled": true,
                    "createdAt": "2026-05-20T12:00:00.000Z",
                    "updatedAt": "2026-05-20T12:00:00.000Z",
                },
            }])
        );
    })
    .await;
}

#[tokio::test]
async fn filters_combine_and_take_labels_or_bare_values() {
    given(async |given| {
        with_two_issues(given).await;
        for query in [
            "agent=agent/alpha",
            "agent=alpha",
            "owner=owner/sam&agent=alpha",
            "priority=p1",
            "priority=priority/p1",
            "project=apollo",
            "project=project/apollo",
            "status=ready",
            "repo=ACME/Tools&status=ready",
            "agent=alpha&agent=beta",
            "agent=alpha&owner=",
        ] {
            assert_eq!(listed(given, query).await, [1], "{query}");
        }
        for query in [
            "agent=beta",
            "agent=alpha&owner=kim",
            "agent=tag/alpha",
            "repo=acme/other",
            "repo=nonsense",
            "status=backlog",
            "lane=backlog",
            "decomposed=true",
        ] {
            assert_eq!(listed(given, query).await, [0; 0], "{query}");
        }
        for query in ["", "repo=acme/tools", "lane=default", "lane=NORMAL", "decomposed=false"] {
            assert_eq!(listed(given, query).await.len(), 2, "{query}");
        }
        assert_eq!(listed(given, "untriaged=true").await, [2]);
        assert_eq!(listed(given, "untriaged=1").await.len(), 2);

        let answer = given.ask("GET", "/api/issues?status=later", None).await;
        assert_refused(&answer, 400, "Invalid status: later");
        let answer = given.ask("GET", "/api/issues?lane=fast", None).await;
        assert_refused(&answer, 400, "Invalid lane: \"fast\". Must be one of: default, backlog");
        let answer = given.ask("GET", "/api/issues?agent=%00", None).await;
        assert_refused(&answer, 400, "agent must not contain a NUL character");
    })
    .await;
}

#[tokio::test]
async fn new_issues_start_in_the_configured_lane() {
    let lanes = json!({
        "lanes": [
            { "id": "backlog", "title": "Backlog", "claimable": false },
            { "id": "local", "title": "Local", "claimable": true, "role": "default" },
        ],
        "laneAliases": { "normal": "local" },
    });
    let settings = [("DISPATCH_LANE_CONFIG_JSON", &*lanes.to_string())];
    given_settings(&settings, async |given| {
        with_two_issues(given).await;
        let issues = given.ask("GET", "/api/issues?lane=Normal", None).await.json();
        assert_eq!(
            (&issues[0]["currentLane"], &issues[1]["currentLane"]),
            (&json!("local"), &json!("local"))
        );
        assert_eq!(listed(given, "lane=backlog").await, [0; 0]);
        let answer = given.ask("GET", "/api/issues?lane=default", None).await;
        assert_refused(&answer, 400, "Invalid lane: \"default\". Must be one of: backlog, local");
    })
    .await;
}

#[tokio::test]
async fn issues_come_last_updated_first_and_leave_with_the_done_window() {
    given(async |given| {
        with_two_issues(given).await;
        given.advance(60);
        given.github.edit_title(REPOSITORY, 1, "Teach it").unwrap();
        given.github.edit_body(REPOSITORY, 1, "Steps…").unwrap();
        given.sync().await;
        assert_eq!(listed(given, "").await, [1, 2]);
        let first = given.ask("GET", "/api/issues", None).await.json()[0].clone();
        assert_eq!(first["body"], "Steps…");
        assert_eq!(first["lastSyncedAt"], "2026-05-20T12:01:00.000Z");

        given.advance(60);
        given.github.close(REPOSITORY, 2).unwrap();
        given.sync().await;
        let closed = given.ask("GET", "/api/issues", None).await.json()[0].clone();
        assert_eq!(closed["state"], "closed");
        assert_eq!(closed["closedAt"], "2026-05-20T12:02:00.000Z");
        given.advance(8 * 86_400);
        dispatch::service::retention::apply_done_window(&given.app).await.unwrap();
        assert_eq!(listed(given, "").await, [1]);
        assert_eq!(listed(given, "includeClosed=1").await, [1]);
        assert_eq!(listed(given, "includeClosed=true").await, [2, 1]);
    })
    .await;
}

#[tokio::test]
async fn an_issue_was_synced_when_its_repository_last_was() {
    given(async |given| {
        with_two_issues(given).await;
        given.advance(3600);
        given.sync().await;
        let issues = given.ask("GET", "/api/issues", None).await.json();
        for issue in issues.as_array().unwrap() {
            assert_eq!(issue["lastSyncedAt"], "2026-05-20T13:00:00.000Z");
        }
    })
    .await;
}

#[tokio::test]
async fn excluded_labels_hide_issues_but_not_their_state() {
    given_settings(&[("DISPATCH_EXCLUDED_LABELS", "owner/sam")], async |given| {
        with_two_issues(given).await;
        assert_eq!(listed(given, "").await, [2]);
        let answer = given.ask("GET", "/api/issues/state?repo=Acme/Tools&number=1", None).await;
        assert_eq!(
            answer.json(),
            json!({
                "issueId": "iss_000001",
                "repoFullName": "acme/tools",
                "number": 1,
                "state": "open",
                "closedAt": null,
                "labels":
                    ["status/ready", "priority/p1", "agent/alpha", "owner/sam", "project/apollo"],
            })
        );
    })
    .await;
}

#[tokio::test]
async fn a_state_needs_a_repository_and_a_number() {
    given(async |given| {
        let missing = "Missing required query parameters: repo, number";
        for (query, status, error) in [
            ("", 400, missing),
            ("repo=acme/tools", 400, missing),
            ("repo=&number=1", 400, missing),
            ("repo=acme/tools&number=x", 400, "Invalid number: x"),
            ("repo=acme/tools&number=0", 400, "Invalid number: 0"),
            ("repo=acme/tools&number=1.5", 400, "Invalid number: 1.5"),
            ("repo=acme/tools&number=1", 404, "Issue not found in cache: acme/tools#1"),
            ("repo=nonsense&number=1", 404, "Issue not found in cache: nonsense#1"),
            (
                "repo=acme/tools&number=99999999999",
                404,
                "Issue not found in cache: acme/tools#99999999999",
            ),
        ] {
            let answer = given.ask("GET", &format!("/api/issues/state?{query}"), None).await;
            assert_refused(&answer, status, error);
        }
    })
    .await;
}

// -------------------------------------------------------------------------------------- moves

#[tokio::test]
async fn a_move_changes_labels_on_github_and_is_audited() {
    given(async |given| {
        with_two_issues(given).await;
        given.advance(1);
        let answer = given.ask("POST", "/api/issues/move", Some(to("status/in-review"))).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.json(), json!({ "success": true }));
        let labels =
            ["priority/p1", "agent/alpha", "owner/sam", "project/apollo", "status/in-review"];
        assert_eq!(given.github.labels(REPOSITORY, 1), labels);
        assert_eq!(listed(given, "status=in-review").await, [1]);

        let entry = audit(given).await.remove(0);
        let issue = given.ask("GET", "/api/issues?status=in-review", None).await.json();
        assert_eq!(
            entry,
            json!({
                "id": "aud_000002",
                "actor": "user",
                "action": "move_issue",
                "repoFullName": "acme/tools",
                "issueNumber": 1,
                "issueId": "iss_000001",
                "beforeLabels":
                    ["status/ready", "priority/p1", "agent/alpha", "owner/sam", "project/apollo"],
                "afterLabels": labels,
                "success": true,
                "errorMessage": null,
                "notes": null,
                "createdAt": "2026-05-20T12:00:01.000Z",
                "issue": issue[0],
            })
        );
    })
    .await;
}

#[tokio::test]
async fn the_real_labels_count_and_only_the_status_is_touched() {
    given(async |given| {
        with_two_issues(given).await;
        let mut body = to("status/done");
        body["oldLabels"] = json!([]);
        body["newLabels"] = json!(["made/up", "status/done", "status/unheard-of"]);
        let answer = given.ask("POST", "/api/issues/move", Some(body)).await;
        assert_eq!(answer.json(), json!({ "success": true }));
        assert!(!given.github.labels(REPOSITORY, 1).contains(&"made/up".to_owned()));
        let entry = audit(given).await.remove(0);
        assert_eq!(entry["beforeLabels"][0], "status/ready");

        let none = with(to("x"), "newLabels", json!([]));
        given.ask("POST", "/api/issues/move", Some(none)).await;
        assert!(given.github.labels(REPOSITORY, 1).contains(&"status/backlog".to_owned()));
        let labels = given.github.labels(REPOSITORY, 1);
        assert_eq!(labels.iter().filter(|label| label.starts_with("status/")).count(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_move_to_the_same_column_is_audited_without_a_github_request() {
    given(async |given| {
        with_two_issues(given).await;
        given.github.take_writes();
        let answer = given.ask("POST", "/api/issues/move", Some(to("status/ready"))).await;
        assert_eq!(answer.json(), json!({ "success": true }));
        assert!(given.github.take_writes().is_empty());
        let entry = audit(given).await.remove(0);
        assert_eq!((&entry["action"], &entry["success"]), (&json!("move_issue"), &json!(true)));
    })
    .await;
}

#[tokio::test]
async fn a_reason_to_block_is_optional_on_the_board() {
    given(async |given| {
        with_two_issues(given).await;
        given.ask("POST", "/api/issues/move", Some(to("status/blocked"))).await;
        let issue = given.ask("GET", "/api/issues?status=blocked", None).await.json();
        assert_eq!(issue[0]["blockedReason"], "moved on the board");
        let body = with(to("status/blocked"), "reason", json!("waits for legal"));
        given.ask("POST", "/api/issues/move", Some(body)).await;
        let issue = given.ask("GET", "/api/issues?status=blocked", None).await.json();
        assert_eq!(issue[0]["blockedReason"], "waits for legal");
        given.ask("POST", "/api/issues/move", Some(to("status/ready"))).await;
        let issue = given.ask("GET", "/api/issues?status=ready", None).await.json();
        assert_eq!(issue[0]["blockedReason"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn the_body_of_a_move_is_checked_in_order() {
    given(async |given| {
        with_two_issues(given).await;
        given.github.take_writes();
        let known = "status/backlog, status/ready, status/in-progress, status/in-review, \
                     status/blocked, status/done";
        let unknown = format!("Invalid status label: status/later. Allowed: {known}");
        let good = || to("status/done");
        let missing = "Missing required fields";
        let number = "issueNumber must be a positive whole number";
        let mut vectors = vec![
            (with(good(), "issueNumber", json!("1")), missing),
            (with(good(), "issueNumber", Value::Null), missing),
            (with(good(), "issueId", json!("")), missing),
            (with(good(), "oldLabels", Value::Null), missing),
            (with(good(), "issueNumber", json!(0)), number),
            (with(good(), "issueNumber", json!(-1)), number),
            (with(good(), "issueNumber", json!(42.5)), number),
            (with(with(good(), "issueNumber", json!(0)), "number", json!(1)), number),
            (with(good(), "issueId", json!(7)), "issueId must be a string"),
            (with(good(), "repoFullName", json!(["x"])), "repoFullName must be a string"),
            (with(good(), "oldLabels", json!("x")), "oldLabels must be an array of label names"),
            (with(good(), "newLabels", json!([1])), "newLabels must be an array of label names"),
            (with(good(), "oldLabels", json!(["a", "status/later"])), unknown.as_str()),
            (with(good(), "newLabels", json!(["status/later"])), unknown.as_str()),
            (
                with(good(), "issueId", json!("run_000001")),
                "issueId: `run_000001` is not the id of an issue; such an id starts with `iss_`",
            ),
            (
                with(good(), "issueId", json!("cmb0000000000000000000001")),
                "issueId: `cmb0000000000000000000001` is not the id of an issue; \
                 such an id starts with `iss_`",
            ),
            (
                with(good(), "issueNumber", json!(2)),
                "issueId does not match repoFullName/issueNumber; expected acme/tools#1",
            ),
            (
                with(good(), "repoFullName", json!("acme/other")),
                "issueId does not match repoFullName/issueNumber; expected acme/tools#1",
            ),
            (with(good(), "reason", json!("a\0b")), "reason must not contain a NUL character"),
            (with(good(), "actor", json!({})), "actor must be a string"),
        ];
        for member in ["issueId", "repoFullName", "issueNumber", "oldLabels", "newLabels"] {
            vectors.push((without(good(), member), missing));
        }
        for (body, error) in vectors {
            let answer = given.ask("POST", "/api/issues/move", Some(body.clone())).await;
            assert_refused(&answer, 400, error);
        }
        assert!(given.github.take_writes().is_empty());
        assert_eq!(audit(given).await.len(), 1, "only the tracking is in the log");
    })
    .await;
}

#[tokio::test]
async fn an_issue_is_found_by_its_number_when_its_id_is_unknown() {
    given(async |given| {
        with_two_issues(given).await;
        let body = with(to("status/done"), "issueId", json!("iss_00zzzz"));
        let answer = given.ask("POST", "/api/issues/move", Some(body.clone())).await;
        assert_eq!(answer.json(), json!({ "success": true }));

        given.github.take_writes();
        let body = with(body, "issueNumber", json!(77));
        let answer = given.ask("POST", "/api/issues/move", Some(body)).await;
        assert_refused(&answer, 404, "Issue not found in local cache");
        assert!(given.github.take_writes().is_empty());
        let entry = audit(given).await.remove(0);
        assert_eq!(entry["issueId"], Value::Null);
        assert_eq!(entry["issue"], Value::Null);
        assert_eq!(entry["issueNumber"], 77);
        assert_eq!(entry["success"], false);
        assert_eq!(entry["errorMessage"], "Issue not found in local cache");
        assert_eq!((&entry["beforeLabels"], &entry["afterLabels"]), (&json!([]), &json!([])));
    })
    .await;
}

#[tokio::test]
async fn a_closed_issue_is_not_moved() {
    given(async |given| {
        with_two_issues(given).await;
        given.github.close(REPOSITORY, 1).unwrap();
        let answer = given.ask("POST", "/api/issues/move", Some(to("status/ready"))).await;
        assert_refused(&answer, 400, "Cannot move a closed issue");
    })
    .await;
}

#[tokio::test]
async fn a_github_error_is_passed_on_and_changes_nothing() {
    given(async |given| {
        with_two_issues(given).await;
        let refusal = Fault::refuse(403, "Resource not accessible by personal access token");
        given.github.inject(refusal.on_mutations());
        let text = "GitHub API error: 403 Resource not accessible by personal access token";
        let answer = given.ask("POST", "/api/issues/move", Some(to("status/done"))).await;
        assert_refused(&answer, 500, text);
        assert_eq!(answer.json()["code"], "UPSTREAM_FAILED");
        assert_eq!(listed(given, "status=ready").await, [1]);
        let entry = audit(given).await.remove(0);
        assert_eq!((&entry["success"], &entry["errorMessage"]), (&json!(false), &json!(text)));

        given.github.inject(Fault::refuse(401, "Bad credentials").on_queries());
        let answer = given.ask("POST", "/api/issues/move", Some(to("status/done"))).await;
        assert_refused(&answer, 500, "GitHub API error: 401 Bad credentials");
    })
    .await;
}

#[tokio::test]
async fn a_move_during_another_reports_the_current_and_target_columns() {
    given(async |given| {
        with_two_issues(given).await;
        let gate = Gate::new();
        given.github.inject(Fault::Hold(gate.clone()).on("ChangeLabels"));
        let first = async {
            let answer =
                given.ask("POST", "/api/issues/move", Some(to("status/in-progress"))).await;
            assert_eq!(answer.json(), json!({ "success": true }));
        };
        let others = async {
            gate.arrived().await;
            for (path, body) in
                [("/api/issues/move", to("status/done")), ("/api/issues/status", status("done"))]
            {
                let answer = given.ask("POST", path, Some(body)).await;
                let text = answer.json()["error"].as_str().unwrap().to_owned();
                assert_refused(&answer, 409, &text);
                let answer = answer.json();
                assert_eq!(answer["code"], "CONFLICT");
                assert_eq!(
                    (&answer["current"], &answer["pending"]),
                    (&json!("ready"), &json!("in-progress"))
                );
            }
            gate.open();
        };
        tokio::join!(Box::pin(first), Box::pin(others));
        assert_eq!(listed(given, "status=in-progress").await, [1]);
    })
    .await;
}

#[tokio::test]
async fn an_exhausted_rate_limit_has_each_routes_legacy_status() {
    given(async |given| {
        with_two_issues(given).await;
        let until = given.app.clock.now() + chrono::TimeDelta::minutes(10);
        given.github.exhaust_rate_limit(until);
        given.github.set_core_limit(0, until);
        let text = "GitHub API error: 429 rate limit exceeded until 2026-05-20T12:10:00Z";
        let issue = json!({ "repoFullName": REPOSITORY, "issueNumber": 1 });
        for (path, body, status) in [
            ("/api/issues/move", to("status/done"), 500),
            ("/api/issues/status", status("done"), 503),
            ("/api/issues/refresh", issue, 502),
        ] {
            let answer = given.ask("POST", path, Some(body)).await;
            assert_refused(&answer, status, text);
            assert_eq!(answer.json()["code"], "RATE_LIMITED", "{path}");
            assert_eq!(answer.headers["retry-after"], "600", "{path}");
        }
        assert_eq!(listed(given, "status=ready").await, [1]);
    })
    .await;
}

#[tokio::test]
async fn an_agent_names_itself() {
    given(async |given| {
        with_two_issues(given).await;
        let body = with(to("status/done"), "actor", json!("beta"));
        given.ask_as_agent("POST", "/api/issues/move", Some(body.clone())).await;
        assert_eq!(audit(given).await[0]["actor"], "beta");
        given.ask_as_agent("POST", "/api/issues/move", Some(to("status/ready"))).await;
        assert_eq!(audit(given).await[0]["actor"], "agent");
        given.ask("POST", "/api/issues/move", Some(body)).await;
        assert_eq!(audit(given).await[0]["actor"], "user", "a person may not pose as one");
    })
    .await;
}

// ------------------------------------------------------------------------------------- status

fn status(word: &str) -> Value {
    json!({
        "issueId": "iss_000001",
        "repoFullName": REPOSITORY,
        "issueNumber": 1,
        "status": word,
        "agentName": "alpha",
    })
}

#[tokio::test]
async fn setting_a_status_returns_the_labels() {
    given(async |given| {
        with_two_issues(given).await;
        let answer =
            given.ask_as_agent("POST", "/api/issues/status", Some(status("in-progress"))).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(
            answer.json(),
            json!({
                "success": true,
                "status": "status/in-progress",
                "labels": [
                    "priority/p1", "agent/alpha", "owner/sam", "project/apollo",
                    "status/in-progress",
                ],
            })
        );
        let entry = audit(given).await.remove(0);
        assert_eq!((&entry["action"], &entry["actor"]), (&json!("set_status"), &json!("alpha")));
    })
    .await;
}

#[tokio::test]
async fn the_body_of_a_status_is_checked() {
    given(async |given| {
        with_two_issues(given).await;
        given.github.take_writes();
        let missing = "Missing required fields: issueId, repoFullName, issueNumber, status";
        let known = "status/backlog, status/ready, status/in-progress, status/in-review, \
                     status/blocked, status/done";
        let unknown = format!("Invalid status label: later. Allowed: {known}");
        for (body, code, error) in [
            (without(status("done"), "status"), 400, missing),
            (with(status("done"), "issueNumber", json!("1")), 400, missing),
            (status("later"), 400, unknown.as_str()),
            (
                status("blocked"),
                400,
                "blockedReason: a move to Blocked needs a reason that tells what it waits for",
            ),
            (
                with(status("blocked"), "blockedReason", json!("  ")),
                400,
                "blockedReason: a move to Blocked needs a reason that tells what it waits for",
            ),
            (
                with(with(status("done"), "issueId", json!("iss_00zzzz")), "issueNumber", json!(9)),
                404,
                "Issue not found in local cache",
            ),
        ] {
            let answer = given.ask_as_agent("POST", "/api/issues/status", Some(body)).await;
            assert_refused(&answer, code, error);
        }
        assert!(given.github.take_writes().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_status_is_not_set_when_labels_are_unreadable() {
    given(async |given| {
        with_two_issues(given).await;
        given.github.inject(Fault::refuse(401, "Bad credentials").on_queries());
        let answer = given.ask_as_agent("POST", "/api/issues/status", Some(status("done"))).await;
        let text = "Could not verify live GitHub labels: GitHub API error: 401 Bad credentials";
        assert_refused(&answer, 503, text);
        assert_eq!(audit(given).await[0]["success"], false);

        given.github.inject(Fault::refuse(403, "No").on_mutations());
        let answer = given.ask_as_agent("POST", "/api/issues/status", Some(status("done"))).await;
        assert_refused(&answer, 500, "GitHub API error: 403 No");
    })
    .await;
}

// --------------------------------------------------------------------------------------- sync

#[tokio::test]
async fn a_sync_reports_each_repository() {
    given(async |given| {
        let nothing = json!({ "success": true, "repos": 0, "syncedCount": 0, "results": [] });
        assert_eq!(given.ask("POST", "/api/sync", None).await.json(), nothing);

        with_two_issues(given).await;
        given.track("acme/gone").await;
        let answer = given.ask("POST", "/api/sync", None).await;
        assert_eq!(answer.status, StatusCode::OK);
        let mut report = answer.json();
        let error = report["results"][0]["error"].take();
        assert!(error.as_str().unwrap().starts_with("GitHub API error: 404 "), "{error}");
        assert_eq!(report["success"], false);
        assert_eq!(report["repos"], 2);
        assert_eq!(report["results"][0]["repo"], "acme/gone");
        assert_eq!(report["results"][0]["synced"], 0);
        assert_eq!(report["results"][1]["repo"], "acme/tools");
        assert_eq!(report["results"][1]["error"], Value::Null);
        assert_eq!(report["syncedCount"], report["results"][1]["synced"]);
    })
    .await;
}

#[tokio::test]
async fn one_repository_can_be_synced() {
    given(async |given| {
        with_two_issues(given).await;
        let untracked = "Repo acme/other is not tracked. \
                         Track it first via /api/repos or the UI.";
        let malformed = "Malformed JSON in request body";
        for (body, status, error) in [
            (r#"{"repoFullName":"acme/other"}"#, 404, untracked),
            ("{", 400, malformed),
            ("[]", 400, malformed),
            ("null", 400, malformed),
            (r#"{"repoFullName":7}"#, 400, "repoFullName must be a string"),
        ] {
            let answer = post_raw(given, "/api/sync", "", body.into()).await;
            assert_refused(&answer, status, error);
        }
        for body in ["", " \n", "{}", r#"{"repoFullName":"ACME/tools"}"#, r#"{"repoFullName":""}"#]
        {
            let answer = post_raw(given, "/api/sync", "", body.into()).await;
            assert_eq!(answer.json()["repos"], 1, "{body:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_sync_that_runs_locks_out_another() {
    given(async |given| {
        with_two_issues(given).await;
        let mut connection = given.database.connect().await;
        let (now, run) = (given.app.clock.now(), given.app.clock.fresh_uuid());
        assert!(job_locks::take(&mut connection, "issue-sync", (run, 1), now, now).await.unwrap());
        let answer = given.ask("POST", "/api/sync", None).await;
        assert_refused(&answer, 409, "A sync is already running. Try again later.");
        assert_eq!(answer.json()["locked"], true);
        given.advance(91);
        assert_eq!(given.ask("POST", "/api/sync", None).await.status, StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn one_issue_can_be_refreshed() {
    given(async |given| {
        with_two_issues(given).await;
        let refresh = async |number: Value| {
            let body = json!({ "repoFullName": "Acme/Tools", "issueNumber": number });
            given.ask("POST", "/api/issues/refresh", Some(body)).await
        };
        let report = |number: i64, action: &str| {
            json!({
                "success": true,
                "repo": "acme/tools",
                "issueNumber": number,
                "action": action,
                "error": null,
            })
        };
        assert_eq!(refresh(json!(1)).await.json(), report(1, "updated"));
        let new = dispatch::simulator::NewIssue::titled("New", &[]);
        let number = given.github.open_issue(REPOSITORY, new).unwrap();
        assert_eq!(refresh(json!(number)).await.json(), report(number, "created"));

        let invalid =
            "Missing or invalid required fields: repoFullName (string) and issueNumber (integer)";
        for number in [json!("1"), json!(0), json!(1.5), Value::Null] {
            assert_refused(&refresh(number).await, 400, invalid);
        }
        let body = json!({ "repoFullName": "acme/other", "issueNumber": 1 });
        let answer = given.ask("POST", "/api/issues/refresh", Some(body)).await;
        let untracked = "Repo acme/other is not tracked. \
                         Track it first via /api/repos or the UI.";
        assert_refused(&answer, 404, untracked);

        let pull_request = given.github.open_pull_request(REPOSITORY, "A change").unwrap();
        let answer = refresh(json!(pull_request)).await;
        let text = format!("#{pull_request} is a pull request, not an issue");
        assert_refused(&answer, 502, &text);
        assert_eq!(answer.json()["repo"], "Acme/Tools");
        assert_eq!(answer.json()["issueNumber"], pull_request);
    })
    .await;
}

// ------------------------------------------------------------------------------- repositories

#[tokio::test]
async fn a_repository_can_be_tracked_through_the_legacy_route() {
    given(async |given| {
        let body = json!({ "fullName": "Acme/Tools" });
        let answer = given.ask("POST", "/api/repos", Some(body.clone())).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        let row = json!({
            "id": "rep_000001",
            "name": "Tools",
            "owner": "Acme",
            "fullName": "Acme/Tools",
            "enabled": true,
            "createdAt": "2026-05-20T12:00:00.000Z",
            "updatedAt": "2026-05-20T12:00:00.000Z",
        });
        assert_eq!(answer.json(), with(row.clone(), "automationRepoId", json!("rep_000001")));
        assert_eq!(answer.headers["deprecation"], "true");
        assert_eq!(answer.headers["link"], "</api/automation/repos>; rel=\"successor-version\"");
        assert_eq!(given.ask("GET", "/api/repos", None).await.json(), json!([row]));

        let again = json!({ "fullName": "acme/TOOLS" });
        let answer = given.ask("POST", "/api/repos", Some(again)).await;
        assert_refused(&answer, 409, "Repository is already tracked");
        assert!(!answer.headers.contains_key("deprecation"));
        assert!(!answer.headers.contains_key("link"));
        assert_eq!(audit(given).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_repository_is_tracked_listed_and_untracked() {
    given(async |given| {
        let body = json!({ "fullName": "acme/tools" });
        let answer = given.ask("POST", "/api/automation/repos", Some(body)).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        assert!(!answer.headers.contains_key("deprecation"));
        assert_eq!(
            answer.json(),
            json!({
                "id": "rep_000001",
                "fullName": "acme/tools",
                "name": "tools",
                "owner": "acme",
                "defaultBranch": "main",
                "latestCommitSha": null,
                "openPRCount": 0,
                "lastSyncedAt": "2026-05-20T12:00:00.000Z",
                "syncError": null,
                "source": "user",
                "createdAt": "2026-05-20T12:00:00.000Z",
                "updatedAt": "2026-05-20T12:00:00.000Z",
                "repositoryId": "rep_000001",
            })
        );
        given.advance(60);
        given.ask("POST", "/api/sync", None).await;
        let listed = given.ask("GET", "/api/automation/repos", None).await.json();
        let error = listed[0]["syncError"].clone();
        assert!(error.as_str().unwrap().starts_with("GitHub API error: 404 "), "{error}");
        assert_eq!(
            listed,
            json!([{
                "id": "rep_000001",
                "fullName": "acme/tools",
                "name": "tools",
                "owner": "acme",
                "defaultBranch": "main",
                "latestCommitSha": null,
                "openPRCount": 0,
                "lastSyncedAt": "2026-05-20T12:01:00.000Z",
                "lastSucceededAt": null,
                "syncError": error,
                "source": "user",
                "workflows": [],
                "releases": [],
                "_count": { "workflows": 0, "releases": 0 },
                "failingRuns": 0,
                "runningRuns": 0,
                "lastSyncRun": null,
            }])
        );
        assert_eq!(
            given.ask("GET", "/api/automation/repos/tracked", None).await.json(),
            json!([{
                "fullName": "acme/tools",
                "owner": "acme",
                "name": "tools",
                "enabled": true,
                "defaultBranch": "main",
                "source": "user",
                "lastSyncedAt": "2026-05-20T12:01:00.000Z",
            }])
        );

        let answer = given.ask("DELETE", "/api/automation/repos/ACME/tools", None).await;
        assert_eq!(answer.json(), json!({ "success": true }));
        assert_eq!(given.ask("GET", "/api/automation/repos", None).await.json(), json!([]));
        assert_eq!(given.ask("GET", "/api/repos", None).await.json()[0]["enabled"], false);
        let entry = audit(given).await.remove(0);
        assert_eq!(entry["action"], "remove_tracked_repo");
        assert_eq!(entry["beforeLabels"], json!(["user"]));
        assert_eq!(entry["afterLabels"], json!([]));
        assert_eq!(entry["actor"], "user");
        assert_eq!(entry["issueNumber"], Value::Null);
        let answer = given.ask("DELETE", "/api/automation/repos/acme/tools", None).await;
        assert_refused(&answer, 404, "Repository not tracked");
    })
    .await;
}

#[tokio::test]
async fn a_path_may_write_the_name_as_one_segment() {
    given(async |given| {
        given.track("acme/tools").await;
        for path in ["nonsense", "acme%2F", "acme%2Fto%20ols", "%FF%FE", "a/b%00"] {
            let path = format!("/api/automation/repos/{path}");
            let answer = given.ask("DELETE", &path, None).await;
            assert_refused(&answer, 404, "Repository not tracked");
        }
        let answer = given.ask("DELETE", "/api/automation/repos/acme%2Ftools", None).await;
        assert_eq!(answer.json(), json!({ "success": true }));
    })
    .await;
}

const ELSEWHERE: &str =
    "`https://gitlab.com/acme/tools` is on gitlab.com, and repositories are read from github.com";

#[tokio::test]
async fn an_invalid_name_is_not_tracked() {
    given(async |given| {
        let format = "Invalid fullName format. Expected: owner/repo";
        let long = format!("{{\"fullName\":\"acme/{}\"}}", "x".repeat(3000));
        for path in ["/api/repos", "/api/automation/repos"] {
            for (body, error) in [
                ("", "Invalid JSON body"),
                ("{", "Invalid JSON body"),
                ("null", "Invalid JSON body"),
                ("[]", "Invalid JSON body"),
                ("{}", "fullName is required"),
                (r#"{"fullName":""}"#, "fullName is required"),
                (r#"{"fullName":7}"#, "fullName is required"),
                (r#"{"fullName":["acme/tools"]}"#, "fullName is required"),
                (r#"{"fullName":"acme"}"#, format),
                (r#"{"fullName":"acme/"}"#, format),
                (r#"{"fullName":"/tools"}"#, format),
                (r#"{"fullName":"a/b/c"}"#, format),
                (r#"{"fullName":"a b/c"}"#, format),
                (r#"{"fullName":"acme/.."}"#, format),
                (r#"{"fullName":"https://github.com/acme"}"#, format),
                (r#"{"fullName":"https://gitlab.com/acme/tools"}"#, ELSEWHERE),
                (r#"{"fullName":"acme/to\u0000ols"}"#, "fullName must not contain a NUL character"),
                (long.as_str(), "fullName must have at most 300 characters"),
            ] {
                let answer = post_raw(given, path, "text/plain", body.to_owned().into()).await;
                assert_refused(&answer, 400, error);
            }
        }
        assert!(audit(given).await.is_empty());
        assert_eq!(given.ask("GET", "/api/repos", None).await.json(), json!([]));
    })
    .await;
}

#[tokio::test]
async fn tracking_a_repository_is_audited() {
    given(async |given| {
        let body = json!({ "fullName": "acme/tools" });
        let request = Request::post("/api/automation/repos")
            .header("authorization", format!("bearer {}", crate::support::AGENT_TOKEN))
            .header("x-agent-name", "alpha");
        given.send(request.body(Body::from(body.to_string())).unwrap()).await;
        assert_eq!(audit(given).await[0]["actor"], "alpha");
    })
    .await;
}

// --------------------------------------------------------------------------------------- runs

fn run() -> Value {
    json!({
        "agentName": "alpha",
        "runType": "heartbeat",
        "status": "success",
        "startedAt": "2026-05-20T11:59:00.5Z",
    })
}

#[tokio::test]
async fn a_run_is_recorded_whole() {
    given(async |given| {
        with_two_issues(given).await;
        let answer = given.ask_as_agent("POST", "/api/agent-runs", Some(run())).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        let bare = json!({
            "id": "run_000001",
            "agentName": "alpha",
            "runType": "heartbeat",
            "status": "success",
            "startedAt": "2026-05-20T11:59:00.500Z",
            "finishedAt": null,
            "summary": null,
            "errorMessage": null,
            "notes": null,
            "touchedIssueUrls": [],
            "createdAt": "2026-05-20T12:00:00.000Z",
            "issueId": null,
            "outcome": null,
        });
        assert_eq!(answer.json(), bare);

        given.advance(1);
        let mut full = run();
        full["startedAt"] = json!(1_779_278_340_000_i64);
        full["finishedAt"] = json!("2026-05-20T12:00:00+00:00");
        full["summary"] = json!("did it");
        full["errorMessage"] = json!("a warning");
        full["notes"] = json!("not yours to set");
        full["touchedIssueUrls"] = json!(["https://github.com/acme/tools/issues/1"]);
        full["issueId"] = json!("iss_000001");
        full["outcome"] = json!("PR_OPENED");
        let answer = given.ask_as_agent("POST", "/api/agent-runs", Some(full)).await;
        let whole = json!({
            "id": "run_000002",
            "agentName": "alpha",
            "runType": "heartbeat",
            "status": "success",
            "startedAt": "2026-05-20T11:59:00.000Z",
            "finishedAt": "2026-05-20T12:00:00.000Z",
            "summary": "did it",
            "errorMessage": "a warning",
            "notes": null,
            "touchedIssueUrls": ["https://github.com/acme/tools/issues/1"],
            "createdAt": "2026-05-20T12:00:01.000Z",
            "issueId": "iss_000001",
            "outcome": "PR_OPENED",
        });
        assert_eq!(answer.json(), whole);
        let listed = given.ask("GET", "/api/agent-runs", None).await.json();
        assert_eq!(listed, json!([whole, bare]));
        let newest = given.ask("GET", "/api/agent-runs?limit=1x", None).await.json();
        assert_eq!(newest.as_array().unwrap().len(), 1);
        assert_eq!(given.ask("GET", "/api/agent-runs?limit=0", None).await.json(), json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_repeated_run_is_two_runs_without_an_idempotency_key() {
    given(async |given| {
        let post = async |key: Option<&str>| {
            let mut request = Request::post("/api/agent-runs")
                .header("authorization", format!("Bearer {}", crate::support::AGENT_TOKEN));
            if let Some(key) = key {
                request = request.header("idempotency-key", key);
            }
            given.send(request.body(Body::from(run().to_string())).unwrap()).await.json()["id"]
                .clone()
        };
        let first = post(None).await;
        assert_ne!(post(None).await, first);
        let keyed = post(Some("k")).await;
        assert_eq!(post(Some("k")).await, keyed);
        assert_ne!(post(Some("another")).await, keyed);
        let listed = given.ask("GET", "/api/agent-runs", None).await.json();
        assert_eq!(listed.as_array().unwrap().len(), 4);
    })
    .await;
}

#[tokio::test]
async fn the_body_of_a_run_is_checked() {
    given(async |given| {
        let missing = "Missing required fields";
        let date = "startedAt must be a date such as 2026-05-25T16:00:00.000Z";
        let urls = "touchedIssueUrls must be an array of http(s) URLs";
        let outcome = "Invalid outcome: \"DONE\". Valid values: PR_OPENED, PR_UPDATED, \
                       FOLLOW_UP_CREATED, DESIGN_COMMENT_POSTED, DECOMPOSED_SKIPPED, STUCK";
        let mut vectors = vec![
            (with(run(), "status", json!("")), missing),
            (with(run(), "startedAt", json!(0)), missing),
            (with(run(), "agentName", json!(7)), "agentName must be a string"),
            (with(run(), "summary", json!({ "a": 1 })), "summary must be a string"),
            (with(run(), "startedAt", json!("yesterday")), date),
            (with(run(), "startedAt", json!([1])), date),
            (
                with(run(), "finishedAt", json!("x")),
                "finishedAt must be a date such as 2026-05-25T16:00:00.000Z",
            ),
            (with(run(), "touchedIssueUrls", json!("https://x")), urls),
            (with(run(), "touchedIssueUrls", json!(["repo:acme/tools"])), urls),
            (with(run(), "touchedIssueUrls", json!([7])), urls),
            (with(run(), "outcome", json!("DONE")), outcome),
            (with(run(), "issueId", json!("iss_000009")), "issueId: there is no issue iss_000009"),
            (
                with(run(), "issueId", json!("x")),
                "issueId: `x` is not the id of an issue; such an id starts with `iss_`",
            ),
            (
                with(run(), "agentName", json!("a".repeat(201))),
                "agentName must have at most 200 characters",
            ),
        ];
        for member in ["agentName", "runType", "status", "startedAt"] {
            vectors.push((without(run(), member), missing));
        }
        for (body, error) in vectors {
            let answer = given.ask_as_agent("POST", "/api/agent-runs", Some(body)).await;
            assert_refused(&answer, 400, error);
        }
        assert_eq!(given.ask("GET", "/api/agent-runs", None).await.json(), json!([]));

        let nothing = with(with(run(), "touchedIssueUrls", Value::Null), "finishedAt", json!(""));
        let nul = with(nothing, "summary", json!("cut\0here"));
        let answer = given.ask_as_agent("POST", "/api/agent-runs", Some(nul)).await;
        assert_eq!(answer.json()["touchedIssueUrls"], json!([]));
        assert_eq!(answer.json()["finishedAt"], Value::Null);
        assert_eq!(answer.json()["summary"], "cuthere");
    })
    .await;
}

// -------------------------------------------------------------------------------------- audit

#[tokio::test]
async fn the_audit_log_is_newest_first_and_limited() {
    given(async |given| {
        for name in ["acme/a", "acme/b", "acme/c"] {
            given.advance(1);
            given.track(name).await;
        }
        let named = async |query: &str| -> Vec<String> {
            let answer = given.ask("GET", &format!("/api/audit?{query}"), None).await;
            let rows: Vec<Value> = serde_json::from_value(answer.json()).unwrap();
            rows.iter().map(|row| row["repoFullName"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(named("").await, ["acme/c", "acme/b", "acme/a"]);
        assert_eq!(named("limit=2").await, ["acme/c", "acme/b"]);
        assert_eq!(named("limit=0").await, [""; 0]);
        assert_eq!(named("limit=-5").await, [""; 0]);
        assert_eq!(named("limit=many").await.len(), 3);
        assert_eq!(named("repo=ACME/b").await, ["acme/b"]);
        assert_eq!(named("repo=nonsense").await, [""; 0]);
    })
    .await;
}

// ---------------------------------------------------------------------------------- bad input

#[tokio::test]
async fn a_body_is_json_whatever_it_is_called() {
    given(async |given| {
        for (index, content_type) in
            ["", "text/plain", "application/x-www-form-urlencoded", "image/png"].iter().enumerate()
        {
            let body = format!("{{\"fullName\":\"acme/repo-{index}\"}}");
            let answer = post_raw(given, "/api/repos", content_type, body.into()).await;
            assert_eq!(answer.status, StatusCode::CREATED, "{content_type:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn bodies_of_the_wrong_type_are_rejected_without_effect() {
    given(async |given| {
        with_two_issues(given).await;
        given.github.take_writes();
        given.github.forget_requests();
        let deep = format!("{{\"a\":{}", "[".repeat(100_000));
        for path in ["/api/issues/move", "/api/issues/status", "/api/issues/refresh", "/api/repos"]
        {
            for body in ["", "{", "null", "7", "\"x\"", "[{}]", "\u{feff}{", "{\"a\":1e999}", &deep]
            {
                let answer =
                    post_raw(given, path, "application/json", body.to_owned().into()).await;
                assert_refused(&answer, 400, "Invalid JSON body");
            }
            let bytes = vec![b'{', 0xff, 0x00, b'}'];
            let answer = post_raw(given, path, "application/json", bytes.into()).await;
            assert_refused(&answer, 400, "Invalid JSON body");
        }
        assert_eq!(given.github.total(), 0, "GitHub was not even asked");
        assert_eq!(audit(given).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_body_that_is_too_long_is_not_read() {
    given(async |given| {
        let huge = format!("{{\"fullName\":\"{}\"}}", "x".repeat(1024 * 1024));
        for path in ["/api/repos", "/api/sync", "/api/issues/move"] {
            let answer = post_raw(given, path, "application/json", huge.clone().into()).await;
            assert_refused(&answer, 413, "The body is longer than 1048576 bytes");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_written_on_github_is_shown_as_it_is() {
    given(async |given| {
        let title = "<script>alert(1)</script> \u{202e}txt.exe \u{0} 🦀";
        let labels: Vec<String> = (0..100).map(|n| format!("label/{n}")).collect();
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        given.with_issues(&[(title, &labels)]).await;
        let issue = given.ask("GET", "/api/issues", None).await.json()[0].clone();
        let shown = issue["title"].as_str().unwrap();
        assert!(shown.starts_with("<script>alert(1)</script> \u{202e}txt.exe "), "{shown}");
        assert!(!shown.contains('\0'));
        assert_eq!(issue["labels"].as_array().unwrap().len(), 100);
        let body = json!({
            "issueId": issue["id"],
            "repoFullName": REPOSITORY,
            "issueNumber": 1,
            "oldLabels": issue["labels"],
            "newLabels": ["status/ready"],
        });
        let answer = given.ask("POST", "/api/issues/move", Some(body)).await;
        let text = "GitHub API error: 422 Issues cannot have more than 100 labels";
        assert_refused(&answer, 500, text);
        assert_eq!(given.github.labels(REPOSITORY, 1), labels);
    })
    .await;
}

#[tokio::test]
async fn a_sync_completes_when_its_caller_disconnects() {
    given(async |given| {
        with_two_issues(given).await;
        given.github.edit_title(REPOSITORY, 2, "Renamed meanwhile").unwrap();
        let gate = Gate::new();
        given.github.inject(Fault::Hold(gate.clone()).on_anything());
        let asking = given.ask("POST", "/api/sync", None);
        tokio::select! {
            _ = asking => panic!("GitHub has not answered yet"),
            () = gate.arrived() => {}
        }
        let answer = given.ask("POST", "/api/sync", None).await;
        assert_refused(&answer, 409, "A sync is already running. Try again later.");
        gate.open();
        eventually(async || given.ask("POST", "/api/sync", None).await.status == StatusCode::OK)
            .await;
        assert_eq!(given.issue(2).await.title, "Renamed meanwhile");
    })
    .await;
}
