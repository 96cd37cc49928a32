//! The webhook inbox: what GitHub delivers is stored at once and reaches the board.

mod bad_input;
mod hostile;
mod published;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use dispatch::domain::Status;
use dispatch::domain::details::StateReason;
use dispatch::domain::events::EventKind;
use dispatch::service;
use dispatch::service::repositories::sync::sync_stale;
use dispatch::service::webhooks;
use dispatch::simulator::{Fault, FieldValue};
use dispatch::store::Issue;
use dispatch::store::event_log::Event;
use ring::hmac;
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;
use tower::ServiceExt as _;

use crate::support::{Given, REPOSITORY, given_settings};

const SECRET: &str = "the-secret-of-the-webhooks";

pub(crate) const SETTINGS: &[(&str, &str)] = &[("WEBHOOK_SECRET", SECRET)];

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

/// The state of a delivery, and its reason.
pub(crate) async fn state_of(given: &Given, id: &str) -> (String, String) {
    let query = "{ webhookDeliveries(first: 100) { nodes { deliveryId state reason } } }";
    let data = given.graphql(query, json!({})).await;
    let nodes = data["webhookDeliveries"]["nodes"].as_array().unwrap();
    let one = nodes.iter().find(|node| node["deliveryId"] == id).unwrap();
    let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
    (text("state"), text("reason"))
}

/// The row of an issue, removed or not.
async fn row(given: &Given, number: i32) -> Option<Issue> {
    let mut connection = given.app.pool.get().await.unwrap();
    let name = REPOSITORY.parse().unwrap();
    let repository =
        dispatch::store::repositories::by_name(&mut connection, &name).await.unwrap().unwrap();
    let numbers = [number];
    let rows =
        dispatch::store::board::issues::lock_numbers(&mut connection, repository.id, &numbers);
    rows.await.unwrap().pop().map(|(row, _)| row)
}

/// Processes what is due.
pub(crate) async fn process(given: &Given) -> usize {
    webhooks::process_due(&given.app).await.unwrap()
}

/// Delivers a payload to a router, which must accept it: to build one takes longer than most answers.
async fn deliver_to(router: &Router, event: &str, id: &str, payload: &Value) {
    let body = payload.to_string();
    let request = delivery("/api/webhooks/github", event, id, body.as_bytes());
    let answer = router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 202, "{event} {body}");
}

/// Delivers a payload, which must be accepted.
pub(crate) async fn deliver(given: &Given, event: &str, id: &str, payload: &Value) -> Value {
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

/// The next event, other than the resync of the first import, which may arrive late.
async fn next_event(events: &mut Receiver<Arc<Event>>) -> Arc<Event> {
    loop {
        let event = events.recv().await.unwrap();
        if event.kind != EventKind::Resync {
            return event;
        }
    }
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

        assert_eq!(process(given).await, 1);
        assert_eq!(given.issue(1).await.status, Status::InReview);
        let event = next_event(&mut events).await;
        assert_eq!(event.kind.as_str(), "issue_moved");
        assert_eq!(event.actor, "github");

        let again = deliver(given, "issues", "d-1", &labeled).await;
        let known = json!({ "deliveryId": "d-1", "state": "processed", "isRepeated": true });
        assert_eq!(again, known);
        assert_eq!(process(given).await, 0);
        deliver(given, "issues", "d-2", &labeled).await;
        assert_eq!(process(given).await, 1);
        assert_eq!(state_of(given, "d-2").await.0, "PROCESSED");
        assert!(events.try_recv().is_err(), "the same again is no news");
        assert_eq!(given.github.count("Issue"), 0);
    })
    .await;
}

