//! Progress reports of agents, the lane of an issue, and repeated requests: whole bodies, texts and
//! statuses of the REST routes.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use dispatch::simulator::Fault;
use serde_json::{Value, json};

use crate::support::{AGENT_TOKEN, Answer, Given, REPOSITORY, given, given_settings};

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status.as_u16(), error), (status, answer.json()["error"].as_str().unwrap()));
}

async fn post(given: &Given, path: &str, body: Value) -> Answer {
    given.ask_as_agent("POST", path, Some(body)).await
}

async fn get(given: &Given, path: &str) -> Answer {
    given.ask_as_agent("GET", path, None).await
}

/// Sends a request with additional headers.
async fn ask(
    given: &Given,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost:3000")
        .header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    given.send(request.body(Body::from(body.to_string())).unwrap()).await
}

fn bearer(token: &str) -> (&'static str, String) {
    ("authorization", format!("Bearer {token}"))
}

fn claim(number: i32, agent: &str) -> Value {
    json!({
        "issueId": format!("iss_{number:06}"),
        "repoFullName": REPOSITORY,
        "issueNumber": number,
        "agentName": agent,
    })
}

/// The newest actions in the audit log, newest first.
async fn actions(given: &Given, most: usize) -> Vec<String> {
    let entries = get(given, &format!("/api/audit?limit={most}")).await.json();
    let entries = entries.as_array().unwrap().iter();
    entries.map(|entry| entry["action"].as_str().unwrap().to_owned()).collect()
}

// --------------------------------------------------------------------------------------- lanes

const LANE: &str = "/api/issues/iss_000001/lane";

#[tokio::test]
async fn a_lane_is_classified_once_by_rules_and_again_by_explicit_verdicts() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"]), ("Two", &["status/backlog"])]).await;
        assert_eq!(
            get(given, LANE).await.json(),
            json!({
                "lane": "default", "confidence": null, "reason": null, "model": null,
                "judgedAt": null,
            })
        );
        let answer = given.ask_as_agent("POST", LANE, None).await;
        let by_rules = json!({
            "success": true, "lane": "default", "confidence": "medium",
            "reason": "Nothing in the issue asks for another lane", "model": null,
        });
        assert_eq!(answer.json(), by_rules);
        given.advance(60);
        let mut again = by_rules.clone();
        again["judgedAt"] = json!("2026-05-20T12:00:00.000Z");
        again["reclassifyAvailable"] = json!(true);
        assert_eq!(post(given, LANE, json!({ "model": "other" })).await.json(), again);

        let verdict = json!({ "lane": "backlog", "confidence": "high", "reason": "Research" });
        let body = json!({ "classification": verdict, "model": "m1" });
        for _ in 0..2 {
            assert_eq!(
                post(given, LANE, body.clone()).await.json(),
                json!({
                    "success": true, "lane": "backlog", "confidence": "high",
                    "reason": "Research", "model": "m1",
                })
            );
        }
        assert_eq!(
            get(given, LANE).await.json(),
            json!({
                "lane": "backlog", "confidence": "high", "reason": "Research", "model": "m1",
                "judgedAt": "2026-05-20T12:01:00.000Z",
            })
        );
        let done = actions(given, 3).await;
        assert_eq!(done[..2], ["classify_lane"; 2]);
        assert_ne!(done[2], "classify_lane", "the repetition is no third");
        let rows = get(given, "/api/issues?lane=backlog").await.json();
        assert_eq!((&rows[0]["number"], rows.as_array().unwrap().len()), (&json!(1), 1));
        let forced = post(given, LANE, json!({ "force": true })).await.json();
        assert_eq!((&forced["lane"], &forced["model"]), (&json!("default"), &json!(null)));

        let other = given.ask_as_agent("POST", "/api/issues/iss_000002/lane", None).await.json();
        assert_eq!(other["reason"], "The issue has the label status/backlog");
        assert_eq!((&other["lane"], &other["confidence"]), (&json!("backlog"), &json!("high")));
    })
    .await;
}

#[tokio::test]
async fn an_unknown_lane_is_rejected_with_the_legacy_error() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let long = "x".repeat(501);
        let cases = [
            (json!({ "lane": "fast", "confidence": "high" }), "invalid lane: fast"),
            // An alias of a lane is not its id.
            (json!({ "lane": "normal", "confidence": "high" }), "invalid lane: normal"),
            (json!({ "lane": 7, "confidence": "high" }), "lane must be the id of a lane"),
            (
                json!({ "lane": "default", "confidence": "sure" }),
                "confidence must be one of: high, medium, low",
            ),
            (
                json!({ "lane": "default", "confidence": "low", "reason": long }),
                "reason must be at most 500 characters",
            ),
            (
                json!({ "lane": "default", "confidence": "low", "reason": 1 }),
                "reason must be a string",
            ),
            (json!([]), "classification must be an object"),
        ];
        for (classification, text) in cases {
            let answer = post(given, LANE, json!({ "classification": classification })).await;
            assert_refused(&answer, 400, text);
        }
        assert_refused(&post(given, LANE, json!([])).await, 400, "Invalid JSON body");
        for method in ["GET", "POST"] {
            let answer = given.ask_as_agent(method, "/api/issues/iss_000009/lane", None).await;
            assert_refused(&answer, 404, "Issue not found: iss_000009");
            let answer = given.ask_as_agent(method, "/api/issues/run_000001/lane", None).await;
            let text = "id: `run_000001` is not the id of an issue; such an id starts with `iss_`";
            assert_refused(&answer, 400, text);
            assert_eq!(answer.json()["field"], "id");
        }
        assert_eq!(given.ask("POST", LANE, None).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(get(given, LANE).await.json()["confidence"], json!(null), "nothing was judged");
    })
    .await;
}

// ------------------------------------------------------------------------------- decomposition

const DECOMPOSE: &str = "/api/issues/actions/decompose";

