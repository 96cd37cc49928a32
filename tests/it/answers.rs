//! Answers that are given again: only while they still hold, and then without reading anything.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use diesel_async::SimpleAsyncConnection as _;
use http_body_util::BodyExt as _;
use serde_json::json;
use tower::ServiceExt as _;

use crate::support::{Given, PATIENCE, given};

/// The titles on the board.
const CARD: &str = "{ board { columns { status issues { nodes { title } } } } }";

/// One service, which remembers what it answered.
struct Asked(Router);

impl Asked {
    fn of(given: &Given) -> Self {
        Self(dispatch::router(given.app.clone()))
    }

    /// The whole answer to a query.
    async fn answer(&self, query: &str) -> String {
        let body = json!({ "query": query }).to_string();
        let request = Request::post("/graphql")
            .header("host", "localhost:3000")
            .header("content-type", "application/json")
            .body(Body::from(body))
            .unwrap();
        let answer = self.0.clone().oneshot(request).await.unwrap();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }
}

#[tokio::test]
async fn an_answer_is_never_older_than_what_was_committed() {
    given(async |given| {
        given.with_issues(&[("First", &["status/ready"])]).await;
        let service = Asked::of(given);
        assert!(service.answer(CARD).await.contains("First"));
        assert!(service.answer(CARD).await.contains("First"));

        // Not an event, not through us, not even a change of something that the board reads by name.
        given.database.run("UPDATE issues SET title = 'Second'").await;
        assert!(service.answer(CARD).await.contains("Second"));

        let mut elsewhere = given.database.connect().await;
        elsewhere.batch_execute("BEGIN; UPDATE issues SET title = 'Third'").await.unwrap();
        assert!(service.answer(CARD).await.contains("Second"));
        assert!(service.answer(CARD).await.contains("Second"));
        elsewhere.batch_execute("COMMIT").await.unwrap();
        assert!(service.answer(CARD).await.contains("Third"));

        elsewhere.batch_execute("BEGIN; UPDATE issues SET title = 'Never'").await.unwrap();
        assert!(service.answer(CARD).await.contains("Third"));
        elsewhere.batch_execute("ROLLBACK").await.unwrap();
        assert!(service.answer(CARD).await.contains("Third"));
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_holds_is_not_read_again() {
    given(async |given| {
        given.with_issues(&[("First", &["status/ready"])]).await;
        let service = Asked::of(given);
        let first = service.answer(CARD).await;

        // Who reads issues now has to wait.
        let mut elsewhere = given.database.connect().await;
        elsewhere.batch_execute("BEGIN; LOCK TABLE issues").await.unwrap();
        let again = tokio::time::timeout(PATIENCE, service.answer(CARD)).await.unwrap();
        assert_eq!(again, first);

        // An answer may speak of the time, so it is not kept for long.
        given.app.clock.advance(Duration::from_secs(5));
        let mut late = Box::pin(service.answer(CARD));
        let unlocked = async {
            tokio::task::yield_now().await;
            elsewhere.batch_execute("UPDATE issues SET title = 'Second'; COMMIT").await.unwrap();
        };
        let (late, ()) = futures_util::join!(&mut late, unlocked);
        assert!(late.contains("Second"), "{late}");
    })
    .await;
}

#[tokio::test]
async fn what_was_refused_or_changes_something_is_run_each_time() {
    given(async |given| {
        given.with_issues(&[("First", &["status/ready"])]).await;
        let service = Asked::of(given);
        for number in 1..=2 {
            given.github.forget_requests();
            let synced = service.answer("mutation { syncIssues { syncedCount } }").await;
            assert!(synced.contains("syncedCount"), "{synced}");
            assert_eq!(given.github.total(), 1, "sync {number}");
        }

        let wrong = "{ issues(first: 101) { nodes { title } } }";
        let refusal = service.answer(wrong).await;
        assert!(refusal.contains("BAD_USER_INPUT"), "{refusal}");
        assert_eq!(service.answer(wrong).await, refusal);
    })
    .await;
}
