//! What all error responses have in common.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use chrono::TimeDelta;
use dispatch::domain::Status;
use dispatch::middleware::Problem;
use dispatch::service::{ConflictKind, Error};
use serde_json::json;

use crate::support::{Given, given, given_settings, start_of_time};

/// One error of each kind.
fn every_error() -> Vec<Error> {
    let refused = || dispatch::github::Error::Refused {
        status: 403,
        message: "No".to_owned(),
        is_forbidden: true,
    };
    vec![
        Error::Invalid { field: "title", reason: "must not be empty".to_owned() },
        Error::Unauthenticated,
        Error::Forbidden { action: "Moving cards needs a person".to_owned() },
        Error::no_issue("iss_000001"),
        Error::Conflict {
            what: "The issue is in Done by now".to_owned(),
            current: Some(Status::Done),
            pending: None,
            kind: ConflictKind::Temporary,
        },
        Error::LeaseLost { holder: Some("beta".to_owned()) },
        Error::RateLimited {
            what: "Rate limit exceeded".to_owned(),
            retry_at: Some(start_of_time() + TimeDelta::seconds(30)),
        },
        Error::Upstream(refused()),
        Error::UpstreamUnreadable(refused()),
        Error::Unavailable { reason: "the database cannot be reached".to_owned() },
        Error::Internal(anyhow::anyhow!("a secret of our insides")),
    ]
}

#[test]
fn every_error_has_a_status_and_a_code() {
    let mut table =
        format!("{:<24}{:<24}{:<6}{}\n", "error", "GraphQL and REST code", "HTTP", "text");
    for error in every_error() {
        let name = format!("{error:?}");
        let name = name.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned();
        let graphql = error.code();
        let problem = Problem::from(error);
        assert_eq!(problem.code(), graphql, "{name}: both transports say the same");
        let (status, text) = (problem.status().as_u16(), problem.error());
        table += &format!("{name:<24}{graphql:<24}{status:<6}{text}\n");
    }
    insta::assert_snapshot!(table);
}

/// Sends a request and returns the body without what differs between requests.
async fn problem(given: &Given, method: &str, path: &str) -> serde_json::Value {
    let answer = given.ask(method, path, None).await;
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    let mut body = answer.json();
    let id = body["requestId"].take();
    assert_eq!(id, answer.headers["x-request-id"].to_str().unwrap());
    body
}

#[tokio::test]
async fn a_failure_is_a_problem_document() {
    given(async |given| {
        assert_eq!(
            problem(given, "GET", "/api/issues/state").await,
            json!({
                "type": "about:blank",
                "title": "Bad Request",
                "status": 400,
                "detail": "Missing required query parameters: repo, number",
                "instance": "/api/issues/state",
                "code": "BAD_USER_INPUT",
                "error": "Missing required query parameters: repo, number",
                "requestId": null,
                "field": "repo",
            })
        );
        let nothing = problem(given, "POST", "/api/nonsense").await;
        assert_eq!(nothing["error"], "There is nothing at this address");
        assert_eq!((&nothing["status"], &nothing["code"]), (&json!(404), &json!("NOT_FOUND")));
        for path in ["/api", "/api/", "/api/automation/repositories", "/api/nothing/"] {
            assert_eq!(problem(given, "GET", path).await["status"], 404, "{path}");
        }

        let wrong = problem(given, "PUT", "/api/repos").await;
        assert_eq!(wrong["error"], "This address answers GET, POST only");
        assert_eq!(wrong["code"], "METHOD_NOT_ALLOWED");
        let answer = given.ask("DELETE", "/api/issues", None).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.headers["allow"], "GET");
    })
    .await;
}

#[tokio::test]
async fn a_request_keeps_its_own_id_where_that_is_usable() {
    given(async |given| {
        let ask = async |id: &str| {
            let request = Request::get("/livez").header("x-request-id", id);
            let answer = given.send(request.body(Body::empty()).unwrap()).await;
            answer.headers["x-request-id"].to_str().unwrap().to_owned()
        };
        assert_eq!(ask("trace-1:2.3_4").await, "trace-1:2.3_4");
        for id in ["", "two words", "<script>", &"x".repeat(129)] {
            let fresh = ask(id).await;
            assert_ne!(fresh, id);
            assert_eq!(fresh.len(), 36, "{fresh}");
        }
    })
    .await;
}

#[tokio::test]
async fn every_response_has_security_headers() {
    given(async |given| {
        for path in
            ["/", "/api/health", "/api/nonsense", "/graphiql", "/assets/none.js", "/graphql"]
        {
            let answer = given.ask("GET", path, None).await;
            let header = |name: &str| answer.headers[name].to_str().unwrap();
            assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(header("x-frame-options"), "DENY");
            assert_eq!(header("referrer-policy"), "strict-origin-when-cross-origin");
            let policy = header("content-security-policy");
            let directives: Vec<&str> = policy.split("; ").collect();
            for directive in [
                "default-src 'self'",
                "script-src 'self'",
                "connect-src 'self'",
                "frame-ancestors 'none'",
                "base-uri 'self'",
                "form-action 'self'",
            ] {
                assert!(directives.contains(&directive), "{path}: {policy}");
            }
            assert!(!policy.contains("http"), "no other host: {policy}");
            assert_eq!(policy.contains("blob:"), path == "/graphiql");
            assert!(!answer.headers.contains_key("strict-transport-security"));
        }
    })
    .await;
    given_settings(&[("DISPATCH_URL", "https://board.example")], async |given| {
        let answer = given.ask("GET", "/api/health", None).await;
        assert_eq!(answer.headers["strict-transport-security"], "max-age=31536000");
    })
    .await;
}

#[tokio::test]
async fn long_responses_are_compressed_when_accepted() {
    given(async |given| {
        let ask = async |path: &str, encoding: &str| {
            let request = Request::get(path).header("accept-encoding", encoding);
            given.send(request.body(Body::empty()).unwrap()).await
        };
        let plain = ask("/api/openapi.json", "identity").await;
        assert!(!plain.headers.contains_key("content-encoding"));
        let packed = ask("/api/openapi.json", "gzip, br").await;
        assert_eq!(packed.headers["content-encoding"], "gzip");
        assert_eq!(packed.headers["vary"], "accept-encoding");
        assert_eq!(packed.bytes[..2], [0x1f, 0x8b]);
        assert!(packed.bytes.len() * 3 < plain.bytes.len());
        let short = ask("/livez", "gzip").await;
        assert!(!short.headers.contains_key("content-encoding"));
    })
    .await;
}

#[test]
fn the_log_has_the_causes_of_a_bug_and_its_text_has_none() {
    let cause = anyhow::anyhow!("the innermost").context("a secret of our insides");
    let bug = Error::Internal(cause);
    assert_eq!(bug.to_string(), "internal error");
    assert_eq!(bug.with_causes(), "internal error: a secret of our insides: the innermost");
}