#[tokio::test]
async fn a_repository_whose_webhooks_work_is_synced_less_often() {
    const INTERVAL: Duration = Duration::from_secs(60);
    given_settings(SETTINGS, async |given| {
        given.with_issues(&[("First", &["status/ready"])]).await;
        let is_synced_after = async |seconds: u64| {
            given.advance(seconds);
            given.github.forget_requests();
            sync_stale(&given.app, INTERVAL).await.unwrap();
            given.github.count("Issues") > 0
        };
        assert!(is_synced_after(120).await, "no webhook was seen");

        let mut edited = payload(given, "edited", 1).await;
        edited["issue"]["updated_at"] = json!(given.app.clock.now());
        deliver(given, "issues", "d-1", &edited).await;
        process(given).await;
        assert!(!is_synced_after(120).await, "webhooks work");
        assert!(is_synced_after(480).await, "ten minutes are over");

        given.github.relabel(REPOSITORY, 1, &["status/in-review"], &["status/ready"]).unwrap();
        assert!(!is_synced_after(120).await);
        assert!(is_synced_after(480).await);
        assert_eq!(given.issue(1).await.status, Status::InReview, "a lost delivery heals");
        assert!(is_synced_after(120).await, "webhooks no longer count as working");

        deliver(given, "issues", "d-2", &edited).await;
        process(given).await;
        assert!(!is_synced_after(120).await, "they work again");
    })
    .await;
}

#[tokio::test]
async fn deliveries_in_any_order_end_with_the_newest() {
    given_settings(SETTINGS, async |given| {
        given.with_issues(&[("First", &["status/ready"])]).await;
        let statuses = ["backlog", "in-progress", "blocked", "in-review"];
        let orders = [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]];
        for (round, order) in orders.into_iter().enumerate() {
            given.advance(60);
            let mut payloads = Vec::new();
            for status in statuses {
                given.advance(1);
                let mut labeled = payload(given, "labeled", 1).await;
                labeled["issue"]["labels"] = json!([{ "name": format!("status/{status}") }]);
                labeled["issue"]["title"] = json!(format!("{round} {status}"));
                labeled["issue"]["updated_at"] = json!(given.app.clock.now());
                payloads.push(labeled);
            }
            for at in order {
                deliver(given, "issues", &format!("d-{round}-{at}"), &payloads[at]).await;
                if round % 2 == 0 {
                    process(given).await;
                }
            }
            process(given).await;
            let issue = given.issue(1).await;
            assert_eq!(issue.title, format!("{round} in-review"), "{order:?}");
            assert_eq!(issue.status, Status::InReview);
        }
    })
    .await;
}

#[tokio::test]
async fn of_two_versions_of_one_second_github_is_asked() {
    given_settings(SETTINGS, async |given| {
        given.with_issues(&[("First", &["status/ready"])]).await;
        given.github.let_changes_share_seconds();
        given.github.relabel(REPOSITORY, 1, &["status/blocked"], &["status/ready"]).unwrap();
        let mut labeled = payload(given, "labeled", 1).await;
        labeled["issue"]["labels"] =
            json!([{ "name": "status/ready" }, { "name": "status/blocked" }]);
        deliver(given, "issues", "d-1", &labeled).await;
        process(given).await;
        assert_eq!(given.github.count("Issue"), 1);
        assert_eq!(given.issue(1).await.status, Status::Blocked);
        assert_eq!(given.issue(1).await.labels.names(), ["status/blocked"]);
    })
    .await;
}