#[tokio::test]
async fn an_issue_is_split_up_and_whole_again() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"]), ("Two", &["status/ready"])]).await;
        let urls = json!(["https://github.example/acme/tools/issues/2"]);
        let body = json!({
            "repo": "ACME/tools", "issueNumber": "1", "decomposed": true, "followUpUrls": urls,
            "note": "In two", "actor": "planner",
        });
        for _ in 0..2 {
            assert_eq!(
                post(given, DECOMPOSE, body.clone()).await.json(),
                json!({
                    "success": true, "issueId": "iss_000001", "decomposed": true,
                    "decomposedAt": "2026-05-20T12:00:00.000Z", "followUpUrls": urls,
                })
            );
            given.advance(5);
        }
        assert_ne!(actions(given, 2).await[1], "issue_decomposed", "once");
        let entry = get(given, "/api/audit?limit=1").await.json()[0].clone();
        assert_eq!(
            (&entry["action"], &entry["actor"], &entry["notes"]),
            (&json!("issue_decomposed"), &json!("planner"), &json!("In two"))
        );
        let rows = get(given, "/api/issues?decomposed=true").await.json();
        assert_eq!(rows.as_array().unwrap().len(), 1);
        assert_eq!(
            [
                &rows[0]["decomposed"],
                &rows[0]["decomposedAt"],
                &rows[0]["decomposedBy"],
                &rows[0]["decomposedNote"],
                &rows[0]["followUpUrls"],
            ],
            [
                &json!(true),
                &json!("2026-05-20T12:00:00.000Z"),
                &json!("planner"),
                &json!("In two"),
                &urls,
            ]
        );
        let whole = get(given, "/api/issues?decomposed=false").await.json();
        assert_eq!((&whole[0]["number"], whole.as_array().unwrap().len()), (&json!(2), 1));

        let task = "/api/agents/alpha/next-task";
        assert_eq!(get(given, task).await.json()["issue"]["number"], 1);
        let without = get(given, &format!("{task}?exclude_decomposed=true")).await.json();
        assert_eq!(without["issue"]["number"], 2);
        let queue = get(given, "/api/agents/alpha/queue").await.json();
        assert_eq!(
            (&queue[0]["decomposed"], &queue[1]["decomposed"]),
            (&json!(true), &json!(false))
        );
        let without = get(given, "/api/agents/alpha/queue?exclude_decomposed=true").await.json();
        assert_eq!(without.as_array().unwrap().len(), 1);

        let back = json!({ "repoFullName": REPOSITORY, "number": 1, "decomposed": false });
        for _ in 0..2 {
            assert_eq!(
                post(given, DECOMPOSE, back.clone()).await.json(),
                json!({
                    "success": true, "issueId": "iss_000001", "decomposed": false,
                    "decomposedAt": null, "followUpUrls": [],
                })
            );
        }
        assert_eq!(actions(given, 2).await, ["issue_reactivated", "issue_decomposed"]);
    })
    .await;
}

#[tokio::test]
async fn a_decomposition_is_refused_by_field() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let missing = "Missing required fields: repo, issueNumber, decomposed";
        let cases = [
            (json!({}), 400, missing),
            (json!({ "repo": REPOSITORY, "issueNumber": 1 }), 400, missing),
            (
                json!({ "repo": REPOSITORY, "issueNumber": "x", "decomposed": true }),
                400,
                "issueNumber must be a positive whole number",
            ),
            (
                json!({ "repo": REPOSITORY, "issueNumber": 1, "decomposed": "yes" }),
                400,
                "decomposed must be a boolean",
            ),
            (
                json!({
                    "repo": REPOSITORY, "issueNumber": 1, "decomposed": true,
                    "followUpUrls": ["javascript:alert(1)"],
                }),
                400,
                "followUpUrls must be an array of http(s) URLs",
            ),
            (
                json!({ "repo": REPOSITORY, "issueNumber": 9, "decomposed": true }),
                404,
                "Issue not found in local cache",
            ),
            (
                json!({ "repo": "nonsense", "issueNumber": 1, "decomposed": true }),
                404,
                "Issue not found in local cache",
            ),
        ];
        for (body, status, text) in cases {
            assert_refused(&post(given, DECOMPOSE, body).await, status, text);
        }
        let person = given.ask("POST", DECOMPOSE, Some(json!({}))).await;
        assert_eq!(person.status, StatusCode::UNAUTHORIZED);
        assert_eq!(get(given, "/api/issues?decomposed=true").await.json(), json!([]));
    })
    .await;
}

// ----------------------------------------------------------------------------------- agent work

const START: &str = "/api/agent-work/start";
const CHECKPOINT: &str = "/api/agent-work/checkpoint";
const FINISH: &str = "/api/agent-work/finish";

