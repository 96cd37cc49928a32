//! Idempotency keys: each belongs to the credential and the agent that used it.

use axum::body::Body;
use axum::http::Request;
use diesel_async::{AsyncMigrationHarness, RunQueryDsl as _};
use diesel_migrations::MigrationHarness as _;
use dispatch::store::MIGRATIONS;
use serde_json::{Value, json};

use crate::support::{AGENT_TOKEN, Database, Given, REPOSITORY, given, given_settings};

const MAINTAINER: &str = "maintainer-token-0001";
const ALPHA: &str = "token-of-worker-alpha";
const BETA: &str = "token-of-worker-beta-";
const UNBOUND: &str = "token-of-any-worker-1";

const SETTINGS: [(&str, &str); 3] = [
    ("DISPATCH_MAINTAINER_TOKEN", MAINTAINER),
    ("DISPATCH_WORKER_TOKENS", "alpha:token-of-worker-alpha,beta:token-of-worker-beta-"),
    ("DISPATCH_WORKER_TOKEN", UNBOUND),
];

const READY: &[&str] = &["status/ready"];

/// Sends a request with a token and other headers; returns status and body.
async fn ask(
    given: &Given,
    token: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> (u16, Value) {
    let mut request = Request::post(path)
        .header("host", "localhost:3000")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = given.send(request.body(Body::from(body.to_string())).unwrap()).await;
    (answer.status.as_u16(), answer.json())
}

/// Sends a GraphQL request; returns the data, or the code of the first error.
async fn graphql(
    given: &Given,
    token: &str,
    query: &str,
    variables: Value,
) -> Result<Value, String> {
    let body = json!({ "query": query, "variables": variables });
    let (_, answer) = ask(given, token, "/graphql", &[], &body).await;
    match answer["errors"][0]["extensions"]["code"].as_str() {
        Some(code) => Err(code.to_owned()),
        None => Ok(answer["data"].clone()),
    }
}

fn run(agent: &str, summary: &str) -> Value {
    json!({ "agentName": agent, "runType": "implement", "status": "success",
        "startedAt": "2026-05-20T11:59:00.123Z", "summary": summary })
}

async fn record(given: &Given, token: &str, mut run: Value, key: &str) -> Result<String, String> {
    const RECORD: &str = "mutation($run: RecordAgentRunInput!) {
        recordAgentRun(input: $run) { agentRun { id } } }";
    run["idempotencyKey"] = json!(key);
    let data = graphql(given, token, RECORD, json!({ "run": run })).await?;
    Ok(data["recordAgentRun"]["agentRun"]["id"].as_str().unwrap().to_owned())
}

/// Claims the first issue for `alpha`; returns the lease.
async fn claim_as_alpha(given: &Given) -> Value {
    const CLAIM: &str = "mutation { claimNext(input: { agent: \"alpha\" }) {
        lease { id fencingToken } } }";
    let data = graphql(given, ALPHA, CLAIM, json!({})).await.unwrap();
    data["claimNext"]["lease"].clone()
}

async fn finish(given: &Given, lease: &Value) -> Value {
    const FINISH: &str = "mutation($input: FinishWorkInput!) {
        finishWork(input: $input) { agentRun { agentName summary } } }";
    let input = json!({ "leaseId": lease["id"], "fencingToken": lease["fencingToken"],
        "outcome": "PR_OPENED", "summary": "Mine" });
    let data = graphql(given, ALPHA, FINISH, json!({ "input": input })).await.unwrap();
    data["finishWork"]["agentRun"].clone()
}

