//! Names of actors: reserved names, the kind of caller in every record, and limits that no name
//! evades.

use axum::body::Body;
use axum::http::Request;
use dispatch::config::{Config, Env};
use serde_json::{Value, json};

use crate::support::{AGENT_TOKEN, Given, given, given_settings};

const BOUND: &str = "token-of-worker-alpha";
const UNBOUND: &str = "token-of-any-worker-1";

const WORKERS: [(&str, &str); 2] =
    [("DISPATCH_WORKER_TOKENS", "alpha:token-of-worker-alpha"), ("DISPATCH_WORKER_TOKEN", UNBOUND)];

const RESERVED: [&str; 9] = [
    "github",
    "system",
    "user",
    "operator",
    "dispatch",
    "GitHub",
    " System ",
    "agent/operator",
    "us\u{200b}er",
];

/// Sends requests through one router, which counts them.
async fn ask(
    router: &axum::Router,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> (u16, Value) {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost:3000")
        .header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(body.to_string())).unwrap();
    let answer = tower::ServiceExt::oneshot(router.clone(), request).await.unwrap();
    let status = answer.status().as_u16();
    let bytes = http_body_util::BodyExt::collect(answer.into_body()).await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

async fn ask_as_agent(given: &Given, path: &str, body: &Value) -> (u16, Value) {
    let token = bearer(AGENT_TOKEN);
    let router = dispatch::router(given.app.clone());
    ask(&router, "POST", path, &[("authorization", &token)], body).await
}

#[tokio::test]
async fn a_reserved_name_is_refused_wherever_a_program_gives_one() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let router = dispatch::router(given.app.clone());
        let token = bearer(AGENT_TOKEN);
        for name in RESERVED {
            let which = json!({ "issueId": "iss_000001", "repoFullName": "acme/tools",
                "issueNumber": 1, "agentName": name, "actor": name, "status": "in-review",
                "label": "bug", "body": "Said", "lane": "default", "newLabels": ["status/ready"],
                "oldLabels": [], "runType": "x", "startedAt": "2026-05-20T12:00:00.000Z",
                "repo": "acme/tools", "decomposed": true, "checkpoint": "CLAIMED",
                "action": "assign_agent", "value": name });
            for path in [
                "/api/issues/claim", "/api/issues/unclaim", "/api/issues/status",
                "/api/issues/move", "/api/issues/label", "/api/issues/unlabel",
                "/api/issues/comment", "/api/agent-runs", "/api/agent-work/start",
                "/api/agent-work/checkpoint", "/api/agent-work/finish", "/api/agent-work",
            ] {
                let mut which = which.clone();
                if path.ends_with("label") {
                    which["action"] = json!("add");
                }
                let (status, body) = ask_as_agent(given, path, &which).await;
                assert_eq!((status, &body["code"]), (400, &json!("BAD_USER_INPUT")),
                    "{path} {name:?}: {body}");
                assert!(body["error"].as_str().unwrap().contains("reserved"), "{path}: {body}");
            }
            if name.is_ascii() && !name.contains('/') {
                let headers = [("authorization", token.as_str()), ("x-agent-name", name)];
                let (status, body) = ask(&router, "GET", "/api/audit", &headers, &json!({})).await;
                assert_eq!((status, &body["field"]), (400, &json!("X-Agent-Name")), "{name}");
                // A caller that is no program cannot give a name, so nothing is rejected.
                let person = [("x-agent-name", name)];
                assert_eq!(ask(&router, "GET", "/api/audit", &person, &json!({})).await.0, 200);
                let path = format!("/api/agents/{}/heartbeat", name.trim());
                assert_eq!(ask_as_agent(given, &path, &json!({})).await.0, 400, "{path}");
            }
            for document in [
                "mutation($n: String!) { claimNext(input: { agent: $n }) { idleReason } }",
                "mutation($n: String!) { claimIssue(input: { agent: $n, issueId: \"iss_000001\" }) {
                   lease { id } } }",
                "mutation($n: String!) { assignAgent(input: { agent: $n, issueId: \"iss_000001\" }) {
                   cursor } }",
                "mutation($n: String!) { recordAgentRun(input: { agentName: $n, runType: \"x\",
                   status: \"x\", startedAt: \"2026-05-20T12:00:00.000Z\" }) { agentRun { id } } }",
            ] {
                let error = given.refused_by_graphql(document, json!({ "n": name })).await;
                assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{document}: {error}");
                assert!(error["message"].as_str().unwrap().contains("reserved"), "{error}");
            }
        }
    })
    .await;
}