#[tokio::test]
async fn work_starts_progresses_and_ends() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let begun = json!({
            "id": "wrk_000001", "agentName": "alpha", "issueId": "iss_000001", "runId": "r1",
            "state": "CLAIMED", "checkpoint": "CLAIMED", "branch": null, "prUrl": null,
            "leaseExpiresAt": "2026-05-20T12:05:00.000Z",
            "lastHeartbeatAt": "2026-05-20T12:00:00.000Z", "summary": null, "blockerReason": null,
            "createdAt": "2026-05-20T12:00:00.000Z", "updatedAt": "2026-05-20T12:00:00.000Z",
        });
        let body = json!({ "agentName": "agent/alpha", "issueId": "iss_000001", "runId": "r1" });
        for _ in 0..2 {
            let answer = post(given, START, body.clone()).await;
            assert_eq!((answer.status, answer.json()), (StatusCode::CREATED, begun.clone()));
        }
        assert_eq!(actions(given, 2).await[0], "agent_work_started");
        assert_ne!(actions(given, 2).await[1], "agent_work_started", "the same start is one start");

        given.advance(60);
        let told = json!({
            "agentName": "alpha", "checkpoint": "branch-created", "summary": "Going",
            "branch": "fix/issue-1",
        });
        let mut expected = begun.clone();
        for (member, value) in [
            ("state", "IN_PROGRESS"),
            ("checkpoint", "BRANCH_CREATED"),
            ("branch", "fix/issue-1"),
            ("summary", "Going"),
            ("leaseExpiresAt", "2026-05-20T12:06:00.000Z"),
            ("lastHeartbeatAt", "2026-05-20T12:01:00.000Z"),
            ("updatedAt", "2026-05-20T12:01:00.000Z"),
        ] {
            expected[member] = json!(value);
        }
        let answer = post(given, CHECKPOINT, told).await;
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, expected.clone()));

        let stuck =
            json!({ "agentName": "alpha", "checkpoint": "stuck", "blockerReason": "A key" });
        let blocked = post(given, CHECKPOINT, stuck).await.json();
        assert_eq!(
            (&blocked["state"], &blocked["checkpoint"], &blocked["blockerReason"]),
            (&json!("BLOCKED"), &json!("BLOCKED"), &json!("A key"))
        );
        let url = "https://github.example/acme/tools/pull/7";
        let opened = json!({ "agentName": "alpha", "checkpoint": "PR_OPENED", "prUrl": url });
        let opened = post(given, CHECKPOINT, opened).await.json();
        assert_eq!(
            (&opened["state"], &opened["checkpoint"], &opened["prUrl"], &opened["blockerReason"]),
            (&json!("BLOCKED"), &json!("PR_OPENED"), &json!(url), &json!("A key")),
            "blocked work stays blocked"
        );

        given.advance(60);
        let mut ended = expected;
        for (member, value) in [
            ("state", "DONE"),
            ("checkpoint", "DONE"),
            ("prUrl", url),
            ("summary", "All done"),
            ("leaseExpiresAt", "2026-05-20T12:02:00.000Z"),
            ("lastHeartbeatAt", "2026-05-20T12:02:00.000Z"),
            ("updatedAt", "2026-05-20T12:02:00.000Z"),
        ] {
            ended[member] = json!(value);
        }
        let finish = json!({ "agentName": "alpha", "state": "completed", "summary": "All done" });
        for _ in 0..2 {
            let answer = post(given, FINISH, finish.clone()).await;
            assert_eq!((answer.status, answer.json()), (StatusCode::OK, ended.clone()));
        }
        assert_eq!(
            actions(given, 5).await,
            [
                "agent_work_finished",
                "agent_work_checkpoint",
                "agent_work_checkpoint",
                "agent_work_checkpoint",
                "agent_work_started",
            ]
        );
        given.advance(61);
        let late = post(given, FINISH, finish).await;
        assert_refused(&late, 404, "No active work found for agent");
        let detail = "No active work found for agent. Begin it with POST /api/agent-work/start";
        assert_eq!(late.json()["detail"], detail);
        let none = json!({ "agentName": "beta", "checkpoint": "CLAIMED" });
        assert_refused(&post(given, CHECKPOINT, none).await, 404, "No active work found for agent");
        let steps = "SELECT count(*) FROM agent_work_steps";
        assert_eq!(given.database.number(steps).await, 6, "every step is kept");
    })
    .await;
}