#[tokio::test]
async fn runs_of_finished_leases_cannot_be_recorded_by_callers() {
    given_settings(&SETTINGS, async |given| {
        let tokens = [(BETA, "beta"), (ALPHA, "alpha"), (AGENT_TOKEN, "alpha")];
        for (number, (token, name)) in tokens.iter().enumerate() {
            if number == 0 {
                given.with_issues(&[("1", READY); 3]).await;
            }
            let lease = claim_as_alpha(given).await;
            let key = lease["id"].as_str().unwrap();
            record(given, token, run(name, "Forged"), key).await.unwrap();
            let header = [("idempotency-key", key)];
            let (status, _) =
                ask(given, token, "/api/agent-runs", &header, &run(name, "Forged")).await;
            assert_eq!(status, if *token == AGENT_TOKEN { 201 } else { 403 });
            let finished = finish(given, &lease).await;
            assert_eq!(finished, json!({ "agentName": "alpha", "summary": "Mine" }), "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_run_key_is_its_owners_and_names_one_run() {
    given_settings(&SETTINGS, async |given| {
        let mut runs = Vec::new();
        for (token, agents) in [
            (AGENT_TOKEN, &["alpha", "beta"][..]),
            (MAINTAINER, &["alpha", "beta"]),
            (ALPHA, &["alpha"]),
            (BETA, &["beta"]),
        ] {
            for agent in agents {
                let first = record(given, token, run(agent, "One"), "k").await.unwrap();
                let again = record(given, token, run(agent, "One"), "k").await;
                assert_eq!(again, Ok(first.clone()), "{token} {agent}: a retry");
                // The route is closed to workers.
                let is_worker = [ALPHA, BETA].contains(&token);
                let header = [("idempotency-key", "k")];
                let same = ask(given, token, "/api/agent-runs", &header, &run(agent, "One")).await;
                let expected = if is_worker { (403, Value::Null) } else { (201, json!(first)) };
                assert_eq!((same.0, same.1["id"].clone()), expected, "REST, too");
                for (member, value) in [
                    ("summary", json!("Two")),
                    ("status", json!("error")),
                    ("runType", json!("review")),
                    ("startedAt", json!("2026-05-20T11:59:00.124Z")),
                    ("finishedAt", json!("2026-05-20T11:59:30.000Z")),
                    ("errorMessage", json!("Broken")),
                    ("touchedIssueUrls", json!(["https://example.org"])),
                ] {
                    let mut other = run(agent, "One");
                    other[member] = value;
                    let refused = record(given, token, other.clone(), "k").await;
                    assert_eq!(refused, Err("CONFLICT".to_owned()), "{member}");
                    let (status, body) =
                        ask(given, token, "/api/agent-runs", &header, &other).await;
                    let expected = if is_worker { 403 } else { 409 };
                    assert_eq!(status, expected, "{member}: {body}");
                    given.advance(60);
                }
                runs.push(first);
            }
        }
        let all = runs.len();
        runs.sort();
        runs.dedup();
        assert_eq!(runs.len(), all, "no owner met another's run");
        assert_eq!(given.database.number("SELECT count(*) FROM agent_runs").await, 6);
    })
    .await;
}

#[tokio::test]
async fn runs_reported_at_once_under_one_key_are_one_run() {
    given_settings(&SETTINGS, async |given| {
        let asking = (0..8).map(|_| record(given, ALPHA, run("alpha", "One"), "k"));
        let answers = futures_util::future::join_all(asking).await;
        assert!(answers.iter().all(|answer| *answer == Ok("run_000001".to_owned())), "{answers:?}");
    })
    .await;
}

#[tokio::test]
async fn a_report_key_is_its_owners() {
    given_settings(&SETTINGS, async |given| {
        let report = json!({ "taskType": "implement", "outcome": "pr_opened",
            "idempotencyKey": "coderun/ns/one/done" });
        let mut runs = Vec::new();
        for token in [AGENT_TOKEN, MAINTAINER, ALPHA] {
            let path = "/api/agents/alpha/tasks/report";
            let (_, first) = ask(given, token, path, &[], &report).await;
            assert_eq!(first["duplicate"], json!(null), "{token}: not another's report");
            let (_, again) = ask(given, token, path, &[], &report).await;
            assert_eq!(again["agentRunId"], first["agentRunId"]);
            runs.push(first["agentRunId"].clone());
        }
        assert_eq!(runs, ["run_000001", "run_000002", "run_000003"]);
    })
    .await;
}

#[tokio::test]
async fn a_request_id_is_its_owners_and_names_one_request() {
    given_settings(&SETTINGS, async |given| {
        given.with_issues(&[("1", READY); 4]).await;
        const NEXT: &str = "mutation($input: ClaimNextInput!) { claimNext(input: $input) {
            lease { issue { id } } } }";
        const ONE: &str = "mutation($input: ClaimIssueInput!) { claimIssue(input: $input) {
            lease { issue { id } } } }";
        let next = async |token: &str, more: Value| {
            let mut input = json!({ "agent": "alpha", "requestId": "r" });
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let data = graphql(given, token, NEXT, json!({ "input": input })).await?;
            Ok::<_, String>(data["claimNext"]["lease"]["issue"]["id"].clone())
        };
        let mut issues = Vec::new();
        for token in [ALPHA, AGENT_TOKEN, MAINTAINER] {
            let first = next(token, json!({})).await.unwrap();
            assert_eq!(next(token, json!({})).await, Ok(first.clone()), "a retry");
            assert_eq!(next(token, json!({ "waitSeconds": 1 })).await, Ok(first.clone()));
            for other in [
                json!({ "lane": "default" }),
                json!({ "repositories": [REPOSITORY] }),
                json!({ "leaseSeconds": 60 }),
            ] {
                assert_eq!(next(token, other.clone()).await, Err("CONFLICT".to_owned()), "{other}");
            }
            let input = json!({ "agent": "alpha", "requestId": "r", "issueId": first });
            let refused = graphql(given, token, ONE, json!({ "input": input })).await;
            assert_eq!(refused, Err("CONFLICT".to_owned()), "the other mutation");
            issues.push(first);
        }
        assert_eq!(issues, ["iss_000001", "iss_000002", "iss_000003"]);
    })
    .await;
}

