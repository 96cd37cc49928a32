//! Comments: posted once however often the request is repeated, whatever happens to GitHub's
//! response.

use axum::http::StatusCode;
use dispatch::service;
use dispatch::simulator::{Fault, Gate};
use serde_json::{Value, json};

use crate::support::{Answer, Given, REPOSITORY, given};

fn saying(text: &str) -> Value {
    json!({
        "issueId": "iss_000001",
        "repoFullName": REPOSITORY,
        "issueNumber": 1,
        "body": text,
    })
}

async fn say(given: &Given, text: &str) -> Answer {
    given.ask("POST", "/api/issues/comment", Some(saying(text))).await
}

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status.as_u16(), error), (status, answer.json()["error"].as_str().unwrap()));
}

fn posted(given: &Given) -> Vec<String> {
    given.github.posted_comments(REPOSITORY, 1)
}

async fn newest_entry(given: &Given) -> Value {
    let query = "{ auditLog(first: 1) { nodes { actor action success errorMessage comment \
                 commentUrl issue { number } } } }";
    given.graphql(query, json!({})).await["auditLog"]["nodes"][0].clone()
}

#[tokio::test]
async fn a_comment_is_on_github_in_the_log_and_counted_on_the_card() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let mut events = given.app.bus.subscribe();
        let before = service::events::position(&given.app).await.unwrap();
        let answer = given
            .graphql(
                "mutation { addComment(input: { issueId: \"iss_000001\", body: \"Hello\\r\\n**you** \" }) \
                 { url cursor issue { commentsCount } auditEntry { action comment } } }",
                json!({}),
            )
            .await["addComment"]
            .clone();
        assert_eq!(posted(given), ["Hello\n**you**"]);
        assert_eq!(answer["issue"]["commentsCount"], 1);
        let page = "https://github.example/acme/tools/issues/1#issuecomment-";
        assert!(answer["url"].as_str().unwrap().starts_with(page), "{answer}");
        let entry = newest_entry(given).await;
        assert_eq!(
            entry,
            json!({
                "actor": "user", "action": "add_comment", "success": true, "errorMessage": null,
                "comment": "Hello\n**you**", "commentUrl": answer["url"], "issue": { "number": 1 },
            })
        );
        let entries = given.ask("GET", "/api/audit", None).await.json();
        assert_eq!(entries[0]["notes"], "Hello\n**you**");
        // The events of the sync may be sent only now.
        let announced = loop {
            let event = events.recv().await.unwrap();
            if event.id > before {
                break event;
            }
        };
        assert_eq!(announced.issue_id, Some(given.issue(1).await.id));
        assert_eq!(answer["cursor"], announced.id.to_string());
        assert_eq!(given.issue(1).await.comments_count, 1);
        given.sync().await;
        assert_eq!(given.issue(1).await.comments_count, 1);
    })
    .await;
}

#[tokio::test]
async fn legacy_clients_get_their_shapes_and_texts() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        let answer = say(given, "Hello").await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        assert_eq!(answer.json()["success"], true);
        assert_eq!(answer.json().as_object().unwrap().len(), 2, "success and url");

        let ask = async |change: &dyn Fn(&mut Value)| {
            let mut body = saying("Other");
            change(&mut body);
            given.ask("POST", "/api/issues/comment", Some(body)).await
        };
        let missing = "Missing required fields: issueId, repoFullName, issueNumber, body";
        for name in ["issueId", "repoFullName", "issueNumber", "body"] {
            let answer = ask(&|body| drop(body.as_object_mut().unwrap().remove(name))).await;
            assert_refused(&answer, 400, missing);
        }
        assert_refused(&say(given, " \n").await, 400, "body must not be empty");
        let long = "é".repeat(65_537);
        assert_refused(&say(given, &long).await, 400, "body must have at most 65536 characters");
        let answer = ask(&|body| body["repoFullName"] = json!("acme/other")).await;
        let text = "issueId does not match repoFullName/issueNumber; expected acme/tools#1";
        assert_refused(&answer, 400, text);
        let answer = ask(&|body| {
            body["issueId"] = json!("iss_0000zz");
            body["issueNumber"] = json!(7);
        })
        .await;
        assert_refused(&answer, 404, "Issue not found in local cache");
        assert_eq!(posted(given), ["Hello"]);

        let answer = ask(&|body| body["issueNumber"] = json!("1")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let answer = ask(&|body| {
            body.as_object_mut().unwrap().remove("issueNumber");
            body["number"] = json!(1);
            body["body"] = json!("Third");
        })
        .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        assert_eq!(posted(given), ["Hello", "Other", "Third"]);
    })
    .await;
}

#[tokio::test]
async fn the_same_comment_by_the_same_caller_is_posted_once_a_minute() {
    given(async |given| {
        given.with_issues(&[("One", &[]), ("Two", &[])]).await;
        let first = say(given, "Hello").await.json();
        given.advance(59);
        assert_eq!(say(given, "Hello ").await.json(), first);
        assert_eq!(posted(given).len(), 1);

        let mut elsewhere = saying("Hello");
        elsewhere["issueId"] = json!("iss_000002");
        elsewhere["issueNumber"] = json!(2);
        given.ask("POST", "/api/issues/comment", Some(elsewhere)).await;
        assert_eq!(given.github.posted_comments(REPOSITORY, 2).len(), 1, "another issue");
        given.ask_as_agent("POST", "/api/issues/comment", Some(saying("Hello"))).await;
        assert_eq!(posted(given).len(), 2, "another caller");
        given.advance(2);
        assert_ne!(say(given, "Hello").await.json(), first);
        assert_eq!(posted(given).len(), 3, "a minute later");
    })
    .await;
}