#[tokio::test]
async fn details_that_a_payload_lacks_are_read_from_github_or_kept() {
    given_settings(SETTINGS, async |given| {
        given.with_issues(&[("First", &["status/ready"]), ("Second", &[])]).await;
        given.github.set_field(REPOSITORY, 1, ("Team", FieldValue::Text("A".into()))).unwrap();
        given.sync().await;
        given.advance(60);
        let mut closed = payload(given, "closed", 1).await;
        closed["issue"]["updated_at"] = json!(given.app.clock.now());
        closed["issue"]["closed_at"] = json!(given.app.clock.now());
        closed["issue"]["state"] = json!("closed");
        closed["issue"]["state_reason"] = json!("not_planned");
        closed["issue"]["type"] = json!({ "name": "Task", "color": "yellow" });
        deliver(given, "issues", "d-1", &closed).await;
        process(given).await;
        let details = given.issue(1).await.details;
        assert_eq!(details.state_reason, Some(StateReason::NotPlanned));
        assert_eq!(details.issue_type.unwrap().name, "Task");
        assert_eq!(details.fields[0].value, "A", "the payload has no fields");

        given.github.set_type(REPOSITORY, 2, "Bug").unwrap();
        let typed = payload(given, "typed", 2).await;
        deliver(given, "issues", "d-2", &typed).await;
        process(given).await;
        assert_eq!(given.issue(2).await.details.issue_type.unwrap().name, "Bug");

        given.github.set_parent((REPOSITORY, 1), (REPOSITORY, 2)).unwrap();
        for (at, action) in ["sub_issue_added", "parent_issue_added"].into_iter().enumerate() {
            let event = json!({
                "action": action,
                "parent_issue": { "number": 2 },
                "sub_issue": { "number": 1 },
                "repository": { "full_name": REPOSITORY },
            });
            deliver(given, "sub_issues", &format!("s-{at}"), &event).await;
        }
        process(given).await;
        assert_eq!(given.issue(2).await.details.sub_issues.unwrap().total, 1);
        assert_eq!(given.issue(1).await.details.parent.unwrap().number, 2);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_issue_never_comes_back() {
    given_settings(SETTINGS, async |given| {
        given.with_issues(&[("First", &["status/ready"]), ("Second", &["status/ready"])]).await;
        for (number, action) in [(1, "deleted"), (2, "transferred")] {
            given.advance(60);
            let mut events = given.app.bus.subscribe();
            let mut older = payload(given, "edited", number).await;
            older["issue"]["updated_at"] = json!(given.app.clock.now());
            let mut gone = older.clone();
            gone["action"] = json!(action);
            deliver(given, "issues", &format!("{action}-1"), &gone).await;
            process(given).await;
            let event = next_event(&mut events).await;
            assert_eq!(event.kind.as_str(), "issue_removed", "{action}");
            deliver(given, "issues", &format!("{action}-2"), &older).await;
            deliver(given, "issues", &format!("{action}-3"), &gone).await;
            process(given).await;
            let (state, reason) = state_of(given, &format!("{action}-2")).await;
            assert_eq!((&*state, &*reason), ("IGNORED", "the issue was deleted or transferred"));
            assert!(row(given, number).await.unwrap().removed_at.is_some());
            assert!(events.try_recv().is_err(), "{action}");
        }
        // One that was never seen is not added by what was reported before its deletion.
        let mut opened = payload_of_new(given, 7);
        let mut deleted = opened.clone();
        deleted["action"] = json!("deleted");
        deliver(given, "issues", "new-2", &deleted).await;
        process(given).await;
        opened["action"] = json!("opened");
        deliver(given, "issues", "new-1", &opened).await;
        process(given).await;
        assert_eq!(state_of(given, "new-1").await.0, "IGNORED");
        assert!(row(given, 7).await.unwrap().removed_at.is_some());
    })
    .await;
}

/// The payload of an issue that is not cached.
fn payload_of_new(given: &Given, number: i32) -> Value {
    let now = given.app.clock.now();
    json!({
        "action": "opened",
        "issue": {
            "node_id": format!("I_new{number}"),
            "number": number,
            "title": "New",
            "body": "Text",
            "html_url": format!("https://github.com/acme/tools/issues/{number}"),
            "state": "open",
            "labels": [{ "name": "status/ready" }],
            "assignees": [{ "login": "kim", "type": "User" }],
            "user": { "login": "renovate[bot]", "type": "Bot" },
            "author_association": "NONE",
            "comments": 2,
            "created_at": now,
            "updated_at": now,
            "closed_at": null,
        },
        "repository": { "full_name": REPOSITORY },
    })
}

#[tokio::test]
async fn a_new_issue_is_stored_as_a_sync_would_store_it() {
    given_settings(SETTINGS, async |given| {
        given.with_issues(&[]).await;
        deliver(given, "issues", "d-1", &payload_of_new(given, 7)).await;
        process(given).await;
        let issue = given.issue(7).await;
        assert_eq!(issue.author.as_deref(), Some("renovate"));
        assert_eq!(issue.assignees, ["kim"]);
        assert_eq!((issue.comments_count, issue.status), (2, Status::Ready));
        let form = json!({ "zen": "It works", "hook_id": 1 }).to_string();
        let form: String = url::form_urlencoded::byte_serialize(form.as_bytes()).collect();
        let form = format!("payload={form}");
        let request = delivery("/api/webhooks/github", "ping", "d-2", form.as_bytes());
        assert_eq!(given.send(request).await.status, 202);
        process(given).await;
        assert_eq!(state_of(given, "d-2").await.0, "PROCESSED");
    })
    .await;
}

#[tokio::test]
async fn deliveries_of_one_issue_wait_for_each_other() {
    given_settings(SETTINGS, async |given| {
        given.with_issues(&[("First", &["status/ready"]), ("Second", &["status/ready"])]).await;
        let partial = json!({
            "action": "edited", "issue": { "number": 1 }, "repository": { "full_name": REPOSITORY },
        });
        given.github.inject(Fault::refuse(502, "away").on("Issue").times(20));
        deliver(given, "issues", "first", &partial).await;
        given.advance(1);
        for (id, number) in [("second", 1), ("other", 2)] {
            let mut edited = payload(given, "edited", number).await;
            edited["issue"]["title"] = json!("Changed");
            edited["issue"]["updated_at"] = json!(given.app.clock.now());
            deliver(given, "issues", id, &edited).await;
        }
        assert_eq!(process(given).await, 2);
        assert_eq!(state_of(given, "first").await.0, "PENDING");
        assert!(state_of(given, "first").await.1.contains("502"));
        assert_eq!(given.issue(1).await.title, "First");
        assert_eq!(given.issue(2).await.title, "Changed");
        given.github.clear_faults();
        given.advance(2);
        assert_eq!(process(given).await, 2);
        assert_eq!(given.issue(1).await.title, "Changed");
    })
    .await;
}

#[tokio::test]
async fn what_failed_is_processed_when_github_sends_it_again() {
    given_settings(SETTINGS, async |given| {
        given.with_issues(&[("First", &["status/ready"])]).await;
        let partial = json!({
            "action": "edited", "issue": { "number": 1 }, "repository": { "full_name": REPOSITORY },
        });
        given.github.inject(Fault::refuse(403, "no").on("Issue").always());
        deliver(given, "issues", "d-1", &partial).await;
        for _ in 0..10 {
            assert_eq!(process(given).await, 1);
            given.advance(300);
        }
        assert_eq!(process(given).await, 0);
        assert_eq!(state_of(given, "d-1").await.0, "FAILED");
        given.github.clear_faults();
        let again = deliver(given, "issues", "d-1", &partial).await;
        assert_eq!(again, json!({ "deliveryId": "d-1", "state": "pending", "isRepeated": false }));
        process(given).await;
        assert_eq!(state_of(given, "d-1").await.0, "PROCESSED");
    })
    .await;
}

#[tokio::test]
async fn an_interrupted_attempt_is_repeated() {
    given_settings(SETTINGS, async |given| {
        given.with_issues(&[]).await;
        deliver(given, "issues", "d-1", &payload_of_new(given, 7)).await;
        // As a process leaves it that stops during the attempt.
        given
            .database
            .run(
                "UPDATE webhook_deliveries SET attempts = 1, \
                 next_attempt_at = next_attempt_at + interval '60 seconds'",
            )
            .await;
        assert_eq!(process(given).await, 0);
        given.advance(60);
        let replica = given.replica().await;
        let (one, other) =
            tokio::join!(webhooks::process_due(&given.app), webhooks::process_due(&replica));
        assert_eq!(one.unwrap() + other.unwrap(), 1);
        assert_eq!(given.issue(7).await.title, "New");
    })
    .await;
}

/// GitHub's id of a label of the repository.
async fn label_id(given: &Given, name: &str) -> String {
    let mut connection = given.app.pool.get().await.unwrap();
    let repository = given.issue(1).await.repository_id;
    let labels =
        dispatch::store::board::repository_labels::by_repository(&mut connection, repository)
            .await
            .unwrap();
    labels.into_iter().find(|label| label.name == name).unwrap().node_id
}

#[tokio::test]
async fn a_label_is_renamed_and_deleted_on_every_issue() {
    given_settings(SETTINGS, async |given| {
        let labels: &[&str] = &["status/ready", "area/api"];
        given.with_issues(&[("First", labels), ("Second", labels), ("Third", &[])]).await;
        let (area, ready) =
            (label_id(given, "area/api").await, label_id(given, "status/ready").await);
        let event = |action: &str, id: &str, name: &str, from: Option<&str>| {
            json!({
                "action": action,
                "label": { "node_id": id, "name": name },
                "changes": from.map(|from| json!({ "name": { "from": from } })),
                "repository": { "full_name": REPOSITORY },
            })
        };
        let renamed = event("edited", &area, "area/rest", Some("area/api"));
        deliver(given, "label", "d-1", &renamed).await;
        process(given).await;
        for number in [1, 2] {
            assert_eq!(given.issue(number).await.labels.names(), ["status/ready", "area/rest"]);
        }
        deliver(given, "label", "d-2", &event("deleted", &ready, "status/ready", None)).await;
        process(given).await;
        assert_eq!(given.issue(1).await.status, Status::Backlog);
        assert_eq!(given.issue(1).await.labels.names(), ["area/rest"]);
        // GitHub has neither change, and the sync that follows finds out.
        given.advance(60);
        service::repositories::sync::sync_new(&given.app).await.unwrap();
        assert_eq!(given.issue(1).await.labels.names(), ["status/ready", "area/api"]);
        // A label with the name of a deleted one is another label.
        deliver(given, "label", "d-3", &event("deleted", "LA_old", "status/ready", None)).await;
        process(given).await;
        assert_eq!(given.issue(1).await.status, Status::Ready);
    })
    .await;
}

#[tokio::test]
async fn a_repository_is_renamed_archived_and_deleted() {
    given_settings(SETTINGS, async |given| {
        given.with_issues(&[("First", &["status/ready"])]).await;
        let found = async || {
            let all = service::repositories::tracking::all_repositories(&given.app).await.unwrap();
            all.into_iter().next().unwrap()
        };
        let id = found().await.node_id.unwrap();
        let mut renamed = json!({
            "action": "renamed",
            "changes": { "repository": { "name": { "from": "tools" } } },
            "repository": { "node_id": id, "full_name": "acme/toolbox" },
        });
        deliver(given, "repository", "d-1", &renamed).await;
        process(given).await;
        assert_eq!(found().await.full_name.as_str(), "acme/toolbox");
        assert!(found().await.sync_requested_at.is_some());

        renamed["action"] = json!("archived");
        deliver(given, "repository", "d-2", &renamed).await;
        process(given).await;
        assert_eq!(found().await.read_only.map(|reason| reason.as_str()), Some("archived"));

        renamed["action"] = json!("deleted");
        deliver(given, "repository", "d-3", &renamed).await;
        process(given).await;
        assert!(!found().await.enabled);
        let audited = "SELECT count(*) FROM audit_log WHERE action = 'remove_tracked_repo' \
                       AND actor_kind = 'github'";
        assert_eq!(given.database.number(audited).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_dependency_and_a_pull_request_are_read_from_github() {
    given_settings(SETTINGS, async |given| {
        given.with_issues(&[("First", &["status/ready"]), ("Second", &["status/ready"])]).await;
        given.github.block((REPOSITORY, 1), (REPOSITORY, 2)).unwrap();
        let blocked = json!({
            "action": "blocked_by_added",
            "blocked_issue": { "number": 1 },
            "blocking_issue": { "number": 2 },
            "repository": { "full_name": REPOSITORY },
        });
        deliver(given, "issue_dependencies", "d-1", &blocked).await;
        process(given).await;
        let query = "query($id: ID!) { issue(id: $id) { openBlockers } }";
        let data = given.graphql(query, json!({ "id": given.issue(1).await.id })).await;
        assert_eq!(data["issue"]["openBlockers"], 1);

        let opened = json!({
            "action": "opened", "number": 9, "pull_request": { "number": 9 },
            "repository": { "full_name": REPOSITORY },
        });
        given.github.forget_requests();
        deliver(given, "pull_request", "d-2", &opened).await;
        process(given).await;
        service::repositories::sync::sync_new(&given.app).await.unwrap();
        assert_eq!(given.github.count("Issues"), 1);
        service::repositories::sync::sync_new(&given.app).await.unwrap();
        assert_eq!(given.github.count("Issues"), 1);
    })
    .await;
}

#[tokio::test]
async fn deliveries_are_listed_counted_and_replayed() {
    given_settings(SETTINGS, async |given| {
        given.with_issues(&[("First", &["status/ready"])]).await;
        let mut foreign = payload_of_new(given, 3);
        foreign["repository"]["full_name"] = json!("acme/other");
        deliver(given, "issues", "d-1", &foreign).await;
        given.advance(1);
        deliver(given, "milestone", "d-2", &payload_of_new(given, 3)).await;
        given.advance(1);
        deliver(given, "of_the_future", "d-3", &json!({})).await;
        process(given).await;
        let query = "query($state: DeliveryState) {
            webhookDeliveries(state: $state, first: 2) {
                nodes { id deliveryId event action repositoryFullName number state reason attempts }
                pageInfo { hasNextPage endCursor } }
            webhookDeliveryCounts { state event action deliveries } }";
        let data = given.graphql(query, json!({ "state": "IGNORED" })).await;
        let nodes = &data["webhookDeliveries"]["nodes"];
        assert_eq!(nodes[0]["deliveryId"], "d-3");
        assert_eq!(nodes[0]["reason"], "`of_the_future` is unknown");
        assert_eq!(nodes[1]["reason"], "nothing of this `milestone` event is used");
        assert_eq!(data["webhookDeliveries"]["pageInfo"]["hasNextPage"], true);
        assert_eq!(data["webhookDeliveryCounts"].as_array().unwrap().len(), 3);
        assert_eq!(state_of(given, "d-1").await.1, "acme/other is not tracked");
        let narrowed = "{ webhookDeliveries(event: \"issues\", repository: \"Acme/OTHER\") {
            nodes { deliveryId } } none: webhookDeliveries(event: \"label\") { nodes { id } } }";
        let data = given.graphql(narrowed, json!({})).await;
        let only = json!({ "nodes": [{ "deliveryId": "d-1" }] });
        assert_eq!((&data["webhookDeliveries"], &data["none"]["nodes"]), (&only, &json!([])));

        let all = "{ webhookDeliveries { nodes { id deliveryId } } }";
        let data = given.graphql(all, json!({})).await;
        let id = data["webhookDeliveries"]["nodes"][2]["id"].clone();
        given.github.add_repository("acme/other");
        given.track("acme/other").await;
        let replay = "mutation($id: ID!) {
            replayWebhookDelivery(input: { deliveryId: $id }) { delivery { deliveryId state } } }";
        let data = given.graphql(replay, json!({ "id": id })).await;
        let delivery = json!({ "deliveryId": "d-1", "state": "PENDING" });
        assert_eq!(data["replayWebhookDelivery"]["delivery"], delivery);
        let refused = given.refused_by_graphql(replay, json!({ "id": id })).await;
        assert_eq!(refused["extensions"]["code"], "CONFLICT");
        process(given).await;
        assert_eq!(state_of(given, "d-1").await.0, "PROCESSED");
        let unknown = given.refused_by_graphql(replay, json!({ "id": "whd_0000zz" })).await;
        assert_eq!(unknown["extensions"]["code"], "NOT_FOUND");

        given.advance(8 * 86_400);
        service::retention::prune_deliveries(&given.app).await.unwrap();
        assert_eq!(given.database.number("SELECT count(*) FROM webhook_deliveries").await, 0);
    })
    .await;
}

#[tokio::test]
async fn the_former_addresses_feed_the_same_inbox() {
    given_settings(SETTINGS, async |given| {
        given.with_issues(&[("First", &["status/ready"])]).await;
        given.advance(60);
        let mut labeled = payload(given, "labeled", 1).await;
        labeled["label"] = json!({ "name": "status/blocked" });
        labeled["issue"]["labels"] = json!([{ "name": "status/blocked" }]);
        labeled["issue"]["updated_at"] = json!(given.app.clock.now());
        let body = labeled.to_string();
        let send = async |path: &str, event: &str| {
            let mut request = delivery(path, event, "d-1", body.as_bytes());
            request.headers_mut().remove("x-github-delivery");
            let answer = given.send(request).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            answer.json()
        };
        assert_eq!(
            send("/api/issues/webhook", "issues").await,
            json!({ "message": "Labels updated", "action": "labeled", "label": "status/blocked",
                    "labels": ["status/blocked"] })
        );
        process(given).await;
        assert_eq!(given.issue(1).await.status, Status::Blocked);
        let followed = send("/api/pr-followup/webhook", "check_run").await;
        assert_eq!(followed, json!({ "eventsReceived": 1, "enqueued": 0, "skipped": 1 }));
        let other = send("/api/pr-followup/webhook", "push").await;
        assert_eq!(other, json!({ "message": "Event ignored" }));
        assert_eq!(given.database.number("SELECT count(*) FROM webhook_deliveries").await, 3);
        send("/api/pr-followup/webhook", "push").await;
        assert_eq!(given.database.number("SELECT count(*) FROM webhook_deliveries").await, 3);
    })
    .await;
}