#[tokio::test]
async fn work_reports_are_rejected_with_the_legacy_errors() {
    given(async |given| {
        let checkpoints = "CLAIMED, REPO_PREPARED, BRANCH_CREATED, CHANGES_MADE, TESTS_RUNNING, \
                           PR_OPENED, DONE, BLOCKED";
        let states = "CLAIMED, IN_PROGRESS, BLOCKED, DONE, RELEASED, STALE";
        let of = |more: Value| {
            let mut body = json!({ "agentName": "alpha" });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let no_agent = "Missing required field: agentName (string)".to_owned();
        let reason = "Missing required field: blockerReason (string) is required when checkpoint \
                      is BLOCKED";
        let cases = [
            (START, json!({}), no_agent.clone()),
            (CHECKPOINT, json!({ "agentName": 7, "checkpoint": "DONE" }), no_agent.clone()),
            (FINISH, json!({ "agentName": "", "state": "DONE" }), no_agent),
            (
                CHECKPOINT,
                of(json!({})),
                format!("Missing required field: checkpoint (one of: {checkpoints})"),
            ),
            (
                CHECKPOINT,
                of(json!({ "checkpoint": "RELEASED" })),
                format!("Invalid checkpoint value: \"RELEASED\" (expected one of: {checkpoints})"),
            ),
            (
                CHECKPOINT,
                of(json!({ "checkpoint": 3 })),
                "Invalid checkpoint value: expected a string, got number".to_owned(),
            ),
            (CHECKPOINT, of(json!({ "checkpoint": "BLOCKED" })), reason.to_owned()),
            (
                CHECKPOINT,
                of(json!({ "checkpoint": "blocked", "blockerReason": " " })),
                reason.to_owned(),
            ),
            (
                CHECKPOINT,
                of(json!({ "checkpoint": "PR_OPENED", "prUrl": "ftp://x" })),
                "prUrl: must be an http(s) address".to_owned(),
            ),
            (FINISH, of(json!({})), format!("Missing required field: state (one of: {states})")),
            (
                FINISH,
                of(json!({ "state": "PR_OPENED" })),
                format!("Invalid state value: \"PR_OPENED\" (expected one of: {states})"),
            ),
            (
                FINISH,
                of(json!({ "state": { "x": 1 } })),
                "Invalid state value: expected a string, got object".to_owned(),
            ),
            (START, of(json!({ "runId": 1 })), "runId must be a string".to_owned()),
            (
                START,
                of(json!({ "branch": "x".repeat(501) })),
                "branch: must be at most 500 characters".to_owned(),
            ),
            (
                START,
                of(json!({ "issueId": "lea_000001_000001" })),
                "issueId: `lea_000001_000001` is not the id of an issue; such an id starts with \
                 `iss_`"
                    .to_owned(),
            ),
        ];
        for (path, body, text) in cases {
            assert_refused(&post(given, path, body).await, 400, &text);
        }
        let unknown = post(given, START, of(json!({ "issueId": "iss_000009" }))).await;
        assert_refused(&unknown, 404, "Issue not found: iss_000009");
        let list = get(given, "/api/agent-work?state=lost").await;
        assert_refused(
            &list,
            400,
            &format!("Invalid state value: \"lost\" (expected one of: {states})"),
        );
        assert_eq!(given.database.number("SELECT count(*) FROM agent_work").await, 0);
        for path in [START, CHECKPOINT, FINISH, "/api/agent-work", "/api/agent-work/sweep"] {
            let person = given.ask("POST", path, Some(json!({}))).await;
            assert_eq!(person.status, StatusCode::UNAUTHORIZED, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_agent_is_at_one_piece_of_work() {
    given(async |given| {
        let start = async |run: &str| {
            post(given, START, json!({ "agentName": "alpha", "runId": run })).await.json()
        };
        let starting = ["a", "b", "c", "d"].map(start);
        futures_util::future::join_all(starting).await;
        let list = get(given, "/api/agent-work").await.json();
        assert_eq!(list["activeWork"].as_array().unwrap().len(), 1);
        let released = get(given, "/api/agent-work?state=released").await.json();
        assert_eq!(released["activeWork"].as_array().unwrap().len(), 3);
        let steps = "SELECT count(*) FROM agent_work_steps WHERE action = 'released_by_new_claim'";
        assert_eq!(given.database.number(steps).await, 3);
    })
    .await;
}

#[tokio::test]
async fn a_report_on_an_issue_leased_by_another_agent_gets_lease_lost() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let start = |agent: &str| json!({ "agentName": agent, "issueId": "iss_000001" });
        assert_eq!(post(given, START, start("alpha")).await.status, StatusCode::CREATED);
        assert_eq!(post(given, "/api/issues/claim", claim(1, "beta")).await.status, 200);
        let going = json!({ "agentName": "alpha", "checkpoint": "CHANGES_MADE" });
        for (path, body) in [(CHECKPOINT, going), (START, start("alpha"))] {
            let answer = post(given, path, body).await;
            assert_eq!(answer.status, StatusCode::CONFLICT, "{path}");
            assert_eq!(answer.json()["code"], "LEASE_LOST");
            assert_eq!(answer.json()["holder"], "beta");
        }
        let over = json!({ "agentName": "alpha", "state": "RELEASED" });
        assert_eq!(post(given, FINISH, over).await.json()["state"], "RELEASED");
    })
    .await;
}

#[tokio::test]
async fn work_is_listed_with_its_issue_and_with_leases_that_are_over() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"]), ("Two", &["status/ready"])]).await;
        post(given, "/api/issues/claim", claim(2, "beta")).await;
        given.advance(31 * 60);
        post(given, START, json!({ "agentName": "alpha", "issueId": "iss_000001" })).await;
        post(given, START, json!({ "agentName": "gamma" })).await;
        let list = get(given, "/api/agent-work").await.json();
        assert_eq!(
            list["activeWork"][1],
            json!({
                "id": "wrk_000001", "agentName": "alpha", "issueId": "iss_000001", "runId": null,
                "state": "CLAIMED", "checkpoint": "CLAIMED", "branch": null, "prUrl": null,
                "leaseExpiresAt": "2026-05-20T12:36:00.000Z",
                "lastHeartbeatAt": "2026-05-20T12:31:00.000Z", "summary": null,
                "blockerReason": null, "createdAt": "2026-05-20T12:31:00.000Z",
                "updatedAt": "2026-05-20T12:31:00.000Z", "issueNumber": 1, "issueTitle": "One",
                "repoFullName": "acme/tools",
            })
        );
        let without = &list["activeWork"][0];
        assert_eq!(
            (&without["issueNumber"], &without["issueTitle"], &without["repoFullName"]),
            (&json!(null), &json!(null), &json!(null))
        );
        let stale = list["staleLeases"].clone();
        assert_eq!(
            stale,
            json!([{
                "id": "lease-lea_000002_000001", "agentName": "beta", "issueId": "iss_000002",
                "runId": null, "state": "STALE", "checkpoint": "CLAIMED", "branch": null,
                "prUrl": null, "leaseExpiresAt": "2026-05-20T12:30:00.000Z",
                "lastHeartbeatAt": "2026-05-20T12:00:00.000Z", "summary": null,
                "blockerReason": "Lease expired", "createdAt": "2026-05-20T12:00:00.000Z",
                "updatedAt": "2026-05-20T12:00:00.000Z", "issueNumber": 2, "issueTitle": "Two",
                "repoFullName": "acme/tools",
            }])
        );
        let one = get(given, "/api/agent-work?agent=alpha&state=claimed").await.json();
        assert_eq!(one["activeWork"].as_array().unwrap().len(), 1);
        assert_eq!(one["staleLeases"], json!([]));
        let fresh = get(given, "/api/agent-work?include_stale=false&agent=beta").await.json();
        assert_eq!(fresh, json!({ "activeWork": [], "staleLeases": [] }));
    })
    .await;
}

#[tokio::test]
async fn active_work_has_branch_and_pull_request_and_releases_removed_issues() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        post(given, "/api/issues/claim", claim(1, "alpha")).await;
        let path = "/api/agents/alpha/active-work";
        let expected = |branch: Value, url: Value| {
            json!({
                "hasActiveWork": true,
                "context": {
                    "issueId": "iss_000001", "repoFullName": "acme/tools", "issueNumber": 1,
                    "agentName": "alpha", "checkpoint": "issue_claimed", "branch": branch,
                    "prUrl": url, "nextAction": "inspect_issue", "leaseId": "lea_000001_000001",
                    "lane": "default", "status": "status/in-progress",
                    "labels": ["status/in-progress", "agent/alpha"],
                },
            })
        };
        let sorted = |mut work: Value| {
            let labels = work["context"]["labels"].as_array_mut().unwrap();
            labels.sort_by_key(|label| std::cmp::Reverse(label.as_str().map(str::to_owned)));
            work
        };
        let now = get(given, path).await.json();
        assert_eq!(sorted(now), expected(json!(null), json!(null)));
        let linked = "https://github.example/acme/tools/pull/9";
        given.database.run(&format!("UPDATE issues SET pull_request_url = '{linked}'")).await;
        let now = get(given, path).await.json();
        assert_eq!(sorted(now), expected(json!(null), json!(linked)), "GitHub's");
        let claimed = get(given, "/api/issues/claimed?agentName=alpha").await.json();
        assert_eq!(claimed[0]["hasOpenPr"], true);
        let start = json!({ "agentName": "alpha", "issueId": "iss_000001", "branch": "fix/1" });
        post(given, START, start).await;
        let url = "https://github.example/acme/tools/pull/7";
        let opened = json!({ "agentName": "alpha", "checkpoint": "PR_OPENED", "prUrl": url });
        post(given, CHECKPOINT, opened).await;
        let now = get(given, path).await.json();
        assert_eq!(sorted(now), expected(json!("fix/1"), json!(url)), "the agent's own");

        post(given, FINISH, json!({ "agentName": "alpha", "state": "RELEASED" })).await;
        given.advance(61);
        given.database.run("UPDATE issues SET removed_at = now(), on_board = false").await;
        let told = json!({ "agentName": "alpha", "checkpoint": "CHANGES_MADE" });
        let answer = post(given, CHECKPOINT, told.clone()).await;
        assert_eq!(
            (answer.status, answer.json()),
            (
                StatusCode::OK,
                json!({
                    "releasedOrphan": true,
                    "message":
                        "The lease on an issue that is gone was ended; ask for the next task",
                })
            )
        );
        assert_eq!(actions(given, 1).await, ["orphan_lease_released_during_checkpoint"]);
        let answer = post(given, CHECKPOINT, told).await;
        assert_refused(&answer, 404, "No active work found for agent");
        assert_eq!(get(given, path).await.json(), json!({ "hasActiveWork": false }));
    })
    .await;
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        post(given, "/api/issues/claim", claim(1, "alpha")).await;
        given.database.run("UPDATE issues SET removed_at = now(), on_board = false").await;
        let path = "/api/agents/alpha/active-work";
        assert_eq!(get(given, path).await.json(), json!({ "hasActiveWork": false }));
        assert_eq!(actions(given, 1).await, ["orphan_lease_released"]);
        let held = "SELECT count(*) FROM leases WHERE state <> 'free'";
        assert_eq!(given.database.number(held).await, 0);
    })
    .await;
}

