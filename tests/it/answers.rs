//! The response cache: a response is reused only while it is current, and then without reading
//! anything.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use bytes::Bytes;
use diesel_async::SimpleAsyncConnection as _;
use http_body_util::BodyExt as _;
use serde_json::json;
use tower::ServiceExt as _;

use crate::support::{Given, given};

/// The titles on the board.
const CARD: &str = "{ board { columns { status issues { nodes { title } } } } }";

/// One service with its response cache.
struct TestService(Router);

impl TestService {
    fn new(given: &Given) -> Self {
        Self(dispatch::router(given.app.clone()))
    }

    /// The whole response to a query.
    async fn answer(&self, query: &str) -> String {
        String::from_utf8(self.bytes(query).await.to_vec()).unwrap()
    }

    /// The same, as the bytes that the service shares.
    async fn bytes(&self, query: &str) -> Bytes {
        let body = json!({ "query": query }).to_string();
        let request = Request::post("/graphql")
            .header("host", "localhost:3000")
            .header("content-type", "application/json")
            .body(Body::from(body))
            .unwrap();
        let answer = self.0.clone().oneshot(request).await.unwrap();
        answer.into_body().collect().await.unwrap().to_bytes()
    }
}

#[tokio::test]
async fn a_response_is_never_older_than_the_last_commit() {
    given(async |given| {
        given.with_issues(&[("First", &["status/ready"])]).await;
        let service = TestService::new(given);
        assert!(service.answer(CARD).await.contains("First"));
        assert!(service.answer(CARD).await.contains("First"));

        // Neither an event nor a change through Dispatch, only a change of a row that the board
        // reads.
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
async fn a_current_response_is_not_computed_again() {
    given(async |given| {
        given.with_issues(&[("First", &["status/ready"])]).await;
        let service = TestService::new(given);
        let is_given_again = async || {
            let first = service.bytes(CARD).await;
            let again = service.bytes(CARD).await;
            assert_eq!(again, first);
            again.as_ptr() == first.as_ptr()
        };
        // Whatever another database of the same server commits in between counts as a change, and
        // other tests commit all the time.
        let mut tries = 1;
        while !is_given_again().await {
            assert!(tries < 1000, "it was read again each time");
            tries += 1;
        }

        // A response may depend on the time, so it is not cached for long.
        let first = service.bytes(CARD).await;
        given.app.clock.advance(Duration::from_secs(1));
        assert_ne!(service.bytes(CARD).await.as_ptr(), first.as_ptr());
    })
    .await;
}

#[tokio::test]
async fn errors_and_mutations_are_not_cached() {
    given(async |given| {
        given.with_issues(&[("First", &["status/ready"])]).await;
        let service = TestService::new(given);
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
