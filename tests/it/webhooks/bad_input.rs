//! Invalid deliveries: the response is as documented, nothing is lost, and nothing is stored that
//! should not be.

use std::time::Instant;

use axum::body::Body;
use axum::http::Request;
use dispatch::service::webhooks;
use serde_json::{Value, json};

use super::{
    SECRET, SETTINGS, deliver, deliver_to, delivery, payload, process, row, signature, state_of,
};
use crate::support::{Given, PATIENCE, given, given_settings};

const PATHS: [&str; 3] =
    ["/api/webhooks/github", "/api/issues/webhook", "/api/pr-followup/webhook"];

async fn stored(given: &Given) -> i64 {
    given.database.number("SELECT count(*) FROM webhook_deliveries").await
}

#[tokio::test]
async fn without_a_secret_nothing_is_accepted() {
    given(async |given| {
        for path in PATHS {
            let answer = given.send(delivery(path, "ping", "d-1", b"{}")).await;
            assert_eq!(answer.status, 503, "{path}");
            assert_eq!(
                answer.json()["error"],
                "WEBHOOK_SECRET is not set, so no webhook can be verified"
            );
        }
        assert_eq!(stored(given).await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_is_not_signed_is_rejected_and_not_stored() {
    given_settings(SETTINGS, async |given| {
        given.with_issues(&[("First", &["status/ready"])]).await;
        let body = payload(given, "edited", 1).await.to_string();
        let whole = signature(SECRET, body.as_bytes());
        let wrong = [
            ("", body.as_str()),
            ("sha256=", body.as_str()),
            (whole.trim_start_matches("sha256="), body.as_str()),
            (&whole, &body[..body.len() - 1]),
            (&whole, ""),
            (&signature("another-secret-of-someone", body.as_bytes()), body.as_str()),
        ];
        for path in PATHS {
            for (signature, body) in wrong {
                let mut request = delivery(path, "issues", "d-1", body.as_bytes());
                let header = signature.parse().unwrap();
                request.headers_mut().insert("x-hub-signature-256", header);
                let answer = given.send(request).await;
                assert_eq!(answer.status, 401, "{path} {signature}");
                assert_eq!(answer.json()["code"], "UNAUTHENTICATED");
            }
            let mut request = delivery(path, "issues", "d-1", body.as_bytes());
            request.headers_mut().remove("x-hub-signature-256");
            assert_eq!(given.send(request).await.status, 401, "{path}");
        }
        // A token of Dispatch does not replace the signature.
        let answer = given.ask_as_agent("POST", PATHS[0], Some(json!({}))).await;
        assert_eq!(answer.status, 401);
        assert_eq!(stored(given).await, 0);
    })
    .await;
}

#[tokio::test]
async fn both_secrets_are_accepted_while_one_replaces_the_other() {
    let settings =
        [("WEBHOOK_SECRET", "the-new-secret-of-webhooks"), ("WEBHOOK_SECRET_PREVIOUS", SECRET)];
    given_settings(&settings, async |given| {
        for (id, secret) in [("d-1", SECRET), ("d-2", "the-new-secret-of-webhooks")] {
            let mut request = delivery(PATHS[0], "ping", id, b"{}");
            let header = signature(secret, b"{}").parse().unwrap();
            request.headers_mut().insert("x-hub-signature-256", header);
            assert_eq!(given.send(request).await.status, 202);
        }
    })
    .await;
    let settings = [("WEBHOOK_SECRET", "the-new-secret-of-webhooks")];
    given_settings(&settings, async |given| {
        let answer = given.send(delivery(PATHS[0], "ping", "d-1", b"{}")).await;
        assert_eq!(answer.status, 401);
    })
    .await;
}

#[tokio::test]
async fn a_header_that_is_missing_or_wrong_is_named() {
    given_settings(SETTINGS, async |given| {
        for (name, value) in [
            ("x-github-event", None),
            ("x-github-event", Some("")),
            ("x-github-event", Some("Not an event")),
            ("x-github-delivery", None),
            ("x-github-delivery", Some("")),
            ("x-github-delivery", Some("a b")),
        ] {
            let mut request = delivery(PATHS[0], "ping", "d-1", b"{}");
            match value {
                None => drop(request.headers_mut().remove(name)),
                Some(value) => drop(request.headers_mut().insert(name, value.parse().unwrap())),
            }
            let answer = given.send(request).await;
            assert_eq!(answer.status, 400, "{name} {value:?}");
            let field = answer.json()["field"].as_str().unwrap().to_lowercase();
            assert_eq!(field, name);
        }
        assert_eq!(stored(given).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_payload_of_25_megabytes_is_stored_and_a_longer_one_is_rejected() {
    given_settings(SETTINGS, async |given| {
        let of = |bytes: usize| format!("{{\"zen\":\"{}\"}}", "x".repeat(bytes - 10));
        let most = of(25 << 20);
        assert_eq!(most.len(), 25 << 20);
        let answer = given.send(delivery(PATHS[0], "ping", "d-1", most.as_bytes())).await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        let long = of(30_000_000);
        for path in PATHS {
            let answer = given.send(delivery(path, "ping", "d-2", long.as_bytes())).await;
            assert_eq!(answer.status, 413, "{path}");
        }
        // Without its length in a header, it is rejected once it is too long.
        let chunks = futures_util::stream::iter(
            (0..30).map(|_| Ok::<_, std::io::Error>("x".repeat(1 << 20))),
        );
        let request = Request::post(PATHS[0])
            .header("host", "localhost:3000")
            .header("x-github-event", "ping")
            .header("x-github-delivery", "d-3")
            .header("x-hub-signature-256", signature(SECRET, b""))
            .body(Body::from_stream(chunks));
        assert_eq!(given.send(request.unwrap()).await.status, 413);
        assert_eq!(stored(given).await, 1);
    })
    .await;
}

#[tokio::test]
async fn what_is_not_json_is_quarantined() {
    given_settings(SETTINGS, async |given| {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(1000), "]".repeat(1000));
        let bodies: [&[u8]; 6] = [b"", b"{", b"[]", b"null", b"{\"issue\": 01}", b"\xff\xfe"];
        for (at, body) in bodies.into_iter().enumerate() {
            let id = format!("d-{at}");
            let answer = given.send(delivery(PATHS[0], "issues", &id, body)).await;
            assert_eq!(answer.status, 202, "{body:?}");
            assert_eq!(answer.json()["state"], "quarantined", "{body:?}");
            let (state, reason) = state_of(given, &id).await;
            assert_eq!(state, "QUARANTINED");
            assert!(!reason.is_empty());
        }
        assert_eq!(process(given).await, 0);
        let answer = given.send(delivery(PATHS[0], "ping", "deep", deep.as_bytes())).await;
        assert_eq!(answer.status, 202);
        process(given).await;
        assert_eq!(state_of(given, "deep").await.0, "PROCESSED");
    })
    .await;
}

/// Every path to a member of a value.
fn paths(value: &Value, at: &str, found: &mut Vec<String>) {
    if let Value::Object(members) = value {
        for (name, member) in members {
            let path = format!("{at}/{name}");
            paths(member, &path, found);
            found.push(path);
        }
    }
}

#[tokio::test]
async fn wrong_types_of_every_member_are_no_failure() {
    given_settings(SETTINGS, async |given| {
        given.with_issues(&[("First", &["status/ready"])]).await;
        let before = row(given, 1).await.unwrap();
        let mut good = payload(given, "edited", 1).await;
        good["label"] = json!({ "node_id": "LA_1", "name": "area/api" });
        good["blocked_issue"] = json!({ "number": 1 });
        let mut members = Vec::new();
        paths(&good, "", &mut members);
        assert!(members.len() > 20);
        let wrong = [
            json!(null),
            json!(true),
            json!(-1.5),
            json!(1e300),
            json!("\0"),
            json!([[]]),
            json!([{ "name": 1 }]),
            json!({ "from": [] }),
        ];
        let router = dispatch::router(given.app.clone());
        let mut sent = 0;
        for event in ["issues", "label", "issue_dependencies", "repository", "pull_request"] {
            for member in &members {
                for value in &wrong {
                    let mut bad = good.clone();
                    *bad.pointer_mut(member).unwrap() = value.clone();
                    sent += 1;
                    deliver_to(&router, event, &format!("d-{sent}"), &bad).await;
                }
            }
            while process(given).await > 0 {}
        }
        let unsettled = "SELECT count(*) FROM webhook_deliveries \
                         WHERE state NOT IN ('processed', 'ignored', 'quarantined')";
        assert_eq!(given.database.number(unsettled).await, 0);
        let read = "SELECT count(*) FROM webhook_deliveries WHERE state = 'quarantined'";
        assert!(given.database.number(read).await > 50);
        let after = row(given, 1).await.unwrap();
        assert_eq!(
            (after.title, after.labels, after.status),
            (before.title, before.labels, before.status)
        );
    })
    .await;
}

#[tokio::test]
async fn fifty_thousand_deliveries_delay_no_new_one() {
    given_settings(SETTINGS, async |given| {
        given.with_issues(&[("First", &["status/ready"])]).await;
        // The first of each issue failed and waits, and the others wait for it.
        given
            .database
            .run(
                "INSERT INTO webhook_deliveries (delivery_id, event, action, repository, \
                 issue_number, subject, payload, state, received_at, next_attempt_at) \
                 SELECT 'old-' || n, 'issues', 'edited', 'acme/tools', 100 + n % 500, \
                     'acme/tools#' || (100 + n % 500), '{}', 'pending', '2026-05-20T11:00:00Z', \
                     CASE WHEN n < 500 THEN timestamptz '2026-05-21T00:00:00Z' \
                          ELSE timestamptz '2026-05-20T11:00:00Z' END \
                 FROM generate_series(0, 49999) AS n",
            )
            .await;
        given.advance(60);
        let mut edited = payload(given, "edited", 1).await;
        edited["issue"]["title"] = json!("Changed");
        edited["issue"]["updated_at"] = json!(given.app.clock.now());
        let began = Instant::now();
        deliver(given, "issues", "d-1", &edited).await;
        assert_eq!(webhooks::process_due(&given.app).await.unwrap(), 1);
        assert!(began.elapsed() < PATIENCE);
        assert_eq!(given.issue(1).await.title, "Changed");
        assert_eq!(stored(given).await, 50_001);
    })
    .await;
}