#[tokio::test]
async fn an_idempotency_key_is_its_owners() {
    given_settings(&SETTINGS, async |given| {
        // The audit log shows each caller; a replayed response would write nothing.
        let sync = json!({});
        let keyed = async |token: Option<&str>, name: Option<&str>| {
            let mut request = Request::post("/api/agent-work/sweep")
                .header("host", "localhost:3000")
                .header("content-type", "application/json")
                .header("idempotency-key", "k");
            if let Some(token) = token {
                request = request.header("authorization", format!("Bearer {token}"));
            }
            if let Some(name) = name {
                request = request.header("x-agent-name", name);
            }
            let answer = given.send(request.body(Body::from(sync.to_string())).unwrap()).await;
            (answer.status.as_u16(), answer.headers.contains_key("idempotency-replayed"))
        };
        for (token, name) in [
            (AGENT_TOKEN, None),
            (AGENT_TOKEN, Some("alpha")),
            (MAINTAINER, None),
            (MAINTAINER, Some("alpha")),
        ] {
            assert_eq!(keyed(Some(token), name).await, (200, false), "{token} {name:?}");
            assert_eq!(keyed(Some(token), name).await, (200, true), "{token} {name:?}: a retry");
        }
        assert_eq!(keyed(Some(AGENT_TOKEN), Some("ALPHA")).await, (200, true), "the same agent");
    })
    .await;
}

/// The maximum number of keys of callers who share a credential.
#[tokio::test]
async fn one_key_more_than_are_kept_displaces_the_oldest() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let comment = async |key: &str| {
            let body = json!({ "issueId": "iss_000001", "repoFullName": REPOSITORY,
                "issueNumber": 1, "body": key });
            let request = Request::post("/api/issues/comment")
                .header("host", "localhost:3000")
                .header("content-type", "application/json")
                .header("idempotency-key", key)
                .body(Body::from(body.to_string()));
            let answer = given.send(request.unwrap()).await;
            (answer.status.as_u16(), answer.headers.contains_key("idempotency-replayed"))
        };
        assert_eq!(comment("first").await, (200, false));
        given
            .database
            .run(
                "INSERT INTO request_keys (caller, request, key, body_hash, run_id, begun_at) \
                 SELECT caller, request, 'k' || n, body_hash, run_id, \
                     begun_at + n * interval '1 ms' \
                 FROM request_keys, generate_series(1, 50000) n",
            )
            .await;
        given.advance(60);
        assert_eq!(comment("first").await, (200, true), "it is still there");
        assert_eq!(comment("second").await, (200, false));
        assert_eq!(comment("second").await, (200, true));
        assert_eq!(given.database.number("SELECT count(*) FROM request_keys").await, 50_000);
        assert_eq!(comment("first").await, (200, false), "it has made room");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_an_earlier_version_stay_their_agents() {
    let database = Database::empty().await;
    let mut harness = AsyncMigrationHarness::new(database.connect().await);
    let all = diesel::migration::MigrationSource::<diesel::pg::Pg>::migrations(&MIGRATIONS);
    for migration in all.unwrap() {
        let is_it = migration.name().to_string().contains("owned_keys");
        if is_it {
            database
                .run(
                    "INSERT INTO agent_runs (agent_name, run_type, status, started_at, finished_at, \
                     touched_issue_urls, created_at, idempotency_key) VALUES \
                     ('alpha', 'implement', 'success', now(), now(), '{}', now(), \
                      'lea_000001_000001'), \
                     ('Beta', 'implement', 'success', now(), now() - interval '1 s', '{}', now(), \
                      'lea_000001_000002'), \
                     ('alpha', 'x', 'x', now(), NULL, '{}', now(), 'a \"b\" ж'), \
                     ('alpha', 'x', 'x', now(), NULL, '{}', now(), NULL); \
                     INSERT INTO agent_reports VALUES ('alpha', 'k', '00', 1, now())",
                )
                .await;
        }
        harness.run_next_migration(MIGRATIONS).unwrap();
        if is_it {
            break;
        }
    }
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        key: String,
    }
    let keys: Vec<Row> = diesel::sql_query(
        "SELECT key FROM (SELECT 1 AS place, id, coalesce(idempotency_key, '') AS key \
         FROM agent_runs UNION ALL SELECT 2, 0, idempotency_key FROM agent_reports) AS keys \
         ORDER BY place, id",
    )
    .load(&mut database.connect().await)
    .await
    .unwrap();
    let keys: Vec<String> = keys.into_iter().map(|row| row.key).collect();
    assert_eq!(
        keys,
        [
            r#"["lease","alpha","lea_000001_000001"]"#,
            r#"["earlier","beta","lea_000001_000002"]"#,
            r#"["earlier","alpha","a \"b\" ж"]"#,
            "",
            r#"["earlier","alpha","k"]"#,
        ]
    );
}

#[tokio::test]
async fn a_retry_across_the_upgrade_finds_its_first() {
    given_settings(&SETTINGS, async |given| {
        let first = record(given, ALPHA, run("alpha", "One"), "k").await.unwrap();
        let earlier = "UPDATE agent_runs SET idempotency_key = '[\"earlier\",\"alpha\",\"k\"]'";
        given.database.run(earlier).await;
        assert_eq!(record(given, ALPHA, run("alpha", "One"), "k").await, Ok(first));
        assert_ne!(record(given, BETA, run("beta", "One"), "k").await, Ok("run_000001".to_owned()));
    })
    .await;
}