#[tokio::test]
async fn maintainers_give_up_work_and_leases() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"]), ("Two", &["status/ready"])]).await;
        let path = "/api/agent-work";
        post(given, START, json!({ "agentName": "alpha", "issueId": "iss_000001" })).await;
        post(given, START, json!({ "agentName": "beta" })).await;
        for _ in 0..2 {
            let answer =
                post(given, path, json!({ "action": "release", "workId": "wrk_000001" })).await;
            assert_eq!(
                answer.json(),
                json!({ "success": true, "reason": "Work wrk_000001 was released" })
            );
        }
        post(given, path, json!({ "action": "release", "workId": "wrk_000002" })).await;
        assert_eq!(actions(given, 2).await, ["orphan_work_released", "agent_work_released"]);

        post(given, "/api/issues/claim", claim(1, "alpha")).await;
        let lease = json!({ "action": "release", "leaseId": "lease-lea_000001_000001" });
        assert_eq!(
            post(given, path, lease.clone()).await.json(),
            json!({ "success": true, "reason": "Lease lea_000001_000001 was released" })
        );
        assert_eq!(actions(given, 1).await, ["lease_released"]);
        assert_eq!(given.github.labels(REPOSITORY, 1), ["status/ready"]);
        let text = "Lease is already completed (released)";
        assert_refused(&post(given, path, lease).await, 400, text);

        post(given, "/api/issues/claim", claim(2, "alpha")).await;
        post(given, START, json!({ "agentName": "alpha", "issueId": "iss_000002" })).await;
        let both = json!({ "action": "release", "agentName": "alpha", "issueId": "iss_000002" });
        assert_eq!(
            post(given, path, both.clone()).await.json(),
            json!({
                "success": true, "reason": "Released 1 leases and 1 pieces of work",
                "releasedLeases": 1, "releasedWork": 1,
            })
        );
        assert_eq!(post(given, path, both).await.json()["releasedLeases"], 0);

        post(given, "/api/issues/claim", claim(1, "alpha")).await;
        post(given, "/api/issues/claim", claim(2, "beta")).await;
        post(given, START, json!({ "agentName": "gamma" })).await;
        given.github.inject(Fault::refuse(500, "Oops").on("LiveLabels").times(3));
        let all = json!({ "action": "release", "releaseAll": true });
        let answer = post(given, path, all.clone()).await.json();
        assert_eq!(
            (&answer["success"], &answer["releasedLeases"], &answer["releasedWork"]),
            (&json!(false), &json!(1), &json!(1)),
            "{answer}"
        );
        let reason = answer["reason"].as_str().unwrap();
        let text = "Released 1 leases and 1 pieces of work; not released: lea_000001_000003: \
                    Could not verify live GitHub labels: ";
        assert!(reason.starts_with(text), "{reason}");
        let rest = post(given, path, all).await.json();
        assert_eq!((&rest["success"], &rest["releasedLeases"]), (&json!(true), &json!(1)));
        assert_eq!(given.github.labels(REPOSITORY, 1), ["status/ready"]);

        for (body, status, text) in [
            (json!({}), 400, "Invalid action. Must be one of: release, reassign"),
            (
                json!({ "action": "release" }),
                400,
                "Missing required fields: workId, leaseId, agentName and issueId, or releaseAll: \
                 true",
            ),
            (
                json!({ "action": "release", "workId": "wrk_00000z" }),
                404,
                "Work not found: wrk_00000z",
            ),
            (
                json!({ "action": "release", "leaseId": "lea_000001_00000z" }),
                404,
                "Lease not found: lea_000001_00000z",
            ),
            (
                json!({ "action": "release", "workId": "iss_000001" }),
                400,
                "workId: `iss_000001` is not the id of a piece of work; such an id starts with \
                 `wrk_`",
            ),
            (
                json!({ "action": "reassign", "workId": "wrk_000001" }),
                400,
                "Missing required fields: workId, newAgentName",
            ),
            (
                json!({ "action": "reassign", "workId": "wrk_000001", "newAgentName": "x" }),
                400,
                "Work is already completed (RELEASED)",
            ),
        ] {
            assert_refused(&post(given, path, body).await, status, text);
        }
    })
    .await;
}