#[tokio::test]
async fn two_concurrent_requests_post_one_comment() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        let gate = Gate::new();
        given.github.inject(Fault::HoldAnswer(gate.clone()).on("AddComment"));
        let (first, second, ()) = tokio::join!(say(given, "Hello"), say(given, "Hello"), async {
            gate.arrived().await;
            gate.open();
        });
        assert_eq!((first.status, second.status), (StatusCode::OK, StatusCode::OK));
        assert_eq!(first.json(), second.json());
        assert_eq!(posted(given), ["Hello"]);
    })
    .await;
}

#[tokio::test]
async fn a_comment_does_not_stand_in_the_way_of_a_move() {
    given(async |given| {
        given.with_issues(&[("One", &["status/ready"])]).await;
        let gate = Gate::new();
        given.github.inject(Fault::Hold(gate.clone()).on("AddComment"));
        let (said, ()) = tokio::join!(say(given, "Hello"), async {
            gate.arrived().await;
            let to = "mutation { moveIssue(input: { issueId: \"iss_000001\", to: IN_REVIEW }) \
                      { issue { status } } }";
            let moved = given.graphql(to, json!({})).await;
            assert_eq!(moved["moveIssue"]["issue"]["status"], "IN_REVIEW");
            gate.open();
        });
        assert_eq!(said.status, StatusCode::OK, "{}", said.text());
        assert_eq!(given.issue(1).await.comments_count, 1);
    })
    .await;
}

#[tokio::test]
async fn a_lost_answer_is_looked_up() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        // An older comment with the same text, which must not be taken for the new one.
        let old = say(given, "Hello").await.json();
        given.advance(61);
        for fault in [Fault::DropAfter, Fault::CutShort, Fault::HalfBody] {
            given.advance(61);
            let before = posted(given).len();
            given.github.inject(fault.clone().on("AddComment"));
            let answer = say(given, "Hello").await;
            assert_eq!(answer.status, StatusCode::OK, "{fault:?}: {}", answer.text());
            assert_ne!(answer.json(), old);
            assert_eq!(say(given, "Hello").await.json(), answer.json(), "{fault:?}");
            assert_eq!(posted(given).len(), before + 1, "{fault:?}");
        }
        assert_eq!(newest_entry(given).await["success"], true);
    })
    .await;
}

#[tokio::test]
async fn a_comment_that_may_still_arrive_is_not_posted_again() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        given.github.inject(Fault::DropBefore.on("AddComment"));
        let answer = say(given, "Hello").await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(newest_entry(given).await["success"], false);

        let again = say(given, "Hello").await;
        assert_eq!(again.json()["error"], answer.json()["error"]);
        assert_eq!(given.github.count("AddComment"), 1, "looked, and not said again");

        given.advance(61);
        assert_eq!(say(given, "Hello").await.status, StatusCode::OK);
        assert_eq!(posted(given), ["Hello"]);
    })
    .await;
}

#[tokio::test]
async fn a_late_comment_is_found_by_a_retry() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        let gate = Gate::new();
        given.github.inject(Fault::DropAfter.on("AddComment"));
        given.github.inject(Fault::refuse(502, "Bad gateway").on("RecentComments").times(3));
        let lost = say(given, "Hello").await;
        assert_eq!(lost.status, StatusCode::INTERNAL_SERVER_ERROR, "{}", lost.text());
        // The outcome is unknown, so a repeated request waits for the settlement.
        let (again, ()) = tokio::join!(say(given, "Hello"), async {
            given.advance(14);
            gate.open();
        });
        assert_eq!(again.status, StatusCode::OK, "{}", again.text());
        assert_eq!(posted(given), ["Hello"]);
    })
    .await;
}

#[tokio::test]
async fn a_comment_that_is_never_retried_is_settled_by_the_timer() {
    given(async |given| {
        given.with_issues(&[("One", &[]), ("Two", &[])]).await;
        given.github.inject(Fault::DropAfter.on("AddComment"));
        given.github.inject(Fault::refuse(502, "Bad gateway").on("RecentComments").times(3));
        say(given, "Hello").await;
        given.advance(13);
        service::recovery::settle_overdue(&given.app).await.unwrap();
        assert_ne!(newest_entry(given).await["action"], "add_comment", "not yet anybody's");
        given.advance(1);
        service::recovery::settle_overdue(&given.app).await.unwrap();
        let entry = newest_entry(given).await;
        assert_eq!((&entry["comment"], &entry["success"]), (&json!("Hello"), &json!(true)));
        assert_eq!(given.issue(1).await.comments_count, 1);
    })
    .await;
}

#[tokio::test]
async fn a_github_refusal_is_reported_and_retryable() {
    given(async |given| {
        given.with_issues(&[("One", &[])]).await;
        let words = "Body is locked";
        let refusal = Fault::RefuseField {
            field: "addComment",
            kind: "FORBIDDEN",
            message: words.to_owned(),
        };
        given.github.inject(refusal.on("AddComment"));
        assert_refused(&say(given, "Hello").await, 500, "GitHub API error: 422 Body is locked");
        let entry = newest_entry(given).await;
        assert_eq!(entry["errorMessage"], "GitHub API error: 422 Body is locked");
        assert_eq!(say(given, "Hello").await.status, StatusCode::OK);
        assert_eq!(posted(given), ["Hello"]);
    })
    .await;
}
