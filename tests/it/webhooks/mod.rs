//! The webhook inbox: what GitHub delivers is stored at once and reaches the board.

use axum::body::Body;
use axum::http::Request;
use dispatch::domain::Status;
use dispatch::service::webhooks;
use ring::hmac;
use serde_json::{Value, json};

use crate::support::{Given, REPOSITORY, given_settings};

const SECRET: &str = "the-secret-of-the-webhooks";

const SETTINGS: &[(&str, &str)] = &[("WEBHOOK_SECRET", SECRET)];

/// The value of `X-Hub-Signature-256`.
fn signature(secret: &str, body: &[u8]) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), body);
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

/// A request as GitHub sends it.
fn delivery(path: &str, event: &str, id: &str, body: &[u8]) -> Request<Body> {
    Request::post(path)
        .header("host", "localhost:3000")
        .header("content-type", "application/json")
        .header("x-github-event", event)
        .header("x-github-delivery", id)
        .header("x-hub-signature-256", signature(SECRET, body))
        .body(Body::from(body.to_vec()))
        .unwrap()
}

/// Delivers a payload, which must be accepted.
async fn deliver(given: &Given, event: &str, id: &str, payload: &Value) -> Value {
    let body = payload.to_string();
    let answer = given.send(delivery("/api/webhooks/github", event, id, body.as_bytes())).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    answer.json()
}

/// The payload of an event of an issue of [`REPOSITORY`], as the cache has the issue.
async fn payload(given: &Given, action: &str, number: i32) -> Value {
    let row = given.issue(number).await;
    let label = |name: &String| json!({ "name": name });
    json!({
        "action": action,
        "issue": {
            "node_id": row.node_id,
            "number": row.number,
            "title": row.title,
            "body": null,
            "html_url": row.url,
            "state": row.state.as_str(),
            "labels": row.labels.names().iter().map(label).collect::<Vec<_>>(),
            "assignees": [],
            "user": { "login": "sam", "type": "User" },
            "author_association": "OWNER",
            "comments": row.comments_count,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
            "closed_at": row.closed_at,
        },
        "repository": { "full_name": REPOSITORY },
    })
}

#[tokio::test]
async fn a_signed_delivery_moves_a_card() {
    given_settings(SETTINGS, async |given| {
        given.with_issues(&[("First", &["status/ready"])]).await;
        let mut events = given.app.bus.subscribe();
        given.advance(60);
        let mut labeled = payload(given, "labeled", 1).await;
        labeled["issue"]["labels"] = json!([{ "name": "status/in-review" }]);
        labeled["issue"]["updated_at"] = json!(given.app.clock.now());
        let answer = deliver(given, "issues", "d-1", &labeled).await;
        assert_eq!(answer, json!({ "deliveryId": "d-1", "state": "pending", "isRepeated": false }));
        assert_eq!(given.issue(1).await.status, Status::Ready);

        assert_eq!(webhooks::process_due(&given.app).await.unwrap(), 1);
        assert_eq!(given.issue(1).await.status, Status::InReview);
        let event = events.recv().await.unwrap();
        assert_eq!(event.kind.as_str(), "issue_moved");
        assert_eq!(event.actor, "github");
        assert_eq!(webhooks::process_due(&given.app).await.unwrap(), 0);
    })
    .await;
}