#[tokio::test]
async fn maintainers_hand_work_over() {
    given(async |given| {
        post(given, START, json!({ "agentName": "alpha", "branch": "b" })).await;
        post(given, START, json!({ "agentName": "beta" })).await;
        given.advance(60);
        let body = json!({
            "action": "reassign", "workId": "wrk_000001", "newAgentName": "beta",
            "reason": "alpha is gone",
        });
        for _ in 0..2 {
            let answer = post(given, "/api/agent-work", body.clone()).await.json();
            assert_eq!(answer["success"], true);
            assert_eq!(
                answer["work"],
                json!({
                    "id": "wrk_000001", "agentName": "beta", "issueId": null, "runId": null,
                    "state": "CLAIMED", "checkpoint": "CLAIMED", "branch": "b", "prUrl": null,
                    "leaseExpiresAt": "2026-05-20T12:06:00.000Z",
                    "lastHeartbeatAt": "2026-05-20T12:01:00.000Z", "summary": null,
                    "blockerReason": null, "createdAt": "2026-05-20T12:00:00.000Z",
                    "updatedAt": "2026-05-20T12:01:00.000Z",
                })
            );
        }
        let entries = get(given, "/api/audit?limit=2").await.json();
        assert_eq!(entries[0]["notes"], "From alpha to beta: alpha is gone");
        assert_ne!(entries[1]["action"], "agent_work_reassigned");
        let one = get(given, "/api/agent-work?agent=beta").await.json();
        assert_eq!(one["activeWork"].as_array().unwrap().len(), 1, "what it was at is given up");
    })
    .await;
}

#[tokio::test]
async fn the_sweep_changes_github_before_the_database() {
    given(async |given| {
        let left: &[&str] = &["status/in-progress", "agent/alpha"];
        given.with_issues(&[("Left", left), ("Held", &["status/ready"])]).await;
        post(given, "/api/issues/claim", claim(2, "beta")).await;
        post(given, START, json!({ "agentName": "alpha", "issueId": "iss_000001" })).await;
        post(given, START, json!({ "agentName": "beta", "issueId": "iss_000002" })).await;
        given.advance(299);
        let sweep = "/api/agent-work/sweep";
        let none = json!({
            "success": true, "examined": 0, "released": 0, "skipped": 0, "errors": [],
        });
        assert_eq!(given.ask_as_agent("POST", sweep, None).await.json(), none);
        given.advance(1);
        given.github.inject(Fault::refuse(500, "Oops").on("LiveLabels").times(3));
        let failed = given.ask_as_agent("POST", sweep, None).await.json();
        assert_eq!(
            (&failed["examined"], &failed["released"], &failed["skipped"]),
            (&json!(2), &json!(1), &json!(0)),
            "{failed}"
        );
        let error = failed["errors"][0].as_str().unwrap();
        assert!(error.starts_with("wrk_000001: Could not verify live GitHub labels: "), "{error}");
        assert_eq!(given.github.labels(REPOSITORY, 1), left, "nothing half done");
        let swept = given.ask_as_agent("POST", sweep, None).await.json();
        assert_eq!(
            swept,
            json!({ "success": true, "examined": 1, "released": 1, "skipped": 0, "errors": [] })
        );
        assert_eq!(given.github.labels(REPOSITORY, 1), ["status/in-progress"], "its column stays");
        assert!(given.github.labels(REPOSITORY, 2).contains(&"agent/beta".to_owned()), "held");
        let stale = get(given, "/api/agent-work?state=stale").await.json();
        assert_eq!(stale["activeWork"].as_array().unwrap().len(), 2);
        assert_eq!(given.ask_as_agent("POST", sweep, None).await.json(), none, "twice is fine");
        let entry = "SELECT count(*) FROM audit_log WHERE action = 'stale_agentwork_released' \
                     AND success";
        assert_eq!(given.database.number(entry).await, 2);

        let lock = "INSERT INTO job_locks (job, run_id, acquired_at, beaten_at) \
                    VALUES ('stale-work', gen_random_uuid(), '2026-05-20T12:05:00Z', \
                    '2026-05-20T12:05:00Z')";
        given.database.run(lock).await;
        let answer = given.ask_as_agent("POST", sweep, None).await;
        assert_refused(&answer, 409, "A sweep of stale work is already running");
        assert_eq!(answer.json()["locked"], true);
    })
    .await;
}

#[tokio::test]
async fn removing_an_agent_ends_its_work() {
    let settings = [("DISPATCH_AUTH_MODE", "disabled")];
    given_settings(&settings, async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        post(given, "/api/issues/claim", claim(1, "alpha")).await;
        post(given, START, json!({ "agentName": "alpha", "issueId": "iss_000001" })).await;
        let answer = given.ask("POST", "/api/issues/unclaim", Some(claim(1, "alpha"))).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let list = get(given, "/api/agent-work?state=released").await.json();
        assert_eq!(list["activeWork"].as_array().unwrap().len(), 1);
    })
    .await;
}

// ------------------------------------------------------------------------------------- workers

const WORKERS: [(&str, &str); 2] = [
    ("DISPATCH_WORKER_TOKENS", "alpha:one-token-of-tests,beta:two-token-of-tests"),
    ("DISPATCH_WORKER_TOKEN", "unbound-token-of-tests"),
];

#[tokio::test]
async fn a_worker_reports_and_reads_only_its_own_work() {
    given_settings(&WORKERS, async |given| {
        let ask_as = async |token: &str, method: &str, path: &str, body: Value| {
            let (name, value) = bearer(token);
            ask(given, method, path, &[(name, &value)], &body).await
        };
        for agent in ["alpha", "beta"] {
            post(given, START, json!({ "agentName": agent })).await;
        }
        let seen = ask_as("one-token-of-tests", "GET", "/api/agent-work?agent=beta", json!({}))
            .await
            .json();
        let agents: Vec<_> =
            seen["activeWork"].as_array().unwrap().iter().map(|one| &one["agentName"]).collect();
        assert_eq!(agents, ["alpha"]);
        let bodies = [
            (START, json!({ "agentName": "beta" })),
            (CHECKPOINT, json!({ "agentName": "beta", "checkpoint": "DONE" })),
            (FINISH, json!({ "agentName": "beta", "state": "DONE" })),
        ];
        for (path, body) in bodies {
            let text = "Worker token is bound to agent \"alpha\" and may not act for \"beta\"";
            assert_refused(
                &ask_as("one-token-of-tests", "POST", path, body.clone()).await,
                403,
                text,
            );
            let text = "Worker token is not bound to an agent; configure DISPATCH_WORKER_TOKENS \
                        as \"agent:token\" pairs";
            assert_refused(
                &ask_as("unbound-token-of-tests", "POST", path, body.clone()).await,
                403,
                text,
            );
        }
        let own = json!({ "agentName": "beta", "state": "DONE" });
        assert_eq!(ask_as("two-token-of-tests", "POST", FINISH, own).await.status, StatusCode::OK);
        assert_eq!(actions(given, 2).await, ["agent_work_finished", "worker_scope_denied"]);
        let action = json!({ "action": "release", "releaseAll": true });
        for path in ["/api/agent-work", "/api/agent-work/sweep", LANE, DECOMPOSE] {
            let answer = ask_as("one-token-of-tests", "POST", path, action.clone()).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        }
        let list = get(given, "/api/agent-work").await.json();
        assert_eq!(list["activeWork"].as_array().unwrap().len(), 1, "nothing was given up");
    })
    .await;
}