#[test]
fn a_reserved_name_in_the_settings_stops_the_start() {
    for name in ["github", "Operator", "agent/user"] {
        let worker = format!("{name}:token-of-some-worker");
        for settings in [
            vec![("DISPATCH_WORKER_TOKENS", worker.as_str())],
            vec![("AGENTS", name)],
            vec![
                ("DISPATCH_AUTH_MODE", "basic"),
                ("DISPATCH_AUTH_USERNAME", name),
                ("DISPATCH_AUTH_PASSWORD", "a-long-password"),
            ],
        ] {
            let variable = settings[settings.len().min(2) - 1].0;
            let refused = Config::from_env(&Env::from_iter(settings)).unwrap_err();
            assert!(refused.problems[0].starts_with(variable), "{refused}");
        }
    }
}

#[tokio::test]
async fn every_record_has_the_kind_of_caller() {
    given_settings(&WORKERS, async |given| {
        let labels: &[&str] = &["status/ready", "agent/alpha"];
        given.with_issues(&[("One", labels)]).await;
        let router = dispatch::router(given.app.clone());
        let set = async |headers: &[(&str, &str)], status: &str| {
            given.advance(61);
            let body = json!({ "issueId": "iss_000001", "repoFullName": "acme/tools",
                "issueNumber": 1, "status": status, "agentName": "alpha" });
            ask(&router, "POST", "/api/issues/status", headers, &body).await.0
        };
        let (agent, bound, unbound) = (bearer(AGENT_TOKEN), bearer(BOUND), bearer(UNBOUND));
        assert_eq!(set(&[], "in-review").await, 200);
        assert_eq!(set(&[("authorization", &agent)], "ready").await, 200);
        assert_eq!(set(&[("authorization", &bound)], "in-review").await, 200);
        assert_eq!(set(&[("authorization", &unbound)], "ready").await, 403);
        let log = "{ auditLog(first: 4) { nodes { action actor actorKind } } }";
        let nodes = given.graphql(log, json!({})).await["auditLog"]["nodes"].clone();
        let kinds: Vec<(&str, &str)> = nodes
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| (entry["actor"].as_str().unwrap(), entry["actorKind"].as_str().unwrap()))
            .collect();
        assert_eq!(
            kinds,
            [("agent", "WORKER"), ("alpha", "WORKER"), ("alpha", "AGENT"), ("user", "PERSON")]
        );
        let events = "SELECT count(*) FROM event_log e JOIN audit_log a ON a.id = e.record_id \
                      WHERE e.topic = 'audit' AND e.actor_kind <> a.actor_kind";
        assert_eq!(given.database.number(events).await, 0);
        let github = "SELECT count(*) FROM event_log WHERE actor = 'github' \
                      AND actor_kind <> 'github'";
        assert_eq!(given.database.number(github).await, 0);
    })
    .await;
    given_settings(&[("DISPATCH_AUTH_MODE", "disabled")], async |given| {
        given.github.add_repository("acme/tools");
        given.ask("POST", "/api/repos", Some(json!({ "fullName": "acme/tools" }))).await;
        let log = "{ auditLog(first: 1) { nodes { actor actorKind } } }";
        let newest = given.graphql(log, json!({})).await["auditLog"]["nodes"][0].clone();
        assert_eq!(newest, json!({ "actor": "operator", "actorKind": "OPERATOR" }));
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_invents_names_evades_no_limit_and_floods_no_log() {
    given_settings(&WORKERS, async |given| {
        let router = dispatch::router(given.app.clone());
        let unbound = bearer(UNBOUND);
        let mut refused = 0;
        for number in 0..60 {
            let name = format!("invented-{number}");
            let headers = [("authorization", unbound.as_str()), ("x-agent-name", &name)];
            for path in ["/api/repos", "/api/issues/status"] {
                let (status, _) = ask(&router, "POST", path, &headers, &json!({})).await;
                assert!([403, 429].contains(&status), "{path}: {status}");
                refused += 1;
            }
        }
        assert_eq!(refused, 120);
        let of = async |action: &str| {
            let count = format!("SELECT count(*) FROM audit_log WHERE action = '{action}'");
            given.database.number(&count).await
        };
        assert_eq!(of("auth_tier_denied").await, 1, "one route, once a minute");
        assert_eq!(of("worker_scope_denied").await, 10);
    })
    .await;
}

#[tokio::test]
async fn programs_with_one_token_share_its_rate_limit() {
    given(async |given| {
        let router = dispatch::router(given.app.clone());
        let token = bearer(AGENT_TOKEN);
        // Ten in a minute for one agent, two hundred for the token.
        let mut let_in = 0;
        for number in 0..220 {
            let name = format!("invented-{number}");
            let headers = [("authorization", token.as_str()), ("x-agent-name", &name)];
            let path = "/api/issues/refresh";
            let (status, _) = ask(&router, "POST", path, &headers, &json!({})).await;
            let_in += i32::from(status != 429);
        }
        assert_eq!(let_in, 200);
    })
    .await;
}