// --------------------------------------------------------------------------------------- waiting

#[tokio::test]
async fn a_long_poll_claims_the_issue_when_its_holder_releases_it() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        post(given, "/api/issues/claim", claim(1, "alpha")).await;
        let (name, value) = bearer(AGENT_TOKEN);
        let waiting = [(name, value.as_str()), ("prefer", "wait=20")];
        let body = claim(1, "beta");
        let asking = ask(given, "POST", "/api/issues/claim", &waiting, &body);
        let letting_go = async {
            let answer = post(given, "/api/issues/unclaim", claim(1, "alpha")).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        };
        let (answer, ()) = tokio::join!(asking, letting_go);
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        assert_eq!(answer.headers["preference-applied"], "wait=20");
        assert!(given.github.labels(REPOSITORY, 1).contains(&"agent/beta".to_owned()));

        let done = ask(given, "POST", "/api/issues/claim", &waiting, &claim(9, "beta")).await;
        assert_refused(&done, 404, "Issue not found in local cache");
    })
    .await;
}

#[tokio::test]
async fn a_long_poll_of_the_queue_returns_when_it_is_not_empty() {
    given(async |given| {
        given.with_issues(&[("One", &["status/backlog"])]).await;
        let (name, value) = bearer(AGENT_TOKEN);
        let waiting = [(name, value.as_str()), ("prefer", "wait=20")];
        let path = "/api/agents/alpha/queue";
        let empty = json!({});
        let asking = ask(given, "GET", path, &waiting, &empty);
        let moving = async {
            let body = json!({
                "issueId": "iss_000001", "repoFullName": REPOSITORY, "issueNumber": 1,
                "status": "ready",
            });
            assert_eq!(post(given, "/api/issues/status", body).await.status, StatusCode::OK);
        };
        let (answer, ()) = tokio::join!(asking, moving);
        assert_eq!(answer.json()[0]["number"], 1, "{}", answer.text());
        assert_eq!(answer.headers["preference-applied"], "wait=20");
        let at_once = get(given, path).await;
        assert!(at_once.headers.get("preference-applied").is_none());
    })
    .await;
}

#[tokio::test]
async fn an_idle_response_has_a_reason() {
    given(async |given| {
        let labels: &[&str] = &["status/ready", "agent/beta"];
        given.with_issues(&[("Theirs", labels), ("Later", &["status/backlog"])]).await;
        let idle = get(given, "/api/agents/alpha/next-task").await.json();
        assert_eq!(
            idle,
            json!({
                "type": "idle", "shouldRun": false,
                "reason": "No work available (1 assigned to others, 1 not ready)",
            })
        );
    })
    .await;
}

// ------------------------------------------------------------------------- requests that come twice

#[tokio::test]
async fn a_request_that_names_itself_is_carried_out_once() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let (name, value) = bearer(AGENT_TOKEN);
        let keyed = async |key: &str, path: &str, body: &Value| {
            let headers = [(name, value.as_str()), ("idempotency-key", key)];
            ask(given, "POST", path, &headers, body).await
        };
        let comment = |text: &str| {
            json!({
                "issueId": "iss_000001", "repoFullName": REPOSITORY, "issueNumber": 1,
                "body": text,
            })
        };
        let path = "/api/issues/comment";
        let first = keyed("\"k1\"", path, &comment("Said")).await;
        assert_eq!(first.status, StatusCode::OK, "{}", first.text());
        assert!(first.headers.get("idempotency-replayed").is_none());
        // Much later, the same text alone would be a new comment.
        given.advance(3600);
        let again = keyed("k1", path, &comment("Said")).await;
        assert_eq!((again.status, &again.bytes), (first.status, &first.bytes));
        assert_eq!(again.headers["idempotency-replayed"], "true");
        assert_eq!(again.headers["content-type"], "application/json");
        assert_eq!(given.github.posted_comments(REPOSITORY, 1), ["Said"]);

        let other = keyed("k1", path, &comment("Something else")).await;
        let text = "This Idempotency-Key was used for a different request; use a new one";
        assert_refused(&other, 409, text);
        let claimed = keyed("k1", "/api/issues/claim", &claim(1, "alpha")).await;
        assert_eq!(claimed.status, StatusCode::OK, "another address, another request");

        let start = json!({ "agentName": "alpha", "runId": "r" });
        let begun = keyed("k2", START, &start).await;
        given.advance(10);
        let again = keyed("k2", START, &start).await;
        assert_eq!((again.status, again.json()), (StatusCode::CREATED, begun.json()));

        for key in [" ", "a b", &"x".repeat(201)] {
            let answer = keyed(key, path, &comment("x")).await;
            let text = "Idempotency-Key must have 1 to 200 visible ASCII characters";
            assert_refused(&answer, 400, text);
            assert_eq!(answer.json()["field"], "Idempotency-Key");
        }
        given.advance(24 * 3600);
        keyed("k1", path, &comment("Said")).await;
        assert_eq!(given.github.posted_comments(REPOSITORY, 1).len(), 2, "a day later it is new");
    })
    .await;
}

#[tokio::test]
async fn a_refused_request_id_can_be_reused() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let (name, value) = bearer(AGENT_TOKEN);
        let headers = [(name, value.as_str()), ("idempotency-key", "k")];
        given.github.inject(Fault::refuse(500, "Oops").on("LiveLabels").times(3));
        let body = claim(1, "alpha");
        let refused = ask(given, "POST", "/api/issues/claim", &headers, &body).await;
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
        let claimed = ask(given, "POST", "/api/issues/claim", &headers, &body).await;
        assert_eq!(claimed.status, StatusCode::OK, "{}", claimed.text());
        assert!(claimed.headers.get("idempotency-replayed").is_none());
    })
    .await;
}

#[tokio::test]
async fn of_equal_requests_at_once_one_is_carried_out() {
    given(async |given| {
        let (name, value) = bearer(AGENT_TOKEN);
        let headers = [(name, value.as_str()), ("idempotency-key", "k")];
        let body = json!({ "agentName": "alpha", "runId": "r" });
        let asking = (0..6).map(|_| ask(given, "POST", START, &headers, &body));
        let answers = futures_util::future::join_all(asking).await;
        for answer in &answers {
            if answer.status == StatusCode::TOO_MANY_REQUESTS {
                assert_eq!(answer.headers["retry-after"], "1");
                let text = "The request of this Idempotency-Key is being carried out";
                assert_refused(answer, 429, text);
            } else {
                assert_eq!(
                    (answer.status, &answer.json()["id"]),
                    (StatusCode::CREATED, &json!("wrk_000001"))
                );
            }
        }
        let starts = "SELECT count(*) FROM audit_log WHERE action = 'agent_work_started'";
        assert_eq!(given.database.number(starts).await, 1);

        // The process that executed the request has died: after a minute the key is free.
        given.database.run("UPDATE request_keys SET status = NULL, answer = NULL").await;
        let busy = ask(given, "POST", START, &headers, &body).await;
        assert_eq!(busy.status, StatusCode::TOO_MANY_REQUESTS);
        given.advance(61);
        let again = ask(given, "POST", START, &headers, &body).await;
        assert_eq!(again.status, StatusCode::CREATED);
    })
    .await;
}

// ------------------------------------------------------------------------------------- bad input

#[tokio::test]
async fn names_that_cannot_be_an_agents_are_refused_everywhere() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let text = "agentName: must have 1 to 44 characters, no comma and no control character, \
                    because it stands in a label behind `agent/`";
        let report = json!({ "taskType": "implement", "outcome": "failed" });
        for name in ["a%0Ab", "a,b", "%20", "agent%2F", &"x".repeat(45)] {
            for (method, end, body) in [
                ("GET", "next-task", None),
                ("GET", "queue", None),
                ("GET", "active-work", None),
                ("GET", "work-summary", None),
                ("POST", "tasks/report", Some(report.clone())),
                ("POST", "heartbeat", None),
            ] {
                let path = format!("/api/agents/{name}/{end}");
                let answer = given.ask_as_agent(method, &path, body).await;
                assert_refused(&answer, 400, text);
                assert_eq!(answer.json()["field"], "agentName", "{path}");
            }
        }
        let nul = get(given, "/api/agents/a%00b/next-task").await;
        assert_refused(&nul, 400, "agentName must not contain a NUL character");
        let unreadable = get(given, "/api/agents/%FF/next-task").await;
        assert_refused(&unreadable, 400, "agentName: must be UTF-8 in percent-encoding");
        assert_eq!(unreadable.json()["field"], "agentName");
        for name in ["a,b", "two\nlines", &"x".repeat(45)] {
            for (path, more) in [
                (START, json!({})),
                (CHECKPOINT, json!({ "checkpoint": "DONE" })),
                (FINISH, json!({ "state": "DONE" })),
                ("/api/issues/claim", claim(1, name)),
                ("/api/issues/unclaim", claim(1, name)),
            ] {
                let mut body = json!({ "agentName": name });
                body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                assert_refused(&post(given, path, body).await, 400, text);
            }
        }
        for (given_name, name) in
            [("a%2Fb", "a/b"), ("two%20words", "two words"), ("%D0%B6%F0%9F%A6%80", "ж🦀")]
        {
            let summary = get(given, &format!("/api/agents/{given_name}/work-summary")).await;
            assert_eq!(summary.json()["agentName"], name);
            let beat = format!("/api/agents/{given_name}/heartbeat");
            assert_eq!(given.ask_as_agent("POST", &beat, None).await.json()["agentName"], name);
            let answer = post(given, "/api/issues/claim", claim(1, name)).await;
            assert_eq!(answer.status, StatusCode::OK, "{name}: {}", answer.text());
            let active = get(given, &format!("/api/agents/{given_name}/active-work")).await.json();
            assert_eq!(active["context"]["agentName"], name);
            let answer = post(given, "/api/issues/unclaim", claim(1, name)).await;
            assert_eq!(answer.status, StatusCode::OK, "{name}: {}", answer.text());
        }
        let runs = "SELECT count(*) FROM agent_runs";
        assert_eq!(given.database.number(runs).await, 3, "what was refused left nothing");
    })
    .await;
}

#[tokio::test]
async fn bodies_that_are_too_long_or_no_objects_are_refused_everywhere() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let paths = [
            START,
            CHECKPOINT,
            FINISH,
            LANE,
            DECOMPOSE,
            "/api/agent-work",
            "/api/issues/claim",
            "/api/issues/unclaim",
            "/api/issues/status",
            "/api/issues/label",
            "/api/issues/comment",
            "/api/agents/alpha/tasks/report",
        ];
        let (name, value) = bearer(AGENT_TOKEN);
        for path in paths {
            for body in ["[", "[]", "7", "\"x\"", "null", "{\"a\":1"] {
                let request = Request::post(path).header(name, &value).body(Body::from(body));
                let answer = given.send(request.unwrap()).await;
                assert_refused(&answer, 400, "Invalid JSON body");
            }
            for key in [None, Some("k")] {
                let mut request = Request::post(path).header(name, &value);
                if let Some(key) = key {
                    request = request.header("idempotency-key", key);
                }
                let long = format!("{{\"x\":\"{}\"}}", "x".repeat(1024 * 1024));
                let answer = given.send(request.body(Body::from(long)).unwrap()).await;
                assert_refused(&answer, 413, "The body is longer than 1048576 bytes");
            }
        }
        let entries = "SELECT count(*) FROM audit_log WHERE action <> 'add_tracked_repo'";
        assert_eq!(given.database.number(entries).await, 0);
        assert_eq!(given.database.number("SELECT count(*) FROM request_keys").await, 0);
    })
    .await;
}
